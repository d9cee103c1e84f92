// SPDX-License-Identifier: Apache-2.0
import type { GroupMemory, Step } from "../autoscale/world";
import type { ScaleState } from "../observed";

/**
 * What another controller remembered, as if no time had passed since: windows and limits hold on through its absence, and a
 * machine whose clock stands elsewhere neither ends them nor keeps them for ever.
 */
export function resumed(state: ScaleState, now: number): ScaleState {
  const by = now - state.at;
  return { ...state, at: now, memory: shifted(state.memory, by) };
}

function shifted(memory: GroupMemory, by: number): GroupMemory {
  const minutes = Math.round(by / 60_000);
  const step = (before: Step): Step => ({ ...before, at: before.at + by });
  return {
    ...memory,
    demand: memory.demand.map(([minute, agents]) => [minute + minutes, agents] as const),
    needed: memory.needed.map(([at, agents]) => [at + by, agents] as const),
    ...(memory.up === undefined ? {} : { up: step(memory.up) }),
    ...(memory.down === undefined ? {} : { down: step(memory.down) }),
  };
}
