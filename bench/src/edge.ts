// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { BambooClient } from "@pulumi-mesos/client";
import {
  type ChangesOptions,
  type ChangeTimes,
  replaceTasks,
  tasksPerApp,
  throughMarathon,
  throughSocket,
} from "./edge/changes";
import { type Part, startPart } from "./edge/child";
import { edgeFaults, type FaultsOptions } from "./edge/faults";
import { atMost, figure, round } from "./edge/figures";
import { workerPid } from "./edge/haproxy-socket";
import type { LoadCalls, LoadResult } from "./edge/load-program";
import type { MarathonCalls } from "./edge/marathon-program";
import {
  healthOf,
  isAlive,
  processorSeconds,
  residentMiB,
  startEdge,
  startZookeeper,
  statusOf,
  until,
} from "./edge/programs";
import { joined, latency, quantile } from "./edge/quantiles";
import type { TaskPlace, TasksCalls } from "./edge/tasks-program";
import type { Figure } from "./figure";

const zookeeper = "127.91.0.1";
const edge = "127.91.0.2";
const marathonHost = "127.91.0.3";
const otherEdge = "127.91.0.4";
const traffic = `http://${edge}:8888`;
const api = `http://${edge}:8000`;
const hosts = 50;

/** How much is done: the long run is the one that the targets speak of. */
interface Length {
  readonly apps: number;
  readonly rate: number;
  /** Each is a task that enters and one that leaves. */
  readonly pairs: number;
  readonly floorPairs: number;
  readonly rules: number;
  readonly steadySeconds: number;
}

const short: Length = { apps: 1_000, rate: 1_200, pairs: 200, floorPairs: 100, rules: 10, steadySeconds: 20 };
const long: Length = {
  apps: 1_000,
  rate: 1_200,
  pairs: 4_000,
  floorPairs: 200,
  rules: 40,
  steadySeconds: 120,
};

/** 1,000 apps with five tasks each behind a real HAProxy under a constant load, while tasks and rules change. */
export async function* edgeBench(o: {
  readonly isLong: boolean;
  readonly onlyFaults: boolean;
}): AsyncIterable<Figure> {
  const length = o.isLong ? long : short;
  const directory = mkdtempSync(path.join(tmpdir(), "mesos-edge-bench-"));
  const closers: (() => Promise<void>)[] = [];
  try {
    const stage = yield* staged(length.apps, directory, closers);
    if (o.onlyFaults) yield* edgeFaults(stage);
    else yield* measure(length, stage);
  } finally {
    for (const close of closers.reverse()) await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** An edge that serves, and what stands around it. */
interface Stage extends FaultsOptions {
  readonly fleet: Map<string, TaskPlace[]>;
  readonly pid: number;
  stopEdge(): Promise<void>;
}

/** Starts everything, and tells how long the edge takes. */
async function* staged(
  appCount: number,
  directory: string,
  closers: (() => Promise<void>)[],
): AsyncGenerator<Figure, Stage> {
  const tasks = startPart<TasksCalls>("tasks-program.js");
  const marathon = startPart<MarathonCalls>("marathon-program.js");
  closers.push(tasks.close, marathon.close);
  closers.push((await startZookeeper(zookeeper, directory)).stop);
  const { fleet, newTask } = fleetOf(appCount);
  await tasks.call.start([...fleet.values()].flat());
  const marathonUrl = await marathon.call.listen(marathonHost, 8080);
  for (const [app, places] of fleet) await marathon.call.put(app, places);

  const dataDir = path.join(directory, "edge");
  const began = performance.now();
  const program = startEdge({ host: edge, dataDir, marathon: marathonUrl, zookeeper });
  closers.push(() => endHaproxy(dataDir));
  let isRunning = true;
  const stopEdge = async (): Promise<void> => {
    if (isRunning) await program.stop();
    isRunning = false;
  };
  closers.push(stopEdge);
  const apps = [...fleet.keys()];
  await until("the edge's first answer", async () => (await statusOf(traffic + (apps.at(-1) ?? ""))) === 200);
  yield figure("start to the first answer of the last app", (performance.now() - began) / 1_000, "s", 2);
  const around = { directory, dataDir, edge, otherEdge, zookeeper, marathonUrl };
  return { ...around, marathon, tasks, newTask, apps, fleet, pid: program.pid, stopEdge };
}

async function* measure(length: Length, stage: Stage): AsyncIterable<Figure> {
  const load = startPart<LoadCalls>("load-program.js");
  try {
    yield* measureUnder(load, length, stage);
  } finally {
    await load.close();
  }
}

async function* measureUnder(load: Part<LoadCalls>, length: Length, stage: Stage): AsyncIterable<Figure> {
  const { tasks, marathon, fleet, newTask, apps, dataDir, pid } = stage;
  await delay(5_000);
  yield figure("processor used while nothing changes", await idlePercent(pid, 60), "%", 1);

  await load.call.start({ hosts: [edge], port: 8888, rate: length.rate, apps });
  await delay(2_000);
  await load.call.take();
  const steady = [await during(load, () => delay(length.steadySeconds * 1_000))];
  const options: ChangesOptions = { tasks, load, fleet, newTask, driver: throughMarathon(marathon) };

  let times: ChangeTimes = { entered: [], left: [], crashed: 0 };
  const pidBefore = await workerPid(dataDir);
  const moving = await during(load, async () => {
    times = await replaceTasks(options, length.pairs, true);
  });
  const pidAfter = await workerPid(dataDir);
  const reloadsBefore = await reloads();
  const rulesChanging = await during(load, () => changeRules(apps, length.rules));
  const reloadsByRules = (await reloads()) - reloadsBefore;
  steady.push(await during(load, () => delay(length.steadySeconds * 1_000)));
  const memory = residentMiB(pid);
  yield figure("changes of tasks", times.entered.length + times.left.length + times.crashed, "changes");
  yield figure("changes of rules", length.rules, "changes");
  yield* requests(joined([...steady, moving, rulesChanging]), {
    steady: joined(steady),
    "changes of tasks": moving,
    "changes of rules": rulesChanging,
  });
  yield atMost("worker replaced by changes of tasks", pidBefore === pidAfter ? 0 : 1, "times", 0);
  yield atMost("reloads for each change of a rule", reloadsByRules / length.rules, "reloads", 1);
  yield figure("resident memory of mesos-edge at the end", memory, "MiB", 200);
  yield* edgeFaults(stage);

  await stage.stopEdge();
  const driver = throughSocket(dataDir);
  yield* latencies(await replaceTasks({ ...options, driver }, length.floorPairs, false), times);
  await load.call.stop();
}

function* latencies(floor: ChangeTimes, times: ChangeTimes): Iterable<Figure> {
  for (const [what, ours, bare] of [
    ["task healthy to its first request", times.entered, floor.entered],
    ["task killed to its last request", times.left, floor.left],
  ] as const) {
    const floorP99 = quantile(bare, 0.99);
    yield figure(`floor, ${what}, p50`, quantile(bare, 0.5), "ms");
    yield figure(`floor, ${what}, p99`, floorP99, "ms");
    yield figure(`${what}, p50`, quantile(ours, 0.5), "ms", 8);
    yield atMost(`${what}, p99`, quantile(ours, 0.99), "ms", round(floorP99 + 10));
  }
}

function* requests(
  all: LoadResult,
  { steady, ...changing }: Record<string, LoadResult> & { steady: LoadResult },
): Iterable<Figure> {
  yield figure("requests", all.sent, "requests");
  yield atMost("requests that failed", all.failed, "requests", 0);
  for (const failure of all.failures.slice(0, 20)) console.error(`failed: ${failure}`);
  yield figure("request p50, nothing changes", latency(steady, 0.5), "ms");
  const quiet = latency(steady, 0.999);
  yield figure("request p99.9, nothing changes", quiet, "ms");
  for (const [what, result] of Object.entries(changing)) {
    yield atMost(`request p99.9 during ${what}`, latency(result, 0.999), "ms", round(1.2 * quiet));
  }
}

/** Apps with five tasks each, and a source of further tasks. */
function fleetOf(apps: number): { fleet: Map<string, TaskPlace[]>; newTask(app: string): TaskPlace } {
  let made = 0;
  const newTask = (app: string): TaskPlace => {
    const number = made++;
    const host = `127.91.1.${1 + (number % hosts)}`;
    return { name: `${app}.t${number}`, host, port: 20_000 + Math.floor(number / hosts) };
  };
  const ids = Array.from({ length: apps }, (_, i) => `/bench/app-${String(i).padStart(4, "0")}`);
  const fleet = new Map(ids.map((id) => [id, Array.from({ length: tasksPerApp }, () => newTask(id))]));
  return { fleet, newTask };
}

/** What the load measured during `work`. */
async function during(load: Part<LoadCalls>, work: () => Promise<unknown>): Promise<LoadResult> {
  await load.call.take();
  await work();
  return load.call.take();
}

/** Rules that also take another path, written one a second over the API. */
async function changeRules(apps: readonly string[], count: number): Promise<void> {
  const client = new BambooClient({ urls: [api] });
  for (let i = 0; i < count; i++) {
    const id = apps[(i * 31) % apps.length] ?? "";
    const acl = `path_beg -i ${id} /also-${i}`;
    await client.putService({ id, acl, config: { Acl: acl } }, AbortSignal.timeout(10_000));
    await until("the rule", async () => (await statusOf(`${traffic}/also-${i}`)) === 200, 10_000);
    await delay(1_000);
  }
}

async function reloads(): Promise<number> {
  return (await healthOf(edge)).haproxy.reloads;
}

async function idlePercent(pid: number, seconds: number): Promise<number> {
  const before = processorSeconds(pid);
  await delay(seconds * 1_000);
  return ((processorSeconds(pid) - before) / seconds) * 100;
}

/** HAProxy outlives its edge on purpose. */
async function endHaproxy(dataDir: string): Promise<void> {
  const { pid } = JSON.parse(readFileSync(path.join(dataDir, "haproxy.json"), "utf8")) as { pid: number };
  process.kill(pid, "SIGTERM");
  await until("haproxy's end", async () => !isAlive(pid), 70_000);
}
