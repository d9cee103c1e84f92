// SPDX-License-Identifier: Apache-2.0
import type { MesosAgent } from "@pulumi-mesos/client";
import type { Attributes } from "../autoscale/world";

/** What constraints find at an agent, by Marathon's names of fields: its attributes, and region and zone of its `--domain`. */
export function fieldsOf(agent: MesosAgent): Attributes {
  const attributes = Object.entries(agent.attributes).map(([name, value]) => [name, String(value)]);
  return { ...Object.fromEntries(attributes), ...placeOf(agent) };
}

/**
 * Where the next agent of a group will be, judged by those that it has: where the fewest of them are, as auto-scaling groups
 * spread instances over zones. Nothing while none tells where it is.
 */
export function nextPlace(agents: readonly MesosAgent[]): Attributes {
  const places = new Map<string, { readonly place: Attributes; count: number }>();
  for (const agent of agents) {
    const place = placeOf(agent);
    if (Object.keys(place).length === 0) continue;
    const key = `${agent.region ?? ""} ${agent.zone ?? ""}`;
    const known = places.get(key) ?? { place, count: 0 };
    places.set(key, known);
    known.count++;
  }
  const [next] = [...places].sort(([a, x], [b, y]) => x.count - y.count || (a < b ? -1 : 1));
  return next?.[1].place ?? {};
}

function placeOf({ region, zone }: MesosAgent): Attributes {
  return {
    ...(region === undefined ? {} : { "@region": region }),
    ...(zone === undefined ? {} : { "@zone": zone }),
  };
}
