// SPDX-License-Identifier: Apache-2.0
import type { Route } from "./route";

/** HAProxy's map files, in the order in which they are asked; what stands in them changes without a reload. */
export const mapNames = ["rules", "rules-any-case", "hosts", "defaults"] as const;
export type MapName = (typeof mapNames)[number];

/** Backends by prefix; the longest prefix wins. */
export type RouteMaps = Readonly<Record<MapName, ReadonlyMap<string, string>>>;

/** Routes as HAProxy gets them: single lines before and after the maps, and what stands in the maps. */
export interface RouteTables {
  readonly before: readonly Route[];
  /** Between the maps of rules and those of hosts, and between those and the defaults. */
  readonly hosts: readonly Route[];
  readonly late: readonly Route[];
  readonly defaults: readonly Route[];
  readonly after: readonly Route[];
  readonly maps: RouteMaps;
}

/** What may stand in a line of a map file as one word. */
const plain = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]{0,1023}$/;

/** Shares out `routes`, which are in the order in which they are tried. */
export function tablesOf(routes: readonly Route[]): RouteTables {
  const maps = { rules: new Map(), "rules-any-case": new Map(), hosts: new Map(), defaults: new Map() };
  const lines = { before: [], hosts: [], late: [], defaults: [], after: [] } as Record<
    Exclude<keyof RouteTables, "maps">,
    Route[]
  >;
  for (const route of routes) {
    const entries = entriesOf(route);
    // Of equal prefixes the route that is tried first counts.
    for (const [name, key] of entries) if (!maps[name].has(key)) maps[name].set(key, route.backend);
    if (entries.length === 0) lines[placeOf(route)].push(route);
  }
  return { ...lines, maps };
}

/** Whether a route's condition stands in a map, so that HAProxy need not judge it. */
export function isMapped(route: Route): boolean {
  return entriesOf(route).length > 0;
}

const remembered = new WeakMap<Route, readonly (readonly [MapName, string])[]>();

/** The maps and keys in which a route's condition stands; none when it is a line. */
export function entriesOf(route: Route): readonly (readonly [MapName, string])[] {
  const known = remembered.get(route);
  if (known) return known;
  const entries = makeEntries(route);
  remembered.set(route, entries);
  return entries;
}

function makeEntries({ acl }: Route): (readonly [MapName, string])[] {
  if (acl.kind === "prefix") return plain.test(acl.path) ? [["defaults", acl.path.toLowerCase()]] : [];
  if (acl.kind === "host") {
    const isPlain = !acl.ignoreCase && plain.test(acl.path) && acl.weight === (acl.path === "/" ? 0 : 1);
    return isPlain ? [["hosts", `${acl.host}${acl.path}`]] : [];
  }
  const rule = acl.priority === 0 ? prefixesOf(acl.text) : undefined;
  if (!rule || rule.paths.includes("/")) return [];
  return rule.paths.map((path) =>
    rule.ignoreCase ? ["rules-any-case", path.toLowerCase()] : ["rules", path],
  );
}

/** The prefixes of a condition that is nothing but `path_beg [-i] /a /b`. */
export function prefixesOf(
  acl: string,
): { readonly paths: readonly string[]; readonly ignoreCase: boolean } | undefined {
  const [fetch, ...words] = acl.trim().split(/\s+/);
  const ignoreCase = words[0] === "-i";
  const paths = ignoreCase ? words.slice(1) : words;
  // A percent sign, a quote or a dollar means more to HAProxy in a line than in a map.
  const isPlain = paths.length > 0 && paths.every((path) => plain.test(path) && !/[%'$]/.test(path));
  return fetch === "path_beg" && isPlain ? { paths, ignoreCase } : undefined;
}

function placeOf({ acl }: Route): "before" | "hosts" | "late" | "defaults" | "after" {
  if (acl.kind === "prefix") return "defaults";
  if (acl.kind === "host") return acl.weight < (acl.path === "/" ? 0 : 1) ? "late" : "hosts";
  const isAll = prefixesOf(acl.text)?.paths.includes("/") === true && acl.priority === 0;
  return isAll || acl.priority < 0 ? "after" : "before";
}

/** One change of a map that HAProxy has. */
export interface MapChange {
  readonly map: MapName;
  readonly key: string;
  /** Absent when the entry goes. */
  readonly backend?: string;
  readonly isNew: boolean;
}

/** The wanted maps for which maps need no change: most changes are of tasks. */
const settled = new WeakMap<RouteMaps, RouteMaps>();

/**
 * What turns `current` into `wanted`: what comes before what goes. A backend that HAProxy does not have yet changes nothing,
 * because requests would end there.
 */
export function mapChanges(
  current: RouteMaps,
  wanted: RouteMaps,
  hasBackend: (name: string) => boolean,
): MapChange[] {
  if (settled.get(current) === wanted) return [];
  const comes: MapChange[] = [];
  const goes: MapChange[] = [];
  let waits = false;
  for (const map of mapNames) {
    for (const [key, backend] of wanted[map]) {
      const was = current[map].get(key);
      if (was === backend) continue;
      if (hasBackend(backend)) comes.push({ map, key, backend, isNew: was === undefined });
      else waits = true;
    }
    for (const key of current[map].keys()) if (!wanted[map].has(key)) goes.push({ map, key, isNew: false });
  }
  if (!waits && comes.length + goes.length === 0) settled.set(current, wanted);
  return [...comes, ...goes];
}

/** `maps` after `changes`. */
export function changedMaps(maps: RouteMaps, changes: readonly MapChange[]): RouteMaps {
  const next = Object.fromEntries(mapNames.map((name) => [name, new Map(maps[name])])) as Record<
    MapName,
    Map<string, string>
  >;
  for (const { map, key, backend } of changes) {
    if (backend === undefined) next[map].delete(key);
    else next[map].set(key, backend);
  }
  return next;
}

export const noMaps: RouteMaps = {
  rules: new Map(),
  "rules-any-case": new Map(),
  hosts: new Map(),
  defaults: new Map(),
};

/** Name of a map's file in HAProxy's directory. */
export function mapFile(name: MapName): string {
  return `${name}.map`;
}

/** The text of a map's file. */
export function mapText(map: ReadonlyMap<string, string>): string {
  return [...map].map(([key, backend]) => `${key} ${backend}\n`).join("");
}
