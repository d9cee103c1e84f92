// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ZooKeeper } from "@pulumi-mesos/client";
import {
  type AgentPoolDeclaration,
  type AgentPoolStatus,
  digestOf,
  poolPath,
  poolStatusPath,
} from "@pulumi-mesos/model";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { startZookeeper, until } from "../edge/programs";
import type { Figure } from "../figure";
import { killed, RollMembers, type RollPlace } from "./roll-members";

const network = "127.142.0";
const zookeeperHost = "127.142.9.1";
const cluster = "bench";
/** `BENCH_AGENTS` makes it shorter. */
const agents = Number(process.env["BENCH_AGENTS"] ?? 200);
const [apps, instances, lanes] = [Math.ceil(agents / 2), 20, Math.ceil(agents / 10)];
const taskCount = apps * instances;
const appList = Array.from({ length: apps }, (_, n) => ({
  ...{ id: `/roll/app-${n}`, cmd: "sleep 1000", cpus: 0.1, mem: 16, instances },
}));
const pollMs = 100;
const hangMs = 900_000;

/** Two hundred agents with two thousand tasks of a hundred apps get a new template; the controller is killed in the middle. */
export async function* roll(): AsyncIterable<Figure> {
  const directory = mkdtempSync(path.join(tmpdir(), "mesos-groups-bench-"));
  const zookeeper = await startZookeeper(zookeeperHost, directory);
  const forEver = new AbortController().signal;
  // As many again to take their places, and some more for what is surged meanwhile.
  const simulated = await startCluster({
    agents: 2 * agents + 2 * lanes,
    network,
    signal: AbortSignal.timeout(120_000),
  });
  const session = await ZooKeeper.connect({ servers: `${zookeeperHost}:2181` }, forEver);
  try {
    await Promise.all(simulated.agents.map(({ name }) => simulated.stop(name)));
    yield* rolled(simulated, session);
  } finally {
    await session.close();
    await simulated.close();
    await zookeeper.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function* rolled(simulated: Cluster, session: ZooKeeper): AsyncIterable<Figure> {
  const members = new RollMembers(
    simulated,
    simulated.agents.map(({ name }) => name),
  );
  const leader = await simulated.leader();
  const place: RollPlace = {
    zookeeper: `${zookeeperHost}:2181`,
    cluster,
    master: new URL(leader.url).host,
    marathon: simulated.marathon.url,
    most: 2 * agents,
  };
  const first = members.control(place);
  const began = performance.now();
  await declare(session, "a");
  yield figure(`${agents} agents up after`, seconds(began), "s", "none");
  await deployApps(simulated);
  await until("every task once", async () => (await simulated.tasks.list()).length === taskCount, hangMs);
  const watch = new MinimumWatch(simulated);
  const tasks = new Set((await simulated.tasks.list()).map(({ id }) => id));
  const from = performance.now();
  const changed = declare(session, "b");
  // In the middle: half of the old ones are gone.
  await until("half of the roll", async () => members.ended >= agents / 2, hangMs);
  await killed(first);
  const second = members.control(place);
  try {
    await changed;
    await watch.stop();
    yield figure(
      `${agents} agents, ${taskCount} tasks rolled, controller killed in the middle: after`,
      seconds(from),
      "s",
      "none",
    );
    for (const line of watch.below.slice(0, 10)) console.error(`below its minimum: ${line}`);
    const low = watch.below.length;
    yield figure(
      "the same: polls with an app below its minimum",
      low,
      `of ${watch.polls} polls`,
      "<= 0",
      low === 0,
    );
    const now = (await simulated.tasks.list()).filter(({ state }) => state === "TASK_RUNNING");
    for (const { id } of appList) {
      const count = now.filter(({ appId }) => appId === id).length;
      if (count === instances) continue;
      const app = await (await fetch(`${simulated.marathon.url}/v2/apps/${id}`)).text();
      console.error(`${id}: ${count} tasks at the end, not ${instances}: ${app}`);
    }
    const moves = watch.seen(tasks) / taskCount;
    yield figure(
      "the same: moves for each task",
      Math.round(moves * 1_000) / 1_000,
      "moves",
      "<= 1.1",
      moves <= 1.1,
    );
    yield figure("the same: tasks that run", now.length, "tasks", `= ${taskCount}`, now.length === taskCount);
    const harm = members.harm.length + Math.abs(members.ended - agents);
    yield figure("the same: agents ended twice or forgotten", harm, "agents", "<= 0", harm === 0);
  } finally {
    await killed(second);
  }
}

/** Declares the group with a rack, and waits until the controller reports it settled. */
async function declare(session: ZooKeeper, rack: string): Promise<void> {
  const declaration: AgentPoolDeclaration = {
    name: "web",
    size: agents,
    template: { command: ["mesos-agent", `--attributes=rack:${rack}`] },
    backend: { kind: "aws", group: "web" },
    update: { maxUnavailable: lanes, surge: lanes, canary: 2 },
    drain: { graceSeconds: 5, timeoutSeconds: 3_600 },
  };
  await session.put(poolPath(cluster, "web"), Buffer.from(JSON.stringify(declaration)));
  await until(
    "the group as declared",
    async () => {
      const node = await session.get(poolStatusPath(cluster, "web"));
      if (node === undefined) return false;
      const status = JSON.parse(node.data.toString()) as AgentPoolStatus;
      return status.generation === digestOf(declaration) && status.settled;
    },
    hangMs,
  );
}

async function deployApps(simulated: Cluster): Promise<void> {
  const response = await fetch(`${simulated.marathon.url}/v2/groups/roll`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "/roll", apps: appList }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  await simulated.waitForDeployments(AbortSignal.timeout(300_000));
}

/**
 * Looks every 100 ms whether an app has fewer running tasks than it must have, and which tasks there have been. It looks at
 * the agents and does not ask Marathon, whose answers of this size would keep the cluster from its work.
 */
class MinimumWatch {
  polls = 0;
  readonly below: string[] = [];
  readonly #seen = new Set<string>();
  readonly #cluster: Cluster;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;

  constructor(simulated: Cluster) {
    this.#cluster = simulated;
    this.#done = this.#run();
  }

  /** How many tasks there have been besides those of before. */
  seen(before: ReadonlySet<string>): number {
    return [...this.#seen].filter((id) => !before.has(id)).length;
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const next = performance.now() + pollMs;
      const running = new Map<string, number>();
      for (const { id, appId, state } of await this.#cluster.tasks.list()) {
        this.#seen.add(id);
        if (state === "TASK_RUNNING") running.set(appId, (running.get(appId) ?? 0) + 1);
      }
      this.polls += 1;
      for (const { id } of appList) {
        const count = running.get(id) ?? 0;
        if (count < instances) this.below.push(`${id}: ${count} of ${instances}`);
      }
      await delay(Math.max(0, next - performance.now()));
    }
  }
}

function seconds(began: number): number {
  return Math.round((performance.now() - began) / 100) / 10;
}

function figure(what: string, value: number, unit: string, target: string, ok = true): Figure {
  return { bench: "groups", figure: what, value, unit, target, ok };
}
