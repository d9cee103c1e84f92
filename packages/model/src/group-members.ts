// SPDX-License-Identifier: Apache-2.0
import { absolutePath } from "./path-id";
import type { Segments } from "./property-path";
import { isRecord } from "./schema-view";

/** An app or group in a group's document. */
export interface Member {
  readonly kind: "app" | "group";
  /** Where it stands in the document. */
  readonly at: Segments;
  readonly value: Readonly<Record<string, unknown>>;
  /** Its absolute path; absent where that is not known. */
  readonly path?: string;
  /** The absolute path of the group that it stands in; absent where that is not known, and `/` for the outermost group. */
  readonly base?: string;
  /** The path of its dependencies; those that are no text are left out. */
  readonly dependencies: readonly string[];
}

/** Every group and app of a document, the outermost group first; groups before what is in them. */
export function membersOf(document: unknown, idKey: "id" | "groupId"): Member[] {
  const found: Member[] = [];
  const waiting: { value: unknown; at: Segments; base: string | undefined; key: "id" | "groupId" }[] = [
    { value: document, at: [], base: "/", key: idKey },
  ];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const group = member("group", next.value, next.at, next.base, next.key);
    if (group === undefined) continue;
    found.push(group);
    const { apps, groups } = group.value;
    for (const [i, app] of listOf(apps)) {
      const inside = member("app", app, [...group.at, "apps", i], group.path, "id");
      if (inside !== undefined) found.push(inside);
    }
    for (const [i, value] of listOf(groups)) {
      waiting.push({ value, at: [...group.at, "groups", i], base: group.path, key: "id" });
    }
  }
  return found;
}

function member(
  kind: Member["kind"],
  value: unknown,
  at: Segments,
  base: string | undefined,
  idKey: "id" | "groupId",
): Member | undefined {
  if (!isRecord(value)) return undefined;
  const id = value[idKey];
  const known = typeof id === "string" && (base !== undefined || id.startsWith("/"));
  const path = known ? absolutePath(id, base) : undefined;
  const against = kind === "app" ? base : path;
  const dependencies = listOf(value["dependencies"]).flatMap(([, d]) =>
    typeof d === "string" && (against !== undefined || d.startsWith("/")) ? absolutePath(d, against) : [],
  );
  return {
    kind,
    at,
    value,
    ...(path === undefined ? {} : { path }),
    ...(base === undefined ? {} : { base }),
    dependencies,
  };
}

function listOf(value: unknown): [number, unknown][] {
  return Array.isArray(value) ? [...value.entries()] : [];
}
