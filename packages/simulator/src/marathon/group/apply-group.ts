// SPDX-License-Identifier: Apache-2.0
import { invalid, type Violation } from "../api-error";
import { completeApp } from "../app/complete-app";
import { isBelow, parentOf } from "../app/path-id";
import type { AppDefaults } from "../app/types";
import { validateApp } from "../app/validate-app";
import type { GroupDocument } from "./read-group";
import { isTopLevel, type RoleFacts, roleDefaults } from "./roles";
import type { RootDraft } from "./root";

type GroupDefaults = AppDefaults & RoleFacts;

/** Where `enforceRole` may not be given, or not together with the rest of `document`. */
export function enforceRoleViolations(
  draft: RootDraft,
  document: GroupDocument,
  path = "",
  changesServices = modifiesServices(document),
): Violation[] {
  const { id, enforceRole } = document;
  const existing = draft.groups.get(id);
  const found: Violation[] = [];
  const refuse = (error: string) => found.push({ path: `${path}/enforceRole`, errors: [error] });
  if (enforceRole === true && !isTopLevel(id)) {
    refuse(`enforceRole can only be set for top-level groups, and ${id} is not top-level`);
  } else if (enforceRole !== undefined && existing !== undefined && changesServices) {
    const changed = isTopLevel(id) && enforceRole !== (existing.enforceRole ?? false);
    if (changed) {
      refuse(
        "enforceRole cannot be modified in a request that adds, removes or modifies services; please make these changes in separate requests.",
      );
    }
  }
  for (const [i, group] of (document.groups ?? []).entries()) {
    found.push(...enforceRoleViolations(draft, group, `${path}/groups(${i})`, changesServices));
  }
  return found;
}

function modifiesServices(document: GroupDocument): boolean {
  const given = [document.version, document.scaleBy, document.apps].some((part) => part !== undefined);
  return given || (document.groups ?? []).some(modifiesServices);
}

/** Puts `document` into `draft`: a given list replaces what stands below the group, an absent one keeps it. */
export function applyGroup(
  draft: RootDraft,
  document: GroupDocument,
  defaults: GroupDefaults,
  path = "",
): void {
  if (document.scaleBy !== undefined) {
    scaleGroup(draft, document.id, document.scaleBy);
    return;
  }
  draft.groupsFor(document.id);
  const existing = draft.groups.get(document.id);
  const enforceRole = isTopLevel(document.id)
    ? (document.enforceRole ?? existing?.enforceRole ?? (existing === undefined && defaults.enforceNewGroups))
    : undefined;
  draft.groups.set(document.id, {
    id: document.id,
    dependencies: document.dependencies ?? existing?.dependencies ?? [],
    version: draft.version,
    ...(enforceRole === undefined ? {} : { enforceRole }),
  });
  if (document.apps !== undefined) replaceApps(draft, document, defaults, path);
  if (document.groups !== undefined) {
    const kept = new Set(document.groups.map((g) => g.id));
    for (const id of [...draft.groups.keys()]) {
      if (id !== "/" && parentOf(id) === document.id && !kept.has(id)) draft.removeGroup(id);
    }
    for (const [i, group] of document.groups.entries()) {
      applyGroup(draft, group, defaults, `${path}/groups(${i})`);
    }
  }
}

function replaceApps(draft: RootDraft, document: GroupDocument, facts: GroupDefaults, path: string): void {
  const violations: Violation[] = [];
  const apps = (document.apps ?? []).map((raw, i) => {
    const defaults = { ...facts, ...roleDefaults(draft, raw.id ?? "/", facts) };
    const app = completeApp(raw, defaults, draft.version);
    violations.push(...validateApp(app, defaults, `${path}/apps(${i})`));
    if (parentOf(app.id) !== document.id || app.id === "/") {
      violations.push({
        path: `${path}/apps(${i})/id`,
        errors: [`Identifier is not child of ${document.id}. Hint: use relative paths.`],
      });
    }
    return app;
  });
  if (violations.length > 0) throw invalid(violations);
  for (const id of [...draft.apps.keys()]) if (parentOf(id) === document.id) draft.apps.delete(id);
  for (const app of apps) draft.putApp(app);
}

function scaleGroup(draft: RootDraft, id: string, factor: number): void {
  for (const app of [...draft.apps.values()]) {
    if (isBelow(app.id, id)) draft.apps.set(app.id, { ...app, instances: Math.ceil(app.instances * factor) });
  }
}

/** Rules that look at the whole tree. */
export function validateRoot(draft: RootDraft): Violation[] {
  const violations: Violation[] = [];
  for (const id of draft.apps.keys()) {
    if (draft.groups.has(id)) {
      violations.push({
        path: "/",
        errors: ["Groups and Applications may not have the same identifier."],
      });
    }
  }
  const pods = [...draft.pods.keys()];
  if (pods.some((id) => draft.groups.has(id))) {
    violations.push({ path: "/", errors: ["Groups and Pods may not have the same identifier."] });
  }
  if (pods.some((id) => draft.apps.has(id))) {
    violations.push({ path: "/", errors: ["Applications and Pods may not share the same id"] });
  }
  return violations;
}
