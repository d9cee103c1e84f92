// SPDX-License-Identifier: Apache-2.0
import type { Group } from "../group/root";
import type { RunSpec } from "../run-spec/run-spec";
import type { Affected, Plan, Step } from "./plan";

/** A plan that runs. */
export interface Deployment {
  readonly plan: Plan;
  /** Instances to stop first, by app or pod: those that the request named. */
  readonly kill: ReadonlyMap<string, readonly string[]>;
}

interface Stored {
  readonly id: string;
  readonly version: string;
  readonly steps: readonly Step[];
  readonly affected: readonly (readonly [string, { before: RunSpec | null; after: RunSpec | null }])[];
  readonly groupsBefore: readonly Group[];
  readonly groupsAfter: readonly Group[];
  readonly kill: readonly (readonly [string, readonly string[]])[];
}

export function toStored({ plan, kill }: Deployment): Stored {
  return {
    ...plan,
    affected: [...plan.affected].map(([id, a]) => [id, { before: a.before ?? null, after: a.after ?? null }]),
    kill: [...kill],
  };
}

export function fromStored(value: unknown): Deployment {
  const stored = value as Stored;
  const affected = new Map<string, Affected>(
    stored.affected.map(([id, a]) => [id, { before: a.before ?? undefined, after: a.after ?? undefined }]),
  );
  const { id, version, steps, groupsBefore, groupsAfter } = stored;
  return { plan: { id, version, steps, affected, groupsBefore, groupsAfter }, kill: new Map(stored.kill) };
}

/** The plan as events carry it. */
export function lightPlan(plan: Plan): Record<string, unknown> {
  return { id: plan.id, steps: plan.steps, version: plan.version };
}
