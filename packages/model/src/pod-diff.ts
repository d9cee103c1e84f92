// SPDX-License-Identifier: Apache-2.0
import { type ChangeKind, type ChangePath, type Comparison, differencesOf, kindOfChange } from "./compare";
import { canonicalJson } from "./digest";
import type { Pod } from "./pod";
import { fieldOf, formatPath } from "./property-path";

/** What turns one pod into another: its kind, and every path (the document's `id` is `podId` there). */
export interface PodChange {
  readonly kind: ChangeKind;
  readonly paths: readonly ChangePath[];
}

const comparison: Comparison = {
  sets: new Set([
    "containers.endpoints.networkNames",
    "scheduling.placement.acceptedResourceRoles",
    "scheduling.placement.constraints",
    "volumes.persistent.constraints",
  ]),
  assigned: new Set(),
};

const resourceNames = ["cpus", "mem", "disk", "gpus"] as const;

/** What it takes to turn the pod `before` into `after`; both in normal form. */
export function diffPod(before: Pod, after: Pod): PodChange {
  const reserved = changedReservations(before, after);
  const paths = differencesOf(before, after, comparison).map(({ at, kind }) => ({
    path: formatPath(at[0] === "id" ? ["podId"] : at),
    kind,
    replace: at[0] === "id" || reserved(fieldOf(at)),
  }));
  return { kind: kindOfChange(paths, "scaling.instances"), paths };
}

/**
 * Whether a changed field changes what instances with persistent volumes have reserved, which Marathon refuses: the volumes, the
 * totals of all containers and the executor, the host ports. Marathon takes another role by force, but keeps the old reservations.
 */
function changedReservations(before: Pod, after: Pod): (field: string) => boolean {
  const [old, now] = [reservationsOf(before), reservationsOf(after)];
  if (old.volumes === "[]" && now.volumes === "[]") return () => false;
  const changed = resourceNames.filter((name) => old.total[name] !== now.total[name]);
  const volumes = old.volumes !== now.volumes;
  const ports = old.ports !== now.ports;
  return (field) => {
    if (field === "role") return true;
    if (field.startsWith("volumes")) return volumes;
    if (field.startsWith("containers.endpoints")) return ports;
    if (field === "containers") return ports || changed.length > 0;
    const resource = /^(?:containers\.resources|executorResources)(?:\.(\w+))?$/.exec(field);
    if (resource === null) return false;
    return resource[1] === undefined ? changed.length > 0 : changed.some((name) => name === resource[1]);
  };
}

function reservationsOf(pod: Pod) {
  const list = <T>(value: readonly T[] | undefined): readonly T[] => (Array.isArray(value) ? value : []);
  const containers = list(pod.containers);
  const shares = [...containers.map((c) => c.resources), { gpus: 0, ...pod.executorResources }];
  const sum = (name: (typeof resourceNames)[number]) =>
    shares.reduce((total, share) => total + numberIn(share?.[name]), 0);
  const hostPorts = containers.flatMap((c) => list(c.endpoints).flatMap((e) => e.hostPort ?? []));
  const persistent = list(pod.volumes).filter((v) => v.persistent !== undefined);
  return {
    volumes: canonicalJson([...persistent].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1))),
    total: { cpus: sum("cpus"), mem: sum("mem"), disk: sum("disk"), gpus: sum("gpus") },
    ports: canonicalJson([...new Set(hostPorts.map(String))].sort()),
  };
}

/** A number; one that is not known yet equals nothing. */
function numberIn(value: unknown): number {
  return typeof value === "number" ? value : value === undefined ? 0 : Number.NaN;
}
