// SPDX-License-Identifier: Apache-2.0
import type { Offer, Resource } from "../mesos/messages";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import { attributeValue } from "./attributes";
import { fulfils, type Place } from "./constraints";
import { demandOf } from "./demand";
import type { OfferResources } from "./resources";

/** Why an offer was not used, in the order of Marathon's funnel (marathon.md §2.6). */
export const refusals = [
  "UnfulfilledRole",
  "UnfulfilledConstraint",
  "NoCorrespondingReservationFound",
  "AgentMaintenance",
  "InsufficientCpus",
  "InsufficientMemory",
  "InsufficientDisk",
  "InsufficientGpus",
  "InsufficientPorts",
  "DeclinedScarceResources",
] as const;
export type RefusalReason = (typeof refusals)[number];

const scalars = [
  ["cpus", "InsufficientCpus"],
  ["mem", "InsufficientMemory"],
  ["disk", "InsufficientDisk"],
  ["gpus", "InsufficientGpus"],
] as const;

/** A launch that fits: what it takes, and the host port of every port asked for (undefined where it has none). */
export interface Match {
  /** All of it. */
  readonly resources: readonly Resource[];
  /** What of it goes to each share of the demand. */
  readonly shares: readonly (readonly Resource[])[];
  readonly ports: readonly Resource[];
  readonly hostPorts: readonly (number | undefined)[];
}

/** Flags that decide which offers are taken at all. */
export interface OfferRules {
  /** `--accepted_resource_roles_default_behavior`. */
  readonly defaultRoles?: "any" | "unreserved" | "reserved";
  /** `--maintenance_mode`: whether offers of agents in maintenance are declined. */
  readonly maintenance?: boolean;
  /** `--draining_seconds`: how long before its maintenance an agent is left alone. */
  readonly drainingMs?: number;
  /** `--gpu_scheduling_behavior`: restricted leaves agents with GPUs to apps that ask for some. */
  readonly gpus?: "restricted" | "unrestricted";
}

/** What besides resources decides about one offer. */
export interface Circumstances {
  /** Where the instances of the same configuration are. */
  readonly placed: readonly Place[];
  readonly now: number;
  readonly rules: OfferRules;
  readonly portFrom?: number;
  /** The master's own region: another one is only used where a constraint names `@region`. */
  readonly homeRegion?: string;
}

export function placeOf(offer: Offer): Place {
  return {
    host: offer.hostname,
    attributes: Object.fromEntries((offer.attributes ?? []).map((a) => [a.name, attributeValue(a)])),
    region: offer.domain?.fault_domain?.region?.name,
    zone: offer.domain?.fault_domain?.zone?.name,
  };
}

/** The roles whose resources `spec` takes. */
export function acceptedRoles(spec: RunSpec, rules: OfferRules): ReadonlySet<string> {
  if (spec.acceptedResourceRoles !== undefined) return new Set(spec.acceptedResourceRoles);
  switch (rules.defaultRoles) {
    case "unreserved":
      return new Set(["*"]);
    case "reserved":
      return new Set([spec.role]);
    default:
      return new Set(["*", spec.role]);
  }
}

/** Whether the agent is in maintenance, or will be before `drainingMs` are over. */
export function inMaintenance(offer: Offer, now: number, drainingMs: number): boolean {
  const start = Number(offer.unavailability?.start?.nanoseconds ?? Number.NaN) / 1e6;
  if (Number.isNaN(start)) return false;
  const duration = offer.unavailability?.duration?.nanoseconds;
  const end = duration === undefined ? Number.POSITIVE_INFINITY : start + Number(duration) / 1e6;
  return now >= start - drainingMs && now <= end;
}

/** The reasons that have nothing to do with amounts. */
export function refusalsOf(spec: RunSpec, offer: Offer, around: Circumstances): RefusalReason[] {
  const { placed, rules, now, homeRegion } = around;
  const place = placeOf(offer);
  const reasons: RefusalReason[] = [];
  const abroad = homeRegion !== undefined && place.region !== undefined && place.region !== homeRegion;
  const fits = spec.constraints.every((c) => fulfils(c, place, placed));
  if (!fits || (abroad && !spec.constraints.some(([field]) => field === "@region")))
    reasons.push("UnfulfilledConstraint");
  if (rules.maintenance !== false && inMaintenance(offer, now, rules.drainingMs ?? 0))
    reasons.push("AgentMaintenance");
  const offersGpus = (offer.resources ?? []).some((r) => r.name === "gpus" && (r.scalar?.value ?? 0) > 0);
  const wantsGpus = isPod(spec) ? spec.containers.some((c) => c.resources.gpus > 0) : spec.gpus > 0;
  if (!wantsGpus && offersGpus && rules.gpus !== "unrestricted") reasons.push("DeclinedScarceResources");
  return reasons;
}

/** Takes what one instance of `spec` needs out of `left`, or says why it does not fit. */
export function matchOffer(
  spec: RunSpec,
  offer: Offer,
  left: OfferResources,
  around: Circumstances,
): Match | RefusalReason[] {
  const offered = offer.allocation_info?.role;
  if (offered !== undefined && offered !== spec.role) return ["UnfulfilledRole"];
  const roles = acceptedRoles(spec, around.rules);
  if (!left.offersAny(roles)) return ["UnfulfilledRole"];
  const reasons = refusalsOf(spec, offer, around);
  const match = matchResources(spec, left, roles, around.portFrom);
  if (Array.isArray(match)) reasons.push(...match);
  return reasons.length > 0 || Array.isArray(match) ? reasons : match.take();
}

/** Whether `left` has what one instance of `spec` needs; `take` takes it. */
export function matchResources(
  spec: RunSpec,
  left: OfferResources,
  roles: ReadonlySet<string>,
  portFrom = 0,
): RefusalReason[] | { take: () => Match } {
  const { shares, hostPorts: wishes } = demandOf(spec);
  const reasons: RefusalReason[] = scalars.flatMap(([name, reason]) => {
    const amount = shares.reduce((sum, share) => sum + (share[name] ?? 0), 0);
    return left.has(name, amount, roles) ? [] : [reason];
  });
  const found = left.findPorts(
    wishes.filter((w) => w !== undefined),
    roles,
    portFrom,
  );
  if (found === undefined) reasons.push("InsufficientPorts");
  if (reasons.length > 0 || found === undefined) return reasons;
  const take = (): Match => {
    const taken = shares.map((share) =>
      scalars.flatMap(([name]) => {
        const amount = share[name] ?? 0;
        return amount > 0 ? left.take(name, amount, roles) : [];
      }),
    );
    const ports = found.length > 0 ? left.takePorts(found, roles) : [];
    const queue = [...found];
    const hostPorts = wishes.map((w) => (w === undefined ? undefined : queue.shift()));
    return { resources: [...taken.flat(), ...ports], shares: taken, ports, hostPorts };
  };
  return { take };
}
