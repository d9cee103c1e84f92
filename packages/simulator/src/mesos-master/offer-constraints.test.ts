// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { AgentInfo } from "../protocol/types";
import { Fixture, getJson, TestScheduler, until } from "../test-cluster.test";
import { OfferConstraints, type OfferConstraintsJson } from "./offer-constraints";

/** A role's constraints: groups of pairs of a selector and a predicate. */
function constraints(...groups: (readonly [object, object])[][]): OfferConstraintsJson {
  const made = groups.map((group) => ({
    attribute_constraints: group.map(([selector, predicate]) => ({ selector, predicate })),
  }));
  return { role_constraints: { web: { groups: made } } } as OfferConstraintsJson;
}

const agent = {
  id: { value: "S0" },
  hostname: "a.example",
  port: 5051,
  resources: [],
  attributes: [
    { name: "rack", type: "TEXT", text: { value: "r1" } },
    { name: "weight", type: "SCALAR", scalar: { value: 2 } },
  ],
  domain: { fault_domain: { region: { name: "eu" }, zone: { name: "eu-1" } } },
} as unknown as AgentInfo;

function fits(...groups: Parameters<typeof constraints>): boolean {
  const read = OfferConstraints.read(constraints(...groups), ["web"]);
  return typeof read === "string" ? assert.fail(read) : !read.excludes("web", agent);
}

describe("offer constraints (src/master/allocator/mesos/offer_constraints_filter.cpp)", () => {
  const rack = { attribute_name: "rack" };
  const weight = { attribute_name: "weight" };
  const absent = { attribute_name: "none" };

  it("judge text, what is no text and what is not there as Mesos does", () => {
    const predicates: [object, boolean, boolean, boolean][] = [
      [{ exists: {} }, true, true, false],
      [{ not_exists: {} }, false, false, true],
      [{ text_equals: { value: "r1" } }, true, true, false],
      [{ text_equals: { value: "r2" } }, false, true, false],
      [{ text_not_equals: { value: "r1" } }, false, true, true],
      [{ text_matches: { regex: "r[0-9]" } }, true, true, false],
      [{ text_matches: { regex: "r" } }, false, true, false],
      [{ text_not_matches: { regex: "r|q" } }, true, true, true],
      [{ text_not_matches: { regex: "r1|r2" } }, false, true, true],
    ];
    for (const [predicate, ...expected] of predicates) {
      const found = [rack, weight, absent].map((selector) => fits([[selector, predicate]]));
      assert.deepEqual(found, expected, JSON.stringify(predicate));
    }
  });

  it("know hostname, region and zone; one group of which all hold is enough; other roles are free", () => {
    const is = (type: string, value: string) =>
      [{ pseudoattribute_type: type }, { text_equals: { value } }] as const;
    assert.ok(fits([is("HOSTNAME", "a.example"), is("REGION", "eu"), is("ZONE", "eu-1")]));
    assert.ok(!fits([is("HOSTNAME", "a.example"), is("ZONE", "eu-2")]));
    assert.ok(fits([is("ZONE", "eu-2")], [is("REGION", "eu")]));
    const read = OfferConstraints.read(constraints([is("ZONE", "eu-2")]), ["web", "db"]);
    assert.ok(typeof read !== "string" && !read.excludes("db", agent));
  });

  it("fails when they are of another role, empty or cannot be read, in Mesos's words", () => {
    const why = (json: OfferConstraintsJson, roles = ["web"]) => OfferConstraints.read(json, roles);
    assert.equal(
      why(constraints([[rack, { exists: {} }]]), ["db"]),
      "Offer constraints specify `role_constraints` for a role 'web'not contained in the set of roles",
    );
    assert.match(String(why({ role_constraints: { web: {} } })), /has an empty 'RoleConstraints::groups'/);
    assert.match(String(why(constraints([]))), /contains an empty RoleConstraints::Group$/);
    const invalid = /^Offer constraints are not valid: A role web has an invalid 'AttributeConstraint': /;
    for (const [selector, predicate, end] of [
      [{}, { exists: {} }, /must be set$/],
      [{ pseudoattribute_type: "UNKNOWN" }, { exists: {} }, /Unknown pseudoattribute type$/],
      [rack, {}, /Unknown predicate type$/],
      [rack, { text_matches: { regex: "(" } }, /Failed to construct regex from pattern '\('/],
      [rack, { text_matches: { regex: "(?=a)" } }, /invalid perl operator: \(\?=$/],
    ] as [object, object, RegExp][]) {
      const said = String(why(constraints([[selector, predicate]])));
      assert.match(said, invalid);
      assert.match(said, end);
    }
  });

  it("keep offers from a framework, are shown, and change by UPDATE_FRAMEWORK", async function () {
    this.timeout(60_000);
    const fixture = new Fixture();
    let scheduler: TestScheduler | undefined;
    try {
      const master = await fixture.master("m", [], "127.113.11.1");
      await until("a leader", () => master.program.leader);
      for (const n of [1, 2]) {
        const flags = [`--master=${master.address}`, `--ip=127.113.11.1${n}`, `--attributes=rack:r${n}x`];
        await fixture.agent(`a${n}`, flags);
      }
      const known = () => [...(master.program.leader?.context.state.agents.values() ?? [])];
      await until("two agents", () => known().length === 2);
      scheduler = new TestScheduler(master.url);
      const mine = scheduler;
      const only = (value: string) => constraints([[rack, { text_equals: { value } }]]);
      const base = {
        user: "root",
        name: "test",
        failover_timeout: 3600,
        checkpoint: true,
        roles: ["web"],
        capabilities: [{ type: "MULTI_ROLE" }],
      };
      await mine.subscribe(base, { offer_constraints: only("r2x") });
      const hosts = (): unknown[] =>
        mine.events.flatMap((e) => e.offers?.offers.map((o) => o.hostname) ?? []);
      await until("an offer", () => hosts().length > 0);
      const [framework] = (await getJson<{ frameworks: Record<string, unknown>[] }>(`${master.url}/state`))
        .frameworks;
      assert.deepEqual(framework?.["offer_constraints"], only("r2x"));
      const info = { ...base, id: { value: mine.frameworkId } };
      const update = { framework_info: info, offer_constraints: only("r1x") };
      assert.equal((await mine.call("UPDATE_FRAMEWORK", update)).status, 200);
      await until("the other agent's offer", () => hosts().length > 1);
      assert.deepEqual(hosts(), ["127.113.11.12", "127.113.11.11"]);
      const wrong = { ...update, offer_constraints: { role_constraints: { web: {} } } };
      assert.equal((await mine.call("UPDATE_FRAMEWORK", wrong)).status, 400);
    } finally {
      scheduler?.disconnect();
      await fixture.end();
    }
  });
});
