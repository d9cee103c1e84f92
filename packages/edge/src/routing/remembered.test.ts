// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { BambooService } from "@pulumi-mesos/model";
import fc from "fast-check";
import { decodeApp } from "../discovery/apps";
import { type PlacedApp, place } from "../discovery/rotation";
import { mapChanges, tablesOf } from "./maps";
import { newMemo } from "./parts";
import { shapeOf } from "./render";
import { routesOf } from "./routes";
import { planSlots, type SlotTable, withKnown } from "./slots";

const settings = {
  frontendBind: "127.0.0.1:80",
  mapDirectory: "/maps",
  nbthread: 1,
  maxconn: 100,
  hardStopAfter: "1s",
};
const task = fc.record({
  id: fc.constantFrom("t1", "t2", "t3"),
  host: fc.constantFrom("10.0.0.1", "unknown.example"),
  ports: fc.tuple(fc.integer({ min: 1, max: 4 })),
  state: fc.constantFrom("TASK_RUNNING", "TASK_KILLING"),
});
const labels = fc.constantFrom(
  {},
  {},
  { HAPROXY_GROUP: "x", HAPROXY_0_VHOST: "a.example", HAPROXY_0_PORT: "7000" },
  { HAPROXY_DEPLOYMENT_GROUP: "/pair" },
);
const document = fc.record({
  id: fc.constantFrom("/a", "/b", "/c", "/d"),
  labels,
  tasks: fc.uniqueArray(task, { selector: ({ id }) => id, maxLength: 3 }),
});
const rule = fc.constantFrom(
  { Acl: "path_beg /x" },
  { Acl: "hdr(host) -i x" },
  { Acl: "path_beg /w", Config: { Weights: "/a=9 /b=1" } },
);
const step = fc.record({
  documents: fc.uniqueArray(document, { selector: ({ id }) => id, maxLength: 4 }),
  rules: fc.dictionary(fc.constantFrom("/a", "/both"), rule),
});

function rulesOf(some: Readonly<Record<string, Partial<BambooService>>>): Map<string, BambooService> {
  return new Map(Object.entries(some).map(([id, r]) => [id, { Id: id, Acl: "", Config: {}, ...r }]));
}

const resolve = (): undefined => undefined;

describe("what is remembered", () => {
  it("makes no difference to routes, slots, maps and shape, whatever changes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (history) => {
        const memo = newMemo();
        const known = new Map<string, PlacedApp>();
        const knownRules = new Map<string, ReturnType<typeof rulesOf>>();
        let table: SlotTable = new Map();
        let maps = tablesOf([]).maps;
        for (const { documents, rules } of history) {
          const apps = documents.map((one) => {
            const app = place(decodeApp(one) ?? assert.fail(), undefined, new Set());
            const before = known.get(JSON.stringify(one)) ?? app;
            known.set(JSON.stringify(one), before);
            return before;
          });
          const byId = knownRules.get(JSON.stringify(rules)) ?? rulesOf(rules);
          knownRules.set(JSON.stringify(rules), byId);
          const routes = routesOf(apps, byId, resolve, memo);
          const fresh = routesOf(apps, byId, resolve);
          assert.deepEqual(routes, fresh);
          const afresh = withKnown(structuredClone(new Map(table)), new Map());
          const plan = planSlots(table, routes.backends);
          assert.deepEqual(plan, planSlots(afresh, fresh.backends));
          assert.equal(shapeOf(routes, plan.table, settings), shapeOf(fresh, plan.table, settings));
          const wanted = tablesOf(routes.routes).maps;
          const changes = (): unknown => mapChanges(maps, wanted, (name) => name.startsWith("::a"));
          assert.deepEqual(changes(), changes());
          assert.deepEqual(
            changes(),
            mapChanges(structuredClone(maps), wanted, (name) => name.startsWith("::a")),
          );
          table = plan.table;
          maps = wanted;
        }
      }),
    );
  });

  it("leaves all but the backend of a task that came or went as it was", () => {
    const app = (id: string, port: number): PlacedApp => {
      const tasks = [{ id: `${id}.t`, host: "10.0.0.1", ports: [port], state: "TASK_RUNNING" }];
      return place(decodeApp({ id, tasks }) ?? assert.fail(), undefined, new Set());
    };
    const memo = newMemo();
    const other = app("/other", 1);
    const before = routesOf([app("/moves", 2), other], new Map(), resolve, memo);
    const after = routesOf([app("/moves", 3), other], new Map(), resolve, memo);
    assert.equal(after.routes, before.routes);
    assert.equal(after.backends[1], before.backends[1]);
    assert.equal(after.backends[0]?.servers[0]?.port, 3);
    const { table } = planSlots(new Map(), before.backends);
    assert.equal(planSlots(table, before.backends).table, table);
    assert.equal(planSlots(table, after.backends).table.get("::other-cluster"), table.get("::other-cluster"));
    const read = withKnown(structuredClone(new Map(table)), table);
    assert.equal(read.get("::other-cluster"), table.get("::other-cluster"));
  });
});
