// SPDX-License-Identifier: Apache-2.0
import type { FrameworkInfo } from "../protocol/types";
import type { Context } from "./context";
import { invalidRole, isWhitelisted, rolesOf } from "./roles";
import type { CallRefusal } from "./scheduler-call";
import type { Framework } from "./state";

export function missing(field: string): CallRefusal {
  return { status: 400, message: `Failed to validate scheduler::Call: Expecting '${field}' to be present` };
}

/** Of the roles that a call names, one that is not the framework's. */
export function foreignRole(
  framework: Framework,
  call: string,
  roles: readonly string[],
): CallRefusal | undefined {
  const own = rolesOf(framework.info);
  const foreign = roles.find((role) => invalidRole(role) !== undefined || !own.includes(role));
  if (foreign === undefined) return undefined;
  return { status: 400, message: `${call} call: framework is not subscribed to role '${foreign}'` };
}

/** What UPDATE_FRAMEWORK may not change. */
export function unchangeable(before: FrameworkInfo, after: FrameworkInfo): string | undefined {
  if (before.principal !== after.principal) {
    return `Updating 'FrameworkInfo.principal' is unsupported; attempted to update from '${before.principal ?? ""}' to '${after.principal ?? ""}'`;
  }
  if (before.user !== after.user) {
    return `Updating 'FrameworkInfo.user' is unsupported; attempted to update from '${before.user}' to '${after.user}'`;
  }
  if ((before.checkpoint ?? false) !== (after.checkpoint ?? false)) {
    return `Updating 'FrameworkInfo.checkpoint' is unsupported; attempted to update from '${before.checkpoint ?? false}' to '${after.checkpoint ?? false}'`;
  }
  return undefined;
}

export function notWhitelisted(
  flags: Parameters<typeof isWhitelisted>[0],
  info: FrameworkInfo,
): string | undefined {
  const foreign = rolesOf(info).filter((role) => !isWhitelisted(flags, role));
  return foreign.length === 0
    ? undefined
    : `Roles '{ ${foreign.join(", ")} }' are not present in the master's --roles`;
}

/** Roles that a framework's principal may not use. */
export function unauthorizedRoles(context: Context, info: FrameworkInfo): string | undefined {
  const denied = rolesOf(info).filter(
    (r) => !context.authorizer.allows("register_frameworks", info.principal, r),
  );
  return denied.length === 0 ? undefined : `Not authorized to use roles '{ ${denied.join(", ")} }'`;
}
