// SPDX-License-Identifier: Apache-2.0
import type { Member } from "./group-members";
import { parentOf } from "./path-id";

/** A circle of dependencies: the paths from an app back to itself, and a member whose dependency is part of it. */
export interface Circle {
  readonly paths: readonly string[];
  readonly member: Member;
}

interface Step {
  readonly to: string;
  /** The member whose dependency leads there; absent from a group to what is in it. */
  readonly by?: Member;
}

/**
 * The first circle in the order of deployment that Marathon would derive: an app waits for the apps and groups that it names, and for
 * the groups that a group around it names; a group stands for all apps below it. Paths outside the document lead nowhere.
 */
export function dependencyCircle(members: readonly Member[]): Circle | undefined {
  const steps = stepsOf(members);
  const done = new Set<string>();
  for (const start of steps.keys()) {
    const found = done.has(start) ? undefined : search(start, steps, done);
    if (found !== undefined) return found;
  }
  return undefined;
}

function stepsOf(members: readonly Member[]): Map<string, Step[]> {
  const groups = new Map<string, Member>();
  const inside = new Map<string, Step[]>();
  const steps = new Map<string, Step[]>();
  for (const member of members) {
    if (member.path === undefined) continue;
    if (member.kind === "group") groups.set(member.path, member);
    const parent = parentOf(member.path);
    const siblings = inside.get(parent) ?? [];
    siblings.push({ to: member.path });
    inside.set(parent, siblings);
  }
  // Groups around the outermost one are no members, but to wait for one of them is to wait for oneself.
  for (let inner = members[0]?.path; inner !== undefined && inner !== "/"; inner = parentOf(inner)) {
    steps.set(parentOf(inner), [{ to: inner }]);
  }
  const known = new Set([...groups.keys(), ...steps.keys()]);
  /** What everything in a group waits for, the groups around it included; a group that depends on an app waits for nothing. */
  const inherited = new Map<string, Step[]>([["/", []]]);
  for (const [path, group] of groups) {
    const own = group.dependencies.filter((to) => known.has(to)).map((to) => ({ to, by: group }));
    inherited.set(path, [...(inherited.get(parentOf(path)) ?? []), ...own]);
    steps.set(path, inside.get(path) ?? []);
  }
  for (const member of members) {
    if (member.kind === "group" || member.path === undefined) continue;
    const own = member.dependencies.filter((to) => to !== member.path).map((to) => ({ to, by: member }));
    steps.set(member.path, [...own, ...(inherited.get(parentOf(member.path)) ?? [])]);
  }
  return steps;
}

/** Goes depth first from `start`, without recursion, because chains may be long. */
function search(start: string, steps: ReadonlyMap<string, Step[]>, done: Set<string>): Circle | undefined {
  const trail: { path: string; by: Member | undefined; next: number }[] = [
    { path: start, by: undefined, next: 0 },
  ];
  const on = new Set([start]);
  while (trail.length > 0) {
    const here = trail[trail.length - 1];
    if (here === undefined) return undefined;
    const step = steps.get(here.path)?.[here.next++];
    if (step === undefined) {
      done.add(here.path);
      on.delete(here.path);
      trail.pop();
    } else if (on.has(step.to)) {
      const part = trail.slice(trail.findIndex((t) => t.path === step.to));
      const member = step.by ?? part.find((t) => t.by !== undefined)?.by;
      if (member !== undefined) return { paths: [...part.map((t) => t.path), step.to], member };
    } else if (!done.has(step.to) && steps.has(step.to)) {
      trail.push({ path: step.to, by: step.by, next: 0 });
      on.add(step.to);
    }
  }
  return undefined;
}
