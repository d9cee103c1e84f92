// SPDX-License-Identifier: Apache-2.0
import type { ContainerTask } from "../instances/instance";
import type { Offer, Resource, TaskGroup, TaskInfo } from "../mesos/messages";
import type { Endpoint, Pod, PodContainer } from "../pod/types";
import { linuxInfo, secretReference } from "./container-info";
import type { Match } from "./match";
import { podEnvironment } from "./pod-environment";
import { podCheck, podHealthCheck } from "./pod-health-check";
import { limitsOf, secretVariables, type TaskOptions } from "./task-info";

type Json = Record<string, unknown>;

/** An endpoint with the host port that this instance got for it. */
export interface BoundEndpoint extends Omit<Endpoint, "hostPort"> {
  readonly hostPort: number | undefined;
}

/** The endpoints of each container, in the pod's order. */
export function boundEndpoints(pod: Pod, hostPorts: Match["hostPorts"]): BoundEndpoint[][] {
  const ports = [...hostPorts];
  return pod.containers.map((c) => c.endpoints.map((e) => ({ ...e, hostPort: ports.shift() })));
}

/** The containers of an instance that is about to be launched. */
export function containerTasks(
  pod: Pod,
  instanceId: string,
  incarnation: number,
  match: Match,
  now: number,
): ContainerTask[] {
  const endpoints = boundEndpoints(pod, match.hostPorts);
  return pod.containers.map(({ name }, i) => ({
    name,
    id: `${instanceId}.${name}.${incarnation}`,
    condition: "Provisioned",
    since: now,
    hostPorts: (endpoints[i] ?? []).flatMap((e) => e.hostPort ?? []),
    networks: [],
  }));
}

/** `<a_b>.instance-<uuid>` as the id of the executor: `instance-<a_b>.<uuid>`. */
export function executorIdOf(instanceId: string): string {
  return instanceId.replace(/^(.+)\.instance-/, "instance-$1.");
}

export interface PodPlacement {
  readonly instanceId: string;
  readonly containers: readonly ContainerTask[];
  readonly offer: Offer;
  readonly match: Match;
  readonly options: TaskOptions;
}

/** The executor and the tasks of one instance of `pod` (Marathon's TaskGroupBuilder). */
export function taskGroup(pod: Pod, placement: PodPlacement): TaskGroup {
  const { offer, match } = placement;
  const role = offer.allocation_info?.role ?? pod.role;
  const allocated = (resources: readonly Resource[]) =>
    resources.map((r) => ({ ...r, allocation_info: { role } }));
  const endpoints = boundEndpoints(pod, match.hostPorts);
  return {
    executor: executor(
      pod,
      placement,
      allocated([...(match.shares[0] ?? []), ...match.ports]),
      endpoints.flat(),
    ),
    task_group: {
      tasks: pod.containers.map((container, i) =>
        containerTask(
          pod,
          container,
          placement,
          placement.containers[i]?.id ?? "",
          allocated(match.shares[i + 1] ?? []),
          endpoints,
        ),
      ),
    },
  };
}

function executor(
  pod: Pod,
  { instanceId, offer, options }: PodPlacement,
  resources: readonly Resource[],
  endpoints: readonly BoundEndpoint[],
): TaskGroup["executor"] {
  const { framework_id } = offer;
  const contained = pod.networks.length > 0 || pod.volumes.length > 0;
  const networks = networkInfos(pod, endpoints, options);
  return {
    type: "DEFAULT",
    executor_id: { value: executorIdOf(instanceId) },
    ...(framework_id === undefined ? {} : { framework_id }),
    resources,
    ...(contained
      ? {
          container: {
            type: "MESOS",
            ...(networks.length === 0 ? {} : { network_infos: networks }),
            ...linuxInfo(pod),
          },
        }
      : {}),
    labels: labelsOf(pod.labels),
  };
}

function networkInfos(pod: Pod, endpoints: readonly BoundEndpoint[], options: TaskOptions): Json[] {
  return pod.networks.flatMap((network) => {
    if (network.mode === "host") return [];
    const mapped = endpoints.filter(
      (e) =>
        e.hostPort !== undefined &&
        (network.mode !== "container" || (e.networkNames ?? []).every((name) => name === network.name)),
    );
    const mappings = mapped.flatMap((e) => {
      const container_port =
        e.containerPort === undefined || e.containerPort === 0 ? e.hostPort : e.containerPort;
      const mapping = { host_port: e.hostPort, container_port };
      const protocols = e.protocol ?? [];
      return protocols.length === 0 ? [mapping] : protocols.map((protocol) => ({ ...mapping, protocol }));
    });
    return [
      {
        name: network.mode === "container" ? network.name : options.bridgeName,
        labels: labelsOf(network.labels ?? {}),
        ...(mappings.length === 0 ? {} : { port_mappings: mappings }),
      },
    ];
  });
}

function containerTask(
  pod: Pod,
  container: PodContainer,
  placement: PodPlacement,
  taskId: string,
  resources: readonly Resource[],
  endpoints: readonly (readonly BoundEndpoint[])[],
): TaskInfo {
  const own = endpoints[pod.containers.indexOf(container)] ?? [];
  const info = containerInfo(pod, container);
  const health = podHealthCheck(pod, container, own);
  const check = podCheck(pod, container, own);
  const grace = container.lifecycle?.killGracePeriodSeconds;
  return {
    name: container.name,
    task_id: { value: taskId },
    agent_id: placement.offer.agent_id,
    resources,
    ...limitsOf(container),
    command: command(pod, container, placement, taskId, endpoints.flat()),
    ...(info === undefined ? {} : { container: info }),
    ...(Object.keys(container.labels).length === 0 ? {} : { labels: labelsOf(container.labels) }),
    ...(health === undefined ? {} : { health_check: health }),
    ...(check === undefined ? {} : { check }),
    ...(grace === undefined
      ? {}
      : { kill_policy: { grace_period: { nanoseconds: Math.round(grace * 1e9) } } }),
    discovery: {
      visibility: "FRAMEWORK",
      name: pod.id.slice(1).split("/").reverse().join("."),
      ports: { ports: discovered(pod, own) },
    },
  };
}

function command(
  pod: Pod,
  container: PodContainer,
  placement: PodPlacement,
  taskId: string,
  endpoints: readonly BoundEndpoint[],
): Json {
  const { instanceId, offer, options } = placement;
  const given = container.exec?.command;
  const user = container.user ?? pod.user;
  const environment = podEnvironment(pod, container, {
    taskId,
    executorId: executorIdOf(instanceId),
    host: offer.hostname,
    endpoints,
    prefix: options.envPrefix,
  });
  return {
    shell: given !== undefined && "shell" in given,
    ...(given === undefined
      ? {}
      : "shell" in given
        ? { value: given.shell }
        : {
            arguments: given.argv,
            ...(container.exec?.overrideEntrypoint === true ? { value: given.argv[0] } : {}),
          }),
    ...(user === undefined ? {} : { user }),
    ...(container.artifacts.length === 0
      ? {}
      : {
          uris: container.artifacts.map(({ uri, cache, extract, executable, destPath }) => ({
            value: uri,
            cache,
            extract,
            executable,
            ...(destPath === undefined ? {} : { output_file: destPath }),
          })),
        }),
    environment: {
      variables: [
        ...Object.entries(environment).map(([name, value]) => ({ name, value })),
        ...secretVariables({ env: { ...pod.environment, ...container.environment }, secrets: pod.secrets }),
      ],
    },
  };
}

/** Absent when it would say nothing but its type. */
function containerInfo(pod: Pod, container: PodContainer): Json | undefined {
  const { image, volumeMounts, tty } = container;
  const linux = linuxInfo(container);
  if (image === undefined && volumeMounts.length === 0 && tty !== true && Object.keys(linux).length === 0) {
    return undefined;
  }
  return {
    type: "MESOS",
    ...(volumeMounts.length === 0
      ? {}
      : { volumes: volumeMounts.flatMap((mount) => volume(pod, mount) ?? []) }),
    ...(image === undefined
      ? {}
      : {
          mesos: {
            image: {
              type: "DOCKER",
              docker: {
                name: image.id,
                ...(image.pullConfig === undefined
                  ? {}
                  : { config: secretReference(sourceOf(pod, image.pullConfig.secret)) }),
              },
              ...(image.forcePull === undefined ? {} : { cached: !image.forcePull }),
            },
          },
        }),
    ...(tty === true ? { tty_info: {} } : {}),
    ...linux,
  };
}

/** A host path, a secret, a persistent volume of the executor, or a directory in the sandbox of the executor that all its containers see. */
function volume(
  pod: Pod,
  { name, mountPath, readOnly }: PodContainer["volumeMounts"][number],
): Json | undefined {
  const declared = pod.volumes.find((v) => v.name === name);
  if (declared === undefined) return undefined;
  const mounted = { mode: readOnly ? "RO" : "RW", container_path: mountPath };
  if (declared.host !== undefined) return { ...mounted, host_path: declared.host };
  if (declared.secret !== undefined) {
    const secret = secretReference(sourceOf(pod, declared.secret));
    return { ...mounted, mode: "RO", source: { type: "SECRET", secret } };
  }
  const path = declared.persistent === undefined ? `volumes/${name}` : name;
  return { ...mounted, source: { type: "SANDBOX_PATH", sandbox_path: { type: "PARENT", path } } };
}

function sourceOf(pod: Pod, secret: string): string {
  return pod.secrets[secret]?.source ?? secret;
}

function discovered(pod: Pod, endpoints: readonly BoundEndpoint[]): Json[] {
  const host = pod.networks.every((n) => n.mode === "host");
  return endpoints.flatMap(({ name, protocol, labels, hostPort, containerPort }) => {
    const scope: Record<string, string> = host
      ? {}
      : { "network-scope": hostPort === undefined ? "container" : "host" };
    const port = {
      number: hostPort ?? containerPort ?? 0,
      name,
      labels: labelsOf({ ...labels, ...scope }),
    };
    const protocols = protocol ?? [];
    return protocols.length === 0 ? [port] : protocols.map((p) => ({ ...port, protocol: p }));
  });
}

function labelsOf(labels: Readonly<Record<string, string>>): Json {
  return { labels: Object.entries(labels).map(([key, value]) => ({ key, value })) };
}
