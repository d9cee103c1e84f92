// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp, MarathonClient, MesosAgent, MesosClient, MesosTask } from "@pulumi-mesos/client";
import { agentsInMaintenance, maintenanceWindows } from "./maintenance";
import type { Agent, Agents, App, Task } from "./observed";

/** What the controller uses of Mesos's operator API. */
export type Mesos = Pick<
  MesosClient,
  | "call"
  | "getAgents"
  | "getFrameworks"
  | "getTasks"
  | "drainAgent"
  | "deactivateAgent"
  | "reactivateAgent"
  | "markAgentGone"
>;

/** What it uses of Marathon. */
export type Marathon = Pick<
  MarathonClient,
  "getApp" | "getApps" | "getPods" | "getQueue" | "patchApp" | "killTasks"
>;

/** What the leading master said in one look. */
export interface Seen {
  readonly agents: Agents;
  readonly offers: readonly MesosAgent[];
  /** Those that have not ended. */
  readonly tasks: readonly MesosTask[];
  /** Ids of agents in maintenance, on which nobody places tasks. @default none */
  readonly maintained?: ReadonlySet<string>;
}

/** Label of apps whose tasks are not moved: `"true"` keeps an agent that has one from being chosen, and from being drained. */
export const protectLabel = "pulumi-mesos.protect";

const ended = /^TASK_(FINISHED|FAILED|KILLED|ERROR|LOST|DROPPED|GONE|GONE_BY_OPERATOR)$/;

/**
 * Agents and how many tasks each has, those of the framework `marathon` apart. Who of `hosts` is not registered is asked for once more, because a master that has
 * just been elected knows agents that have not come back to it yet.
 */
export async function observeAgents(
  mesos: Mesos,
  hosts: readonly string[],
  { marathon, wall }: { readonly marathon: string; readonly wall: number },
  signal: AbortSignal,
): Promise<Seen> {
  const [offers, all, windows] = await Promise.all([
    mesos.getAgents(signal),
    mesos.getTasks(signal),
    maintenanceWindows(mesos, signal),
  ]);
  const { scheduled, out } = agentsInMaintenance(windows, offers, wall);
  const tasks = all.filter(({ agentId, state }) => agentId !== undefined && !ended.test(state ?? ""));
  const frameworks = tasks.length === 0 ? [] : await mesos.getFrameworks(signal);
  const others = new Set(frameworks.filter(({ name }) => name !== marathon).map(({ id }) => id));
  const counts = countBy(tasks, ({ agentId }) => agentId);
  const ofMarathon = countBy(
    tasks.filter(({ frameworkId }) => !others.has(frameworkId ?? "")),
    ({ agentId }) => agentId,
  );
  const registered = offers.map(({ id, hostname, active, deactivated, drainState }): Agent => {
    const drain = drainState === "DRAINING" || drainState === "DRAINED" ? { drain: drainState } : {};
    const own = { tasks: counts.get(id) ?? 0, ofMarathon: ofMarathon.get(id) ?? 0 };
    const kept = scheduled.has(id) ? { maintained: true } : {};
    return { id, host: hostname, active, deactivated, ...own, ...drain, ...kept } as Agent;
  });
  const isComplete = hosts.every((host) => registered.some((agent) => agent.host === host));
  const agents = { registered, recovering: isComplete ? [] : await recovering(mesos, signal) };
  return { agents, offers, tasks, maintained: out };
}

async function recovering(mesos: Mesos, signal: AbortSignal): Promise<string[]> {
  const answer = await mesos.call<RecoveredAgents>({ type: "GET_AGENTS" }, signal);
  const { agents = [], recovered_agents: recovered = [] } = answer.get_agents ?? {};
  return [...recovered, ...agents.map((agent) => agent.agent_info ?? {})].flatMap(({ hostname }) =>
    hostname === undefined ? [] : [hostname],
  );
}

interface RecoveredAgents {
  readonly get_agents?: {
    readonly agents?: readonly { readonly agent_info?: { readonly hostname?: string } }[];
    readonly recovered_agents?: readonly { readonly hostname?: string }[];
  };
}

/** Apps as moves need them. */
export function observeApp(app: MarathonApp): App {
  const checked = Array.isArray(app["healthChecks"]) && app["healthChecks"].length > 0;
  const strategy = app["upgradeStrategy"] as { minimumHealthCapacity?: number } | undefined;
  const container = app["container"] as { volumes?: readonly object[] } | undefined;
  return {
    id: app.id,
    instances: app.instances ?? 0,
    minimumHealthCapacity: strategy?.minimumHealthCapacity ?? 1,
    deployments: (app.deployments ?? []).map((deployment) => deployment.id),
    resident: container?.volumes?.some((volume) => "persistent" in volume) ?? false,
    guarded: (app["labels"] as Record<string, string> | undefined)?.[protectLabel] === "true",
    tasks: (app.tasks ?? [])
      .filter((task) => !ended.test(task.state ?? ""))
      .map((task): Task => {
        const results = task.healthCheckResults ?? [];
        const passes = !checked || (results.length > 0 && results.every((result) => result.alive));
        return {
          id: task.id,
          agentId: task.slaveId ?? "",
          healthy: task.state === "TASK_RUNNING" && passes,
          killing: task.state === "TASK_KILLING",
        };
      }),
  };
}

/** How many of Marathon's tasks each agent has. */
export function countTasks(apps: readonly App[]): ReadonlyMap<string, number> {
  return countBy(
    apps.flatMap(({ tasks }) => tasks),
    ({ agentId }) => agentId,
  );
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
