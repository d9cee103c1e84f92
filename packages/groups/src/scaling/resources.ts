// SPDX-License-Identifier: Apache-2.0
import type { MesosAgent, MesosResource } from "@pulumi-mesos/client";
import { everybody } from "@pulumi-mesos/model";
import type { Resources } from "../autoscale/world";
import { reservedFor } from "./roles";
import { amounts } from "./works";

/** Resources of a group's agents that have to do with one role, in Mesos's units. */
export interface RoleResources {
  /** `*`: what is for everybody, or in use by the tasks of frameworks without a role. */
  readonly role: string;
  /** What is reserved for it; of `*` what is not reserved. */
  readonly total: Resources;
  /** What its tasks and their executors hold, whomever it is reserved for. */
  readonly allocated: Resources;
  /** What its frameworks have been offered and have not answered yet. */
  readonly offered: Resources;
}

/** So many roles of a group are told apart: frameworks may make up any number of them. */
const mostRoles = 20;
/** No role can be called so: it has a space. */
const otherRoles = "other roles";

/** What agents have, hold and offer by role, everybody's first, then by name; of very many roles the last ones in one. Pure. */
export function resourcesByRole(agents: readonly MesosAgent[]): RoleResources[] {
  const all = {
    total: byRole(
      agents.flatMap(({ totalResources }) => totalResources),
      roleReserved,
    ),
    allocated: byRole(
      agents.flatMap(({ allocatedResources }) => allocatedResources),
      roleUsing,
    ),
    offered: byRole(
      agents.flatMap(({ offeredResources }) => offeredResources),
      roleUsing,
    ),
  };
  const names = new Set([...all.total.keys(), ...all.allocated.keys(), ...all.offered.keys()]);
  names.delete(everybody);
  const [own, rest] = [[...names].sort().slice(0, mostRoles), [...names].sort().slice(mostRoles)];
  const rows = [everybody, ...own].map((role): [string, string[]] => [role, [role]]);
  if (rest.length > 0) rows.push([otherRoles, rest]);
  return rows.map(([role, parts]) => {
    const of = (kind: keyof typeof all): Resources =>
      amounts(parts.flatMap((one) => all[kind].get(one) ?? []));
    return { role, total: of("total"), allocated: of("allocated"), offered: of("offered") };
  });
}

/** The role of a reservation; of one made out of another the innermost. */
function roleReserved(resource: MesosResource): string {
  return resource.reservations?.at(-1)?.role ?? reservedFor(resource);
}

function roleUsing(resource: MesosResource): string {
  return resource.allocation_info?.role ?? roleReserved(resource);
}

function byRole(
  resources: readonly MesosResource[],
  roleOf: (resource: MesosResource) => string,
): Map<string, MesosResource[]> {
  const found = new Map<string, MesosResource[]>();
  for (const resource of resources) {
    const role = roleOf(resource);
    const known = found.get(role);
    if (known === undefined) found.set(role, [resource]);
    else known.push(resource);
  }
  return found;
}
