// SPDX-License-Identifier: Apache-2.0
import http from "node:http";
import { memoryUsage } from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import type { Figure } from "./figure";

const network = "127.89.0";
const agents = 1_000;
const bigApps = 100;
const bigInstances = 100;
const rollingApps = 100;
const rollingInstances = 10;
const subscribers = 10;
const eventsASecond = 10_000;
const cleanStops = 10;
const kills = 50;
const sleptTasks = 4;
/** As long as a laptop may sleep: three times a session. */
const sleepMs = 30_000;

function figure(name: string, value: number, unit: string, most: number | undefined): Figure {
  const rounded = Math.round(value * 100) / 100;
  return {
    bench: "simulator",
    figure: name,
    value: rounded,
    unit,
    target: most === undefined ? "none" : `< ${most}`,
    ok: most === undefined || rounded < most,
  };
}

/** Events; then one cluster in this process with 1,000 agents and 10,000 no-op tasks; 100 apps × 10 restarted; failovers of programs, and their ZooKeeper asleep. */
export async function* simulator(): AsyncIterable<Figure> {
  // First, in a process that has not grown yet: how much more memory events take would not show in a larger one.
  yield* events();
  yield* manyTasks();
  yield* rolling();
  yield* failovers();
  yield* slept();
}

interface Deployments {
  readonly length: number;
}

async function call(cluster: Cluster, method: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(cluster.marathon.url + path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
  return JSON.parse(text);
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  return (await response.json()) as T;
}

function appsOf(count: number, instances: number, more: Record<string, unknown> = {}): unknown {
  const apps = Array.from({ length: count }, (_, i) => ({
    id: `/bench/app-${i}`,
    cmd: "sleep 1000",
    cpus: 0.1,
    mem: 16,
    instances,
    ...more,
  }));
  return { id: "/bench", apps };
}

async function settled(cluster: Cluster, tasks: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const deployments = await get<Deployments>(`${cluster.marathon.url}/v2/deployments`);
    if (deployments.length === 0) {
      const list = await cluster.tasks.list();
      if (list.length === tasks && list.every((task) => task.state === "TASK_RUNNING")) return;
    }
    await delay(100, undefined, { signal });
  }
}

async function* manyTasks(): AsyncIterable<Figure> {
  const began = performance.now();
  const cluster = await startCluster({ agents, network, signal: AbortSignal.timeout(120_000) });
  try {
    yield figure("1,000 agents registered", (performance.now() - began) / 1000, "s", undefined);
    await call(cluster, "PUT", "/v2/groups/bench", appsOf(bigApps, bigInstances));
    await settled(cluster, bigApps * bigInstances, AbortSignal.timeout(300_000));
    yield figure(
      "start of 1,000 agents to 10,000 tasks running",
      (performance.now() - began) / 1000,
      "s",
      60,
    );
    const leader = await cluster.leader();
    const times: number[] = [];
    let whole: Shape = { bytes: 0, chunked: false };
    for (let i = 0; i < 5; i++) {
      const at = performance.now();
      whole = await download(`${leader.url}/master/state`);
      times.push(performance.now() - at);
    }
    yield figure("/master/state of it, worst of 5", Math.max(...times), "ms", 500);
    yield figure("/master/state of it", whole.bytes / 2 ** 20, "MiB", undefined);
    yield {
      bench: "simulator",
      figure: "/master/state streamed in chunks",
      value: whole.chunked ? 1 : 0,
      unit: "yes",
      target: "1",
      ok: whole.chunked,
    };
    yield figure("memory of the whole process", memoryUsage.rss() / 2 ** 20, "MiB", 1024);
  } finally {
    await cluster.close();
  }
}

interface Shape {
  readonly bytes: number;
  readonly chunked: boolean;
}

function download(url: string): Promise<Shape> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, (response) => {
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ bytes, chunked: response.headers["transfer-encoding"] === "chunked" }),
      );
    });
    request.on("error", reject);
  });
}

async function* rolling(): AsyncIterable<Figure> {
  const cluster = await startCluster({ agents: 100, network });
  try {
    await call(cluster, "PUT", "/v2/groups/bench", appsOf(rollingApps, rollingInstances));
    await settled(cluster, rollingApps * rollingInstances, AbortSignal.timeout(120_000));
    const began = performance.now();
    await call(
      cluster,
      "PUT",
      "/v2/groups/bench",
      appsOf(rollingApps, rollingInstances, { env: { V: "2" } }),
    );
    await settled(cluster, rollingApps * rollingInstances, AbortSignal.timeout(120_000));
    yield figure("100 apps x 10 instances, rolling restart", (performance.now() - began) / 1000, "s", 30);
  } finally {
    await cluster.close();
  }
}

async function* events(): AsyncIterable<Figure> {
  const cluster = await startCluster({ agents: 0, network, masters: 1 });
  try {
    yield* eventStreams(cluster);
  } finally {
    await cluster.close();
  }
}

interface Subscriber {
  received(): number;
  /** Reads what is left; whether the server had ended it. */
  wasCut(): Promise<boolean>;
  end(): void;
}

/** Reads `/v2/events` and counts; one that is slow reads nothing. */
function subscribe(url: string, slow: boolean): Promise<Subscriber> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let over = false;
    let rest = "";
    const request = http.get(`${url}/v2/events`, { agent: false, headers: { accept: "text/event-stream" } });
    request.once("error", reject);
    request.once("response", (response) => {
      request.on("error", () => {
        over = true;
      });
      for (const end of ["close", "error"] as const) {
        response.on(end, () => {
          over = true;
        });
      }
      if (!slow) {
        response.setEncoding("utf8").on("data", (chunk: string) => {
          const parts = (rest + chunk).split("event: bench\n");
          count += parts.length - 1;
          rest = (parts.at(-1) ?? "").slice(-20);
        });
      }
      resolve({
        received: () => count,
        wasCut: async () => {
          response.resume();
          for (let i = 0; i < 500 && !over; i++) await delay(10);
          return over;
        },
        end: () => request.destroy(),
      });
    });
  });
}

/** 10,000 events in each of 10 seconds, in 100 portions a second. */
async function* eventStreams(cluster: Cluster): AsyncIterable<Figure> {
  const { url } = cluster.marathon;
  const readers = await Promise.all(Array.from({ length: subscribers }, () => subscribe(url, false)));
  const slow = await subscribe(url, true);
  const before = memoryUsage.rss();
  let peak = before;
  const seconds = 10;
  const message = "m".repeat(256);
  const portion = eventsASecond / 100;
  const began = performance.now();
  for (let i = 0; i < seconds * 100; i++) {
    for (let n = 0; n < portion; n++) cluster.emit("bench", { taskId: `task-${i}-${n}`, message });
    peak = Math.max(peak, memoryUsage.rss());
    await delay(Math.max(0, began + (i + 1) * 10 - performance.now()));
  }
  const sent = seconds * eventsASecond;
  const rate = sent / ((performance.now() - began) / 1000);
  for (let i = 0; i < 500 && readers.some((r) => r.received() < sent); i++) await delay(10);
  const lost = readers.reduce((sum, r) => sum + sent - r.received(), 0);
  const isCut = await slow.wasCut();
  for (const reader of [...readers, slow]) reader.end();
  yield {
    ...figure("events to 10 subscribers", rate, "1/s", undefined),
    target: "> 9900",
    ok: rate > 9_900,
  };
  yield figure("events lost of 1,000,000 received", lost, "events", 1);
  yield figure("memory more at its peak", (peak - before) / 2 ** 20, "MiB", 256);
  yield {
    ...figure("a subscriber that reads nothing is cut", isCut ? 1 : 0, "yes", undefined),
    target: "1",
    ok: isCut,
  };
}

/** Real programs and a real ZooKeeper with Mesos' own session timeout of 10 s. */
async function* failovers(): AsyncIterable<Figure> {
  const cluster = await startCluster({
    programs: true,
    masters: 3,
    agents: 0,
    marathons: 0,
    sessionTimeoutMs: 10_000,
    flags: { master: { agent_ping_timeout: "15secs" } },
    network,
  });
  try {
    yield figure("leader stopped, worst of 10", await worst(cluster, "stop", cleanStops), "s", 2);
    yield figure("leader killed (-9), worst of 50", await worst(cluster, "kill", kills), "s", 14);
  } finally {
    await cluster.close();
  }
}

async function worst(cluster: Cluster, how: "stop" | "kill", times: number): Promise<number> {
  let most = 0;
  for (let i = 0; i < times; i++) {
    const leader = await cluster.leader();
    const began = performance.now();
    await cluster[how](leader);
    await cluster.leader(AbortSignal.timeout(60_000));
    most = Math.max(most, (performance.now() - began) / 1000);
    await cluster.restart(leader);
    await cluster.waitUntilUp();
  }
  return most;
}

/** Programs whose ZooKeeper stands still for longer than their sessions live. */
async function* slept(): AsyncIterable<Figure> {
  const cluster = await startCluster({
    programs: true,
    masters: 3,
    agents: 2,
    marathons: 2,
    sessionTimeoutMs: 10_000,
    network,
  });
  try {
    const app = { id: "/bench", cmd: "exec sleep 1000", cpus: 0.1, mem: 16, instances: sleptTasks };
    await call(cluster, "POST", "/v2/apps", app);
    await settled(cluster, sleptTasks, AbortSignal.timeout(60_000));
    const ids = async (): Promise<string[]> => (await cluster.tasks.list()).map(({ id }) => id).sort();
    const before = await ids();
    await cluster.pause("zookeeper");
    await delay(sleepMs);
    await cluster.resume("zookeeper");
    const began = performance.now();
    await allBack(cluster, AbortSignal.timeout(120_000));
    const seconds = (performance.now() - began) / 1000;
    yield figure("all members back after ZooKeeper slept for 30 s", seconds, "s", 20);
    await settled(cluster, sleptTasks, AbortSignal.timeout(60_000));
    const now = new Set(await ids());
    yield figure("tasks restarted by that", before.filter((id) => !now.has(id)).length, "tasks", 1);
  } finally {
    await cluster.close();
  }
}

/** Every master and every Marathon names the same leader, the agents are registered and Marathon is subscribed. */
async function allBack(cluster: Cluster, signal: AbortSignal): Promise<void> {
  for (;;) {
    await cluster.waitUntilUp(signal);
    const leader = await cluster.leader(signal);
    const asked = [
      ...cluster.masters.map(({ url }) => leaderBy(`${url}/redirect`, (a) => a.headers.get("location"))),
      ...cluster.marathons.map(({ url }) => leaderBy(`${url}/v2/leader`, (a) => a.text())),
    ];
    const said = await Promise.all(asked);
    const [masters, marathons] = [said.slice(0, cluster.masters.length), said.slice(cluster.masters.length)];
    const one = (all: readonly unknown[]): boolean => all[0] !== undefined && new Set(all).size === 1;
    if (masters[0] === leader.url.replace("http:", "") && one(masters) && one(marathons)) return;
    await delay(20, undefined, { signal });
  }
}

/** Whom a member names; nobody while it does not answer or knows none. */
async function leaderBy(
  url: string,
  read: (answer: Response) => string | null | Promise<string>,
): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { redirect: "manual" });
    return answer.status < 400 ? ((await read(answer)) ?? undefined) : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined; // it is not back yet: fetch says so by this type
    throw error;
  }
}
