// SPDX-License-Identifier: Apache-2.0
import type { Bin } from "./bins";
import type { Draft } from "./draft";
import { allowedDown, isCooling, mostNeeded, neededWithin } from "./limits";
import { isPaidUp } from "./shrink";
import type { GroupMemory } from "./world";

/** Why agents stay that are not needed for now, when none of them begins to leave; nothing where all are needed. */
export function whyTheyStay(
  { policy, bounds, members, bins, window }: Draft,
  kept: GroupMemory,
  spare: readonly Bin[],
  now: number,
): string | undefined {
  const idle = spare.filter(({ agent }) => !agent.leaving);
  if (idle.length === 0) return undefined;
  const { scaleDown, billing } = policy;
  const staying = members.filter(({ leaving }) => !leaving).length;
  if (staying <= bounds.min) return `min ${bounds.min} holds`;
  const needed = Math.max(bounds.min, bins - spare.length);
  const most = neededWithin(kept, window, now);
  if (most >= staying) {
    return `not ${needed} yet: ${most} needed within the last ${window} s`;
  }
  if (mostNeeded(kept, window, now) >= staying)
    return `not ${needed}: it had fewer than ${staying} before, which were too few`;
  if (isCooling(kept, policy, now)) {
    return `not ${needed} yet: it has grown within the last ${scaleDown.cooldownSeconds} s`;
  }
  if (!scaleDown.consolidate && idle.every(({ running }) => running > 0)) {
    return `not ${needed}: only agents without tasks leave`;
  }
  if (!idle.some(({ agent }) => isPaidUp(agent, billing, now))) {
    return `not ${needed} yet: what is left stays to the end of its paid hour`;
  }
  if (allowedDown(kept, policy, members.length, now) === 0) {
    return `not ${needed} yet: no more may begin to leave within ${scaleDown.periodSeconds} s`;
  }
  return `not ${needed} yet: the tasks of those that leave move first`;
}
