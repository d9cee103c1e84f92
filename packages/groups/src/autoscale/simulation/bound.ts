// SPDX-License-Identifier: Apache-2.0
import type { Trace } from "./trace";

/**
 * Machine-hours that nobody can do without who lets no task wait, even one who knows the future, moves tasks at no cost and
 * packs them without a gap: at each moment the agents that hold the sum of the most constrained resource, of the largest
 * group's. Each is either kept over a time in which it is not needed or booted anew for the next, whichever is shorter.
 */
export function clairvoyantHours(trace: Trace): number {
  const { seconds, measureFrom = 0 } = trace;
  const boot = Math.min(...trace.groups.map(({ bootSeconds }) => bootSeconds));
  const needed = neededOverTime(trace);
  let total = 0;
  const most = mostNeeded(trace);
  for (let level = 1; level <= most; level++) {
    let idleSince: number | undefined;
    needed.forEach(([at, n], i) => {
      const from = Math.max(at, measureFrom);
      const until = Math.min(needed[i + 1]?.[0] ?? seconds, seconds);
      if (until <= from) return;
      if (n < level) {
        idleSince ??= from;
        return;
      }
      if (idleSince !== undefined) total += Math.min(from - idleSince, boot);
      idleSince = undefined;
      total += until - from;
    });
  }
  return total / 3600;
}

/** The most agents that the sum of all tasks ever needs at a time, packed without a gap. */
export function mostNeeded(trace: Trace): number {
  return neededOverTime(trace).reduce((most, [, agents]) => Math.max(most, agents), 0);
}

/** [at, agents]: how many agents are needed from then on. */
function neededOverTime(trace: Trace): (readonly [number, number])[] {
  const cpus = Math.max(...trace.groups.map((group) => group.cpus));
  const mem = Math.max(...trace.groups.map((group) => group.mem));
  const changes: [at: number, cpus: number, mem: number][] = trace.tasks.flatMap(
    ([at = 0, a = 0, length = 0]) => {
      const app = trace.apps[a];
      if (app === undefined) return [];
      return [
        [at, app.cpus, app.mem],
        [at + length, -app.cpus, -app.mem],
      ] satisfies [number, number, number][];
    },
  );
  changes.sort((x, y) => x[0] - y[0]);
  const needed: [number, number][] = [];
  let [c, m] = [0, 0];
  for (const [at, dc, dm] of changes) {
    c += dc;
    m += dm;
    const agents = Math.ceil(Math.max(c / cpus, m / mem) - 1e-6);
    const last = needed.at(-1);
    if (last?.[0] === at) last[1] = agents;
    else if (last?.[1] !== agents) needed.push([at, agents]);
  }
  return needed;
}
