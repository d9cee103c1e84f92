// SPDX-License-Identifier: Apache-2.0
import { connectDocker, endDockerMember, listDockerMembers } from "@pulumi-mesos/client";
import {
  type AgentPoolDeclaration,
  dockerSocket,
  memberName,
  messageOf,
  poolLabel,
  stackLabels,
} from "@pulumi-mesos/model";
import { end, list, listVolumes, removeVolume, type Scope } from "@pulumi-mesos/supervisor";
import type { Context } from "../resource";
import { scopeIn } from "./scope";

/** SIGUSR1 makes an agent unregister and end its tasks: it leaves for ever. */
const leave = { signal: "SIGUSR1", graceSeconds: 10 } as const;

/** Names of a pool's members that this machine has a process or a volume of. */
export async function memberNames(scope: Scope, pool: string): Promise<string[]> {
  const prefix = memberName(pool, 0).slice(0, -1);
  const [processes, volumes] = await Promise.all([list(scope), listVolumes(scope)]);
  const names = new Set([...processes.map((p) => p.name), ...volumes]);
  return [...names]
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,2}$/.test(name.slice(prefix.length)))
    .sort();
}

/** Who was ended, and why members may be left that could not be seen. */
export interface Ended {
  readonly names: readonly string[];
  readonly unseen?: string;
}

/** Ends every member and removes its data, without asking anybody. */
export function endMembers({ name, backend }: AgentPoolDeclaration, context: Context): Promise<Ended> {
  // Instances end with their auto-scaling group, which is a resource of its own.
  if (backend.kind === "aws") return Promise.resolve({ names: [] });
  return backend.kind === "local" ? endProcesses(name, context) : endContainers(name, context);
}

/** By their records on this machine. */
async function endProcesses(pool: string, context: Context): Promise<Ended> {
  const scope = scopeIn(context);
  const names = await memberNames(scope, pool);
  await Promise.all(
    names.map(async (name) => {
      context.progress(`ending ${name}`);
      await end(scope, name, { signal: context.signal, stop: leave });
      await removeVolume(scope, name);
    }),
  );
  return { names };
}

/** By their labels on the Docker host, where this machine reaches its dockerd. */
async function endContainers(pool: string, context: Context): Promise<Ended> {
  const { project, stack } = context.urn;
  const owner = { project, stack };
  const docker = connectDocker(context.environment["DOCKER_HOST"] ?? `unix://${dockerSocket}`);
  let members: Awaited<ReturnType<typeof listDockerMembers>>;
  try {
    members = await listDockerMembers(docker, owner, pool);
  } catch (error) {
    const filters = Object.entries({ ...stackLabels(owner), [poolLabel]: pool })
      .map(([key, value]) => `--filter label=${key}=${value}`)
      .join(" ");
    const unseen = `this machine cannot ask the Docker host (${messageOf(error)}); see there: docker ps -a ${filters}`;
    return { names: [], unseen };
  }
  const names = members.map(({ name }) => name).sort();
  await Promise.all(
    names.map(async (name) => {
      context.progress(`ending ${name}`);
      await endDockerMember(docker, owner, name, context.signal);
    }),
  );
  return { names };
}
