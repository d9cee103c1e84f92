// SPDX-License-Identifier: Apache-2.0
import { dependencyCircle } from "./group-circles";
import type { Member } from "./group-members";
import { isTopLevel, parentOf } from "./path-id";
import type { Segments } from "./property-path";
import type { Finding } from "./rule";

const reserved = ["restart", "tasks", "versions"];

/** What the paths and dependencies of a group's members must be to each other; `idKey` is the outermost group's. */
export function judgeMembers(members: readonly Member[], idKey: "id" | "groupId"): Finding[] {
  const idOf = (member: Member): Segments => (member.at.length === 0 ? [idKey] : [...member.at, "id"]);
  return [
    ...members.flatMap((member) => {
      const message = pathProblem(member);
      return message === undefined ? [] : [{ at: idOf(member), message }];
    }),
    ...clashes(members, idOf),
    ...enforcedRole(members[0]),
    ...circle(members),
  ];
}

function pathProblem({ kind, at, path, base }: Member): string | undefined {
  if (path === undefined) return undefined;
  if (path === "/") return `must name ${kind === "app" ? "an app" : "a group"}, got the root`;
  const last = path.slice(path.lastIndexOf("/") + 1);
  if (kind === "group" && reserved.includes(last)) {
    return `must not end in ${last}, because Marathon's own paths end so; choose another last segment`;
  }
  if (at.length === 0 || base === undefined || parentOf(path) === base) return undefined;
  return `must be directly in its group ${base}, got ${path}; give a single name such as ${last}`;
}

/** Paths that stand more than once: Marathon would keep the last of two apps, and refuses an app and a group of one path. */
function clashes(members: readonly Member[], idOf: (member: Member) => Segments): Finding[] {
  const first = new Map<string, Member>();
  return members.flatMap((member) => {
    if (member.path === undefined) return [];
    const other = first.get(member.path);
    if (other === undefined) {
      first.set(member.path, member);
      return [];
    }
    const what =
      other.kind === member.kind
        ? `another ${member.kind}`
        : `${other.kind === "app" ? "an app" : "a group"}`;
    return [{ at: idOf(member), message: `${what} of this group has the path ${member.path}, too` }];
  });
}

function enforcedRole(group: Member | undefined): Finding[] {
  if (group?.value["enforceRole"] === undefined || group.path === undefined || isTopLevel(group.path))
    return [];
  return [
    { at: ["enforceRole"], message: `is for top-level groups only, and ${group.path} is not one; remove it` },
  ];
}

function circle(members: readonly Member[]): Finding[] {
  const found = dependencyCircle(members);
  if (found === undefined) return [];
  const { paths, member } = found;
  return [
    {
      at: [...member.at, "dependencies"],
      message: `must not go in a circle, got ${paths.join(" -> ")}; remove one of these dependencies`,
    },
  ];
}
