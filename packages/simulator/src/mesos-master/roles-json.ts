// SPDX-License-Identifier: Apache-2.0
import { addQuantities, fromValues, toNumbers } from "../protocol/quantities";
import type { ResourceJson } from "../protocol/types";
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
    roles: rolesOf(context, principal).map((name) => {
      const { frameworks, allocated, offered } = useOf(context.state, name);
      return {
        name,
        weight: weights?.[name] ?? 1,
        frameworks: frameworks.map((value) => ({ value })),
        resources: amounts(quantities(addQuantities(allocated, offered))),
      };
    }),
  };
}

/** Of a role's resources the v1 API tells the amounts of these four only. */
function amounts(of: Readonly<Record<string, number>>): ResourceJson[] {
  const told = ["cpus", "mem", "disk", "gpus"].filter((name) => of[name] !== undefined);
  return told.map((name) => ({ name, type: "SCALAR", scalar: { value: of[name] ?? 0 } }));
}
