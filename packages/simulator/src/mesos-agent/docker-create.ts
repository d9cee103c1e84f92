// SPDX-License-Identifier: Apache-2.0
import { isAbsolute, join } from "node:path";
import type Docker from "dockerode";
import type { TaskInfo } from "../protocol/types";
import type { OwnContainer } from "./beside";
import type { ContainerLimits } from "./cgroup-version";
import type { DockerTask } from "./docker";
import { portMappings } from "./nginx";

const knownParameters = new Set(["hostname", "user", "workdir"]);

/** Why a task's container cannot be made as it asks. */
export function unsupported(info: TaskInfo): string | undefined {
  const parameter = info.container?.docker?.parameters?.find((p) => !knownParameters.has(p.key));
  return parameter && `docker parameter '${parameter.key}' is not simulated`;
}

/** Whether a task has the network of its agent. A Mesos container without networks is on the host's own. */
function networkOf(info: TaskInfo): string {
  const { type, docker, network_infos: networks } = info.container ?? {};
  if (type === "MESOS") return (networks ?? []).length === 0 ? "host" : "bridge";
  return (docker?.network ?? "BRIDGE").toLowerCase();
}

/** An agent's network is the host's for its tasks; its address is on the one network that it is on. */
function networkBeside(own: OwnContainer, network: string): string {
  if (network === "host") return `container:${own.id}`;
  return network === "bridge" ? own.network : network;
}

/** The kernel's share, and hard limits where a task or this agent sets them (src/docker/docker.cpp). */
function limitsFor({ cpus, cpusLimit, memBytes, memLimitBytes }: ContainerLimits, enableCfs: boolean) {
  const most = cpusLimit ?? (enableCfs ? cpus : Number.POSITIVE_INFINITY);
  const least = Math.max(32 * 1_048_576, memBytes);
  const hard = memLimitBytes === undefined ? least : Math.max(least, memLimitBytes);
  return {
    CpuShares: Math.max(2, Math.floor(cpus * 1024)),
    ...(most === Number.POSITIVE_INFINITY
      ? {}
      : { CpuPeriod: 100_000, CpuQuota: Math.max(1_000, Math.floor(most * 100_000)) }),
    ...(memLimitBytes === undefined ? {} : { MemoryReservation: least }),
    ...(hard === Number.POSITIVE_INFINITY ? {} : { Memory: hard }),
  };
}

/** What dockerd is asked for to make a task's container, beside the agent's own where it is in one. */
export function createOptions(
  task: DockerTask,
  { ip, enableCfs, own }: { readonly ip: string; readonly enableCfs: boolean; readonly own?: OwnContainer },
): Docker.ContainerCreateOptions {
  const { info, env } = task;
  const docker = info.container?.docker;
  const { command } = info;
  const parameter = (key: string): string | undefined =>
    docker?.parameters?.find((p) => p.key === key)?.value;
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const m of own === undefined ? portMappings(info) : []) {
    const key = `${m.container_port}/${m.protocol ?? "tcp"}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: ip, HostPort: String(m.host_port) }];
  }
  const shell = command?.shell !== false && command?.value !== undefined;
  const binds = task.mounts.map(({ source, containerPath, readOnly }) => {
    const inside = isAbsolute(containerPath) ? containerPath : join(task.mappedSandbox, containerPath);
    return `${source}:${inside}:${readOnly ? "ro" : "rw"}`;
  });
  const words = [...(command?.value === undefined ? [] : [command.value]), ...(command?.arguments ?? [])];
  return {
    name: task.name,
    Image: docker?.image ?? info.container?.mesos?.image?.docker?.name ?? "",
    Env: Object.entries(env).map(([name, value]) => `${name}=${value}`),
    Labels: { ...own?.labels, ...task.labels },
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    ...(shell
      ? { Entrypoint: ["/bin/sh", "-c"], Cmd: [command?.value ?? ""] }
      : words.length > 0
        ? { Cmd: words }
        : {}),
    ...(parameter("hostname") === undefined ? {} : { Hostname: parameter("hostname") ?? "" }),
    ...(parameter("user") === undefined ? {} : { User: parameter("user") ?? "" }),
    ...(parameter("workdir") === undefined ? {} : { WorkingDir: parameter("workdir") ?? "" }),
    HostConfig: {
      NetworkMode: own === undefined ? networkOf(info) : networkBeside(own, networkOf(info)),
      PortBindings: bindings,
      ...limitsFor(task.limits, enableCfs),
      Privileged: docker?.privileged ?? false,
      Binds: [...binds, `${task.sandbox}:${task.mappedSandbox}:rw`],
    },
  };
}
