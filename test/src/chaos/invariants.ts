// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import type { Cluster } from "@pulumi-mesos/simulator";

/** What every part of a cluster says about tasks, each id once, sorted. */
export interface Picture {
  readonly marathon: readonly string[];
  readonly master: readonly string[];
  readonly agents: readonly string[];
  readonly processes: readonly string[];
  /** Ids of registered agents. */
  readonly registry: readonly string[];
}

async function json<T>(url: string): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  if (!response.ok) throw new Error(`GET ${url}: ${response.status}`);
  return (await response.json()) as T;
}

/** MESOS_TASK_ID of every process whose sandbox is in `directory`. */
export function taskIdsOfProcesses(directory: string): string[] {
  const ids = new Set<string>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let environment: string[];
    try {
      environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
    } catch {
      continue; // ended meanwhile, or another user's
    }
    const of = (name: string): string | undefined =>
      environment.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
    const id = of("MESOS_TASK_ID");
    if (id !== undefined && of("MESOS_SANDBOX")?.startsWith(`${directory}/`)) ids.add(id);
  }
  return [...ids].sort();
}

export async function pictureOf(cluster: Cluster): Promise<Picture> {
  const leader = await cluster.leader(AbortSignal.timeout(2_000));
  const [{ tasks }, state, list] = await Promise.all([
    json<{ tasks: { id: string; state: string }[] }>(`${cluster.marathon.url}/v2/tasks`),
    json<{
      slaves: { id: string; active: boolean }[];
      frameworks: { tasks: { id: string; state: string }[] }[];
    }>(`${leader.url}/state`),
    cluster.tasks.list(),
  ]);
  const running = (all: readonly { id: string; state: string }[]): string[] =>
    all.map((t) => (t.state === "TASK_RUNNING" ? t.id : `${t.id} ${t.state}`)).sort();
  return {
    marathon: running(tasks),
    master: running(state.frameworks.flatMap((f) => f.tasks)),
    agents: running(list),
    processes: taskIdsOfProcesses(cluster.directory),
    registry: state.slaves.map((s) => (s.active ? s.id : `${s.id} inactive`)).sort(),
  };
}

/** What is expected of a cluster after its faults are over. */
export interface Expectation {
  /** Instances that each app must have; several where the answer to a change was lost. */
  readonly instances: ReadonlyMap<string, readonly number[]>;
  /** Tasks that must still run; a real cluster keeps them. */
  readonly kept: readonly string[];
  /** Agents that must still have their ids. */
  readonly agents: readonly string[];
}

function appOf(taskId: string): string {
  return `/${taskId.split(".")[0] ?? ""}`;
}

/** Everything that is wrong with `picture`; nothing when the cluster is as it must be. */
export function violations(picture: Picture, expected: Expectation): string[] {
  const wrong: string[] = [];
  const truth = picture.processes;
  for (const who of ["marathon", "master", "agents"] as const) {
    const missing = truth.filter((id) => !picture[who].includes(id));
    const extra = picture[who].filter((id) => !truth.includes(id));
    if (missing.length > 0) wrong.push(`orphan processes, unknown to ${who}: ${missing.join(", ")}`);
    if (extra.length > 0) wrong.push(`tasks of ${who} without a process: ${extra.join(", ")}`);
  }
  for (const [app, allowed] of expected.instances) {
    const count = truth.filter((id) => appOf(id) === app).length;
    if (!allowed.includes(count)) wrong.push(`${app} has ${count} processes, wanted ${allowed.join(" or ")}`);
  }
  const lost = expected.kept.filter((id) => !truth.includes(id));
  if (lost.length > 0) wrong.push(`tasks that had to survive are gone: ${lost.join(", ")}`);
  if (picture.registry.join() !== expected.agents.join()) {
    wrong.push(`agents are ${picture.registry.join(", ")}, were ${expected.agents.join(", ")}`);
  }
  return wrong;
}
