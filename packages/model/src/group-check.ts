// SPDX-License-Identifier: Apache-2.0
import { type CheckAppOptions, find, judgeApp, openFields, schemaFailures } from "./app-check";
import type { Failure } from "./failures";
import { Group, GroupResourceInputs } from "./group";
import { membersOf } from "./group-members";
import { judgeMembers } from "./group-rules";
import { formatPath, type Segments } from "./property-path";
import type { SchemaFindings } from "./schema-check";

/** Everything that is wrong with a group's document, its apps included; never throws. */
export function checkGroup(value: unknown, options: CheckAppOptions = {}): Failure[] {
  const found = find(Group, value, options);
  return [...schemaFailures(found), ...ruleFailures(found, "id")];
}

/** {@link checkGroup} for the inputs of `mesos:marathon:Group`, whose `id` is called `groupId`. */
export function checkGroupInputs(inputs: unknown, options: CheckAppOptions = {}): Failure[] {
  const found = find(GroupResourceInputs, inputs, options);
  return [...schemaFailures(found), ...ruleFailures(found, "groupId")];
}

/** The part of {@link checkGroupInputs} that no schema says: what fields, apps and groups must be to each other. */
export function checkGroupRules(inputs: unknown, options: CheckAppOptions = {}): Failure[] {
  return ruleFailures(find(GroupResourceInputs, inputs, options), "groupId");
}

function ruleFailures(found: SchemaFindings, idKey: "id" | "groupId"): Failure[] {
  const members = membersOf(found.value, idKey);
  const open = openBelow(openFields(found));
  const inApps = members.flatMap((member) => {
    if (member.kind === "group") return [];
    const fields = open(member.at);
    // Without its path nobody knows what else the app's own paths mean.
    const blind: Segments[] = member.path === undefined ? [["id"], ["dependencies"]] : [];
    return judgeApp(member.value, [...fields, ...blind], "id", member.base).map(({ at, message }) => ({
      at: [...member.at, ...at],
      message,
    }));
  });
  return [...judgeMembers(members, idKey), ...inApps].map(({ at, message }) => ({
    path: formatPath(at),
    message,
  }));
}

/** By the place of an app: the fields of it that are unknown or wrong, as paths inside the app. */
function openBelow(open: readonly Segments[]): (place: Segments) => Segments[] {
  const byApp = new Map<string, Segments[]>();
  for (const at of open) {
    let end = 0;
    while (at[end] === "groups") end += 2;
    end += 2;
    const place = at.slice(0, end).join("/");
    byApp.set(place, [...(byApp.get(place) ?? []), at.slice(end)]);
  }
  return (place) => byApp.get(place.join("/")) ?? [];
}
