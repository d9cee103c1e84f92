// SPDX-License-Identifier: Apache-2.0
import { Random } from "../support/random";

export const members = [
  "master-1",
  "master-2",
  "master-3",
  "agent-1",
  "agent-2",
  "marathon-1",
  "marathon-2",
  "zookeeper",
] as const;

/** Whom a fault strikes; the leading master is found when its time comes. */
export type Target = (typeof members)[number] | "leading master";

/** What happens to a member, and what ends it: a restart, SIGCONT or healing. */
export type Fault = "kill" | "stop" | "pause" | "partition" | "partition from zookeeper";

export type Step =
  | {
      readonly atMs: number;
      readonly kind: "fault";
      readonly fault: Fault;
      readonly target: Target;
      readonly lastMs: number;
    }
  | { readonly atMs: number; readonly kind: "scale"; readonly app: string; readonly instances: number };

/** What is done to one cluster. */
export interface Schedule {
  readonly seed: number;
  /**
   * Agents are given up after 3 s instead of 75 s, and some faults of theirs last longer than that: Marathon may then replace tasks. Otherwise
   * every task must survive.
   */
  readonly losesAgents: boolean;
  readonly steps: readonly Step[];
}

const spanMs = 6_000;
const targets: readonly [Target, ...Target[]] = ["leading master", "leading master", ...members];

/** The schedule that follows from `seed`. */
export function scheduleOf(seed: number): Schedule {
  const random = new Random(seed);
  const losesAgents = random.next() < 0.25;
  const steps: Step[] = [];
  const count = random.between(3, 6);
  for (let i = 0; i < count; i++) {
    const target = random.of(targets);
    const fault = faultFor(target, random);
    const long = losesAgents && target.startsWith("agent") ? 6_000 : 2_800;
    const atMs = random.between(0, spanMs);
    steps.push({ atMs, kind: "fault", fault, target, lastMs: random.between(100, long) });
  }
  const scales = random.between(0, 2);
  for (let i = 0; i < scales; i++) {
    steps.push({
      atMs: random.between(0, spanMs),
      kind: "scale",
      app: "/c",
      instances: random.between(1, 4),
    });
  }
  return { seed, losesAgents, steps: steps.sort((a, b) => a.atMs - b.atMs) };
}

function faultFor(target: Target, random: Random): Fault {
  if (target === "zookeeper") return random.of(["kill", "pause"]);
  return random.of(["kill", "kill", "stop", "pause", "partition", "partition from zookeeper"]);
}

/** A line a step, as a failing run prints it. */
export function describeSchedule({ seed, losesAgents, steps }: Schedule): string {
  const lines = steps.map((step) =>
    step.kind === "fault"
      ? `  ${String(step.atMs).padStart(5)} ms  ${step.fault} ${step.target} for ${step.lastMs} ms`
      : `  ${String(step.atMs).padStart(5)} ms  scale ${step.app} to ${step.instances}`,
  );
  return [`seed ${seed}${losesAgents ? ", agents are given up after 3 s" : ""}`, ...lines].join("\n");
}
