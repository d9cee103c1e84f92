// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, type Part } from "./child";
import { haproxy, servers } from "./haproxy-socket";
import type { LoadCalls } from "./load-program";
import type { MarathonCalls } from "./marathon-program";
import type { TaskPlace, TasksCalls } from "./tasks-program";

/** Who brings HAProxy to what tasks do; each answers when it began to tell. */
export interface Driver {
  enter(app: string, task: TaskPlace): Promise<number>;
  leave(app: string, task: TaskPlace): Promise<number>;
  gone(app: string, task: TaskPlace, how: "TASK_KILLED" | "TASK_FAILED"): Promise<void>;
}

/** Marathon says it, and the edge does it. */
export function throughMarathon(marathon: Part<MarathonCalls>): Driver {
  return {
    async enter(app, task) {
      await marathon.call.running(app, task);
      // Between a task's start and its first passed check lies the time that a check takes.
      await delay(50);
      return marathon.call.healthy(app, task.name);
    },
    leave: (app, task) => marathon.call.killing(app, task.name),
    gone: (app, task, how) => marathon.call.gone(app, task.name, how),
  };
}

/** The floor: nobody decides anything, the bench itself changes a HAProxy whose file stays as it is. */
export function throughSocket(directory: string): Driver {
  const backend = (app: string): string => `${app.replaceAll("/", "::")}-cluster`;
  const slot = async (app: string, at: string): Promise<string> => {
    const found = (await servers(directory, backend(app))).find((s) => (at === "" ? s.isFree : s.at === at));
    if (!found) throw new Error(`${app} has no server ${at || "that is free"}`);
    return `${backend(app)}/${found.name}`;
  };
  const addressOf = ({ host, port }: TaskPlace): string => `${host}:${port}`;
  return {
    async enter(app, task) {
      const server = await slot(app, "");
      const began = monotonicMs();
      const address = `set server ${server} addr ${task.host} port ${task.port}`;
      await haproxy(directory, `${address};set server ${server} state ready`);
      return began;
    },
    async leave(app, task) {
      const server = await slot(app, addressOf(task));
      const began = monotonicMs();
      await haproxy(directory, `set server ${server} state drain`);
      return began;
    },
    async gone(app, task) {
      await haproxy(directory, `set server ${await slot(app, addressOf(task))} state maint`);
    },
  };
}

/** A killed task serves on for so long, as Marathon's and Mesos' grace lets it. */
const graceMs = 300;
/** The load turns to an app for so long before the app is changed. */
const heatMs = 50;

export interface ChangesOptions {
  readonly tasks: Part<TasksCalls>;
  readonly load: Part<LoadCalls>;
  readonly driver: Driver;
  /** The tasks of every app now; kept true. */
  readonly fleet: Map<string, TaskPlace[]>;
  /** A task of an app at a place where there never was one. */
  readonly newTask: (app: string) => TaskPlace;
}

/** Milliseconds from the word to its effect. */
export interface ChangeTimes {
  readonly entered: number[];
  readonly left: number[];
  /** Tasks that died without a word before. */
  crashed: number;
}

/** Replaces tasks one after the other: the new one enters, then an old one leaves; `pairs` times over the apps. */
export async function replaceTasks(o: ChangesOptions, pairs: number, crashes: boolean): Promise<ChangeTimes> {
  const times: ChangeTimes = { entered: [], left: [], crashed: 0 };
  const apps = [...o.fleet.keys()];
  for (let pair = 0; pair < pairs; ) {
    // A prime step goes through all apps without an order that HAProxy's file has, too.
    const app = apps[(pair * 7_919) % apps.length] ?? "";
    await o.load.call.heat(app);
    await delay(heatMs);
    // One app in five is redeployed as a whole, the others get one new task.
    const rounds = pair % 25 === 0 ? (o.fleet.get(app)?.length ?? 1) : 1;
    for (let round = 0; round < rounds && pair < pairs; round++, pair++) {
      if (crashes && pair % 10 === 9) await crash(o, app, times);
      await enter(o, app, times);
      if (o.fleet.get(app)?.length !== tasksPerApp) await leave(o, app, times);
    }
  }
  await o.load.call.heat("");
  return times;
}

export const tasksPerApp = 5;

async function enter(o: ChangesOptions, app: string, times: ChangeTimes): Promise<void> {
  const task = o.newTask(app);
  await o.tasks.call.start([task]);
  await o.tasks.call.watch(task.name);
  const told = await o.driver.enter(app, task);
  o.fleet.get(app)?.push(task);
  for (const until = monotonicMs() + 10_000; ; await delay(5)) {
    const { first } = await o.tasks.call.seen(task.name);
    if (first !== undefined) return void times.entered.push(first - told);
    if (monotonicMs() > until) throw new Error(`${task.name} got no request in 10 s`);
  }
}

async function leave(o: ChangesOptions, app: string, times: ChangeTimes): Promise<void> {
  const task = o.fleet.get(app)?.shift();
  if (!task) throw new Error(`${app} has no task`);
  await o.tasks.call.watch(task.name);
  const told = await o.driver.leave(app, task);
  await delay(graceMs);
  await o.tasks.call.end(task.name);
  const { last = told } = await o.tasks.call.seen(task.name);
  times.left.push(Math.max(0, last - told));
  await o.driver.gone(app, task, "TASK_KILLED");
}

/** A task dies as by kill -9, and Mesos tells it a moment later. */
async function crash(o: ChangesOptions, app: string, times: ChangeTimes): Promise<void> {
  const task = o.fleet.get(app)?.shift();
  if (!task) throw new Error(`${app} has no task`);
  await o.tasks.call.kill(task.name);
  await delay(50);
  await o.driver.gone(app, task, "TASK_FAILED");
  times.crashed++;
}
