// SPDX-License-Identifier: Apache-2.0
import type { Pod, PodContainer, Resources } from "../pod/types";
import type { BoundEndpoint } from "./task-group";

export interface PodTaskFacts {
  readonly taskId: string;
  readonly executorId: string;
  readonly host: string;
  /** Of all containers: each of them sees every endpoint of the pod. */
  readonly endpoints: readonly BoundEndpoint[];
  readonly prefix: string;
}

const longestValue = 512;

/**
 * The variables of one container of a pod. Unlike with apps Marathon's own win over the pod's and the
 * container's (Marathon's TaskGroupBuilder).
 */
export function podEnvironment(
  pod: Pod,
  container: PodContainer,
  facts: PodTaskFacts,
): Record<string, string> {
  return {
    ...plain(pod.environment),
    ...plain(container.environment),
    HOST: facts.host,
    MESOS_TASK_ID: facts.taskId,
    MESOS_EXECUTOR_ID: facts.executorId,
    MARATHON_APP_ID: pod.id,
    MARATHON_APP_VERSION: pod.version,
    MARATHON_CONTAINER_ID: container.name,
    ...resources(container.resources),
    ...labels({ ...pod.labels, ...container.labels }),
    ...endpoints(pod, facts),
  };
}

function plain(environment: Pod["environment"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((e): e is [string, string] => typeof e[1] === "string"),
  );
}

function resources({ cpus, mem, disk, gpus }: Resources): Record<string, string> {
  const decimal = (value: number) => (Number.isInteger(value) ? value.toFixed(1) : String(value));
  return {
    MARATHON_CONTAINER_RESOURCE_CPUS: decimal(cpus),
    MARATHON_CONTAINER_RESOURCE_MEM: decimal(mem),
    MARATHON_CONTAINER_RESOURCE_DISK: decimal(disk),
    MARATHON_CONTAINER_RESOURCE_GPUS: String(gpus),
  };
}

function labels(all: Readonly<Record<string, string>>): Record<string, string> {
  const valid = Object.entries(all)
    .filter(([key, value]) => key.length < longestValue && value.length < longestValue)
    .map(([key, value]): [string, string] => [key.replace(/[^a-zA-Z0-9_]+/g, "_").toUpperCase(), value]);
  return {
    MARATHON_APP_LABELS: valid.map(([name]) => name).join(" "),
    ...Object.fromEntries(valid.map(([name, value]) => [`MARATHON_APP_LABEL_${name}`, value])),
  };
}

/** ENDPOINT_ says where the container listens, EP_HOST_ and EP_CONTAINER_ both sides where they exist. */
function endpoints(pod: Pod, facts: PodTaskFacts): Record<string, string> {
  const host = pod.networks.some((n) => n.mode === "host");
  const prefix = facts.prefix.toUpperCase();
  return Object.fromEntries(
    facts.endpoints.flatMap(({ name, hostPort, containerPort }) => {
      const suffix = name.toUpperCase().replace(/[^A-Z0-9_]+/g, "_");
      const listens = host ? hostPort : containerPort;
      return [
        ...(listens === undefined ? [] : [[`${prefix}ENDPOINT_${suffix}`, String(listens)]]),
        ...(hostPort === undefined ? [] : [[`${prefix}EP_HOST_${suffix}`, String(hostPort)]]),
        ...(containerPort === undefined ? [] : [[`${prefix}EP_CONTAINER_${suffix}`, String(containerPort)]]),
      ];
    }),
  );
}
