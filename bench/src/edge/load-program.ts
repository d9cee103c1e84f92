// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from "node:http";
import { monotonicMs, serve } from "./child";

export interface LoadOptions {
  /** Of two, each gets half, and a GET of which nothing was answered is sent to the other. */
  readonly hosts: readonly string[];
  readonly port: number;
  /** Requests a second, evenly, whatever the answers take. */
  readonly rate: number;
  /** Paths of all apps. */
  readonly apps: readonly string[];
}

/** What was measured since the last time it was asked for. */
export interface LoadResult {
  readonly sent: number;
  readonly failed: number;
  /** How often a request was sent to the other host. */
  readonly moved: number;
  /** Some of the failures, in words. */
  readonly failures: readonly string[];
  /** Answers by latency in tenths of a millisecond; the last counts all that are longer. */
  readonly histogram: readonly number[];
}

const buckets = 20_000;
const tickMs = 1;
/** Three of four requests go to the app that is being changed. */
const hotShare = 4;

const keepAlive = new Agent({ keepAlive: true });
const once = new Agent({ keepAlive: false });
let histogram = new Array<number>(buckets).fill(0);
let sent = 0;
let failed = 0;
let moved = 0;
let failures: string[] = [];
let hot = "";
let timer: NodeJS.Timeout | undefined;
let open = 0;

function fail(app: string, why: string): void {
  failed++;
  if (failures.length < 20) failures.push(`${app}: ${why}`);
}

/** One GET; latency counts from the moment at which it was due. */
function get(o: LoadOptions, app: string, dueMs: number, number: number): void {
  const isKept = number % 2 === 0;
  sent++;
  open++;
  let done = false;
  const finish = (problem?: string): void => {
    if (done) return;
    done = true;
    open--;
    if (problem !== undefined) {
      fail(app, `${isKept ? "kept connection" : "own connection"}: ${problem}`);
      return;
    }
    const bucket = Math.min(buckets - 1, Math.floor((monotonicMs() - dueMs) * 10));
    histogram[bucket] = (histogram[bucket] ?? 0) + 1;
  };
  const first = (number >> 1) % o.hosts.length;
  const hosts = [...o.hosts.slice(first), ...o.hosts.slice(0, first)];
  ask(o.port, hosts, app, isKept ? keepAlive : once, finish);
}

/** Asks the first of `hosts`, and the next when the first answers nothing. */
function ask(
  port: number,
  [host, ...others]: readonly string[],
  app: string,
  agent: Agent,
  finish: (problem?: string) => void,
): void {
  let isAnswered = false;
  const asked = request({ host, port, path: app, agent, timeout: 20_000 }, (response) => {
    isAnswered = true;
    let body = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      body += chunk;
    });
    response.once("error", (error) => finish(error.message));
    response.once("end", () => {
      const isRight = response.statusCode === 200 && body.startsWith(`${app}.`);
      finish(isRight ? undefined : `${response.statusCode} ${body.slice(0, 60)}`);
    });
  });
  asked.once("timeout", () => asked.destroy(new Error("no answer in 20 s")));
  asked.once("error", (error) => {
    if (isAnswered || others.length === 0) return finish(error.message);
    moved++;
    ask(port, others, app, agent, finish);
  });
  asked.end();
}

function start(o: LoadOptions): void {
  const began = monotonicMs();
  let number = 0;
  let cold = 0;
  timer = setInterval(() => {
    const due = ((monotonicMs() - began) * o.rate) / 1_000;
    for (; number < due; number++) {
      // Both kinds of connection go to both kinds of app.
      const isHot = hot !== "" && (number >> 1) % hotShare !== 0;
      const app = isHot ? hot : (o.apps[cold++ % o.apps.length] ?? "");
      get(o, app, began + (number * 1_000) / o.rate, number);
    }
  }, tickMs);
}

/** Ends the load once every request that was sent has its answer. */
async function stop(): Promise<void> {
  clearInterval(timer);
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  keepAlive.destroy();
}

function take(): LoadResult {
  const result = { sent, failed, moved, failures, histogram };
  histogram = new Array<number>(buckets).fill(0);
  sent = 0;
  failed = 0;
  moved = 0;
  failures = [];
  return result;
}

const handlers = {
  start,
  stop,
  take,
  heat: (app: string): void => {
    hot = app;
  },
};
export type LoadCalls = typeof handlers;

serve(handlers);
