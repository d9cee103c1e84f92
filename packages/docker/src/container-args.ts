// SPDX-License-Identifier: Apache-2.0

import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import {
  containerLogOptions,
  containerName,
  containerPaths,
  cpuPeriodUs,
  dockerSocket,
  environmentFile,
  fileInContainer,
  fileModeInContainer,
  type HostPort,
  healthPeriods,
  healthTest,
  inContainer,
  memberLabel,
  type Placeholders,
  type Probe,
  type StackName,
  stackLabels,
  startCommand,
  startScript,
} from "@pulumi-mesos/model";
import { containers, type NodeService } from "pulumi-mesos";
import type { ContainerProgram } from "./distribution";

/** Everything that makes one node's container. */
export interface NodeContainer {
  readonly stack: StackName;
  readonly member: string;
  readonly address: string;
  readonly service: NodeService;
  readonly program: ContainerProgram;
  readonly network: pulumi.Input<string>;
  /** Name of the volume with the node's data. */
  readonly volume?: pulumi.Input<string>;
  /** Which of its ports are published on the Docker host, and where. @default none */
  readonly published?: readonly { readonly port: number; readonly at: HostPort }[];
  /** dockerd's socket on the Docker host, for the one program that makes containers itself. */
  readonly socket?: string;
}

/** The inputs of a node's container. Environment and files are uploaded, so that `docker inspect` shows neither. */
export function containerArgs(node: NodeContainer): docker.ContainerArgs {
  const { stack, member, address, service, program, volume, socket, published = [] } = node;
  const members = `docker:${stack.project}/${stack.stack}`;
  const values = { address, name: member, members };
  const expand = (text: string): string => inContainer(text, values);
  return {
    name: containerName(stack, member),
    image: program.image,
    hostname: member,
    entrypoints: [...startCommand],
    command: [...program.command, ...service.args.map(expand)],
    ...(program.user === undefined ? {} : { user: program.user }),
    uploads: uploads({ ...service, env: containers.containerEnvironment(program, service) }, values),
    networksAdvanced: [{ name: node.network, ipv4Address: address, aliases: [member] }],
    ...(published.length === 0
      ? {}
      : { ports: published.map(({ port, at }) => ({ internal: port, external: at.port, ip: at.host })) }),
    volumes: [
      ...(volume === undefined ? [] : [{ volumeName: volume, containerPath: containerPaths.data }]),
      ...(socket === undefined ? [] : [{ hostPath: socket, containerPath: dockerSocket }]),
    ],
    labels: labelList({ ...stackLabels(stack), [memberLabel]: member }),
    ...healthcheck(service.ready, expand),
    stopSignal: service.stop.signal,
    stopTimeout: service.stop.graceSeconds,
    destroyGraceSeconds: service.stop.graceSeconds,
    init: true,
    restart: "always",
    mustRun: true,
    logDriver: "json-file",
    logOpts: { ...containerLogOptions },
    ...limits(program),
  };
}

/**
 * Written so that a refresh sees no change: swap without a limit of its own, as kernels have it that do not count swap, and
 * processors by their quota, which dockerd gives back as it was.
 */
function limits({
  memoryMiB,
  cpus,
}: ContainerProgram): Pick<docker.ContainerArgs, "memory" | "memorySwap" | "cpuPeriod" | "cpuQuota"> {
  return {
    ...(memoryMiB === undefined ? {} : { memory: memoryMiB, memorySwap: -1 }),
    ...(cpus === undefined ? {} : { cpuPeriod: cpuPeriodUs, cpuQuota: Math.round(cpus * cpuPeriodUs) }),
  };
}

/** Labels as `@pulumi/docker` takes them. */
export function labelList(labels: Readonly<Record<string, string>>): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}

function uploads(service: NodeService, values: Partial<Placeholders>): docker.types.input.ContainerUpload[] {
  const lift = (text: pulumi.Input<string>): pulumi.Input<string> =>
    typeof text === "string"
      ? inContainer(text, values)
      : pulumi.output(text).apply((t) => inContainer(t, values));
  const entries = Object.entries(service.env).map(([key, value]) => [key, lift(value)] as const);
  const env = pulumi.output(Object.fromEntries(entries)).apply(environmentFile);
  return [
    { file: containerPaths.start, content: startScript, permissions: "0500" },
    { file: containerPaths.environment, content: env, permissions: "0400" },
    ...service.files.map((file) => ({
      file: fileInContainer(file),
      ...(file.encoding === "base64" ? { contentBase64: file.content } : { content: lift(file.content) }),
      permissions: fileModeInContainer(file),
    })),
  ];
}

function healthcheck(
  ready: Probe,
  expand: (text: string) => string,
): Pick<docker.ContainerArgs, "healthcheck"> {
  const { http, tcp, command } = ready;
  const tests = healthTest({
    ...(http === undefined ? {} : { http: expand(http) }),
    ...(tcp === undefined ? {} : { tcp: expand(tcp) }),
    ...(command === undefined ? {} : { command: command.map(expand) }),
  });
  if (tests === undefined) return {};
  const { interval, timeout, retries } = healthPeriods;
  return { healthcheck: { tests: [...tests], interval: `${interval}s`, timeout: `${timeout}s`, retries } };
}
