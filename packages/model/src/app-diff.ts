// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import {
  type ChangeKind,
  type ChangePath,
  type Comparison,
  type Difference,
  differencesOf,
  kindOfChange,
} from "./compare";
import { canonicalJson } from "./digest";
import { fieldOf, formatPath } from "./property-path";
import { isRecord } from "./schema-view";

/** What turns one app into another: its kind, and every path (the document's `id` is `appId` there). */
export interface AppChange {
  readonly kind: ChangeKind;
  readonly paths: readonly ChangePath[];
}

/** Sets of reference §1.7, 8; ports of §1.7, 2. */
const comparison: Comparison = {
  sets: new Set([
    "acceptedResourceRoles",
    "constraints",
    "container.portMappings.networkNames",
    "container.volumes.persistent.constraints",
    "dependencies",
    "healthChecks",
  ]),
  assigned: new Set(["container.portMappings.servicePort", "portDefinitions.port"]),
};

/**
 * What cannot change while an app has persistent volumes (reference §1.7, 15); the volumes themselves beside these. Marathon takes
 * another role by force, but keeps the old reservations.
 */
const residentFields = [
  "container.portMappings.hostPort",
  "cpus",
  "disk",
  "gpus",
  "mem",
  "portDefinitions.port",
  "requirePorts",
  "role",
];

/**
 * What it takes to turn the app `before` into `after`; both in normal form.
 *
 * A port of 0 in `after` equals whatever is assigned in `before`; a number in `after` for 0 in `before` is a change.
 */
export function diffApp(before: App, after: App): AppChange {
  const [old, now] = [before, after].map(persistentVolumes);
  const resident = old !== "[]" || now !== "[]";
  const paths = differencesOf(before, after, comparison).map((d) => ({
    path: formatPath(d.at[0] === "id" ? ["appId"] : d.at),
    kind: d.kind,
    replace: d.at[0] === "id" || (resident && changesResident(d, old !== now)),
  }));
  return { kind: kindOfChange(paths, "instances"), paths };
}

/** The persistent volumes of an app as text, in the order of their paths. */
function persistentVolumes(app: App): string {
  const given: unknown = app.container?.volumes;
  const volumes = Array.isArray(given)
    ? given.filter((v) => isRecord(v) && v["persistent"] !== undefined)
    : [];
  const path = (v: { containerPath: unknown }) => String(v.containerPath);
  return canonicalJson(volumes.sort((a, b) => (path(a) < path(b) ? -1 : 1)));
}

function changesResident({ at, before, after }: Difference, otherVolumes: boolean): boolean {
  const field = fieldOf(at);
  if (residentFields.includes(field)) return true;
  if (field === "container" || field.startsWith("container.volumes")) return otherVolumes;
  if (field === "portDefinitions") return true;
  const hasHostPort = (value: unknown) => isRecord(value) && value["hostPort"] !== undefined;
  return field === "container.portMappings" && [before, after].flat().some((mapping) => hasHostPort(mapping));
}
