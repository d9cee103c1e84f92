// SPDX-License-Identifier: Apache-2.0
import { isDynamic, isVolume, type Kind, kindOfJson, reservedFor } from "../protocol/kinds";
import {
  type ConversionJson,
  type ConversionType,
  named,
  volumesOf,
  withoutVolume,
} from "../protocol/operations";
import { fromJson, plain, type Resources, toLegacy } from "../protocol/resources";
import type { FrameworkInfo, ResourceJson } from "../protocol/types";
import { invalidRole, rolesOf } from "./roles";

/** Who asks for an operation: a framework for what it was offered, or an operator for what is free. */
export interface Asker {
  readonly framework: FrameworkInfo | undefined;
  /** Set where the request was authenticated, or the framework names one. */
  readonly principal: string | undefined;
}

/** A resource as Mesos prints it in messages. */
export function printResource(item: ResourceJson): string {
  const { reservations, disk } = kindOfJson(item);
  const parts = reservations.map(
    (r) => `(${[r.type, r.role, ...(r.principal === undefined ? [] : [r.principal])].join(",")})`,
  );
  const value =
    item.scalar?.value ?? `[${item.ranges?.range.map((r) => `${r.begin}-${r.end}`).join(", ") ?? ""}]`;
  const allocated = item.allocation_info === undefined ? "" : `(allocated: ${item.allocation_info.role})`;
  const reserved = parts.length === 0 ? "" : `(reservations: [${parts.join(",")}])`;
  const volume =
    disk?.persistence === undefined ? "" : `[${disk.persistence.id}:${disk.volume?.container_path ?? ""}]`;
  return `${item.name}${allocated}${reserved}${volume}:${value}`;
}

/** Why an operation is refused, as src/master/validation.cpp says it. */
export function invalidConversion(
  operation: ConversionJson,
  asker: Asker,
  total: Resources,
): string | undefined {
  const all = named(operation);
  if (all.length === 0) return "Invalid resources: Resource cannot be empty";
  if (all.some((item) => item.shared !== undefined)) return "shared resources are not simulated";
  for (const item of all) {
    const role = reservedFor(kindOfJson(item));
    const wrong = invalidRole(role);
    if (wrong !== undefined) return `Invalid resources: Invalid reservation: ${wrong}`;
  }
  switch (operation.type as ConversionType) {
    case "RESERVE":
      return invalidReserve(operation, asker);
    case "UNRESERVE":
      return first(all, (item, kind) => {
        if (!isDynamic(kind)) return `Resource ${printResource(item)} is not dynamically reserved`;
        if (isVolume(kind))
          return `A dynamically reserved persistent volume ${printResource(item)} cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource`;
        return undefined;
      });
    case "CREATE":
      return notVolume(all) ?? invalidCreate(all, asker, total);
    case "DESTROY":
      return notVolume(all);
    case "GROW_VOLUME":
      return invalidGrow(operation);
    default:
      return invalidShrink(operation);
  }
}

function first(
  all: readonly ResourceJson[],
  check: (item: ResourceJson, kind: Kind) => string | undefined,
): string | undefined {
  for (const item of all) {
    const wrong = check(item, kindOfJson(item));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function invalidReserve({ reserve }: ConversionJson, asker: Asker): string | undefined {
  const source = fromJson(reserve?.source ?? []);
  const target = fromJson(reserve?.resources ?? []);
  if ((reserve?.source?.length ?? 0) > 0) {
    const [from, to] = [toLegacy(plain(source)), toLegacy(plain(target))];
    if (JSON.stringify(from) !== JSON.stringify(to)) {
      return `Source and target resources should refer to identical resource quantities: ${JSON.stringify(from)} vs. ${JSON.stringify(to)}`;
    }
  }
  return first(reserve?.resources ?? [], (item, kind) => {
    if (!isDynamic(kind)) return `Resource ${printResource(item)} is not dynamically reserved`;
    const { principal } = kind.reservations.at(-1) ?? {};
    if (asker.principal !== undefined && principal === undefined) {
      return `A reserve operation was attempted by principal '${asker.principal}', but there is a reserved resource in the request with no principal set`;
    }
    if (asker.principal !== undefined && principal !== asker.principal) {
      return `A reserve operation was attempted by authenticated principal '${asker.principal}', which does not match a reserved resource in the request with principal '${principal}'`;
    }
    return asker.framework === undefined ? unallocated(item) : allocatedTo(item, kind, asker.framework);
  });
}

function unallocated(item: ResourceJson): string | undefined {
  return item.allocation_info === undefined
    ? undefined
    : "A reserve operation was attempted with an allocated resource, but the operator API only allows reservations to be made to unallocated resources";
}

function allocatedTo(item: ResourceJson, kind: Kind, framework: FrameworkInfo): string | undefined {
  const [role, to, roles] = [reservedFor(kind), item.allocation_info?.role ?? "*", rolesOf(framework)];
  if (role !== to) {
    return `A reserve operation was attempted for a resource with role '${role}', but the resource was allocated to role '${to}'`;
  }
  return roles.includes(to)
    ? undefined
    : `A reserve operation was attempted for a resource allocated to role '${to}', but the framework only has roles '{ ${roles.join(", ")} }'`;
}

function notVolume(all: readonly ResourceJson[]): string | undefined {
  return first(all, (item, kind) => {
    const wrong = notOneVolume(item, kind);
    return wrong === undefined ? undefined : `Not a persistent volume: ${wrong}`;
  });
}

function notOneVolume(item: ResourceJson, kind: Kind): string | undefined {
  const { disk } = kind;
  if (disk === undefined) return `Resource ${printResource(item)} does not have DiskInfo`;
  const { persistence, volume } = disk;
  if (persistence === undefined) return "Non-persistent volume not supported";
  if (item.name !== "disk") return "Persistent volume is not disk";
  if (
    typeof persistence.id !== "string" ||
    !/^[^/\s]{1,255}$/.test(persistence.id) ||
    /^\.{1,2}$/.test(persistence.id)
  ) {
    return `Persistent volume's id '${persistence.id}' is invalid`;
  }
  if (volume === undefined) return "Expecting 'volume' to be set for persistent volume";
  if (volume.host_path !== undefined) return "Expecting 'host_path' to be unset for persistent volume";
  if (volume.mode !== undefined && volume.mode !== "RW" && volume.mode !== "RO")
    return `Unsupported mode '${volume.mode}'`;
  return reservedFor(kind) === "*"
    ? "Persistent volumes cannot be created from unreserved resources."
    : undefined;
}

function invalidCreate(all: readonly ResourceJson[], asker: Asker, total: Resources): string | undefined {
  const ids = new Set(volumeKeys(total));
  return first(all, (_item, kind) => {
    const { id = "", principal } = kind.disk?.persistence ?? {};
    const key = `${reservedFor(kind)}/${id}`;
    if (ids.has(key)) return `Persistence ID '${id}' is not unique`;
    ids.add(key);
    if (asker.principal !== undefined && principal === undefined) {
      return `Create volume operation attempted by principal '${asker.principal}', but there is a volume in the operation with no principal set in 'disk.persistence'`;
    }
    if (asker.principal !== undefined && principal !== asker.principal) {
      return `Create volume operation attempted by authenticated principal '${asker.principal}', which does not match a volume in the operation with principal '${principal}' set in 'disk.persistence'`;
    }
    return undefined;
  });
}

function volumeKeys(total: Resources): string[] {
  return volumesOf(total).map(({ role, id }) => `${role}/${id}`);
}

function invalidGrow({ grow_volume }: ConversionJson): string | undefined {
  const { volume, addition } = grow_volume ?? {};
  if (volume === undefined || addition === undefined)
    return "Expecting 'volume' and 'addition' to be present";
  if ((addition.scalar?.value ?? 0) <= 0)
    return "The size of 'GrowVolume.addition' field must be greater than zero";
  const wrong = notOneVolume(volume, kindOfJson(volume));
  if (wrong !== undefined) return `Invalid persistent volume in the 'GrowVolume.volume' field: ${wrong}`;
  const disk = [...withoutVolume(fromJson([volume])).scalars.keys()][0];
  return fromJson([addition]).scalars.has(disk ?? "")
    ? undefined
    : "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields";
}

function invalidShrink({ shrink_volume }: ConversionJson): string | undefined {
  const { volume, subtract } = shrink_volume ?? {};
  if (volume === undefined || subtract === undefined)
    return "Expecting 'volume' and 'subtract' to be present";
  if (!(subtract.value > 0)) return "Value of 'ShrinkVolume.subtract' must be greater than zero";
  if ((volume.scalar?.value ?? 0) <= subtract.value) {
    return "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'";
  }
  const wrong = notOneVolume(volume, kindOfJson(volume));
  return wrong === undefined
    ? undefined
    : `Invalid persistent volume in the 'ShrinkVolume.volume' field: ${wrong}`;
}
