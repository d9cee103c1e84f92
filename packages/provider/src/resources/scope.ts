// SPDX-License-Identifier: Apache-2.0
import { type Scope, scopeOf, stateRoot } from "@pulumi-mesos/supervisor";
import type { Context } from "../resource";

/** Where the supervisor keeps the processes and volumes of the stack that the resource belongs to. */
export function scopeIn({ environment, urn }: Context): Scope {
  return scopeOf(stateRoot(environment), urn.project, urn.stack);
}
