// SPDX-License-Identifier: Apache-2.0
import { containers, type NodeService, type Pool } from "pulumi-mesos";
import type { ContainerProgram } from "./distribution";

/** Tells an agent, by Mesos's own flag, that it is in a container itself; Mesos's own has been told. */
export function besideItsTasks(program: ContainerProgram): ContainerProgram {
  if (program.plainEnv !== undefined) return program;
  return { ...program, env: { MESOS_DOCKER_MESOS_IMAGE: program.image, ...program.env } };
}

/** What each member of a pool runs; the controller fills placeholders in. */
export function poolTemplate(service: NodeService, program: ContainerProgram): Pool["template"] {
  const { memoryMiB, cpus } = program;
  return {
    image: program.image,
    command: [...program.command, ...service.args],
    env: containers.containerEnvironment(program, service),
    files: service.files,
    ready: service.ready,
    stop: service.stop,
    restart: "always",
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
    ...(cpus === undefined ? {} : { cpus }),
    // Environment and files may be Outputs: the engine resolves them before the plugin sees them.
  } as Pool["template"];
}
