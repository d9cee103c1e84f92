// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { ToAgent } from "../protocol/messages";
import type { TaskInfo } from "../protocol/types";
import { valuesOf } from "../test-cluster.test";
import { masterFlags } from "./flags";
import { Leader } from "./leader";
import { info, ManualClock, registration } from "./manual-clock.test";
import type { Registry } from "./registry";

class World {
  readonly clock = new ManualClock();
  readonly stored: Registry[] = [];
  readonly failures: Error[] = [];
  readonly leader: Leader;
  readonly toAgent: ToAgent[] = [];
  readonly toScheduler: { type: string; [key: string]: unknown }[] = [];
  answersPings = true;
  schedulerLink = this.#scheduler("s1");

  constructor(argv: readonly string[] = [], registry?: Registry) {
    this.leader = new Leader({
      info,
      flags: valuesOf(masterFlags, ["--work_dir=/w", ...argv]),
      clock: this.clock,
      uuid: () => "uuid",
      log: () => undefined,
      registry,
      store: async (next) => {
        this.stored.push(next);
      },
      onFailure: (error) => this.failures.push(error),
      numbers: { agent: 0, framework: 0, offer: 0 },
    });
  }

  #scheduler(stream: string) {
    return {
      stream,
      send: (event: object) => this.toScheduler.push(event as { type: string }),
      close: () => undefined,
    };
  }

  readonly agentLink = {
    stream: "a1",
    send: (message: ToAgent) => {
      this.toAgent.push(message);
      const agent = this.leader.agents.find("M-S0", "a1");
      if (message.type === "PingSlaveMessage" && this.answersPings && agent !== undefined)
        this.leader.agents.pong(agent);
    },
    close: () => undefined,
  };

  /** An agent with a running task of a framework with these capabilities. */
  async withTask(...capabilities: string[]): Promise<void> {
    await this.leader.agents.register(registration, this.agentLink);
    this.leader.schedulers.subscribe(
      {
        user: "u",
        name: "f",
        checkpoint: true,
        failover_timeout: 60,
        capabilities: capabilities.map((type) => ({ type })),
      },
      this.schedulerLink,
    );
    await this.clock.advance(0);
    const task: TaskInfo = {
      name: "t",
      task_id: { value: "t" },
      agent_id: { value: "M-S0" },
      resources: [{ name: "cpus", type: "SCALAR", scalar: { value: 1 } }],
      command: { value: "sleep 1" },
    };
    const framework = this.leader.context.state.frameworks.get("M-0000") ?? assert.fail("no framework");
    const call = {
      type: "ACCEPT",
      accept: {
        offer_ids: [{ value: "M-O0" }],
        operations: [{ type: "LAUNCH", launch: { task_infos: [task] } }],
        filters: { refuse_seconds: 5 },
      },
    };
    assert.equal(this.leader.schedulers.call(framework, call), undefined);
  }

  types(): string[] {
    return this.toScheduler.map((e) => e.type);
  }

  states(): unknown[] {
    const updates = this.toScheduler.filter((e) => e.type === "UPDATE") as unknown as {
      update: { status: { state: string } };
    }[];
    return updates.map((e) => e.update.status.state);
  }
}

describe("a leading master, with time moved by hand", () => {
  let world: World;
  afterEach(() => world.leader.stop());

  it("calls an agent unreachable after five pings of 15 s without an answer (mesos.md 1.3)", async () => {
    world = new World();
    await world.withTask("PARTITION_AWARE");
    await world.clock.advance(600_000);
    assert.deepEqual(world.states(), []);
    world.answersPings = false;
    await world.clock.advance(74_999);
    assert.deepEqual(world.states(), []);
    await world.clock.advance(15_001);
    assert.deepEqual(world.states(), ["TASK_UNREACHABLE"]);
    assert.deepEqual(Object.keys(world.stored.at(-1)?.unreachable ?? {}), ["M-S0"]);
    assert.ok(world.types().includes("FAILURE"));
  });

  it("tells the scheduler of the tasks of an agent that was unreachable and is back (REASON_SLAVE_REREGISTERED)", async () => {
    world = new World();
    await world.withTask("PARTITION_AWARE");
    world.answersPings = false;
    await world.clock.advance(90_000);
    assert.ok(!world.toAgent.some((m) => m.type === "ShutdownMessage"), "it may come back with its tasks");
    world.answersPings = true;
    const slave = { ...registration.slave, id: { value: "M-S0" } };
    const framework = { user: "u", name: "f", id: { value: "M-0000" } };
    const task = {
      info: { name: "t", task_id: { value: "t1" }, agent_id: slave.id, resources: slave.resources },
      framework_id: framework.id,
      agent_id: slave.id,
      state: "TASK_RUNNING" as const,
      statuses: [],
    };
    await world.leader.agents.reregister(
      { ...registration, slave, tasks: [task], frameworks: [framework] },
      world.agentLink,
    );
    assert.deepEqual(world.states(), ["TASK_UNREACHABLE", "TASK_RUNNING"]);
  });

  for (const [when, reached] of [
    ["while the agent is away", false],
    ["before the connection broke", true],
  ] as const) {
    it(`repeats a kill that was sent ${when} when the agent is back with the task (src/master/master.cpp, killedTasks)`, async () => {
      world = new World();
      await world.withTask("PARTITION_AWARE");
      const { agents, schedulers, context } = world.leader;
      const framework = context.state.frameworks.get("M-0000") ?? assert.fail("no framework");
      const kills = () => world.toAgent.filter((m) => m.type === "KillTaskMessage").length;
      const kill = (agentId: string) =>
        schedulers.call(framework, {
          type: "KILL",
          kill: { task_id: { value: "t" }, agent_id: { value: agentId } },
        });
      kill("M-S9");
      assert.equal(kills(), 0, "another agent's");
      if (reached) kill("M-S0");
      agents.disconnected(world.agentLink);
      if (!reached) kill("M-S0");
      assert.equal(kills(), reached ? 1 : 0);
      const slave = { ...registration.slave, id: { value: "M-S0" } };
      const task = {
        info: { ...([...framework.tasks.values()][0]?.info ?? assert.fail("no task")) },
        framework_id: { value: "M-0000" },
        agent_id: slave.id,
        state: "TASK_RUNNING" as const,
        statuses: [],
      };
      const back = { ...registration, slave, tasks: [task], frameworks: [] };
      await agents.reregister(back, world.agentLink);
      assert.equal(kills(), reached ? 2 : 1);
      await agents.reregister({ ...back, tasks: [{ ...task, state: "TASK_KILLED" }] }, world.agentLink);
      assert.equal(kills(), reached ? 2 : 1, "it has ended");
    });
  }

  it("gives up no more agents in a time than agent_removal_rate_limit allows", async () => {
    world = new World(["--agent_removal_rate_limit=1/20mins"]);
    world.answersPings = false;
    for (const n of [1, 2]) {
      const own = { ...registration, pid: `slave(1)@127.84.2.${n}:5051`, stream: `a${n}` };
      await world.leader.agents.register(own, { ...world.agentLink, stream: `a${n}` });
    }
    const unreachable = () => Object.keys(world.stored.at(-1)?.unreachable ?? {}).length;
    await world.clock.advance(90_000);
    assert.equal(unreachable(), 1);
    await world.clock.advance(1_000_000);
    assert.equal(unreachable(), 1);
    await world.clock.advance(300_000);
    assert.equal(unreachable(), 2);
  });

  it("says TASK_LOST to a framework that does not know partitions", async () => {
    world = new World();
    await world.withTask();
    world.leader.agents.disconnected(world.agentLink);
    await world.clock.advance(75_000);
    assert.deepEqual(world.states(), ["TASK_LOST"]);
  });

  it("offers the rest of an accepted offer again after refuse_seconds", async () => {
    world = new World();
    await world.withTask();
    const offers = () => world.types().filter((t) => t === "OFFERS").length;
    await world.clock.advance(4_000);
    assert.equal(offers(), 1);
    await world.clock.advance(2_000);
    assert.equal(offers(), 2);
  });

  it("kills a framework's tasks when it does not come back within failover_timeout", async () => {
    world = new World();
    await world.withTask();
    world.leader.schedulers.disconnected(world.schedulerLink);
    await world.clock.advance(59_000);
    assert.equal(world.leader.context.state.frameworks.size, 1);
    await world.clock.advance(1_000);
    assert.equal(world.leader.context.state.frameworks.size, 0);
    assert.ok(world.toAgent.some((m) => m.type === "ShutdownFrameworkMessage"));
    world.toScheduler.length = 0;
    world.leader.schedulers.subscribe({ user: "u", name: "f", id: { value: "M-0000" } }, world.schedulerLink);
    assert.deepEqual(world.toScheduler, [
      { type: "ERROR", error: { message: "Framework has been removed" } },
    ]);
  });

  it("gives up agents that do not come to a new leader within agent_reregister_timeout, not before", async () => {
    const slave = { info: { ...registration.slave, id: { value: "OLD-S0" } } };
    world = new World([], { slaves: { "OLD-S0": slave }, unreachable: {}, gone: {} });
    await world.clock.advance(599_999);
    assert.equal(world.stored.length, 0);
    await world.clock.advance(1);
    await world.clock.advance(0);
    assert.deepEqual(Object.keys(world.stored.at(-1)?.unreachable ?? {}), ["OLD-S0"]);
  });

  it("fails when more agents are missing after a failover than recovery_agent_removal_limit allows", async () => {
    const slave = (id: string) => ({ info: { ...registration.slave, id: { value: id } } });
    const slaves = { "OLD-S0": slave("OLD-S0"), "OLD-S1": slave("OLD-S1") };
    world = new World(["--recovery_agent_removal_limit=50%"], { slaves, unreachable: {}, gone: {} });
    await world.clock.advance(600_000);
    assert.equal(world.stored.length, 0);
    assert.match(
      world.failures[0]?.message ?? "",
      /^Post-recovery agent removal limit exceeded! After 10mins there were 2 \(100%\) agents .*: \[ OLD-S0, OLD-S1 \]\. The configured removal limit is 50%\./,
    );
  });

  it("ends the oldest subscription of events when there are too many", () => {
    world = new World();
    const { state } = world.leader.context;
    const ended: string[] = [];
    for (const name of ["a", "b", "c"]) {
      state.makeRoom(2);
      state.onEvent(
        () => undefined,
        () => ended.push(name),
      );
    }
    assert.deepEqual([ended, state.subscribers], [["a"], 2]);
  });

  it("fails when an agent that is gone comes back: it is told to shut down", async () => {
    world = new World([], { slaves: {}, unreachable: {}, gone: { "M-S0": { at: 0 } } });
    const slave = { ...registration.slave, id: { value: "M-S0" } };
    await world.leader.agents.reregister(
      { ...registration, slave, tasks: [], frameworks: [] },
      world.agentLink,
    );
    assert.deepEqual(
      world.toAgent.map((m) => m.type),
      ["ShutdownMessage"],
    );
  });
});
