// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Attribute } from "../mesos/messages";
import { agent, type FakeAgent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";
import { attributeValue } from "./attributes";
import { fulfils, type Place, valueAt } from "./constraints";
import { inMaintenance, refusals } from "./match";

const app = { id: "/a", cmd: "sleep 100", cpus: 0.1, mem: 16 };
const hosts = fc.constantFrom("h1", "h2", "h3", "h4");
const places = fc.array(
  fc.record({
    host: hosts,
    attributes: fc.option(fc.record({ rack: fc.constantFrom("r1", "r2", "r3") }), {
      nil: {},
    }) as fc.Arbitrary<Place["attributes"]>,
    region: fc.constantFrom("eu", "us", undefined),
    zone: fc.constantFrom("z1", "z2", undefined),
  }),
  { maxLength: 40 },
);
const fields = fc.constantFrom("hostname", "@hostname", "@region", "@zone", "rack");

/** Offers come one after another; whoever fits is placed. */
function place(constraints: readonly string[][], offers: readonly Place[]): Place[] {
  const placed: Place[] = [];
  for (const offer of offers) if (constraints.every((c) => fulfils(c, offer, placed))) placed.push(offer);
  return placed;
}

function counts(placed: readonly Place[], field: string): number[] {
  const groups = new Map<string | undefined, number>();
  for (const p of placed) groups.set(valueAt(p, field), (groups.get(valueAt(p, field)) ?? 0) + 1);
  return [...groups.values()];
}

/** SPEC-marathon.md, "Placement". */
describe("marathon: placement", function () {
  this.timeout(60_000);

  it("UNIQUE never puts two on one value", () => {
    fc.assert(
      fc.property(fields, places, (field, offers) => {
        for (const n of counts(place([[field, "UNIQUE"]], offers), field)) assert.equal(n, 1);
      }),
    );
  });

  it("MAX_PER never puts more than its number on one value", () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 4 }), places, (field, max, offers) => {
        for (const n of counts(place([[field, "MAX_PER", String(max)]], offers), field)) assert.ok(n <= max);
      }),
    );
  });

  it("CLUSTER never leaves the first value, nor the one that is given", () => {
    fc.assert(
      fc.property(fields, fc.constantFrom("", "h1", "r1", "eu"), places, (field, value, offers) => {
        const placed = place([[field, "CLUSTER", value]], offers);
        assert.ok(counts(placed, field).length <= 1);
        if (value !== "") for (const p of placed) assert.equal(valueAt(p, field), value);
      }),
    );
  });

  it("GROUP_BY adds to a group that is new or the smallest, and only to new ones until there are as many as asked for", () => {
    fc.assert(
      fc.property(fields, fc.integer({ min: 1, max: 3 }), places, (field, least, offers) => {
        const placed = place([[field, "GROUP_BY", String(least)]], offers);
        placed.forEach((one, n) => {
          const before = placed.slice(0, n);
          const own = before.filter((p) => valueAt(p, field) === valueAt(one, field)).length;
          const sizes = counts(before, field);
          assert.ok(own === 0 || (sizes.length >= least && own === Math.min(...sizes)));
        });
      }),
    );
  });

  it("LIKE, UNLIKE and IS hold for every placement, and constraints hold together", () => {
    const words = fc.constantFrom("h1", "h[12]", "r.*", "eu", "z1");
    fc.assert(
      fc.property(fields, fields, words, words, places, (a, b, like, unlike, offers) => {
        const placed = place(
          [
            [a, "LIKE", like],
            [b, "UNLIKE", unlike],
            ["hostname", "MAX_PER", "2"],
          ],
          offers,
        );
        for (const p of placed) {
          assert.match(valueAt(p, a) ?? "", new RegExp(`^(?:${like})$`));
          assert.doesNotMatch(valueAt(p, b) ?? "", new RegExp(`^(?:${unlike})$`));
        }
        for (const n of counts(placed, "hostname")) assert.ok(n <= 2);
        for (const p of place([[a, "IS", like]], offers)) assert.equal(valueAt(p, a), like);
      }),
    );
  });

  for (const [what, attribute, value] of [
    ["a scalar", { type: "SCALAR", scalar: { value: 2.5 } }, "2.5"],
    ["a large scalar", { type: "SCALAR", scalar: { value: 1234567.8912 } }, "1,234,567.891"],
    [
      "ranges",
      {
        type: "RANGES",
        ranges: {
          range: [
            { begin: 30, end: 40 },
            { begin: 1, end: 2 },
          ],
        },
      },
      "[1-2,30-40]",
    ],
    ["a set", { type: "SET", set: { item: ["b", "a"] } }, "{a,b}"],
    ["text", { type: "TEXT", text: { value: "x" } }, "x"],
  ] as const) {
    it(`sees ${what} as ${value}, for IS and for LIKE`, () => {
      const seen = attributeValue({ name: "n", ...attribute } as Attribute);
      assert.equal(seen, value);
      const offer = { host: "h", attributes: { n: seen } };
      assert.ok(fulfils(["n", "IS", value], offer, []));
      const pattern = value.replace(/[[\]{}.]/g, "\\$&");
      assert.ok(fulfils(["n", "LIKE", pattern], offer, []));
    });
  }

  it("knows an agent's maintenance by start, duration and draining time", () => {
    const offer = (start: number, duration?: number) => ({
      id: { value: "O" },
      agent_id: { value: "S" },
      hostname: "h",
      unavailability: {
        start: { nanoseconds: start * 1e9 },
        ...(duration === undefined ? {} : { duration: { nanoseconds: duration * 1e9 } }),
      },
    });
    assert.equal(inMaintenance(offer(100, 10), 99_000, 0), false);
    assert.equal(inMaintenance(offer(100, 10), 99_000, 5_000), true);
    assert.equal(inMaintenance(offer(100, 10), 105_000, 0), true);
    assert.equal(inMaintenance(offer(100, 10), 111_000, 0), false);
    assert.equal(inMaintenance(offer(100), 1e9, 0), true);
  });

  const web = (name: string, value: number) => ({
    name,
    type: "SCALAR",
    scalar: { value },
    reservations: [{ type: "STATIC", role: "web" }],
  });
  const soon = { unavailability: { start: { nanoseconds: (Date.now() + 60_000) * 1e6 } } };
  const gpu = { name: "gpus", type: "SCALAR", scalar: { value: 1 } };
  const empty: Partial<FakeAgent> = { cpus: 1, mem: 64, disk: 10 };
  const region = (name: string) => ({
    domain: { fault_domain: { region: { name }, zone: { name: `${name}-1` } } },
  });

  for (const [reason, more, agents, options] of [
    ["UnfulfilledRole", { acceptedResourceRoles: ["web"] }, {}, { role: "web" }],
    ["UnfulfilledConstraint", { constraints: [["rack", "IS", "x"]] }, {}, {}],
    ["UnfulfilledConstraint", { constraints: [["@zone", "IS", "eu-2"]] }, { offer: region("eu") }, {}],
    ["AgentMaintenance", {}, { offer: soon }, { offerRules: { drainingMs: 120_000 } }],
    ["InsufficientCpus", { cpus: 2 }, empty, {}],
    ["InsufficientMemory", { mem: 65 }, empty, {}],
    ["InsufficientDisk", { disk: 11 }, empty, {}],
    ["InsufficientGpus", { gpus: 2 }, { resources: [gpu] }, { features: new Set(["gpu_resources"]) }],
    ["InsufficientPorts", { requirePorts: true, portDefinitions: [{ port: 9 }] }, {}, {}],
    ["DeclinedScarceResources", {}, { resources: [gpu] }, {}],
  ] as const) {
    it(`declines for ${reason}, and the queue's funnel says so`, async () => {
      const master = await FakeMaster.start([agent(1, agents)]);
      const marathon = await TestMarathon.start({ master, options });
      try {
        const answer = await marathon.call("POST", "/v2/apps", { ...app, ...more });
        assert.equal(answer.status, 201, answer.text);
        const queue = async () =>
          (await marathon.call("GET", "/v2/queue?embed=lastUnusedOffers")).body.queue[0];
        await marathon.until(async () => (await queue())?.lastUnusedOffers.length > 0, "a refusal");
        const { processedOffersSummary: summary, lastUnusedOffers } = await queue();
        assert.deepEqual(
          summary.rejectSummaryLastOffers.map((line: { reason: string; declined: number }) => [
            line.reason,
            line.declined,
          ]),
          refusals.map((r) => [r, r === reason ? 1 : 0]),
        );
        assert.deepEqual(lastUnusedOffers[0].reason, [reason]);
        assert.equal(master.tasks.size, 0);
      } finally {
        await marathon.close();
        await master.close();
      }
    });
  }

  for (const [what, more, options, role] of [
    ["reserved first, by default", {}, {}, "web"],
    ["only unreserved, where that is the default", {}, { offerRules: { defaultRoles: "unreserved" } }, "*"],
    ["what the app accepts, over the default", { acceptedResourceRoles: ["*"] }, {}, "*"],
    ["only reserved, where that is the default", {}, { offerRules: { defaultRoles: "reserved" } }, "web"],
  ] as const) {
    it(`takes resources of roles: ${what}`, async () => {
      const ports = {
        name: "ports",
        type: "RANGES",
        ranges: { range: [{ begin: 9000, end: 9001 }] },
        reservations: [{ type: "STATIC", role: "web" }],
      };
      const master = await FakeMaster.start([
        agent(1, { resources: [web("cpus", 1), web("mem", 64), ports] }),
      ]);
      const marathon = await TestMarathon.start({ master, options: { role: "web", ...options } });
      try {
        await marathon.deployed(await marathon.call("POST", "/v2/apps", { ...app, ...more }));
        const [task] = [...master.tasks.values()];
        const taken = task?.info["resources"] as { name: string; reservations?: { role: string }[] }[];
        const scalars = taken.filter((r) => r.name !== "ports");
        assert.deepEqual(
          scalars.map((r) => [r.name, r.reservations?.[0]?.role ?? "*"]),
          [
            ["cpus", role],
            ["mem", role],
          ],
        );
      } finally {
        await marathon.close();
        await master.close();
      }
    });
  }

  it("stays in the master's own region, unless a constraint names @region", async () => {
    const master = await FakeMaster.start([
      agent(1, { offer: region("us") }),
      agent(2, { offer: region("eu") }),
    ]);
    master.region = "eu";
    const marathon = await TestMarathon.start({ master });
    try {
      const at = () => [...master.tasks.values()].map((t) => t.agent.id);
      await marathon.deployed(await marathon.call("POST", "/v2/apps", { ...app, instances: 3 }));
      assert.deepEqual(at(), ["S2", "S2", "S2"]);
      const [task] = (await marathon.call("GET", "/v2/apps/a/tasks")).body.tasks;
      assert.deepEqual([task.region, task.zone], ["eu", "eu-1"]);
      const abroad = { ...app, id: "/b", constraints: [["@region", "IS", "us"]] };
      await marathon.deployed(await marathon.call("POST", "/v2/apps", abroad));
      assert.deepEqual(at(), ["S2", "S2", "S2", "S1"]);
    } finally {
      await marathon.close();
      await master.close();
    }
  });
});
