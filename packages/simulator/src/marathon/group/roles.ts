// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { parentOf } from "../app/path-id";
import type { Group } from "./root";

/** What the server itself says about roles. */
export interface RoleFacts {
  /** `--mesos_role`. */
  readonly role: string;
  /** Whether new top-level groups enforce their role (`--new_group_enforce_role top`). */
  readonly enforceNewGroups?: boolean;
}

/** The role of an app or pod that names none, and those that it may name. */
export interface RoleDefaults {
  readonly role: string;
  readonly allowedRoles?: readonly string[];
}

interface Declared {
  readonly groups: ReadonlyMap<string, Group>;
  readonly apps: ReadonlyMap<string, { readonly role: string }>;
  readonly pods: ReadonlyMap<string, { readonly role: string }>;
}

export function isTopLevel(id: string): boolean {
  return id !== "/" && parentOf(id) === "/";
}

/** What holds for the app or pod `id`: the server's role, that of the top-level group, and the one it has already. */
export function roleDefaults(declared: Declared, id: string, facts: RoleFacts): RoleDefaults {
  if (isTopLevel(id)) return { role: facts.role, allowedRoles: [facts.role] };
  const name = id.split("/")[1] ?? "";
  const group = declared.groups.get(`/${name}`);
  const enforced = group === undefined ? facts.enforceNewGroups === true : group.enforceRole === true;
  const existing = declared.apps.get(id)?.role ?? declared.pods.get(id)?.role;
  const allowed = [...(enforced ? [] : [facts.role]), name, ...(existing === undefined ? [] : [existing])];
  return { role: enforced ? name : facts.role, allowedRoles: [...new Set(allowed)] };
}

/** What is wrong with a role, if anything. */
export function roleViolations(role: string, defaults: RoleDefaults): Violation[] {
  const allowed = defaults.allowedRoles ?? [defaults.role];
  if (allowed.includes(role)) return [];
  return [{ path: "/role", errors: [`got ${role}, expected one of: [${allowed.join(", ")}]`] }];
}
