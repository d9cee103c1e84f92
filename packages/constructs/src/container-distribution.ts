// SPDX-License-Identifier: Apache-2.0
import { packageVersion, speaksTls } from "@pulumi-mesos/model";
import type { ProgramsOf } from "./distribution";
import type { NodeService } from "./platform";

/** One program as a container runs it. */
export interface ContainerProgram {
  readonly image: string;
  /** The first words of the command line; the arguments of the service follow. */
  readonly command: readonly string[];
  /** Variables that it needs in a container, with the placeholders of a service; what a service sets itself wins. */
  readonly env?: Readonly<Record<string, string>>;
  /** More of them, only where it speaks no TLS. */
  readonly plainEnv?: Readonly<Record<string, string>>;
  /** Who it runs as, where it is no member of a pool. @default the image's */
  readonly user?: string;
  /** Most memory. @default no limit */
  readonly memoryMiB?: number;
  /** Most processor time: 1.5 is one and a half. @default no limit */
  readonly cpus?: number;
}

/** Which image serves each program, and within which limits. */
export type ContainerDistribution = ProgramsOf<ContainerProgram>;

function ours(name: string, command: string, memoryMiB?: number): ContainerProgram {
  const image = `pulumi-mesos/${name}:${packageVersion}`;
  return { image, command: [command], ...(memoryMiB === undefined ? {} : { memoryMiB, cpus: 2 }) };
}

/**
 * The images of this project (`npm run images`): ZooKeeper itself, and its stand-ins for Mesos and Marathon. An agent has no
 * limit of its own, because its tasks run inside its container.
 *
 * @example
 * new DockerPlatform({ distribution: { ...simulator, zookeeper: { image: "zookeeper:3.8", command: ["zkServer.sh", "start-foreground"] } } });
 */
export const simulator: ContainerDistribution = {
  zookeeper: ours("zookeeper", "zookeeper-server", 512),
  "mesos-master": ours("simulator", "mesos-master", 1024),
  "mesos-agent": ours("simulator", "mesos-agent"),
  marathon: ours("simulator", "marathon", 1024),
  edge: ours("edge", "mesos-edge", 1024),
  groups: ours("groups", "mesos-agent-groups", 512),
};

/** The environment of a service in a container of a program. */
export function containerEnvironment(program: ContainerProgram, service: NodeService): NodeService["env"] {
  return { ...(speaksTls(service) ? {} : program.plainEnv), ...program.env, ...service.env };
}
