// SPDX-License-Identifier: Apache-2.0
import { isWithin, reservedFor } from "../protocol/kinds";
import { addQuantities, type Quantities, quantitiesOf } from "../protocol/quantities";
import { only } from "../protocol/resources";
import type { FrameworkInfo } from "../protocol/types";
import { type ClusterState, type Framework, roleOfTask } from "./state";

/** The roles of a framework, one unless it can have several (MULTI_ROLE). */
export function rolesOf(info: FrameworkInfo): readonly string[] {
  return isMultiRole(info) ? [...new Set(info.roles ?? [])] : [info.role ?? "*"];
}

export function isMultiRole(info: FrameworkInfo): boolean {
  return info.capabilities?.some((c) => c.type === "MULTI_ROLE") ?? false;
}

/** Why a role's name is none (src/common/roles.cpp). */
export function invalidRole(role: string): string | undefined {
  if (role === "*") return undefined;
  if (role === "") return "Empty role name is invalid.";
  if (role.startsWith("/")) return `Role '${role}' cannot start with a slash`;
  if (role.endsWith("/")) return `Role '${role}' cannot end with a slash`;
  if (role.includes("//")) return `Role '${role}' cannot contain two adjacent slashes`;
  for (const part of role.split("/")) {
    if (part === "." || part === "..") return `Role '${role}' cannot include '${part}' as a component`;
    if (part === "*") return `Role '${role}' cannot include '*' as a component`;
    if (part.startsWith("-")) {
      return `Role component '${part}' is invalid because it begins with a dash`;
    }
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that Mesos refuses
    if (/[\x08-\x0d \x7f]/.test(part)) {
      return `Role component '${part}' is invalid because it contains backspace or whitespace`;
    }
  }
  return undefined;
}

/** Whether `--roles`, where it is given, has the role. */
export function isWhitelisted(
  flags: { readonly roles: readonly string[] | undefined },
  role: string,
): boolean {
  return flags.roles === undefined || role === "*" || flags.roles.includes(role);
}

/** Why a framework may not subscribe, or change into this (src/master/validation.cpp). */
export function invalidFramework(info: FrameworkInfo, suppressed: readonly string[]): string | undefined {
  if (isMultiRole(info)) {
    if (info.role !== undefined && info.role !== "*")
      return "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable";
    const roles = info.roles ?? [];
    const twice = roles.filter((role, at) => roles.indexOf(role) !== at);
    if (twice.length > 0) {
      return `'FrameworkInfo.roles' contains duplicate items: { ${[...new Set(twice)].join(", ")} }`;
    }
  } else if (info.roles !== undefined && info.roles.length > 0) {
    return "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable";
  }
  for (const role of rolesOf(info)) {
    const wrong = invalidRole(role);
    if (wrong !== undefined) return `'FrameworkInfo.role' is not a valid role: ${wrong}`;
  }
  const foreign = suppressed.find((role) => !rolesOf(info).includes(role));
  return foreign === undefined
    ? undefined
    : `Suppressed role '${foreign}' is not contained in the list of roles`;
}

/** Which of what an operation or a task holds counts for a role. */
export interface RoleUse {
  readonly frameworks: readonly string[];
  readonly allocated: Quantities;
  readonly offered: Quantities;
  readonly reserved: Quantities;
  /** Against the quota: what is allocated, and reservations whether used or not. */
  readonly consumed: Quantities;
}

/** What a role and those below it have. */
export function useOf(state: ClusterState, role: string): RoleUse {
  const parts = {
    allocated: [] as Quantities[],
    unreserved: [] as Quantities[],
    offered: [] as Quantities[],
  };
  const subscribed: string[] = [];
  // One by one, because sums of ranges over agents would count the same ports once.
  for (const framework of state.frameworks.values()) {
    if (hasRole(framework, role)) subscribed.push(framework.id);
    const held = [
      ...[...framework.tasks.values()].map((t) => ({ role: roleOfTask(t.info), resources: t.resources })),
      ...[...framework.executors].map((e) => ({ role: roleOfTask(e.info), resources: e.resources })),
    ];
    for (const { role: own, resources } of held) {
      if (!isWithin(own, role)) continue;
      parts.allocated.push(quantitiesOf(resources));
      parts.unreserved.push(quantitiesOf(only(resources, (kind) => reservedFor(kind) === "*")));
    }
    for (const offer of framework.offers) {
      if (isWithin(offer.role, role)) parts.offered.push(quantitiesOf(offer.resources));
    }
  }
  const reserved = [...state.agents.values()].map((agent) =>
    quantitiesOf(only(agent.total, (kind) => reservedFor(kind) !== "*" && isWithin(reservedFor(kind), role))),
  );
  return {
    frameworks: subscribed,
    allocated: addQuantities(...parts.allocated),
    offered: addQuantities(...parts.offered),
    reserved: addQuantities(...reserved),
    consumed: addQuantities(...parts.unreserved, ...reserved),
  };
}

/** Every role that somebody subscribes to, has resources of, or that has weight or quota. */
export function knownRoles(state: ClusterState, configured: Iterable<string>): string[] {
  const all = new Set(configured);
  for (const framework of state.frameworks.values()) {
    for (const role of [...rolesOf(framework.info), ...framework.usedBy.keys()]) all.add(role);
  }
  for (const agent of state.agents.values()) {
    for (const role of reservedRoles(agent.total)) all.add(role);
  }
  // What lies above a role is one, too: quota and shares go by the tree.
  for (const role of [...all]) {
    const parts = role.split("/");
    for (let n = 1; n < parts.length; n++) all.add(parts.slice(0, n).join("/"));
  }
  return [...all].sort();
}

export function reservedRoles(r: Parameters<typeof only>[0]): string[] {
  const roles = new Set<string>();
  only(r, (kind) => {
    if (reservedFor(kind) !== "*") roles.add(reservedFor(kind));
    return false;
  });
  return [...roles].sort();
}

export function hasRole(framework: Framework, role: string): boolean {
  return rolesOf(framework.info).includes(role);
}
