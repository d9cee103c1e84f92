// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { changedMaps, mapChanges, noMaps, prefixesOf, type RouteMaps, tablesOf } from "./maps";
import type { Route } from "./route";

const explicit = (text: string, priority = 0): Route => ({
  appId: text,
  backend: `b ${text}`,
  acl: { kind: "explicit", text, priority },
});

describe("maps of routes", () => {
  it("take plain prefixes and leave everything else to lines", () => {
    const routes = [
      explicit("path_beg /first", 5),
      explicit("hdr(host) -i a"),
      explicit("path_beg -i /Any /b"),
      explicit("path_beg /exact"),
      { appId: "/web", backend: "web", acl: { kind: "prefix", path: "/Web" } } as const,
      { appId: "/w b", backend: "odd", acl: { kind: "prefix", path: "/w b" } } as const,
      explicit("path_beg /"),
    ];
    const { maps, before, defaults, after } = tablesOf(routes);
    assert.deepEqual([...maps.rules.keys()], ["/exact"]);
    assert.deepEqual([...maps["rules-any-case"].keys()], ["/any", "/b"]);
    assert.deepEqual([...maps.defaults], [["/web", "web"]]);
    const ids = [before, defaults, after].map((lines) => lines.map((route) => route.appId));
    assert.deepEqual(ids, [["path_beg /first", "hdr(host) -i a"], ["/w b"], ["path_beg /"]]);
  });

  it("give equal prefixes to the route that is tried first", () => {
    const [one, two] = [explicit("path_beg /a"), { ...explicit("path_beg /a"), backend: "later" }];
    assert.deepEqual([...tablesOf([one, two]).maps.rules], [["/a", one.backend]]);
  });

  it("read conditions that are nothing but prefixes", () => {
    assert.deepEqual(prefixesOf(" path_beg  -i /a /b "), { paths: ["/a", "/b"], ignoreCase: true });
    for (const acl of [
      "path_beg",
      "path_beg a",
      "path_beg '/a'",
      "path_beg -m reg /a",
      "path_beg /%[src]",
      "path /a",
    ]) {
      assert.equal(prefixesOf(acl), undefined, acl);
    }
  });

  it("come from any state to any other by their changes, and never lead to a backend that is not there", () => {
    const map = fc.dictionary(
      fc.constantFrom("/a", "/b", "/c", "/d"),
      fc.constantFrom("one", "two", "missing"),
    );
    fc.assert(
      fc.property(map, map, (from, to) => {
        const maps = (entries: Record<string, string>): RouteMaps => ({
          ...noMaps,
          rules: new Map(Object.entries(entries)),
        });
        const has = (name: string): boolean => name !== "missing";
        const changes = mapChanges(maps(from), maps(to), has);
        const { rules } = changedMaps(maps(from), changes);
        for (const [key, backend] of Object.entries(to))
          assert.equal(rules.get(key), has(backend) ? backend : from[key]);
        for (const key of rules.keys()) assert.ok(key in to);
        assert.deepEqual(mapChanges({ ...noMaps, rules }, maps(to), has), []);
      }),
    );
  });
});
