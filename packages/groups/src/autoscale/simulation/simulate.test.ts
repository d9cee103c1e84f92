// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { fillAutoscalePolicy } from "@pulumi-mesos/model";
import { clairvoyantHours } from "./bound";
import { type AutoscalerName, autoscalers, compare } from "./compare";
import { traceOfCsv } from "./csv";
import { families, generate } from "./generate";
import type { Result } from "./meter";
import { type Autoscaler, simulate } from "./simulate";
import { decodeTrace, type Trace } from "./trace";

const hour = 3600;
const terms = [{ per: "second", price: 2 } as const];

function trace(more: Partial<Trace>): Trace {
  return {
    seconds: hour,
    groups: [{ name: "web", cpus: 4, mem: 4096, bootSeconds: 180, start: 0 }],
    apps: [
      { id: "/s", kind: "service", cpus: 1, mem: 1 },
      { id: "/b", kind: "batch", cpus: 4, mem: 1 },
    ],
    tasks: [],
    ...more,
  };
}

/** An autoscaler that asks for `size(now)` agents, seconds since the start, and lets the first ones leave. */
function scripted(size: (now: number) => number, more: Partial<Autoscaler> = {}): Autoscaler {
  return {
    name: "scripted",
    periodSeconds: 60,
    killAfterSeconds: Number.POSITIVE_INFINITY,
    endsWhenEmpty: true,
    decide: ({ now, agents = [] }) => {
      const wanted = size(now / 1000);
      const leave = agents.slice(0, Math.max(0, agents.length - wanted)).map(({ id }) => id);
      return { web: { size: wanted, leave, end: [] } };
    },
    ...more,
  };
}

const run = (given: Trace, autoscaler: Autoscaler): Result => simulate(given, autoscaler, terms);

describe("the simulation of a cluster", function () {
  this.timeout(60_000);

  it("pays agents from their start and counts who waits while they boot", () => {
    const result = run(
      trace({ tasks: [[0, 0, 9 * hour]] }),
      scripted(() => 1),
    );
    equal(result.machineHours, 1);
    equal(result.cost, 2);
    equal(result.pendingTaskMinutes, 3);
    equal(result.changesAnHour, 1);
  });

  it("measures only what comes after the warm-up", () => {
    const result = run(
      trace({ tasks: [[0, 0, hour]], measureFrom: hour / 2 }),
      scripted(() => 1),
    );
    deepEqual([result.machineHours, result.pendingTaskMinutes, result.changesAnHour], [0.5, 0, 0]);
  });

  it("pays whole hours where agents are paid by the hour", () => {
    const given = trace({ seconds: 3 * hour });
    const autoscaler = scripted((now) => (now >= 600 && now < 4800 ? 1 : 0));
    const byHour = simulate(given, autoscaler, [{ per: "hour", price: 1 }]);
    equal(byHour.machineHours, 2);
    equal(
      run(
        given,
        scripted((now) => (now >= 600 && now < 4800 ? 1 : 0)),
      ).machineHours,
      4200 / hour,
    );
  });

  it("moves services off an agent that leaves, and lets batches end", () => {
    const base = trace({ groups: [{ name: "web", cpus: 4, mem: 4096, bootSeconds: 180, start: 2 }] });
    const services = run(
      { ...base, tasks: Array.from({ length: 4 }, () => [0, 0, 9 * hour]) },
      scripted((now) => (now < 600 ? 2 : 1)),
    );
    deepEqual([services.killedTasks, services.pendingTaskMinutes], [0, 0]);
    ok(services.machineHours < 1.2, "the empty one has ended");
    const batches = {
      ...base,
      tasks: [
        [0, 1, 1800],
        [0, 1, 1800],
      ],
    };
    const patient = run(
      batches,
      scripted((now) => (now < 600 ? 2 : 1)),
    );
    deepEqual([patient.killedTasks, patient.machineHours], [0, 1.5]);
    const rude = run(
      batches,
      scripted((now) => (now < 600 ? 2 : 1), { killAfterSeconds: 300 }),
    );
    equal(rude.killedTasks, 1);
    equal(rude.pendingTaskMinutes, 15);
  });

  it("takes spot agents back after their notice and refuses new ones for a while", () => {
    const losses = [{ at: 600, group: "web", share: 1, noticeSeconds: 120, refusedSeconds: 1200 }];
    const groups = [{ name: "web", cpus: 4, mem: 4096, bootSeconds: 180, start: 1 }];
    const result = run(
      trace({ groups, losses, tasks: [[0, 0, 9 * hour]] }),
      scripted(() => 1),
    );
    equal(result.killedTasks, 1);
    // Gone at 720, refused until 1800, booted at 1980.
    equal(result.pendingTaskMinutes, 21);
  });

  it("gives the same for the same, and other luck for another seed", () => {
    const given = generate({ family: "batch", seed: 3, agents: 5, hours: 2 });
    const policies = { web: fillAutoscalePolicy({ min: 0, max: 40 }) };
    const results = (seed: number) =>
      compare(given, policies, Object.keys(autoscalers) as AutoscalerName[], seed).results;
    deepEqual(results(1), results(1));
    ok(JSON.stringify(results(1)) !== JSON.stringify(results(2)));
  });
});

describe("the policy in the simulation", function () {
  this.timeout(60_000);

  const policies = {
    web: fillAutoscalePolicy({ min: 1, max: 60, billing: { price: 1 } }),
    spot: fillAutoscalePolicy({ min: 0, max: 60, billing: { price: 0.3 }, spot: {} }),
  };
  for (const family of families) {
    it(`kills nothing but what is taken from it, and stays above the bound when nobody waits: ${family}`, () => {
      const given = generate({ family, seed: 11, agents: 6, hours: 3 });
      const { results, clairvoyantHours: bound } = compare(given, policies, ["pulumi-mesos", "fixed-max"], 1);
      const [ours, fixed] = results;
      if (ours === undefined || fixed === undefined) throw new Error("no results");
      if (family !== "storm") equal(ours.killedTasks, 0);
      if (fixed.pendingTaskMinutes === 0) ok(fixed.machineHours >= bound);
      ok(ours.machineHours < fixed.machineHours / 2, "it would be no use otherwise");
      ok(
        Object.values(ours)
          .flat()
          .every((value) => typeof value !== "number" || Number.isFinite(value)),
      );
    });
  }
});

describe("the clairvoyant bound", function () {
  this.timeout(60_000);

  it("is the agents that hold the demand, kept over short gaps and booted anew after long ones", () => {
    const batch = (at: number, seconds: number) => [at, 1, seconds];
    equal(clairvoyantHours(trace({ tasks: [batch(0, 600)] })), 600 / hour);
    equal(clairvoyantHours(trace({ tasks: [batch(0, 600), batch(700, 600)] })), 1300 / hour);
    equal(clairvoyantHours(trace({ tasks: [batch(0, 600), batch(1600, 600)] })), 1380 / hour);
    equal(clairvoyantHours(trace({ tasks: [batch(0, 600)], measureFrom: 300 })), 300 / hour);
  });
});

describe("a trace", function () {
  this.timeout(60_000);

  it("is generated from its seed alone, and right", () => {
    for (const family of families) {
      const given = generate({ family, seed: 5, agents: 5, hours: 2 });
      deepEqual(decodeTrace(JSON.parse(JSON.stringify(given))), given);
      deepEqual(generate({ family, seed: 5, agents: 5, hours: 2 }), given);
      ok(JSON.stringify(generate({ family, seed: 6, agents: 5, hours: 2 })) !== JSON.stringify(given));
    }
  });

  it("fails with every fault in one line", () => {
    throws(() => decodeTrace({ ...trace({}), seconds: -1, apps: 3 }), {
      code: "MESOS_GROUPS_TRACE",
      message: /^trace: seconds: must be .*got -1; apps: must be a list/,
    });
    throws(() => decodeTrace(trace({ tasks: [[5, 7, 1]] })), /tasks\[0\]: has no app: there are 2/);
    throws(
      () =>
        decodeTrace(
          trace({
            tasks: [
              [5, 0, 1],
              [4, 0, 1],
            ],
          }),
        ),
      /tasks\[1\]: comes before/,
    );
    throws(
      () => decodeTrace(trace({ measureFrom: hour })),
      /measureFrom: must be less than seconds \(3600\)/,
    );
  });

  it("is made of a series in CSV", () => {
    const options = { taskCpus: 2, taskMem: 10, agentCpus: 16, agentMem: 1000, bootSeconds: 60 };
    const named = traceOfCsv("cpus,host,time\n4,a,100\n8,b,160\n2,c,220\n", options);
    // The oldest two end when the demand falls, and one of those that came with its rise.
    deepEqual(named.tasks, [
      [0, 0, 120],
      [0, 0, 120],
      [60, 0, 60],
      [60, 0, 3720],
    ]);
    equal(named.seconds, 180);
    deepEqual(
      traceOfCsv("2026-01-01T00:01:40Z,4\n2026-01-01T00:02:40Z,8\r\n2026-01-01T00:03:40Z,2", options),
      named,
    );
    decodeTrace(named);
    const others = [
      "time;host;cpus\n100;a;4\n160;b;8\n220;c;2\n",
      "\ufeffTIME\tCPUS\n100\t4\n160\t8\n220\t2\n",
      '"time","cpus","said"\r\n"100","4","a, b"\r\n"160","8","c\nd"\r\n"220","2",""\r\n',
      "time,cpus\n1767225700000,4\n1767225760000,8\n1767225820000,2\n",
      "time,cpus\n2026-03-29 00:01:40,4\n2026-03-29 00:02:40,8\n2026-03-29 00:03:40,2\n",
      "time,cpus\n2026-03-29T02:01:40+02:00,4\n2026-03-29T00:02:40Z,8\n2026-03-29T00:03:40Z,2\n",
    ];
    for (const text of others) deepEqual(traceOfCsv(text, options), named, text);
    const columns = { ...options, timeColumn: "Timestamp", cpusColumn: "used" };
    deepEqual(traceOfCsv("used,timestamp\n4,100\n8,160\n2,220\n", columns), named);
  });

  it("fails when the CSV is none", () => {
    const options = { taskCpus: 1, taskMem: 1, agentCpus: 16, agentMem: 1000, bootSeconds: 60 };
    const fails = (text: string, message: RegExp) =>
      throws(() => traceOfCsv(text, options), { code: "MESOS_GROUPS_TRACE", message });
    fails("", /^csv: needs two lines of time and cpus or more, got 0$/);
    fails("time,cpus\n0,1\n", /^csv: needs two lines of time and cpus or more, got 1$/);
    fails("time,cpus\n0,1\n60,x\n", /^csv: line 3: cpus must be a number, 0 or more, got "x"$/);
    fails("0,1\n60,Infinity\n", /^csv: line 2: cpus must be a number, 0 or more, got "Infinity"$/);
    fails("0;1\n60;1,5\n", /^csv: line 2: cpus must be a number, 0 or more, got "1,5"$/);
    fails("0,1\n0,2\n", /^csv: line 2: times must rise, got 0, which is not after the line before$/);
    fails("time,cpus\n0,1\nnoon,2\n", /^csv: line 3: time must be seconds or a date, got "noon"$/);
    fails(
      "when,cpus\n0,1\n",
      /^csv: line 1: has no column "time", got "when", "cpus"; say by --time-column which one it is$/,
    );
    fails('0,1\n60,"2\n', /^csv: Quote Not Closed/);
    fails(
      "0,1\n60,1e9\n",
      /^csv: line 2: cpus 1000000000 are more than 100000 tasks of 1; give --task-cpus of 10000 or more$/,
    );
    const waves = Array.from({ length: 100 }, (_, i) => `${i},${i % 2 === 0 ? 0 : 90_000}`).join("\n");
    fails(waves, /^csv: it starts 4500000 tasks in all, more than 2000000; give a larger --task-cpus$/);
    throws(() => traceOfCsv("0,1\n1,1\n", { ...options, taskCpus: 17 }), {
      message:
        "csv: a task of cpus 17, mem 1 fits on no agent of cpus 16, mem 1000; give a smaller --task-cpus or --task-mem",
    });
  });
});
