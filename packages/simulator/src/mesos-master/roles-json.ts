// SPDX-License-Identifier: Apache-2.0
import { addQuantities, fromValues, toNumbers } from "../protocol/quantities";
import { add, noResources, type Resources, toJson } from "../protocol/resources";
import type { Context } from "./context";
import { knownRoles, useOf } from "./roles";

/** Roles with a framework, resources, weight or quota, and those above them. */
function rolesOf(context: Context, principal: string | undefined): string[] {
  const { weights, quotas } = context.registrar.registry;
  const all = knownRoles(context.state, [...Object.keys(weights ?? {}), ...Object.keys(quotas ?? {})]);
  return all.filter((role) => context.authorizer.allows("view_roles", principal, role));
}

function quantities(q: Parameters<typeof toNumbers>[0]): Record<string, number> {
  return toNumbers(new Map([...q].filter(([, value]) => value > 0)));
}

/** The answer of /roles. */
export function rolesJson(context: Context, principal?: string): Record<string, unknown> {
  const { weights, quotas } = context.registrar.registry;
  return {
    roles: rolesOf(context, principal).map((name) => {
      const { frameworks, allocated, offered, reserved, consumed } = useOf(context.state, name);
      const config = quotas?.[name];
      return {
        name,
        weight: weights?.[name] ?? 1,
        quota: {
          role: name,
          guarantee: toNumbers(fromValues(config?.guarantees)),
          limit: toNumbers(fromValues(config?.limits)),
          consumed: quantities(consumed),
        },
        resources: quantities(addQuantities(allocated, offered)),
        allocated: quantities(allocated),
        offered: quantities(offered),
        reserved: quantities(reserved),
        frameworks,
      };
    }),
  };
}

/** The answer of GET_ROLES. */
export function getRoles(context: Context, principal?: string): Record<string, unknown> {
  const { weights } = context.registrar.registry;
  return {
    roles: rolesOf(context, principal).map((name) => ({
      name,
      weight: weights?.[name] ?? 1,
      frameworks: useOf(context.state, name).frameworks.map((value) => ({ value })),
      resources: toJson(allocatedTo(context, name), name),
    })),
  };
}

function allocatedTo(context: Context, role: string): Resources {
  let total = noResources;
  for (const framework of context.state.frameworks.values()) {
    for (const by of [framework.usedBy, framework.offeredBy]) total = add(total, by.get(role) ?? noResources);
  }
  return total;
}
