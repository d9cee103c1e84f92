// SPDX-License-Identifier: Apache-2.0
import type { MarathonPodInstance, MarathonPodStatus } from "@pulumi-mesos/client";
import { type Pod, type PodInfo, type PodInstanceInfo, toPodInputs } from "@pulumi-mesos/model";

/** What a function says of a pod, given its status. */
export function podInfo(status: MarathonPodStatus): PodInfo {
  return {
    podId: status.id,
    version: status.spec.version ?? "",
    status: status.status,
    instances: instancesOf(status),
    definition: toPodInputs(status.spec as unknown as Pod),
  };
}

/** The instances of a pod, as functions and outputs show them. */
export function instancesOf({ instances }: MarathonPodStatus): PodInstanceInfo[] {
  return (instances ?? []).map(instanceInfo);
}

function instanceInfo(instance: MarathonPodInstance): PodInstanceInfo {
  return {
    id: instance.id,
    status: instance.status,
    host: instance.agentHostname ?? "",
    ipAddresses: (instance.networks ?? []).flatMap((network) => network.addresses ?? []),
    containers: (instance.containers ?? []).map(({ name, status, message, endpoints }) => ({
      name,
      status: status ?? "",
      ...(message === undefined ? {} : { message }),
      endpoints: (endpoints ?? []).map((e) => ({
        name: e.name,
        ...(e.allocatedHostPort === undefined ? {} : { hostPort: e.allocatedHostPort }),
        ...(e.healthy === undefined ? {} : { healthy: e.healthy }),
      })),
    })),
  };
}
