// SPDX-License-Identifier: Apache-2.0
import type { MapName, RouteTables } from "./maps";
import type { Route } from "./route";

/** One thing that HAProxy asks about a request: the condition of one route, or a map of many. */
export type Stage =
  | { readonly kind: "line"; readonly route: Route }
  | { readonly kind: "map"; readonly map: MapName };

/** What HAProxy asks, in this order. The configuration is made from it, and so is the explanation of a choice. */
export function stagesOf(tables: RouteTables): Stage[] {
  const lines = (routes: readonly Route[]): Stage[] => routes.map((route) => ({ kind: "line", route }));
  const map = (name: MapName): Stage => ({ kind: "map", map: name });
  return [
    ...lines(tables.before),
    map("rules"),
    map("rules-any-case"),
    ...lines(tables.hosts),
    map("hosts"),
    ...lines(tables.late),
    map("defaults"),
    ...lines(tables.defaults),
    ...lines(tables.after),
  ];
}

/** What a map's keys are prefixes of: in HAProxy's words, and here. */
export const mapKeys: Readonly<
  Record<MapName, { readonly expression: string; readonly of: (request: KeyedRequest) => string }>
> = {
  rules: { expression: "path", of: ({ path }) => path },
  "rules-any-case": { expression: "path,lower", of: ({ path }) => lower(path) },
  hosts: {
    expression: "req.hdr(host),host_only,lower,concat(,txn.path)",
    of: ({ host, path }) => `${lower(host)}${path}`,
  },
  defaults: { expression: "path,lower", of: ({ path }) => lower(path) },
};

/** The parts of a request that maps are asked about. */
export interface KeyedRequest {
  /** Without its port. */
  readonly host: string;
  /** As it was sent, without the query. */
  readonly path: string;
}

/** As HAProxy's `lower` and `-i` have it, which know ASCII alone. */
export function lower(text: string): string {
  return text.replace(/[A-Z]/g, (char) => char.toLowerCase());
}
