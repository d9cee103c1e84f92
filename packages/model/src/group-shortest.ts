// SPDX-License-Identifier: Apache-2.0
import { shortestInputs } from "./app-shortest";
import type { Group, GroupApp, GroupMember, GroupResourceInputs } from "./group";
import { normaliseGroup } from "./group-normal-form";
import type { ServerFacts } from "./server-facts";

/**
 * The shortest inputs that mean the group that runs, as somebody would write them: names in place of paths, no defaults,
 * no empty lists, so that apps and groups that come there later stay with whoever made them.
 */
export function shortestGroupInputs(running: object, facts: ServerFacts): GroupResourceInputs {
  const { id, enforceRole, ...group } = normaliseGroup(running, facts);
  const role = enforceRole === true ? id.slice(1) : facts.role;
  const inside = shortestMember(group, { ...facts, role });
  return { groupId: id, ...inside, ...(enforceRole === true ? { enforceRole } : {}) };
}

/** The app as a group's document holds it, by its name. */
export function shortestGroupApp(running: object, facts: ServerFacts): GroupApp {
  const { appId, ...app } = shortestInputs(running, facts);
  return { id: lastOf(appId), ...app };
}

function shortestMember(
  { apps, groups, dependencies }: Omit<GroupMember, "id">,
  facts: ServerFacts,
): Omit<GroupMember, "id"> {
  return {
    ...(dependencies === undefined ? {} : { dependencies }),
    ...(apps === undefined || apps.length === 0
      ? {}
      : { apps: apps.map((app) => shortestGroupApp(app, facts)) }),
    ...(groups === undefined || groups.length === 0
      ? {}
      : { groups: groups.map(({ id, ...group }) => ({ id: lastOf(id), ...shortestMember(group, facts) })) }),
  };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A group as it runs, as a member of another's document. */
export function shortestGroupMember(running: Group, facts: ServerFacts): GroupMember {
  const { id, ...group } = running;
  return { id: lastOf(id), ...shortestMember(group, facts) };
}
