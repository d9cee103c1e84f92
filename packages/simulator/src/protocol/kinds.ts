// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from "@pulumi-mesos/model";
import type { DiskInfo, Reservation, ResourceJson } from "./types";

/** What makes two amounts of one name different resources: for whom they are reserved, and what is on the disk. */
export interface Kind {
  readonly name: string;
  /** From the outermost to the most refined; none is unreserved. */
  readonly reservations: readonly Reservation[];
  readonly disk?: DiskInfo;
  readonly revocable?: boolean;
}

/**
 * How a resource is written: before reservations could be refined (`role`, `reservation`), since then (`reservations`),
 * or as the endpoints do, which give both where both can say it.
 */
export type ResourceFormat = "pre" | "post" | "endpoint";

const separator = "\n";

/** The name alone for what is unreserved and plain, so that the common case costs nothing. */
export function keyOf(kind: Kind): string {
  const { name, reservations, disk, revocable } = kind;
  if (reservations.length === 0 && disk === undefined && revocable !== true) return name;
  const rest = {
    reservations,
    ...(disk === undefined ? {} : { disk }),
    ...(revocable === true ? { revocable } : {}),
  };
  return `${name}${separator}${canonicalJson(rest)}`;
}

export function kindOf(key: string): Kind {
  const at = key.indexOf(separator);
  if (at < 0) return { name: key, reservations: [] };
  return { name: key.slice(0, at), ...(JSON.parse(key.slice(at + 1)) as Omit<Kind, "name">) };
}

export function nameOf(key: string): string {
  const at = key.indexOf(separator);
  return at < 0 ? key : key.slice(0, at);
}

export function isPlain(key: string): boolean {
  return !key.includes(separator);
}

/** The role that may use it; `*` is everybody. */
export function reservedFor(kind: Kind): string {
  return kind.reservations.at(-1)?.role ?? "*";
}

export function isDynamic(kind: Kind): boolean {
  return kind.reservations.at(-1)?.type === "DYNAMIC";
}

export function isVolume(kind: Kind): boolean {
  return kind.disk?.persistence !== undefined;
}

/** Whether `role` is `above` or lies below it. */
export function isWithin(role: string, above: string): boolean {
  return role === above || role.startsWith(`${above}/`);
}

/** Whether a framework of `role` may be offered it. */
export function isFor(kind: Kind, role: string): boolean {
  const reserved = reservedFor(kind);
  return reserved === "*" || isWithin(role, reserved);
}

export function kindOfJson(item: ResourceJson): Kind {
  return {
    name: item.name,
    reservations: reservationsOf(item),
    ...(item.disk === undefined ? {} : { disk: item.disk }),
    ...(item.revocable === undefined ? {} : { revocable: true }),
  };
}

function reservationsOf(item: ResourceJson): Reservation[] {
  if (item.reservations !== undefined && item.reservations.length > 0) {
    return item.reservations.map((r) => ({ ...r, type: r.type ?? "STATIC" }));
  }
  if (item.role === undefined || item.role === "*") return [];
  if (item.reservation === undefined) return [{ type: "STATIC", role: item.role }];
  const { principal, labels } = item.reservation;
  return [
    {
      type: "DYNAMIC",
      role: item.role,
      ...(principal === undefined ? {} : { principal }),
      ...(labels === undefined ? {} : { labels }),
    },
  ];
}

/** What a resource's JSON has beside name and value. */
export function kindJson(kind: Kind, format: ResourceFormat): Partial<ResourceJson> {
  const { reservations, disk, revocable } = kind;
  const { type, role, ...reservation } = reservations[0] ?? { type: "STATIC", role: "*" };
  const simple = reservations.length < 2;
  return {
    ...(simple && format !== "post" ? { role } : {}),
    ...(simple && format !== "post" && type === "DYNAMIC" ? { reservation } : {}),
    ...(reservations.length > 0 && (format !== "pre" || !simple) ? { reservations } : {}),
    ...(disk === undefined ? {} : { disk }),
    ...(revocable === true ? { revocable: {} } : {}),
  };
}
