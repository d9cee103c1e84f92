// SPDX-License-Identifier: Apache-2.0
import { isSameSense } from "../same-sense";

/** One decision about one app, as it is told. */
export interface AppTold {
  /** When it was first made, and until when it was made again the same. */
  readonly at: string;
  readonly until: string;
  /** How many instances it had, and how many it shall have. */
  readonly from: number;
  readonly instances: number;
  /** Requests a second, or at the same time; absent where no edge tells. */
  readonly load?: number;
  readonly reasons: readonly string[];
  /** Why none may go. */
  readonly frozen?: string;
  /** Why what was decided is not done yet. */
  readonly held?: string;
  /** What was changed; absent when all stayed as it was. */
  readonly change?: string;
}

const kept = 50;

/** The newest first; calm ones that come to the same are one. */
export function withTold(before: readonly AppTold[], told: Omit<AppTold, "until">): AppTold[] {
  const [last, ...older] = before;
  const now = { ...told, until: told.at };
  if (last === undefined || !isSame(last, told)) return [now, ...before].slice(0, kept);
  return [{ ...now, at: last.at }, ...older];
}

/** Whether both come to the same for the same reasons. */
function isSame(a: Omit<AppTold, "until">, b: Omit<AppTold, "until">): boolean {
  if (a.change !== undefined || b.change !== undefined) return false;
  const isAsBefore = a.instances === b.instances && a.frozen === b.frozen && a.held === b.held;
  return isAsBefore && isSameSense(a.reasons, b.reasons);
}
