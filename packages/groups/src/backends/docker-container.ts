// SPDX-License-Identifier: Apache-2.0
import {
  containerLogOptions,
  containerName,
  containerNetwork,
  containerPaths,
  cpuPeriodUs,
  type DockerPoolBackend,
  dockerSocket,
  environmentFile,
  fileInContainer,
  fileModeInContainer,
  healthPeriods,
  healthTest,
  MesosError,
  memberLabel,
  memberName,
  type PoolTemplate,
  type Probe,
  poolLabel,
  type StackName,
  stackLabels,
  startCommand,
  startScript,
  templateDigest,
  templateLabel,
} from "@pulumi-mesos/model";
import type Docker from "dockerode";
import { addressOf, fill } from "./backend";
import type { ArchivedFile } from "./docker-archive";

const nanosecond = 1e-9;
const mebibyte = 1024 * 1024;

/** What dockerd is asked for to make a member. */
export interface MemberContainer {
  readonly options: Docker.ContainerCreateOptions & { readonly name: string; readonly Image: string };
  /** Put into it before it starts. */
  readonly files: readonly ArchivedFile[];
  readonly ready: Probe | undefined;
}

/**
 * A member's container: the template with its name, address, volume and ports filled in. One that starts containers itself has
 * its data where the Docker host has it: dockerd takes the paths that it is told to mount for its own. Pure.
 */
export function memberContainer(
  stack: StackName,
  pool: string,
  index: number,
  template: PoolTemplate,
  backend: DockerPoolBackend,
  volumeOnHost: string,
): MemberContainer {
  const member = memberName(pool, index);
  const address = addressOf(backend, index);
  const { socket } = backend;
  const { conf } = containerPaths;
  const data = socket === undefined ? containerPaths.data : volumeOnHost;
  const ports = backend.taskPorts.join("-");
  const filled = fill(template, { name: member, address, ports, conf, data });
  const { image, command, env = {}, files = [], ready, stop } = filled;
  if (image === undefined) throw new MesosError("MESOS_GROUPS_BACKEND", "template: has no image");
  const name = containerName(stack, member);
  const labels = { ...stackLabels(stack), [memberLabel]: member, [poolLabel]: pool };
  const options = {
    name,
    Image: image,
    Hostname: member,
    Entrypoint: [...startCommand],
    Cmd: [...command],
    Labels: { ...labels, [templateLabel]: templateDigest(template, backend) },
    StopSignal: stop?.signal ?? "SIGTERM",
    StopTimeout: stop?.graceSeconds ?? 10,
    ...healthOf(ready),
    HostConfig: {
      Init: true,
      NetworkMode: containerNetwork(stack),
      Binds: [`${name}:${data}`, ...(socket === undefined ? [] : [`${socket}:${dockerSocket}`])],
      RestartPolicy: { Name: "always" },
      LogConfig: { Type: "json-file", Config: { ...containerLogOptions } },
      ...(filled.memoryMiB === undefined ? {} : { Memory: filled.memoryMiB * mebibyte, MemorySwap: -1 }),
      ...(filled.cpus === undefined
        ? {}
        : { CpuPeriod: cpuPeriodUs, CpuQuota: Math.round(filled.cpus * cpuPeriodUs) }),
    },
    NetworkingConfig: {
      EndpointsConfig: {
        [containerNetwork(stack)]: { IPAMConfig: { IPv4Address: address }, Aliases: [member] },
      },
    },
  };
  return {
    options,
    files: [
      { path: containerPaths.start, content: startScript, mode: 0o500 },
      { path: containerPaths.environment, content: environmentFile(env), mode: 0o400 },
      ...files.map((file) => ({
        path: fileInContainer(file),
        content: file.content,
        encoding: file.encoding,
        mode: Number.parseInt(fileModeInContainer(file), 8),
      })),
    ],
    ready,
  };
}

function healthOf(ready: Probe | undefined): Pick<Docker.ContainerCreateOptions, "Healthcheck"> {
  const test = ready && healthTest(ready);
  if (test === undefined) return {};
  const { interval, timeout, retries } = healthPeriods;
  const nanoseconds = (seconds: number): number => Math.round(seconds / nanosecond);
  return {
    Healthcheck: {
      Test: [...test],
      Interval: nanoseconds(interval),
      Timeout: nanoseconds(timeout),
      Retries: retries,
    },
  };
}
