// SPDX-License-Identifier: Apache-2.0
import { type Flags, flagsOf, isFlagVariable, isRanges, parseValues, type Values } from "./agent-flags";
import { fillRollPolicy, type PoolBackend, type PoolTemplate, type RollPolicy } from "./agent-pool";
import { canonicalJson, digestOf } from "./digest";

/**
 * What a change of a pool's template does to a member that runs.
 *
 * - `restart`: the agent starts anew on its data and finds its tasks again (Mesos's agent recovery);
 * - `additive`: so it does, because `reconfiguration_policy=additive` lets it offer more than before;
 * - `replace`: Mesos would refuse the agent, or its tasks would not live through it: it is drained and another one made.
 */
export interface AgentChange {
  readonly kind: "none" | "restart" | "additive" | "replace";
  /** What differs: flags by name, and `program`, `env`, `files`, `image` and the like. */
  readonly changed: readonly string[];
  /** Why a restart in place will not do. */
  readonly because?: string;
  /** Whether whatever runs on a member of before has room on one of now. */
  readonly roomy: boolean;
}

/** Flags that running containers, or the agent's own checkpoints, depend on: with another value it does not find them again. */
const boundFlags: readonly string[] = [
  "cgroups_hierarchy",
  "cgroups_root",
  "containerizers",
  "default_role",
  "docker_mesos_image",
  "hostname",
  "image_provisioner_backend",
  "isolation",
  "launcher",
  "port",
  "runtime_dir",
  "systemd_enable_support",
  "work_dir",
];

/** Digest of what a member runs and where: another one is another template. */
export function templateDigest(template: PoolTemplate, backend: PoolBackend): string {
  return digestOf([template, backend]);
}

/**
 * Classes a change of what a member runs. Pure.
 *
 * Source: Mesos, docs/agent-recovery.md and src/slave/compatibility.cpp: the host name, port, domain, resources and
 * attributes are compared with those of before; a container takes its tasks with it, whatever changes.
 */
export function agentChange(old: PoolTemplate, now: PoolTemplate, backend: PoolBackend): AgentChange {
  const [before, after] = [flagsOf(old), flagsOf(now)];
  const changed = [...changedFlags(before, after), ...changedParts(old, now)];
  const roomy = shrunk(parseValues(before["resources"]), parseValues(after["resources"])) === undefined;
  if (changed.length === 0) return { kind: "none", changed, roomy };
  if (backend.kind !== "local") {
    const member = backend.kind === "docker" ? "a container" : "an instance";
    return { kind: "replace", changed, because: `${member} takes its tasks with it`, roomy };
  }
  const bound = changed.find((name) => boundFlags.includes(name));
  if (bound !== undefined) return { kind: "replace", changed, because: `${bound} changes`, roomy };
  if (!["resources", "attributes", "domain"].some((name) => changed.includes(name))) {
    return { kind: "restart", changed, roomy };
  }
  const because = notAdditive(before, after);
  return because === undefined
    ? { kind: "additive", changed, roomy }
    : { kind: "replace", changed, because, roomy };
}

/** Why an agent with the additive policy would not take the change. */
function notAdditive(before: Flags, after: Flags): string | undefined {
  if (before["domain"] !== undefined && before["domain"] !== after["domain"]) return "domain changes";
  const reason =
    shrunk(parseValues(before["resources"]), parseValues(after["resources"])) ??
    altered(parseValues(before["attributes"]), parseValues(after["attributes"]));
  if (reason !== undefined) return reason;
  if (after["reconfiguration_policy"] !== "additive") {
    return "resources or attributes grow, which an agent takes only with reconfiguration_policy=additive";
  }
  return undefined;
}

function changedFlags(before: Flags, after: Flags): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).sort();
}

/** What differs besides flags, by the template's own names. */
function changedParts(old: PoolTemplate, now: PoolTemplate): string[] {
  const parts = (template: PoolTemplate): Record<string, unknown> => {
    const { command, env, ...rest } = template;
    return { ...rest, program: programOf(command), env: plainEnv(env) };
  };
  const [before, after] = [parts(old), parts(now)];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => canonicalJson([before[name]]) !== canonicalJson([after[name]])).sort();
}

function programOf(command: readonly string[]): string[] {
  return command.filter((argument) => !argument.startsWith("--"));
}

function plainEnv(env: PoolTemplate["env"] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isFlagVariable(name)));
}

/** The first resource of which there is less than before. */
function shrunk(before: Values, after: Values): string | undefined {
  for (const [name, was] of before) {
    const is = after.get(name);
    const resource = name === "" ? "the text of resources" : name;
    if (is === undefined) return `${resource} is no longer offered`;
    if (typeof was === "number" && typeof is === "number") {
      if (is < was) return `${resource} shrinks from ${was} to ${is}`;
    } else if (isRanges(was) && isRanges(is)) {
      if (!includes(is, was)) return `${resource} loses a part of its ranges`;
    } else if (was !== is) return `${resource} changes`;
  }
  return undefined;
}

/** The first attribute that an agent may not change while it lives. */
function altered(before: Values, after: Values): string | undefined {
  for (const [name, was] of before) {
    const is = after.get(name);
    if (is === undefined) return `the attribute ${name} goes`;
    if (isRanges(was) && isRanges(is)) {
      if (!includes(is, was)) return `the attribute ${name} loses a part of its ranges`;
    } else if (was !== is) return `the attribute ${name} changes`;
  }
  return undefined;
}

/** Whether every number of `inner` is in `outer`, whose ranges may touch each other. */
function includes(
  outer: readonly (readonly [number, number])[],
  inner: readonly (readonly [number, number])[],
): boolean {
  const joined: [number, number][] = [];
  for (const [first, last] of [...outer].sort(([a], [b]) => a - b)) {
    const previous = joined.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else joined.push([first, last]);
  }
  return inner.every(([first, last]) => joined.some(([from, to]) => from <= first && last <= to));
}

/** One line for people: what happens to a pool of `size` members. */
export function describeAgentChange(
  pool: string,
  size: number,
  change: AgentChange,
  update: RollPolicy = {},
): string {
  const { maxUnavailable, surge, canary } = fillRollPolicy(update);
  const agents = size === 1 ? "its agent" : `its ${size} agents`;
  const [take, their] = size === 1 ? ["takes", "its"] : ["take", "their"];
  const lanes = change.kind === "replace" && surge > 0 ? surge : maxUnavailable;
  const atATime = lanes === 1 ? " one at a time" : ` ${lanes} at a time`;
  const first = canary === 1 ? "the first alone until it holds" : `the first ${canary} alone until they hold`;
  const oneByOne = size === 1 ? "" : `${atATime}, ${first}`;
  const drained = surge > 0 ? "once a new one is active" : "before a new one comes";
  const what = change.changed.join(", ");
  switch (change.kind) {
    case "none":
      return `${pool}: nothing changes for running agents`;
    case "restart":
      return `${pool}: restarts ${agents} in place${oneByOne} (${what}); tasks keep running, none moves`;
    case "additive":
      return `${pool}: restarts ${agents} in place${oneByOne}, which ${take} the larger ${what} by ${their} additive policy; tasks keep running, none moves`;
    case "replace":
      return `${pool}: replaces ${agents}${oneByOne} (${what}), because ${change.because}; each is drained ${drained}, and Marathon's tasks move once, a replacement healthy before each kill`;
  }
}
