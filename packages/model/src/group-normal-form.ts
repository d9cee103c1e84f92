// SPDX-License-Identifier: Apache-2.0
import { asSet, normaliseApp } from "./app-normal-form";
import { defined, nonEmpty } from "./app-normal-networks";
import type { Group } from "./group";
import { isTopLevel, resolved } from "./path-id";
import { isRecord } from "./schema-view";
import { atLeast, defaultServerFacts, type ServerFacts } from "./server-facts";

type Json = Readonly<Record<string, unknown>>;

/**
 * What Marathon would answer for the group `document`, without versions and pods (reference §1.7, §1.8): every path absolute, every
 * app in its normal form.
 *
 * A list of apps or groups that is absent stays absent, because Marathon leaves those as they are. Idempotent; what does not fit the
 * schema stays as it is.
 */
export function normaliseGroup(document: object, facts: ServerFacts = defaultServerFacts): Group {
  const group = document as Json;
  const path = resolved(group["id"]);
  const top = typeof path === "string" && isTopLevel(path) && atLeast(facts.version, 9);
  const enforceRole = top ? (group["enforceRole"] ?? facts.enforceRole ?? false) : undefined;
  const role = enforceRole === true ? String(path).slice(1) : facts.role;
  const normal = normaliseMember(group, { ...facts, role }, "/");
  return defined({ ...normal, enforceRole }) as unknown as Group;
}

/**
 * What normal forms of the group at `path` depend on, given the server's own facts and whether its top-level group enforces
 * its role (Marathon 1.9).
 */
export function groupFacts(server: ServerFacts, path: string, enforced: boolean): ServerFacts {
  if (isTopLevel(path)) return { ...server, enforceRole: enforced };
  return enforced ? { ...server, role: path.split("/")[1] ?? server.role } : server;
}

function normaliseMember(group: Json, facts: ServerFacts, base: string): Json {
  const id = resolved(group["id"], base);
  const own = typeof id === "string" ? id : base;
  return defined({
    id,
    apps: mapped(group["apps"], (app) => normaliseApp(app, facts, own)),
    groups: mapped(group["groups"], (member) => normaliseMember(member, facts, own)),
    dependencies: nonEmpty(asSet(group["dependencies"] ?? undefined, (path) => resolved(path, own))),
  });
}

/** What `each` makes of every object in a list; null is absent. */
function mapped(list: unknown, each: (item: Json) => unknown): unknown {
  return Array.isArray(list) ? list.map((item) => (isRecord(item) ? each(item) : item)) : (list ?? undefined);
}
