// SPDX-License-Identifier: Apache-2.0
import type { MesosAgent } from "@pulumi-mesos/client";
import type { Attributes } from "../autoscale/world";
import type { Place } from "../backends/backend";

/** What constraints find at an agent, by Marathon's names of fields: its attributes, and region and zone of its `--domain`. */
export function fieldsOf(agent: MesosAgent): Attributes {
  return { ...agent.attributes, ...placeOf(agent) };
}

/**
 * Where the next agents of a group will be, the next one first: of `places`, which its backend spreads them over, and of those where agents of it are,
 * where the fewest are, as auto-scaling groups do it. Nothing where neither tells. Agents that say something else than their
 * backend, because their domain is set by hand, are believed.
 */
export function nextPlaces(agents: readonly MesosAgent[], known: readonly Place[] = []): Attributes[] {
  const places = new Map<string, { readonly place: Attributes; count: number }>();
  const isOf = (agent: MesosAgent) =>
    known.some((one) => one.region === agent.region && one.zone === agent.zone);
  if (agents.every(isOf)) for (const one of known) places.set(keyOf(one), { place: placeOf(one), count: 0 });
  for (const agent of agents) {
    const place = placeOf(agent);
    if (Object.keys(place).length === 0) continue;
    const key = keyOf(agent);
    const known = places.get(key) ?? { place, count: 0 };
    places.set(key, known);
    known.count++;
  }
  const turns = [...places].sort(([a, x], [b, y]) => x.count - y.count || (a < b ? -1 : 1));
  return turns.map(([, { place }]) => place);
}

function keyOf({ region = "", zone = "" }: Partial<Place>): string {
  return `${region} ${zone}`;
}

function placeOf({ region, zone }: Partial<Place>): Attributes {
  return {
    ...(region === undefined ? {} : { "@region": region }),
    ...(zone === undefined ? {} : { "@zone": zone }),
  };
}
