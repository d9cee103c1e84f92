// SPDX-License-Identifier: Apache-2.0
import type { FilledAutoscalePolicy } from "@pulumi-mesos/model";
import type { Bin } from "./bins";
import type { Draft } from "./draft";
import { isPaidUp } from "./shrink";
import type { GroupMemory, SizedAgent, Step } from "./world";

/** A group that grows again so soon after it shrank was too small: that size is remembered. */
const regretMs = 3_600_000;
/** Demand that fell so far is other demand. */
const sameDemand = 0.98;

function spent(step: Step | undefined, periodSeconds: number, now: number): number {
  return step !== undefined && now - step.at < periodSeconds * 1000 ? step.agents : 0;
}

/** How many agents may still come in this period. */
export function allowedUp(
  { up }: GroupMemory,
  policy: FilledAutoscalePolicy,
  size: number,
  now: number,
): number {
  const { maxStep, maxStepShare, periodSeconds, cooldownSeconds } = policy.scaleUp;
  const inPeriod = spent(up, periodSeconds, now);
  if (up !== undefined && inPeriod === 0 && now - up.at < cooldownSeconds * 1000) return 0;
  return Math.max(0, Math.max(maxStep, Math.floor(size * maxStepShare)) - inPeriod);
}

/** Whether the group has grown so lately that nobody begins to leave. */
export function isCooling({ up }: GroupMemory, { scaleDown }: FilledAutoscalePolicy, now: number): boolean {
  return up !== undefined && now - up.at < scaleDown.cooldownSeconds * 1000;
}

/** How many agents with tasks that must move may still begin to leave in this period. */
export function allowedDown(
  { down }: GroupMemory,
  policy: FilledAutoscalePolicy,
  size: number,
  now: number,
): number {
  const { maxStep, maxStepShare, periodSeconds } = policy.scaleDown;
  return Math.max(0, Math.max(maxStep, Math.floor(size * maxStepShare)) - spent(down, periodSeconds, now));
}

/** The memory with what is needed now, and without what is older than any window. */
export function rememberNeed(
  memory: GroupMemory,
  { policy, members, demand, fresh }: Pick<Draft, "policy" | "members" | "demand" | "fresh">,
  needed: number,
  now: number,
): GroupMemory {
  const { stabilizationSeconds, maxStabilizationSeconds } = policy.scaleDown;
  const oldest = now - Math.max(stabilizationSeconds, maxStabilizationSeconds) * 1000;
  // What a group has when it is first seen counts as needed, as with Kubernetes' HPA.
  const before = memory.needed.length > 0 ? memory.needed : [[now, members.length] as const];
  const above = before.filter(([at, agents]) => at > oldest && at <= now && agents > needed);
  const regrets = fresh > 0 && memory.down !== undefined && now - memory.down.at < regretMs;
  const floor = regrets
    ? { size: needed, demand }
    : memory.floor !== undefined && demand >= memory.floor.demand * sameDemand
      ? memory.floor
      : undefined;
  const { floor: _, ...rest } = memory;
  return { ...rest, needed: [...above, [now, needed]], ...(floor === undefined ? {} : { floor }) };
}

/** The most that was needed within the window. */
export function neededWithin({ needed }: GroupMemory, windowSeconds: number, now: number): number {
  const inside = needed.find(([at]) => at > now - windowSeconds * 1000) ?? needed.at(-1);
  return inside?.[1] ?? 0;
}

/** The most that was needed within the window, or has turned out to be needed for such a demand. */
export function mostNeeded(memory: GroupMemory, windowSeconds: number, now: number): number {
  return Math.max(neededWithin(memory, windowSeconds, now), memory.floor?.size ?? 0);
}

/** Who leaves of those that could: whoever does already, then others within the limits; `limit` is nothing when nobody may begin. */
export function leaversOf(
  spare: readonly Bin[],
  surplus: number,
  limit: number | undefined,
  { scaleDown, billing }: FilledAutoscalePolicy,
  now: number,
): SizedAgent[] {
  const already = spare.filter(({ agent }) => agent.leaving).slice(0, surplus);
  const leave = already.map(({ agent }) => agent);
  if (limit === undefined) return leave;
  let moves = already.reduce((sum, bin) => sum + movesOf(bin), 0);
  let movers = 0;
  for (const bin of spare) {
    if (leave.length >= surplus) break;
    if (bin.agent.leaving || (!scaleDown.consolidate && bin.running > 0)) continue;
    if (billing.per === "hour" && !isPaidUp(bin.agent, billing, now)) continue;
    // Whoever has nothing to move leaves freely: the window has seen to it that nobody needs it.
    if (movesOf(bin) > 0 && movers >= limit) continue;
    // One agent may always go, or a group whose agents hold more tasks than that would never shrink.
    if (moves > 0 && moves + movesOf(bin) > scaleDown.maxMoves) continue;
    moves += movesOf(bin);
    leave.push(bin.agent);
    if (movesOf(bin) > 0) movers++;
  }
  return leave;
}

/** How many agents' worth of the limit those that begin to leave take. */
export function moversAmong(spare: readonly Bin[], begin: readonly SizedAgent[]): number {
  const chosen = new Set(begin);
  return spare.filter((bin) => chosen.has(bin.agent) && movesOf(bin) > 0).length;
}

function movesOf({ running, batch }: Bin): number {
  return running - batch;
}

/** The memory with what was decided counted against the limits. */
export function spend(
  memory: GroupMemory,
  policy: FilledAutoscalePolicy,
  now: number,
  came: number,
  left: number,
): GroupMemory {
  const step = (before: Step | undefined, seconds: number, agents: number): Step | undefined => {
    if (agents === 0) return before;
    const inPeriod = spent(before, seconds, now);
    return inPeriod > 0 && before !== undefined
      ? { at: before.at, agents: inPeriod + agents }
      : { at: now, agents };
  };
  const up = step(memory.up, policy.scaleUp.periodSeconds, came);
  const down = step(memory.down, policy.scaleDown.periodSeconds, left);
  return { ...memory, ...(up === undefined ? {} : { up }), ...(down === undefined ? {} : { down }) };
}
