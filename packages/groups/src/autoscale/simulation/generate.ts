// SPDX-License-Identifier: Apache-2.0
import { byTime, follow } from "./follow";
import { Random } from "./random";
import type { Trace, TraceApp, TraceGroup, TraceTask } from "./trace";

/** Kinds of load that are generated. */
export const families = ["diurnal", "burst", "batch", "storm"] as const;
export type Family = (typeof families)[number];

export interface GenerateOptions {
  readonly family: Family;
  readonly seed: number;
  /** How many agents the average load takes. @default 30 */
  readonly agents?: number;
  /** Without the two hours that warm up. @default 24 */
  readonly hours?: number;
  readonly bootSeconds?: number;
}

const hour = 3600;
const warmUp = 2 * hour;
const agentCpus = 16;
const agentMem = 65_536;
/** How often apps are scaled, by hand or by an autoscaler of their own. */
const scaleSeconds = 300;

/** What is gathered while a trace is made. */
interface Draft {
  readonly random: Random;
  readonly apps: TraceApp[];
  readonly tasks: TraceTask[];
  readonly seconds: number;
  /** The average load, in cpus. */
  readonly cpus: number;
}

/**
 * A made-up trace; the same options give the same.
 *
 * - `diurnal`: services that follow the day, each app scaled every few minutes with some noise of its own.
 * - `burst`: services, and about every two hours a crowd of tasks at once, a tenth to one and a half of what runs otherwise.
 * - `batch`: jobs only, of a few to some hundred tasks of minutes each, more of them at night.
 * - `storm`: services and jobs on agents that are mostly spot: three times a day a third to two thirds of those are taken.
 */
export function generate(options: GenerateOptions): Trace {
  const { family, seed, agents = 30, hours = 24, bootSeconds = 180 } = options;
  const random = new Random(seed * 7919 + families.indexOf(family));
  const seconds = warmUp + hours * hour;
  const draft: Draft = { random, apps: [], tasks: [], seconds, cpus: agents * agentCpus };
  if (family === "diurnal") services(draft, draft.cpus, random.between(0.3, 0.6));
  if (family === "burst") {
    services(draft, draft.cpus * 0.7, random.between(0, 0.2));
    bursts(draft, draft.cpus * 0.7);
  }
  if (family === "batch") jobs(draft, draft.cpus);
  if (family === "storm") {
    services(draft, draft.cpus * 0.7, random.between(0.1, 0.3));
    jobs(draft, draft.cpus * 0.3);
  }
  const group = (name: string, start: number): TraceGroup => ({
    name,
    cpus: agentCpus,
    mem: agentMem,
    bootSeconds,
    start,
  });
  const base = {
    seconds,
    measureFrom: warmUp,
    apps: draft.apps,
    tasks: byTime(draft.tasks),
  };
  if (family !== "storm") return { ...base, groups: [group("web", agents)] };
  return { ...base, groups: [group("web", 2), group("spot", agents)], losses: losses(draft) };
}

/** Apps of different sizes whose instances follow the day; `swing` is how far from the average. */
function services(draft: Draft, cpus: number, swing: number): void {
  const { random } = draft;
  let left = cpus;
  while (left > 0) {
    const need = random.pick([0.25, 0.5, 0.5, 1, 1, 2, 4]);
    const share = Math.min(left, cpus * random.between(0.01, 0.06));
    left -= Math.max(share, need);
    const app = draft.apps.length;
    const mem = Math.round(need * random.between(1000, 3500));
    draft.apps.push({ id: `/service-${app}`, kind: "service", cpus: need, mem });
    instances(
      draft,
      app,
      Math.max(1, share / need),
      swing * random.between(0.7, 1.3),
      random.between(-hour, hour),
    );
  }
}

/** A service whose instances follow the day, with noise that lasts for a while. */
function instances(draft: Draft, app: number, average: number, swing: number, phase: number): void {
  const { random, tasks, seconds } = draft;
  const wanted: [number, number][] = [];
  let noise = 0;
  for (let at = random.below(scaleSeconds); at < seconds; at += scaleSeconds) {
    noise = 0.9 * noise + 0.03 * random.normal();
    const day = 1 + swing * Math.sin((2 * Math.PI * (at + phase - 8 * hour)) / (24 * hour));
    wanted.push([at, Math.max(1, Math.round(average * (day + noise)))]);
  }
  tasks.push(...follow(app, wanted, seconds));
}

/** Adds an app whose tasks end, with the memory that such tasks take; answers its place among the apps. */
function addBatchApp({ random, apps }: Draft, name: string, cpus: number): number {
  const place = apps.length;
  const mem = Math.round(cpus * random.between(1000, 3500));
  apps.push({ id: `/${name}-${place}`, kind: "batch", cpus, mem });
  return place;
}

function bursts(draft: Draft, cpus: number): void {
  const { random, tasks, seconds } = draft;
  for (let at = random.exponential(2 * hour); at < seconds; at += random.exponential(2 * hour)) {
    const need = random.pick([0.5, 1, 2]);
    const app = addBatchApp(draft, "burst", need);
    const count = Math.ceil((cpus * random.between(0.1, 1.5)) / need);
    const length = random.between(10 * 60, 40 * 60);
    for (let i = 0; i < count; i++) {
      tasks.push([Math.floor(at + random.between(0, 60)), app, Math.ceil(length * random.between(0.5, 1.5))]);
    }
  }
}

/** Jobs of all sizes, so many that they take `cpus` on average. */
function jobs(draft: Draft, cpus: number): void {
  const { random, tasks, seconds } = draft;
  const meanTasks = 40;
  const meanSeconds = 720;
  const meanNeed = 1.25;
  const every = (meanTasks * meanSeconds * meanNeed) / cpus;
  for (let at = random.exponential(every); at < seconds; at += random.exponential(every)) {
    // Twice as many at night as at noon.
    const isNight = Math.sin((2 * Math.PI * at) / (24 * hour)) > 0;
    if (!isNight && random.next() < 0.5) continue;
    const need = random.pick([0.5, 0.5, 1, 1, 2, 2.5]);
    const app = addBatchApp(draft, "job", need);
    const count = Math.min(400, Math.ceil(5 / (1 - random.next()) ** 0.75));
    const length = 360 * Math.exp(0.8 * random.normal());
    for (let i = 0; i < count; i++) {
      tasks.push([Math.floor(at), app, Math.ceil(60 + length * random.between(0.5, 1.5))]);
    }
  }
}

function losses({ random, seconds }: Draft): NonNullable<Trace["losses"]> {
  const count = Math.round((3 * (seconds - warmUp)) / (24 * hour));
  return Array.from({ length: count }, () => ({
    at: Math.floor(random.between(warmUp, seconds - hour)),
    group: "spot",
    share: random.between(0.33, 0.67),
    noticeSeconds: 120,
    refusedSeconds: Math.floor(random.between(20 * 60, 60 * 60)),
  })).sort((a, b) => a.at - b.at);
}
