// SPDX-License-Identifier: Apache-2.0
import { flatName } from "../app/path-id";
import type { PersistentVolume } from "../app/types";
import type { LocalVolume } from "../instances/reservation";
import type { Offer, Operation, Reservation, Resource } from "../mesos/messages";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import { OfferResources, roleOf } from "./resources";

const frameworkLabel = "marathon_framework_id";
const instanceLabel = "marathon_task_id";

function reservationOf(resource: Resource): Reservation | undefined {
  return resource.reservations?.at(-1) ?? resource.reservation;
}

function labelsOf(resource: Resource): Map<string, string | undefined> {
  return new Map((reservationOf(resource)?.labels?.labels ?? []).map((l) => [l.key, l.value]));
}

/** The instance that this framework reserved `resource` for; undefined for everybody else's. */
function ownerOf(resource: Resource, frameworkId: string | undefined): string | undefined {
  const labels = labelsOf(resource);
  return labels.get(frameworkLabel) === frameworkId ? labels.get(instanceLabel) : undefined;
}

/** What an offer has for anybody, and what of it is reserved for single instances. */
export interface SplitOffer {
  readonly free: OfferResources;
  /** Whole disks and their parts, on which nothing is kept yet. */
  readonly disks: DiskPool[];
  readonly reserved: ReadonlyMap<string, readonly Resource[]>;
}

interface DiskPool {
  readonly resource: Resource;
  remaining: number;
}

export function splitOffer(offer: Offer, frameworkId: string | undefined): SplitOffer {
  const reserved = new Map<string, Resource[]>();
  const rest: Resource[] = [];
  const disks: DiskPool[] = [];
  for (const resource of offer.resources ?? []) {
    const owner = ownerOf(resource, frameworkId);
    if (owner !== undefined) reserved.set(owner, [...(reserved.get(owner) ?? []), resource]);
    else if (labelsOf(resource).has(frameworkLabel) || resource.disk?.persistence !== undefined) continue;
    else if (resource.disk?.source !== undefined)
      disks.push({ resource, remaining: resource.scalar?.value ?? 0 });
    else rest.push(resource);
  }
  return { free: new OfferResources({ resources: rest }), disks, reserved };
}

/** A volume with the resources that it will be made from. */
export interface VolumeChoice {
  readonly containerPath: string;
  readonly resource: Resource;
}

const unreserved: ReadonlySet<string> = new Set(["*"]);

/** A pod's volumes are mounted in its executor's sandbox under their names. */
function persistentVolumesOf(spec: RunSpec): { containerPath: string; persistent: PersistentVolume }[] {
  const volumes = isPod(spec)
    ? spec.volumes.map(({ name, persistent }) => ({ containerPath: name, persistent }))
    : (spec.container?.volumes ?? []);
  return volumes.flatMap(({ containerPath = "", persistent }) =>
    persistent === undefined ? [] : [{ containerPath, persistent }],
  );
}

/** Disk for every persistent volume of `spec`, taken from `split`; undefined where there is not enough. */
export function takeVolumes(spec: RunSpec, split: SplitOffer): VolumeChoice[] | undefined {
  const chosen: VolumeChoice[] = [];
  for (const { persistent, containerPath } of persistentVolumesOf(spec)) {
    const resource = persistent.type === "root" ? takeRoot(persistent, split) : takeDisk(persistent, split);
    if (resource === undefined) return undefined;
    chosen.push({ containerPath, resource });
  }
  return chosen;
}

function takeRoot({ size }: PersistentVolume, { free }: SplitOffer): Resource | undefined {
  return free.has("disk", size, unreserved) ? free.take("disk", size, unreserved)[0] : undefined;
}

/** A part of a PATH disk, or the smallest whole MOUNT disk that fits. */
function takeDisk(volume: PersistentVolume, { disks }: SplitOffer): Resource | undefined {
  const type = volume.type.toUpperCase();
  const fitting = disks
    .filter(({ resource, remaining }) => {
      const source = resource.disk?.source;
      const root = source?.path?.root ?? source?.mount?.root ?? "";
      return (
        roleOf(resource) === "*" &&
        source?.type === type &&
        remaining >= volume.size &&
        (type !== "MOUNT" || remaining <= (volume.maxSize ?? Number.POSITIVE_INFINITY)) &&
        source.profile === volume.profileName &&
        volume.constraints.every((c) => new RegExp(`^(?:${c[2] ?? ""})$`).test(root) === (c[1] === "LIKE"))
      );
    })
    .sort((a, b) => a.remaining - b.remaining);
  const pool = fitting[0];
  if (pool === undefined) return undefined;
  const value = type === "MOUNT" ? pool.remaining : volume.size;
  pool.remaining -= value;
  return { ...pool.resource, scalar: { value } };
}

/** Who reserves, and for whom. */
export interface Reserving {
  readonly instanceId: string;
  readonly role: string;
  readonly frameworkId: string | undefined;
  readonly principal: string | undefined;
}

/** RESERVE of everything, then CREATE of the volumes: the task comes with a later offer. */
export function reserveOperations(
  resources: readonly Resource[],
  choices: readonly VolumeChoice[],
  volumes: readonly LocalVolume[],
  who: Reserving,
): Operation[] {
  const principal = who.principal === undefined ? {} : { principal: who.principal };
  const labels = [
    { key: frameworkLabel, value: who.frameworkId },
    { key: instanceLabel, value: who.instanceId },
  ];
  const reservation: Reservation = { type: "DYNAMIC", role: who.role, ...principal, labels: { labels } };
  const reserved = ({ role: _role, reservation: _old, ...r }: Resource): Resource => ({
    ...r,
    reservations: [...(r.reservations ?? []), reservation],
  });
  const created = choices.map(({ containerPath, resource }, i): Resource => {
    const persistence = { id: volumes[i]?.persistenceId ?? "", ...principal };
    const volume = { container_path: containerPath, mode: "RW" as const };
    return { ...reserved(resource), disk: { ...resource.disk, persistence, volume } };
  });
  const all = [...resources, ...choices.map((c) => c.resource)].map(reserved);
  return [
    { type: "RESERVE", reserve: { resources: all } },
    { type: "CREATE", create: { volumes: created } },
  ];
}

/** Gives back what was reserved for an instance that is no more. */
export function releaseOperations(resources: readonly Resource[]): Operation[] {
  const volumes = resources.filter((r) => r.disk?.persistence !== undefined);
  const plain = resources.map(({ disk, ...r }): Resource => {
    const { persistence: _persistence, volume: _volume, ...rest } = disk ?? {};
    return Object.keys(rest).length === 0 ? r : { ...r, disk: rest };
  });
  return [
    ...(volumes.length === 0 ? [] : [{ type: "DESTROY" as const, destroy: { volumes } }]),
    { type: "UNRESERVE", unreserve: { resources: plain } },
  ];
}

/** The volumes that a new reservation of `spec` gets. */
export function newVolumes(
  spec: RunSpec,
  choices: readonly VolumeChoice[],
  newId: () => string,
): LocalVolume[] {
  return choices.map(({ containerPath }) => {
    const uuid = newId();
    return { containerPath, uuid, persistenceId: `${flatName(spec.id)}#${containerPath}#${uuid}` };
  });
}

/** Whether `resources` have every volume of `volumes`. */
export function hasVolumes(resources: readonly Resource[], volumes: readonly LocalVolume[]): boolean {
  const ids = new Set(resources.map((r) => r.disk?.persistence?.id));
  return volumes.every((v) => ids.has(v.persistenceId));
}
