// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp, MarathonPod, MesosAgent, MesosResource } from "@pulumi-mesos/client";
import { type AmountFor, everybody, type OfferedTo, offeredTo } from "@pulumi-mesos/model";
import type { Work } from "../autoscale/world";

/** Whom an agent's resources are for, by its flags. */
export function offeredBy({ totalResources }: MesosAgent): OfferedTo {
  return offeredTo(
    totalResources.map((one): AmountFor => {
      return { name: one.name, amount: one.scalar?.value ?? 0, role: reservedFor(one) };
    }),
  );
}

/** The role that an agent's flags reserve a resource for; what is reserved while it runs is held where it is. */
export function reservedFor({ reservations = [], role }: MesosResource): string {
  return reservations.find(({ type }) => type === "STATIC")?.role ?? role ?? everybody;
}

type RunSpec = MarathonApp | MarathonPod;

export function hasRoles(spec: RunSpec): boolean {
  return (
    rolesOf(spec, spec["acceptedResourceRoles"] ?? placementOf(spec)["acceptedResourceRoles"]).roles !==
    undefined
  );
}

/** What Marathon takes by default besides what is everybody's is its role's; one before 1.9 does not tell which that is. */
export function rolesOf(spec: RunSpec, accepted: unknown): Pick<Work, "roles"> {
  if (Array.isArray(accepted)) return { roles: accepted.map(String) };
  const role = spec["role"];
  return typeof role === "string" ? { roles: [...new Set([everybody, role])] } : {};
}

export function placementOf(pod: MarathonPod): Readonly<Record<string, unknown>> {
  const { placement = {} } = (pod["scheduling"] as { placement?: Record<string, unknown> } | undefined) ?? {};
  return placement;
}
