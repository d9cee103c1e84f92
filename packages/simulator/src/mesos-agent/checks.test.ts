// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import type { Clock } from "../clock";
import type { HealthCheck, TaskInfo } from "../protocol/types";
import { Fixture, freePort, type TestMaster, TestScheduler, until } from "../test-cluster.test";
import { type HealthState, TaskChecks } from "./checks";

/** Time that goes from one thing that is due to the next. */
class JumpingClock implements Clock {
  #now = 1_000_000;
  readonly #due: { at: number; run: () => void; timer: object }[] = [];

  now(): number {
    return this.#now;
  }
  after(ms: number, run: () => void): NodeJS.Timeout {
    const timer = {};
    this.#due.push({ at: this.#now + ms, run, timer });
    return timer as NodeJS.Timeout;
  }
  every(): NodeJS.Timeout {
    return assert.fail("nothing here repeats");
  }
  clear(timer: NodeJS.Timeout | undefined): void {
    const at = this.#due.findIndex((d) => d.timer === timer);
    if (at >= 0) this.#due.splice(at, 1);
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.after(ms, resolve);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Lets everything run that falls due within `ms`. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve));
      const next = this.#due.filter((d) => d.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

const task = (more: Partial<TaskInfo>): TaskInfo => ({
  name: "t",
  task_id: { value: "t" },
  agent_id: { value: "S0" },
  resources: [],
  ...more,
});

describe("when checks are done and what follows (docs/health-checks.md)", () => {
  let clock: JumpingClock;
  let asked: number[];
  let told: string[];
  let answers: (number | "fails")[];
  let checks: TaskChecks;

  beforeEach(() => {
    clock = new JumpingClock();
    asked = [];
    told = [];
    answers = [];
  });
  afterEach(() => checks.stop());

  const begin = (more: Partial<TaskInfo>, health?: HealthState, again = false) => {
    const start = clock.now();
    checks = new TaskChecks(
      {
        info: task(more),
        clock,
        probe: async () => {
          asked.push((clock.now() - start) / 1000);
          const answer = answers.length > 1 ? answers.shift() : answers[0];
          if (typeof answer !== "number") throw new TypeError("nobody answers");
          return answer;
        },
        health,
        log: () => undefined,
        onHealth: (healthy, kill) => told.push(`${healthy}${kill ? " kill" : ""}`),
        onCheck: (status) => told.push(JSON.stringify(status)),
      },
      undefined,
    );
    checks.start(again);
  };
  const http = (more: Partial<HealthCheck> = {}): Partial<TaskInfo> => ({
    health_check: { type: "HTTP", http: { port: 1 }, ...more },
  });

  it("waits 15 s, then asks each 10 s, and tells only what changed while it is healthy", async () => {
    answers = [200];
    begin(http());
    await clock.advance(36_000);
    assert.deepEqual(asked, [15, 25, 35]);
    assert.deepEqual(told, ["true"]);
  });

  it("forgives failures within the grace period until the first success", async () => {
    answers = ["fails", 500, 200, 404, 301, "fails", 400, 199];
    begin(http({ delay_seconds: 0, interval_seconds: 1, grace_period_seconds: 1.5 }));
    await clock.advance(7_500);
    assert.deepEqual(told, ["true", "false", "true", "false", "false", "false kill"]);
  });

  it("kills at the third failure in a row, at the first with consecutive_failures 0", async () => {
    answers = [1];
    const command = { type: "COMMAND", command: { value: "x" } } as const;
    const times = { delay_seconds: 0, interval_seconds: 1, grace_period_seconds: 0 };
    begin({ health_check: { ...command, ...times } });
    await clock.advance(2_500);
    assert.deepEqual(told, ["false", "false", "false kill"]);
    checks.stop();
    told = [];
    begin({ health_check: { ...command, ...times, consecutive_failures: 0 } });
    await clock.advance(500);
    assert.deepEqual(told, ["false kill"]);
  });

  it("goes on at once and with the same count after a restart", async () => {
    answers = [0];
    begin(http({ type: "TCP" }), { startedAt: 0, failures: 2, succeeded: true }, true);
    await clock.advance(1);
    assert.deepEqual(asked, [0]);
    assert.deepEqual(told, ["false kill"]);
  });

  it("tells a check's result when it differs from the last, and an empty one when there is none", async () => {
    answers = [503, 503, "fails", "fails", 200];
    begin({ check: { type: "HTTP", http: { port: 1 }, delay_seconds: 0, interval_seconds: 1 } });
    await clock.advance(4_500);
    assert.deepEqual(told, [
      '{"type":"HTTP","http":{"status_code":503}}',
      '{"type":"HTTP","http":{}}',
      '{"type":"HTTP","http":{"status_code":200}}',
    ]);
  });
});

interface Status {
  readonly state: string;
  readonly healthy?: boolean;
  readonly check_status?: unknown;
  readonly reason?: string;
  readonly message?: string;
}

describe("checks of tasks that really run (docs/health-checks.md)", function () {
  this.timeout(60_000);
  const ip = "127.103.3.1";
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.103.1.2");
    await until("a leader", () => master.program.leader);
    argv = await fixture.agentFlags(master, ip);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const times = { delay_seconds: 0, interval_seconds: 0.05, timeout_seconds: 5 };
  const statuses = (id: string): Status[] =>
    scheduler.updates.filter((u) => u.task_id.value === id) as unknown as Status[];
  const seen = async (id: string, what: (status: Status) => boolean) =>
    await until(`a status of ${id}, got ${JSON.stringify(statuses(id))}`, () => statuses(id).find(what));
  const serve = (port: number): string =>
    `exec '${process.execPath}' -e 'require("http").createServer((q, a) => { a.statusCode = q.url === "/ok" ? 200 : 500; a.end(); }).listen(${port}, "${ip}")'`;

  it("says healthy for HTTP, TCP and COMMAND, and what a check found", async () => {
    await fixture.agent("a", argv);
    const port = await freePort(ip);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "web" },
      command: { value: serve(port) },
      health_check: { type: "HTTP", http: { port, path: "/ok" }, grace_period_seconds: 30, ...times },
      check: { type: "HTTP", http: { port, path: "/other" }, ...times },
    });
    const healthy = await seen("web", (s) => s.healthy === true);
    assert.equal(healthy.state, "TASK_RUNNING");
    assert.equal(healthy.reason, "REASON_TASK_HEALTH_CHECK_STATUS_UPDATED");
    const found = await seen("web", (s) => JSON.stringify(s.check_status).includes("500"));
    assert.equal(found.state, "TASK_RUNNING");
    assert.deepEqual(statuses("web")[0]?.check_status, { type: "HTTP", http: {} });
    assert.ok(statuses("web").some((s) => s.reason === "REASON_TASK_CHECK_STATUS_UPDATED"));

    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "tcp" },
      command: { value: "exec sleep 1000" },
      health_check: { type: "TCP", tcp: { port }, ...times },
      check: {
        type: "COMMAND",
        command: {
          command: {
            value: '[ "$OWN$MESOS_TASK_ID" = xtcp ] && exit 3',
            environment: { variables: [{ name: "OWN", value: "x" }] },
          },
        },
        ...times,
      },
    });
    await seen("tcp", (s) => s.healthy === true);
    const ended = await seen("tcp", (s) => JSON.stringify(s.check_status).includes("exit_code"));
    assert.deepEqual(ended.check_status, { type: "COMMAND", command: { exit_code: 3 } });
    for (const id of ["web", "tcp"]) await scheduler.call("KILL", { task_id: { value: id } });
    for (const id of ["web", "tcp"]) await scheduler.state(id, "TASK_KILLED");
  });

  it("kills a task whose health check fails too often, and says that it was unhealthy", async () => {
    await fixture.agent("a", argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "ill" },
      command: { value: "exec sleep 1000" },
      health_check: {
        type: "COMMAND",
        command: { value: "exit 1" },
        consecutive_failures: 2,
        grace_period_seconds: 0,
        ...times,
      },
    });
    const killed = await seen("ill", (s) => s.state === "TASK_KILLED");
    assert.equal(killed.healthy, false);
    assert.equal(killed.message, "Command terminated with signal Terminated");
    assert.equal(statuses("ill").filter((s) => s.state === "TASK_RUNNING" && s.healthy === false).length, 2);
  });

  it("goes on with checks after a restart of the agent", async () => {
    const child = fixture.agentProcess(argv);
    const flag = `${fixture.directory}/ill`;
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "exec sleep 1000" },
      health_check: { type: "COMMAND", command: { value: `[ ! -e '${flag}' ]` }, ...times },
    });
    await seen("t", (s) => s.healthy === true);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    fixture.agentProcess(argv);
    writeFileSync(flag, "");
    const killed = await seen("t", (s) => s.state === "TASK_KILLED");
    assert.equal(killed.healthy, false);
  });

  it("fails a task at its max_completion_time, and refuses checks that cannot be", async () => {
    await fixture.agent("a", argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "slow" },
      command: { value: "exec sleep 1000" },
      max_completion_time: { nanoseconds: 50_000_000 },
    });
    const failed = await scheduler.state("slow", "TASK_FAILED");
    assert.equal(failed.reason, "REASON_MAX_COMPLETION_TIME_REACHED");
    const wrong: [Record<string, unknown>, RegExp][] = [
      [{ health_check: {} }, /^Task uses invalid health check: HealthCheck must specify 'type'$/],
      [{ health_check: { type: "TCP" } }, /Expecting 'tcp' to be set for TCP health check$/],
      [
        { health_check: { type: "HTTP", http: { port: 1, path: "x" } } },
        /The path 'x' of HTTP health check must start with '\/'$/,
      ],
      [
        { check: { type: "COMMAND", command: { command: {} } } },
        /^Task uses invalid check: Command check must contain 'shell command'$/,
      ],
      [
        { check: { type: "TCP", tcp: { port: 1 }, delay_seconds: -1 } },
        /Expecting 'delay_seconds' to be non-negative$/,
      ],
    ];
    for (const [at, [more, message]] of wrong.entries()) {
      const id = `wrong${at}`;
      await scheduler.launch(await scheduler.offer(), {
        task_id: { value: id },
        command: { value: "true" },
        ...more,
      });
      assert.match((await scheduler.state(id, "TASK_ERROR")).message ?? "", message);
    }
  });
});
