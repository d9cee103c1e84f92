// SPDX-License-Identifier: Apache-2.0
import type { Endpoint, Pod, PodContainer } from "./types";

type Json = Record<string, unknown>;

const absentWhenEmpty: ReadonlySet<string> = new Set([
  "endpoints",
  "environment",
  "volumeMounts",
  "artifacts",
  "labels",
  "protocol",
  "networkNames",
  "secrets",
  "volumes",
  "networks",
  "constraints",
  "acceptedResourceRoles",
]);

/** `pod` as answers show it: placing, scaling and strategies below `scheduling` and `scaling` (marathon.md §1.9). */
export function renderPod(pod: Pod): Json {
  return present({
    id: pod.id,
    labels: pod.labels,
    version: pod.version,
    user: pod.user,
    environment: pod.environment,
    containers: pod.containers.map(renderContainer),
    secrets: pod.secrets,
    volumes: pod.volumes,
    networks: pod.networks.map((n) => present({ ...n })),
    scaling: { kind: "fixed", instances: pod.instances },
    scheduling: {
      backoff: {
        backoff: pod.backoffSeconds,
        backoffFactor: pod.backoffFactor,
        maxLaunchDelay: pod.maxLaunchDelaySeconds,
      },
      upgrade: pod.upgradeStrategy,
      placement: present({
        constraints: pod.constraints.map(([fieldName, operator, value]) =>
          present({ fieldName, operator, value }),
        ),
        acceptedResourceRoles: pod.acceptedResourceRoles,
      }),
      killSelection: pod.killSelection,
      unreachableStrategy: pod.unreachableStrategy,
    },
    executorResources: pod.executorResources,
    role: pod.role,
    linuxInfo: pod.linuxInfo,
    legacySharedCgroups: pod.legacySharedCgroups,
  });
}

function renderContainer(container: PodContainer): Json {
  return present({ ...container, endpoints: container.endpoints.map(renderEndpoint) });
}

function renderEndpoint(endpoint: Endpoint): Json {
  return present({ ...endpoint });
}

function present(document: Json): Json {
  return Object.fromEntries(
    Object.entries(document).filter(
      ([key, value]) =>
        value !== undefined && !(absentWhenEmpty.has(key) && Object.keys(value as object).length === 0),
    ),
  );
}
