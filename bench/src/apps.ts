// SPDX-License-Identifier: Apache-2.0
import { loadavg } from "node:os";
import { Engine, plugins, type Run } from "./apps/engine";
import { largestApp } from "./apps/largest";
import { type MarathonProcess, startMarathon } from "./apps/marathon-process";
import { oneGroup } from "./apps/one-group";
import { checkTimes, startTimes } from "./apps/plugin";
import { appsProgram, noopProgram } from "./apps/programs";
import type { Figure } from "./figure";

const network = "127.125.0";
/** Where no Marathon is, and none is asked. */
const nobody = `http://${network}.250:8080`;
const agents = 50;
/** While developing fewer do, such as `BENCH_APPS=200`; the targets are meant for 1,000. */
const count = Number(process.env["BENCH_APPS"] ?? 1_000);
const many = count.toLocaleString("en");
const httpChecks = {
  healthChecks: [{ protocol: "HTTP", path: "/", gracePeriodSeconds: 5, intervalSeconds: 1 }],
};

/** Apps on a simulated Marathon against the same program with apps that ask nobody; the plugin's start and its check. */
export async function* apps(): AsyncIterable<Figure> {
  yield* starts();
  yield* checks();
  yield* withCheckpoints();
  yield* healthChecked();
  yield* withoutCheckpoints();
  yield* oneGroup(count, network, figure);
}

function figure(name: string, value: number, unit: string, most?: number): Figure {
  const rounded = Math.round(value * 100) / 100;
  const target = most === undefined ? "none" : `<= ${most}`;
  return {
    bench: "apps",
    figure: name,
    value: rounded,
    unit,
    target,
    ok: most === undefined || rounded <= most,
  };
}

/** What runs of apps are held against. */
interface Floor<T> {
  /** The same program with a plugin whose App asks nobody: what every target is meant by. */
  readonly apps: T;
  /** As many of the smallest resources that there are, which ask nobody either. */
  readonly smallest: T;
}

/** The measures of both floors of apps that each have `more`. */
async function floorOf<T>(
  more: Readonly<Record<string, unknown>>,
  measure: (engine: Engine) => Promise<T>,
): Promise<Floor<T>> {
  const on = async (engine: Engine): Promise<T> => measure(engine).finally(() => engine.close());
  return {
    apps: await on(await Engine.create(appsProgram(count, nobody, more), plugins.noop)),
    smallest: await on(await Engine.create(noopProgram(count))),
  };
}

/** Runs in seconds, and what that of apps may cost in terms of the same program's: `factor` times and `more` seconds. */
function* against(what: string, run: Run, floor: Floor<Run>, factor: number, more = 0): Iterable<Figure> {
  const { apps, smallest } = floor;
  const most = Math.round((factor * apps.seconds + more) * 100) / 100;
  yield figure(`${what}: no-op resources`, smallest.seconds, "s");
  yield figure(`${what}: same program with no-op apps`, apps.seconds, "s");
  yield figure(`${what}: apps`, run.seconds, "s", more === 0 ? undefined : most);
  yield figure(`${what}: state of apps over that of no-op resources`, run.stateKiB / smallest.stateKiB, "x");
  yield figure(`${what}: state of apps over that of no-op apps`, run.stateKiB / apps.stateKiB, "x");
  yield figure(`${what}: apps over no-op resources`, run.seconds / smallest.seconds, "x");
  const ratio = run.seconds / apps.seconds;
  yield figure(`${what}: apps over no-op apps`, ratio, "x", more === 0 ? factor : undefined);
}

async function* starts(): AsyncIterable<Figure> {
  const times = await startTimes(11);
  yield figure("plugin start, median of 11", median(times.map((s) => s.ms)) / 1000, "s", 0.15);
  yield figure(
    "memory of a started plugin, most of 11",
    Math.max(...times.map((s) => s.memoryMiB)),
    "MiB",
    80,
  );
}

async function* checks(): AsyncIterable<Figure> {
  const times = await checkTimes("mesos:marathon:App", largestApp, 200);
  yield figure("check of the largest app, median of 200", median(times), "ms", 5);
}

async function* withCheckpoints(): AsyncIterable<Figure> {
  const first = await floorOf({}, twice);
  const asLarge = await Engine.create(appsProgram(count, nobody, {}), plugins.noop);
  const written = await asLarge.up([], { BENCH_OUTPUTS: "1" }).finally(() => asLarge.close());
  yield* onMarathon({}, async function* (engine, marathon) {
    const { up, again } = await twice(engine);
    yield* against(`up of ${many}`, up, partOf(first, "up"), 1.25);
    yield figure(`up of ${many}: no-op apps with as large a state`, written.seconds, "s");
    yield* against(`up of ${many} without a change`, again, partOf(first, "again"), 1.25);
    const before = await marathon.requests();
    const refresh = await engine.run(["refresh", "--yes", "--skip-preview"]);
    yield figure(`refresh of ${many}`, refresh.seconds, "s");
    yield figure(`HTTP calls of a refresh of ${many}`, (await marathon.requests()) - before, "calls", 10);
    const most = Math.max(up.pluginMiB, again.pluginMiB, refresh.pluginMiB);
    yield figure("memory of the plugin, its peak", most, "MiB", 150);
  });
}

async function* healthChecked(): AsyncIterable<Figure> {
  const parallel = ["--parallel", "256"];
  const floor = await floorOf(httpChecks, (engine) => engine.up(parallel));
  yield* onMarathon(httpChecks, async function* (engine) {
    const up = await engine.up(parallel);
    yield* against(`up of ${many} with HTTP checks, --parallel 256`, up, floor, 1.25, 6);
    yield figure("memory of the plugin with --parallel 256, its peak", up.pluginMiB, "MiB", 150);
  });
}

async function* withoutCheckpoints(): AsyncIterable<Figure> {
  const parallel = ["--parallel", "64"];
  const skip = { PULUMI_SKIP_CHECKPOINTS: "true" };
  const none = { instances: 0 };
  const floor = await floorOf(none, (engine) => engine.up(parallel, skip));
  yield* onMarathon(none, async function* (engine) {
    const up = await engine.up(parallel, skip);
    yield* against(`up of ${many} with instances: 0 without checkpoints, --parallel 64`, up, floor, 3);
  });
}

/** An `up` that makes everything, and one without a change. */
interface Twice {
  readonly up: Run;
  readonly again: Run;
}

function partOf({ apps, smallest }: Floor<Twice>, part: keyof Twice): Floor<Run> {
  return { apps: apps[part], smallest: smallest[part] };
}

async function twice(engine: Engine): Promise<Twice> {
  return { up: await engine.up(), again: await engine.up(["--expect-no-changes"]) };
}

/** A project of apps, each with `more`, on a Marathon that had none. */
async function* onMarathon(
  more: Readonly<Record<string, unknown>>,
  measure: (engine: Engine, marathon: MarathonProcess) => AsyncIterable<Figure>,
): AsyncIterable<Figure> {
  console.error(`load of the machine: ${loadavg().map((n) => n.toFixed(1))}`);
  const marathon = await startMarathon(network, agents);
  try {
    const engine = await Engine.create(appsProgram(count, marathon.url, more));
    try {
      yield* measure(engine, marathon);
    } finally {
      engine.close();
    }
  } finally {
    await marathon.close();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
