// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { seededIds } from "../marathon/ids";
import type { Domain } from "../protocol/domain";
import type { ToAgent } from "../protocol/messages";
import type { FrameworkInfo } from "../protocol/types";
import { valuesOf } from "../test-cluster.test";
import { masterFlags } from "./flags";
import { Leader } from "./leader";
import { info, ManualClock, registration } from "./manual-clock.test";
import type { Framework } from "./state";

const domain = (region: string): Domain => ({
  fault_domain: { region: { name: region }, zone: { name: "z" } },
});
const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } }) as const;

interface Offered {
  readonly id: { value: string };
  readonly agent_id: { value: string };
  readonly resources: readonly { name: string; scalar?: { value: number } }[];
}

class World {
  readonly clock = new ManualClock();
  readonly leader: Leader;
  /** Agents of offers, in the order in which they were made, by framework. */
  readonly offers = new Map<string, Offered[]>();
  readonly closed: string[] = [];

  constructor(argv: readonly string[] = [], seed = "s") {
    const flags = valuesOf(masterFlags, ["--work_dir=/w", ...argv]);
    this.leader = new Leader({
      info: { ...info, ...(flags.domain === undefined ? {} : { domain: flags.domain }) },
      flags,
      clock: this.clock,
      uuid: seededIds(seed),
      log: () => undefined,
      registry: undefined,
      store: async () => undefined,
      onFailure: (error) => assert.fail(error),
      numbers: { agent: 0, framework: 0, offer: 0 },
    });
  }

  async agent(n: number, more: object = {}): Promise<void> {
    const stream = `a${n}`;
    const own = { ...registration, pid: `slave(1)@127.106.2.${n}:5051`, stream };
    const slave = { ...registration.slave, resources: [scalar("cpus", 4), scalar("mem", 1024)], ...more };
    await this.leader.agents.register(
      { ...own, slave },
      {
        stream,
        send: (message: ToAgent) => {
          const agent = this.leader.agents.find(`M-S${n}`, stream);
          if (message.type === "PingSlaveMessage" && agent !== undefined) this.leader.agents.pong(agent);
        },
        close: () => this.closed.push(stream),
      },
    );
  }

  async framework(name: string, more: Partial<FrameworkInfo> = {}): Promise<Framework> {
    const heard: Offered[] = [];
    this.offers.set(name, heard);
    const { frameworks } = this.leader.context.state;
    const before = frameworks.size;
    this.leader.schedulers.subscribe(
      { user: "u", name, ...more },
      {
        stream: name,
        send: (event) => {
          const { offers } = event as { offers?: { offers: Offered[] } };
          heard.push(...(offers?.offers ?? []));
        },
        close: () => undefined,
      },
    );
    await this.clock.advance(0);
    assert.equal(frameworks.size, before + 1);
    return [...frameworks.values()].at(-1) ?? assert.fail();
  }

  decline(framework: Framework, refuse_seconds = 0): void {
    const offer_ids = [...framework.offers].map((o) => ({ value: o.id }));
    this.leader.schedulers.call(framework, {
      type: "DECLINE",
      decline: { offer_ids, filters: { refuse_seconds } },
    });
  }

  agentsOf(name: string): string[] {
    return (this.offers.get(name) ?? []).map((o) => o.agent_id.value);
  }

  held(framework: Framework, name: string): number {
    return (framework.offered.scalars.get(name) ?? 0) / 1000;
  }
}

describe("whom the allocator offers what (src/master/allocator/mesos/hierarchical.cpp)", () => {
  let world: World;
  afterEach(() => world.leader.stop());

  const rounds = async (seed: string): Promise<string[]> => {
    world = new World([], seed);
    for (let n = 0; n < 8; n++) await world.agent(n);
    const framework = await world.framework("f");
    for (let round = 0; round < 20; round++) {
      world.decline(framework);
      await world.clock.advance(0);
    }
    const order = world.agentsOf("f");
    world.leader.stop();
    return order;
  };

  it("goes through the agents in another order each time, the same one for the same seed", async () => {
    const order = await rounds("one");
    assert.equal(order.length, 21 * 8);
    const firsts = new Set(order.filter((_, at) => at % 8 === 0));
    assert.ok(firsts.size > 4, `first were ${[...firsts].join()}`);
    assert.deepEqual(await rounds("one"), order);
    assert.notDeepEqual(await rounds("two"), order);
  });

  it("looks only at the agents of the offers that were answered, and at all once each allocation_interval", async () => {
    world = new World();
    for (let n = 0; n < 50; n++) await world.agent(n);
    const framework = await world.framework("f");
    const heard = world.offers.get("f") ?? assert.fail();
    assert.equal(heard.length, 50);
    world.decline(framework, 3);
    await world.clock.advance(0);
    const agent = [...world.leader.context.state.agents.values()][7] ?? assert.fail();
    agent.deactivated = true; // nobody tells the allocator: only a walk over all agents would see it
    world.leader.context.allocate([agent]);
    agent.deactivated = false;
    framework.filters.clear();
    await world.clock.advance(0);
    assert.equal(heard.length, 51);
    await world.clock.advance(1000);
    assert.equal(heard.length, 100);
  });

  it("keeps agents of other regions for REGION_AWARE frameworks, and takes those without a domain for its own", async () => {
    world = new World([`--domain=${JSON.stringify(domain("here"))}`]);
    await world.agent(0, { domain: domain("here") });
    await world.agent(1, { domain: domain("there") });
    await world.agent(2);
    await world.framework("local");
    assert.deepEqual(world.agentsOf("local").sort(), ["M-S0", "M-S2"]);
    await world.framework("aware", { capabilities: [{ type: "REGION_AWARE" }] });
    assert.deepEqual(world.agentsOf("aware"), ["M-S1"]);
  });

  for (const [argv, domains] of [
    [[], [undefined]],
    [
      ["--require_agent_domain", `--domain=${JSON.stringify(domain("here"))}`],
      [domain("here"), domain("there")],
    ],
  ] as const) {
    it(`ignores agents that do not fit ${argv[0] ?? "a master without a domain"}`, async () => {
      world = new World(argv);
      const all = [undefined, domain("here"), domain("there")];
      for (const [n, own] of all.entries()) await world.agent(n, own === undefined ? {} : { domain: own });
      const known = [...world.leader.context.state.agents.values()].map((a) => a.info.domain);
      assert.deepEqual(known, domains);
      assert.equal(world.closed.length, all.length - domains.length);
    });
  }

  it("counts no resource of fair_sharing_excluded_resource_names for shares", async () => {
    for (const excluded of [false, true]) {
      world = new World(excluded ? ["--fair_sharing_excluded_resource_names=gpus"] : []);
      await world.agent(0, { resources: [scalar("cpus", 1), scalar("mem", 100), scalar("gpus", 8)] });
      const gpus = { capabilities: [{ type: "GPU_RESOURCES" }] };
      const first = await world.framework("first", gpus);
      const second = await world.framework("second", gpus);
      // By the gpus the first holds everything; without them, a fifth of the cluster.
      await world.agent(1, { resources: [scalar("cpus", 3), scalar("mem", 300)] });
      await world.clock.advance(0);
      await world.agent(2, { resources: [scalar("cpus", 2), scalar("mem", 200)] });
      await world.clock.advance(0);
      const held = [world.held(first, "cpus"), world.held(second, "cpus")];
      assert.deepEqual(held, excluded ? [3, 3] : [1, 5]);
      world.leader.stop();
    }
  });

  it("heeds a framework's own offer_filters instead of min_allocatable_resources", async () => {
    world = new World(["--min_allocatable_resources=cpus:3"]);
    const quantities = { cpus: { value: 1 }, mem: { value: 64 } };
    const min_allocatable_resources = { quantities: [{ quantities }] };
    const own: Partial<FrameworkInfo> = {
      roles: ["a", "b"],
      capabilities: [{ type: "MULTI_ROLE" }],
      offer_filters: { a: { min_allocatable_resources } },
    };
    await world.framework("picky", own);
    for (const [n, cpus, mem] of [
      [0, 1, 32],
      [1, 1, 64],
      [2, 4, 32],
    ] as const)
      await world.agent(n, { resources: [scalar("cpus", cpus), scalar("mem", mem)] });
    await world.clock.advance(0);
    const offers = [...world.leader.context.state.offers.values()].map((o) => [o.agent.id, o.role]);
    assert.deepEqual(offers.sort(), [
      ["M-S1", "a"],
      ["M-S2", "b"],
    ]);
  });

  it("counts nested roles against a quota, but serves and limits only the role itself", async () => {
    world = new World();
    for (let n = 0; n < 3; n++) await world.agent(n);
    const { registrar } = world.leader.context;
    const quota = { role: "a", guarantees: { cpus: { value: 2 } }, limits: { cpus: { value: 6 } } };
    await registrar.apply((registry) => ({ ...registry, quotas: { a: quota } }));
    const of = (...roles: string[]) => ({ roles, capabilities: [{ type: "MULTI_ROLE" }] });
    const nested = await world.framework("nested", of("a/b"));
    assert.equal(world.held(nested, "cpus"), 12);
    const own = await world.framework("own", of("a"));
    await world.clock.advance(1000);
    assert.equal(world.held(own, "cpus"), 0, "those below it use more than its limit");
    world.decline(nested, 60);
    await world.clock.advance(1000);
    assert.equal(world.held(own, "cpus"), 6);
  });
});
