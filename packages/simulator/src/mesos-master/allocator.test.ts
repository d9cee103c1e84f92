// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, getJson, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

type Json = Record<string, unknown>;

const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });

class World {
  readonly fixture = new Fixture();
  readonly schedulers: TestScheduler[] = [];
  argv: string[] = [];
  #master: TestMaster | undefined;

  get master(): TestMaster {
    return this.#master ?? assert.fail("no master");
  }

  async start(argv: string[] = [], agents = 1): Promise<void> {
    this.#master = await this.fixture.master("m", argv);
    await until("a leader", () => this.master.program.leader);
    for (let n = 0; n < agents; n++) await this.agent(`a${n}`);
  }

  async agent(name: string, more: string[] = []): Promise<void> {
    const before = this.master.program.leader?.context.state.agents.size ?? 0;
    await this.fixture.agent(name, [
      `--master=${this.master.address}`,
      "--resources=cpus:2;mem:1024;disk:64;ports:[31000-31001]",
      ...more,
    ]);
    await until("registered", () => (this.master.program.leader?.context.state.agents.size ?? 0) > before);
  }

  async scheduler(info: Json, subscribe: Json = {}): Promise<TestScheduler> {
    const scheduler = new TestScheduler(this.master.url);
    this.schedulers.push(scheduler);
    await scheduler.subscribe(info, subscribe);
    return scheduler;
  }

  async end(): Promise<void> {
    for (const s of this.schedulers) s.disconnect();
    await this.fixture.end();
  }

  async operator(type: string, args?: Json): Promise<{ status: number; text: string; json: () => Json }> {
    const body = args === undefined ? { type } : { type, [type.toLowerCase()]: args };
    const { status, text } = await http("POST", `${this.master.url}/api/v1`, body);
    return { status, text, json: () => (JSON.parse(text) as Record<string, Json>)[type.toLowerCase()] ?? {} };
  }

  /** cpus that are offered to a role now. */
  offered(role: string): number {
    const offers = [...(this.master.program.leader?.context.state.offers.values() ?? [])];
    return offers
      .filter((o) => o.role === role)
      .reduce((sum, o) => sum + (o.resources.scalars.get("cpus") ?? 0) / 1000, 0);
  }
}

describe("allocation by roles (docs/roles.md, docs/multiple-disk.md)", function () {
  this.timeout(60_000);
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  it("offers to each role of a framework by itself; SUPPRESS, REVIVE and DECLINE work by role", async () => {
    await world.start([], 2);
    const both = await world.scheduler({ roles: ["a", "b"] });
    await until("an offer to each", () => world.offered("a") === 2 && world.offered("b") === 2);
    assert.equal((await both.call("SUPPRESS", { roles: ["a"] })).status, 202);
    const state = world.master.program.leader?.context.state;
    const ofA = [...(state?.offers.values() ?? [])].find((o) => o.role === "a") ?? assert.fail();
    await both.call("DECLINE", { offer_ids: [{ value: ofA.id }], filters: { refuse_seconds: 0 } });
    await until("all to the other", () => world.offered("b") === 4);
    const { status, text } = await both.call("REVIVE", { roles: ["x"] });
    assert.deepEqual([status, text], [400, "REVIVE call: framework is not subscribed to role 'x'"]);
    for (const offer of [...(state?.offers.values() ?? [])])
      await both.call("DECLINE", { offer_ids: [{ value: offer.id }], filters: { refuse_seconds: 3600 } });
    await both.call("REVIVE", { roles: ["a"] });
    await until("all to the revived one", () => world.offered("a") === 4);
    assert.equal(world.offered("b"), 0);
  });

  it("takes suppressed roles at SUBSCRIBE and new ones by UPDATE_FRAMEWORK, and takes offers of old ones back", async () => {
    await world.start();
    const s = await world.scheduler({ roles: ["a", "b"] }, { suppressed_roles: ["a"] });
    await until("an offer", () => world.offered("b") === 2);
    const info = {
      user: "root",
      name: "test",
      failover_timeout: 3600,
      checkpoint: true,
      capabilities: [{ type: "MULTI_ROLE" }],
    };
    const update = (more: Json) =>
      s.call("UPDATE_FRAMEWORK", { framework_info: { ...info, id: { value: s.frameworkId }, ...more } });
    assert.equal((await update({ roles: ["c"] })).status, 200);
    await until("a rescind", () => s.events.some((e) => e.type === "RESCIND"));
    await until("another offer", () => world.offered("c") === 2);
    const { frameworks } = await getJson<{ frameworks: Json[] }>(`${world.master.url}/frameworks`);
    assert.deepEqual([frameworks[0]?.["roles"], frameworks[0]?.["role"]], [["c"], undefined]);
    const wrong = await update({ roles: ["c"], user: "x" });
    assert.deepEqual(
      [wrong.status, wrong.text],
      [
        400,
        "'UpdateFramework.framework_info' is not valid: Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'root' to 'x'",
      ],
    );
  });

  it("fails when roles are wrong: an ERROR event, then the end", async () => {
    await world.start([`--roles=a,b`]);
    const error = async (info: Json, subscribe: Json = {}): Promise<string> => {
      const s = await world.scheduler(info, subscribe);
      await until("the end", () => s.closed);
      return (s.events[0]?.["error"] as { message: string } | undefined)?.message ?? "";
    };
    assert.match(
      await error({ roles: ["a"], capabilities: [] }),
      /^'FrameworkInfo.roles' must not be set when/,
    );
    assert.match(await error({ role: "a" }), /^'FrameworkInfo.role' must not be set when/);
    assert.equal(await error({ roles: ["a", "a"] }), "'FrameworkInfo.roles' contains duplicate items: { a }");
    assert.match(await error({ roles: ["a b"] }), /contains backspace or whitespace/);
    assert.match(
      await error({ roles: ["a"] }, { suppressed_roles: ["b"] }),
      /Suppressed role 'b' is not contained/,
    );
    assert.equal(await error({ roles: ["c"] }), "Roles '{ c }' are not present in the master's --roles");
  });

  it("shares by weight, asks for min_allocatable_resources, and rescinds after offer_timeout", async () => {
    await world.start(["--offer_timeout=300ms", "--min_allocatable_resources=cpus:1"], 0);
    const { status } = await http("PUT", `${world.master.url}/weights`, [{ role: "heavy", weight: 3 }]);
    assert.equal(status, 200);
    const heavy = await world.scheduler({ roles: ["heavy"] });
    await world.scheduler({ roles: ["light"] });
    for (const n of [1, 2, 3, 4]) await world.agent(`w${n}`);
    await world.agent("small", ["--resources=cpus:0.5;mem:999;disk:64;ports:[31000-31001]"]);
    await until("six to two", () => world.offered("heavy") === 6 && world.offered("light") === 2);
    await until("a rescind", () => heavy.events.some((e) => e.type === "RESCIND"));
    assert.deepEqual(await getJson(`${world.master.url}/weights`), [{ role: "heavy", weight: 3 }]);
    assert.deepEqual((await world.operator("GET_WEIGHTS")).json(), {
      weight_infos: [{ role: "heavy", weight: 3 }],
    });
    const bad = await world.operator("UPDATE_WEIGHTS", { weight_infos: [{ role: "x", weight: 0 }] });
    assert.deepEqual(
      [bad.status, bad.text],
      [
        400,
        "Failed to validate update weights request JSON for role 'x': Invalid weight '0': Weights must be positive",
      ],
    );
  });
});

describe("quota (docs/quota.md): /roles, /quota, GET_QUOTA, UPDATE_QUOTA", function () {
  this.timeout(60_000);
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  const update = (configs: Json[], force = false) =>
    world.operator("UPDATE_QUOTA", { force, quota_configs: configs });

  it("keeps a role within its limits and shows what it has", async () => {
    await world.start([], 2);
    assert.deepEqual(await getJson(`${world.master.url}/quota`), {});
    const limits = { cpus: { value: 3 }, mem: { value: 1024 } };
    assert.equal((await update([{ role: "a", limits }])).status, 200);
    const s = await world.scheduler({ roles: ["a"] });
    await until("three cpus", () => world.offered("a") === 3);
    assert.deepEqual((await world.operator("GET_QUOTA")).json(), {
      status: { infos: [{ role: "a" }], configs: [{ role: "a", limits }] },
    });
    const { roles } = await getJson<{ roles: Json[] }>(`${world.master.url}/master/roles`);
    assert.deepEqual(roles, [
      {
        name: "a",
        weight: 1,
        quota: { role: "a", guarantee: {}, limit: { cpus: 3, mem: 1024 }, consumed: {} },
        resources: { cpus: 3, mem: 1024, disk: 128, ports: 4 },
        allocated: {},
        offered: { cpus: 3, mem: 1024, disk: 128, ports: 4 },
        reserved: {},
        frameworks: [s.frameworkId],
      },
    ]);
    const offer = await s.offer();
    await s.launch(offer, {
      task_id: { value: "t" },
      command: { value: "exec sleep 1000" },
      resources: [scalar("cpus", 1)],
    });
    await s.state("t", "TASK_RUNNING");
    const refused = await update([{ role: "a", limits: { cpus: { value: 0.5 } } }]);
    assert.deepEqual(
      [refused.status, refused.text],
      [
        400,
        "Invalid QuotaConfig: Role 'a' is already consuming 'cpus:1'; this is more than the requested limits 'cpus:0.5' (use 'force' flag to bypass this check)",
      ],
    );
    assert.equal((await update([{ role: "a", limits: { cpus: { value: 1 } } }], true)).status, 200);
    await until("nothing more", () => world.offered("a") === 0);
    assert.equal((await update([{ role: "a" }])).status, 200);
    assert.deepEqual(await getJson(`${world.master.url}/quota`), {});
  });

  it("holds back what is guaranteed, over a new leader too", async () => {
    await world.start([], 2);
    const other = await world.scheduler({ roles: ["other"] });
    await until("all", () => world.offered("other") === 4);
    const guarantees = { cpus: { value: 2 } };
    assert.equal((await update([{ role: "a", guarantees }])).status, 200);
    await until(
      "half of it back",
      () => other.events.some((e) => e.type === "RESCIND") && world.offered("other") === 2,
    );
    await world.scheduler({ roles: ["a"] });
    await until("the guaranteed", () => world.offered("a") === 2);
    await world.master.program.close();
    const next = await world.fixture.master("m", []);
    await until("a leader", () => next.program.leader);
    assert.deepEqual(await getJson(`${next.url}/quota`), {
      infos: [{ role: "a", guarantee: [scalar("cpus", 2)] }],
      configs: [{ role: "a", guarantees }],
    });
  });

  it("takes and removes quota by the older endpoint", async () => {
    await world.start();
    const quota = `${world.master.url}/quota`;
    const request = { role: "a", guarantee: [scalar("cpus", 1)] };
    assert.equal((await http("POST", quota, request)).status, 200);
    const again = await http("POST", quota, request);
    assert.deepEqual(
      [again.status, again.text],
      [400, "Failed to validate set quota request: Cannot set quota for role 'a' which already has quota"],
    );
    const much = await http("POST", quota, { role: "b", guarantee: [scalar("cpus", 100)] });
    assert.equal(much.status, 409);
    assert.match(much.text, /^Quota guarantees overcommit the cluster \(use 'force' to bypass this check\)/);
    assert.equal((await http("DELETE", `${quota}/a`)).status, 200);
    const gone = await http("DELETE", `${quota}/a`);
    assert.deepEqual(
      [gone.status, gone.text],
      [400, "Failed to validate remove quota request for path '/master/quota/a': Role 'a' has no quota set"],
    );
    const put = await http("PUT", quota, {});
    assert.deepEqual(
      [put.status, put.headers["allow"], put.text],
      [405, "GET, POST, DELETE", "Expecting one of { 'GET', 'POST', 'DELETE' }, but received 'PUT'"],
    );
  });

  it("fails when a quota is impossible, and then changes nothing", async () => {
    await world.start();
    const said = async (config: Json) => {
      const { status, text } = await update([{ role: "fine", limits: { cpus: { value: 1 } } }, config]);
      assert.equal(status, 400);
      return text;
    };
    assert.match(await said({ role: "a/b" }), /^Updating quota on nested role 'a\/b' is not supported yet/);
    assert.match(
      await said({ role: "a", guarantees: { cpus: { value: 2 } }, limits: { cpus: { value: 1 } } }),
      /'QuotaConfig.guarantees' .* is not contained within the 'QuotaConfig.limits'/,
    );
    assert.match(await said({ role: "a", limits: { cpus: { value: -1 } } }), /Invalid limit configuration/);
    assert.match(await said({ role: "a", limits: { mem: { value: 2 ** 41 } } }), /greater than 1 exabyte/);
    assert.match(
      await said({ role: "a", guarantees: { cpus: { value: 9 } } }),
      /exceed cluster capacity 'cpus:2; disk:64; mem:1024; ports:2' \(use 'force'/,
    );
    assert.deepEqual(await getJson(`${world.master.url}/quota`), {});
  });
});
