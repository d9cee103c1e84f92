// SPDX-License-Identifier: Apache-2.0
import {
  containerName,
  memberLabel,
  messageOf,
  poolLabel,
  type StackName,
  stackLabels,
  taskLabel,
  within,
} from "@pulumi-mesos/model";
import type Docker from "dockerode";

/** A member of a pool as its container and its volume show it. */
export interface DockerMember {
  readonly name: string;
  /** Whether dockerd looks after it; one that somebody stopped is not started again by itself. */
  readonly running: boolean;
  /** Of its container; none while only its data is there. */
  readonly labels: Readonly<Record<string, string>>;
}

/** How long a member that is told to leave may take before it is killed. */
const leaveMs = 10_000;

/** A client of the dockerd at `unix:///path` or `tcp://host:port`. The library costs 0.1 s to load: only when it is used. */
export function connectDocker(address: string): Docker {
  const Client = require("dockerode") as typeof Docker;
  if (address.startsWith("unix://")) return new Client({ socketPath: address.slice("unix://".length) });
  const url = new URL(address.replace(/^tcp:/, "http:"));
  return new Client({ protocol: "http", host: url.hostname, port: Number(url.port || 2375) });
}

/** Whether dockerd says that there is no such thing. */
export function isMissingInDocker(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** The members that a pool has, whatever their state. A volume alone is one, too: its start was cut short, or its end. */
export async function listDockerMembers(
  docker: Docker,
  stack: StackName,
  pool: string,
): Promise<DockerMember[]> {
  const labels = Object.entries({ ...stackLabels(stack), [poolLabel]: pool });
  const filters = { label: labels.map(([key, value]) => `${key}=${value}`) };
  const [containers, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listVolumes({ filters }),
  ]);
  const members = new Map<string, Omit<DockerMember, "name">>();
  for (const { Labels } of volumes) members.set(Labels?.[memberLabel] ?? "", { running: false, labels: {} });
  for (const { Labels: labels, State } of containers) {
    const running = State === "running" || State === "restarting";
    members.set(labels[memberLabel] ?? "", { running, labels });
  }
  members.delete("");
  return [...members].map(([name, member]) => ({ name, ...member }));
}

/** Lets a member leave for ever, then removes its container, those of its tasks, and its data; gone already is success. */
export async function endDockerMember(
  docker: Docker,
  stack: StackName,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const container = docker.getContainer(containerName(stack, name));
  await unlessGone(async () => {
    const { State } = await container.inspect();
    if (State.Running) await leave(container, signal);
  });
  signal.throwIfAborted();
  await unlessGone(() => remove(container, signal));
  await removeTasksOf(docker, stack, name, signal);
  await unlessGone(() => docker.getVolume(containerName(stack, name)).remove());
}

/** The containers that an agent started beside itself and did not end: it was killed, or took too long. */
async function removeTasksOf(
  docker: Docker,
  stack: StackName,
  member: string,
  signal: AbortSignal,
): Promise<void> {
  const labels = Object.entries({ ...stackLabels(stack), [taskLabel]: member });
  const filters = { label: labels.map(([key, value]) => `${key}=${value}`) };
  for (const { Id } of await docker.listContainers({ all: true, filters })) {
    signal.throwIfAborted();
    await unlessGone(() => remove(docker.getContainer(Id), signal));
  }
}

/** SIGUSR1 makes an agent unregister and end its tasks; without the first call dockerd would start it again. */
async function leave(container: Docker.Container, signal: AbortSignal): Promise<void> {
  const patience = within(signal, leaveMs);
  try {
    await container.update({ RestartPolicy: { Name: "no" } });
    await container.kill({ signal: "SIGUSR1" });
    await container.wait({ abortSignal: patience });
  } catch (error) {
    // It ended in this moment, is being removed, or takes too long: either way its removal is waited for next.
    if (statusOf(error) !== 409 && !isBeingRemoved(error) && !patience.aborted) throw error;
  }
}

/** The plugin and the controller may both be at it: then the second waits for the first. */
async function remove(container: Docker.Container, signal: AbortSignal): Promise<void> {
  try {
    await container.remove({ force: true, v: true });
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    await container.wait({ condition: "removed", abortSignal: signal });
  }
}

/** dockerd answers 500 to a change of a container that somebody else removes; only its words tell that apart. */
function isBeingRemoved(error: unknown): boolean {
  return statusOf(error) === 500 && messageOf(error).includes("marked for removal");
}

async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMissingInDocker(error)) throw error;
  }
}

function statusOf(error: unknown): number | undefined {
  return (error as { statusCode?: number }).statusCode;
}
