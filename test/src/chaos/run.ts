// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { onInterrupt } from "../support/interrupt";
import { type Expectation, pictureOf, violations } from "./invariants";
import { describeSchedule, type Schedule, type Step } from "./schedule";

const settleMs = 180_000;
const lookMs = 200;
const apps: ReadonlyMap<string, number> = new Map([
  ["/a", 3],
  ["/b", 2],
  ["/c", 2],
]);

/** How a schedule ended: nothing wrong, or what, with the programs' last words. */
export interface Outcome {
  readonly schedule: Schedule;
  readonly wrong: readonly string[];
  readonly log: string;
}

interface Scaled {
  readonly app: string;
  readonly instances: number;
  /** Whether Marathon said yes, no, or nothing that arrived. */
  readonly answer: "yes" | "no" | "lost";
}

/** Runs one schedule on a cluster of its own. */
export async function runSchedule(
  schedule: Schedule,
  network: string,
  print: (line: string) => void,
): Promise<Outcome> {
  const lines: string[] = [];
  const began = Date.now();
  const log = (line: string): void => {
    lines.push(`${String(Date.now() - began).padStart(6)} ${line}`);
  };
  const cluster = await startCluster({
    programs: true,
    masters: 3,
    agents: 2,
    marathons: 2,
    network,
    sessionTimeoutMs: 2_000,
    log,
    flags: {
      master: schedule.losesAgents ? { agent_ping_timeout: "1secs", max_agent_ping_timeouts: "3" } : {},
    },
  });
  const forget = onInterrupt(() => cluster.close());
  try {
    await deploy(cluster);
    const before = await pictureOf(cluster);
    log("-- the faults begin");
    const scaled = await strike(cluster, schedule.steps, log);
    log("-- the faults are over");
    const expected = expectation(before.processes, before.registry, scaled, schedule.losesAgents);
    const wrong = await settled(cluster, expected);
    const tails = wrong.length === 0 ? "" : tailsOf(cluster);
    return { schedule, wrong, log: [...lines, tails].join("\n") };
  } finally {
    print(`seed ${schedule.seed}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    forget();
    await cluster.close();
  }
}

/** What a failing schedule prints: how to replay it, its steps, what is wrong. */
export function describeFailure({ schedule, wrong, log }: Outcome): string {
  return [
    describeSchedule(schedule),
    ...wrong.map((line) => `WRONG: ${line}`),
    `replay: npm run test:chaos -- --seed ${schedule.seed} --schedules 1`,
    log,
  ].join("\n");
}

async function deploy(cluster: Cluster): Promise<void> {
  for (const [id, instances] of apps) {
    const app = { id, instances, cmd: "exec sleep 1000", cpus: 0.1, mem: 16, backoffSeconds: 0 };
    const response = await put(cluster.marathon.url, id, app);
    if (!response.ok) throw new Error(`PUT ${id}: ${response.status} ${await response.text()}`);
  }
  for (const id of apps.keys()) await cluster.waitForApp(id);
}

async function put(url: string, id: string, body: unknown): Promise<Response> {
  return await fetch(`${url}/v2/apps${id}?force=true`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
}

/** Carries the steps out at their times and repairs everything at the end. */
async function strike(
  cluster: Cluster,
  steps: readonly Step[],
  log: (line: string) => void,
): Promise<Scaled[]> {
  const busy = new Set<string>();
  const scaled: Scaled[] = [];
  const began = Date.now();
  await Promise.all(
    steps.map(async (step) => {
      await delay(Math.max(0, step.atMs - (Date.now() - began)));
      if (step.kind === "scale") {
        log(`-- scale ${step.app} to ${step.instances}`);
        scaled.push({ ...step, answer: await scale(cluster, step.app, step.instances) });
        return;
      }
      const name = await nameOf(cluster, step.target);
      if (name === undefined || busy.has(name)) return;
      busy.add(name);
      log(`-- ${step.fault} ${name}`);
      try {
        await inject(cluster, step.fault, name);
        await delay(step.lastMs);
      } finally {
        log(`-- repair ${name}`);
        await repair(cluster, step.fault, name);
        busy.delete(name);
      }
    }),
  );
  await cluster.heal();
  return scaled;
}

async function nameOf(cluster: Cluster, target: string): Promise<string | undefined> {
  if (target !== "leading master") return target;
  try {
    return (await cluster.leader(AbortSignal.timeout(1))).name;
  } catch {
    return undefined; // nobody leads at that moment
  }
}

async function inject(cluster: Cluster, fault: string, name: string): Promise<void> {
  if (fault === "kill") await cluster.kill(name);
  else if (fault === "stop") await cluster.stop(name);
  else if (fault === "pause") await cluster.pause(name);
  else if (fault === "partition") await cluster.partition(name);
  else await cluster.partition(name, "zookeeper");
}

async function repair(cluster: Cluster, fault: string, name: string): Promise<void> {
  if (fault === "kill" || fault === "stop") await cluster.restart(name);
  else if (fault === "pause") await cluster.resume(name);
  else await cluster.heal();
}

async function scale(cluster: Cluster, app: string, instances: number): Promise<Scaled["answer"]> {
  try {
    const response = await put(cluster.marathon.url, app, { instances });
    await response.text();
    return response.ok ? "yes" : response.status < 500 ? "no" : "lost";
  } catch {
    return "lost"; // no Marathon, or none that answered in time
  }
}

function expectation(
  running: readonly string[],
  agents: readonly string[],
  scaled: readonly Scaled[],
  losesAgents: boolean,
): Expectation {
  const instances = new Map([...apps].map(([app, count]) => [app, [count]]));
  let least = apps.get("/c") ?? 0;
  for (const { app, instances: count, answer } of scaled) {
    if (answer === "no") continue;
    instances.set(app, answer === "yes" ? [count] : [...(instances.get(app) ?? []), count]);
    least = Math.min(least, count);
  }
  // Answers that were lost may have been carried out at any time after.
  if (scaled.some((s) => s.answer === "lost")) {
    const all = scaled.filter((s) => s.answer !== "no").map((s) => s.instances);
    instances.set("/c", [apps.get("/c") ?? 0, ...all]);
  }
  const scaledDown = least < (apps.get("/c") ?? 0);
  const kept = running.filter((id) => !losesAgents && !(scaledDown && id.startsWith("c.")));
  return { instances, kept, agents };
}

/** Waits until nothing is wrong any more; what is still wrong in the end. */
async function settled(cluster: Cluster, expected: Expectation): Promise<string[]> {
  const end = Date.now() + settleMs;
  let wrong: string[] = ["never looked"];
  while (Date.now() < end) {
    try {
      await cluster.waitUntilUp(AbortSignal.timeout(10_000));
      await cluster.waitForDeployments(AbortSignal.timeout(10_000));
      wrong = violations(await pictureOf(cluster), expected);
      if (wrong.length === 0) return [];
    } catch (error) {
      wrong = [error instanceof Error ? error.message : String(error)];
    }
    await delay(lookMs);
  }
  return wrong;
}

/** The last lines of every program. */
function tailsOf(cluster: Cluster): string {
  const all = [...cluster.masters, ...cluster.agents, ...cluster.marathons];
  return all
    .map(({ name }) => {
      const text = readFileSync(join(cluster.directory, name, "log"), "utf8");
      return [`== ${name}`, ...text.trimEnd().split("\n").slice(-60)].join("\n");
    })
    .join("\n");
}
