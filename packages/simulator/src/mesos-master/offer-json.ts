// SPDX-License-Identifier: Apache-2.0
import { toJson } from "../protocol/resources";
import { hasCapability, type Offer } from "./state";

/** An offer in the v1 JSON. */
export function offerJson(offer: Offer): Record<string, unknown> {
  const { agent, framework, role } = offer;
  const [, ip = "", port = ""] = /@(.+):(\d+)$/.exec(agent.pid) ?? [];
  const format = hasCapability(framework, "RESERVATION_REFINEMENT") ? "post" : "pre";
  // Schedulers of one role compare resources as they are: Mesos does not tell them of allocations (MESOS-8237).
  const allocated = hasCapability(framework, "MULTI_ROLE");
  return {
    id: { value: offer.id },
    framework_id: { value: framework.id },
    agent_id: { value: agent.id },
    hostname: agent.info.hostname,
    url: {
      scheme: "http",
      address: { hostname: agent.info.hostname, ip, port: Number(port) },
      path: "/slave(1)",
      query: [],
    },
    resources: toJson(offer.resources, allocated ? role : undefined, format),
    attributes: agent.info.attributes,
    executor_ids: [],
    ...(agent.info.domain === undefined ? {} : { domain: agent.info.domain }),
    ...(offer.unavailability === undefined ? {} : { unavailability: offer.unavailability }),
    ...(allocated ? { allocation_info: { role } } : {}),
  };
}
