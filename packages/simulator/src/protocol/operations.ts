// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import { isDynamic, isVolume, type Kind, kindOf } from "./kinds";
import {
  add,
  changed,
  contains,
  fromJson,
  isEmpty,
  kinds,
  noResources,
  only,
  type Resources,
  subtract,
} from "./resources";
import type { ResourceJson, Value } from "./types";

/** An operation that changes what kind of resources an agent has. */
export interface ConversionJson {
  readonly type: string;
  readonly id?: Value;
  readonly reserve?: {
    readonly source?: readonly ResourceJson[];
    readonly resources?: readonly ResourceJson[];
  };
  readonly unreserve?: { readonly resources?: readonly ResourceJson[] };
  readonly create?: { readonly volumes?: readonly ResourceJson[] };
  readonly destroy?: { readonly volumes?: readonly ResourceJson[] };
  readonly grow_volume?: { readonly volume?: ResourceJson; readonly addition?: ResourceJson };
  readonly shrink_volume?: { readonly volume?: ResourceJson; readonly subtract?: Value<number> };
}

export const conversionTypes = [
  "RESERVE",
  "UNRESERVE",
  "CREATE",
  "DESTROY",
  "GROW_VOLUME",
  "SHRINK_VOLUME",
] as const;
export type ConversionType = (typeof conversionTypes)[number];

export function isConversion(type: string): type is ConversionType {
  return conversionTypes.some((t) => t === type);
}

/** What an operation takes away and what it puts in its place. */
export interface Conversion {
  readonly consumed: Resources;
  readonly converted: Resources;
}

/** The resources as they were before their last reservation. */
export function withoutReservation(r: Resources): Resources {
  return changed(r, (kind) => ({ ...kind, reservations: kind.reservations.slice(0, -1) }));
}

/** The disks on which volumes are. */
export function withoutVolume(r: Resources): Resources {
  return changed(r, ({ disk, ...kind }): Kind => {
    const { persistence: _persistence, volume: _volume, ...rest } = disk ?? {};
    return Object.keys(rest).length === 0 ? kind : { ...kind, disk: rest };
  });
}

/** The resources that an operation names, for checks of each; throws when one is bad. */
export function named(operation: ConversionJson): readonly ResourceJson[] {
  const { reserve, unreserve, create, destroy, grow_volume, shrink_volume } = operation;
  const some = [
    ...(reserve?.resources ?? []),
    ...(unreserve?.resources ?? []),
    ...(create?.volumes ?? []),
    ...(destroy?.volumes ?? []),
    ...(grow_volume?.volume === undefined ? [] : [grow_volume.volume]),
    ...(grow_volume?.addition === undefined ? [] : [grow_volume.addition]),
    ...(shrink_volume?.volume === undefined ? [] : [shrink_volume.volume]),
  ];
  return some;
}

/** Reads an operation; throws with what is wrong in it. */
export function conversionOf(operation: ConversionJson): Conversion {
  const { type, reserve, grow_volume, shrink_volume } = operation;
  const resources = fromJson(named(operation));
  switch (type as ConversionType) {
    case "RESERVE": {
      const source = fromJson(reserve?.source ?? []);
      return { consumed: isEmpty(source) ? withoutReservation(resources) : source, converted: resources };
    }
    case "UNRESERVE":
      return { consumed: resources, converted: withoutReservation(resources) };
    case "CREATE":
      return { consumed: withoutVolume(resources), converted: resources };
    case "DESTROY":
      return { consumed: resources, converted: withoutVolume(resources) };
    case "GROW_VOLUME": {
      const volume = fromJson(grow_volume?.volume === undefined ? [] : [grow_volume.volume]);
      const addition = fromJson(grow_volume?.addition === undefined ? [] : [grow_volume.addition]);
      const kind = kinds(volume)[0];
      return {
        consumed: resources,
        converted: add(volume, kind ? changed(addition, () => kind) : noResources),
      };
    }
    case "SHRINK_VOLUME": {
      const less = Math.round((shrink_volume?.subtract?.value ?? 0) * 1000);
      const cut = {
        scalars: new Map([...resources.scalars.keys()].map((key) => [key, less])),
        ranges: new Map(),
      };
      return { consumed: resources, converted: add(subtract(resources, cut), withoutVolume(cut)) };
    }
    default:
      throw new MesosError("MESOS_SIMULATOR_RESOURCES", `${type} is no operation on resources`);
  }
}

/** What an agent must remember: dynamic reservations and volumes. */
export function checkpointed(r: Resources): Resources {
  return only(r, (kind) => isDynamic(kind) || isVolume(kind));
}

/** What an agent has whose resources are `whole` and that remembers `kept`; undefined when that does not fit. */
export function withCheckpointed(whole: Resources, kept: Resources): Resources | undefined {
  const bare = changed(withoutVolume(kept), (kind) => ({
    ...kind,
    reservations: kind.reservations.filter((r) => r.type === "STATIC"),
  }));
  return contains(whole, bare) ? add(subtract(whole, bare), kept) : undefined;
}

/** The ids of the volumes, with the roles whose they are. */
export function volumesOf(
  r: Resources,
): { role: string; id: string; containerPath: string; readOnly: boolean }[] {
  return [...r.scalars.keys()].flatMap((key) => {
    const { disk, reservations } = kindOf(key);
    const id = disk?.persistence?.id;
    if (id === undefined) return [];
    const containerPath = disk?.volume?.container_path ?? "";
    const readOnly = disk?.volume?.mode === "RO";
    return [{ role: reservations.at(-1)?.role ?? "*", id, containerPath, readOnly }];
  });
}
