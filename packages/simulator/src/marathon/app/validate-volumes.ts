// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { isResident } from "./complete-volumes";
import type { App, ExternalVolume, PersistentVolume, Volume } from "./types";
import { double, notEnabled } from "./validate-features";

const label = /^[a-zA-Z0-9][a-zA-Z0-9-]*$|^[a-zA-Z0-9]$/;
const optionKey = /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?\/[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i;
const dots = new Set([".", ".."]);

/** The rules about `container.volumes` and what they ask of the app (marathon.md §1.3). */
export function volumeViolations(app: App, features: ReadonlySet<string>): Violation[] {
  const volumes = app.container?.volumes ?? [];
  const found = volumes.flatMap((v, i) => ofVolume(app, v, `/container/volumes(${i})`, features));
  const secret = volumes.some((v) => v.secret !== undefined);
  if (secret && !features.has("secrets"))
    found.push({ path: "/container/volumes", errors: ["must be empty", notEnabled("secrets")] });
  const names = volumes.flatMap((v) => v.external?.name ?? []);
  if (new Set(names).size < names.length)
    found.push({ path: "/container/volumes", errors: ["Volume names must be unique"] });
  return [...found, ...residencyViolations(app), ...externalAppViolations(app)];
}

function ofVolume(app: App, v: Volume, path: string, features: ReadonlySet<string>): Violation[] {
  const found: Violation[] = [];
  const refuse = (at: string, error: string) => found.push({ path: path + at, errors: [error] });
  if (v.persistent !== undefined) ofPersistent(v, v.persistent, refuse);
  else if (v.external !== undefined) {
    if (!features.has("external_volumes")) refuse("", notEnabled("external_volumes"));
    ofExternal(app, v, v.external, refuse);
  } else if (v.secret !== undefined) {
    if (app.secrets[v.secret] === undefined) refuse("", "volume.secret must refer to an existing secret");
  } else {
    if (v.hostPath === "") refuse("/hostPath", "must not be empty");
  }
  if (v.containerPath === "" && v.persistent === undefined) refuse("/containerPath", "must not be empty");
  return found;
}

type Refuse = (at: string, error: string) => void;

/** The rules about one persistent volume, `refuse`d below the volume's path. */
export function ofPersistent(
  v: Pick<Volume, "containerPath" | "mode">,
  info: PersistentVolume,
  refuse: Refuse,
): void {
  if (v.containerPath?.includes("/") === true) refuse("/containerPath", 'value must not contain "/"');
  if (v.containerPath === "") refuse("/containerPath", "equals ");
  if (dots.has(v.containerPath ?? "")) refuse("/containerPath", "can not be one of (.,..)");
  if (v.mode !== "RW") refuse("/mode", "does not equal RW");
  if (info.size <= 0) refuse("/persistent/size", `got ${info.size}, expected more than 0`);
  if (info.maxSize !== undefined && info.type !== "mount")
    refuse("/persistent", "Only mount volumes can have maxSize");
  if (info.maxSize !== undefined && info.maxSize <= info.size)
    refuse("/persistent", "Max size must be larger than size");
  if (info.profileName !== undefined && info.type !== "mount")
    refuse("/persistent", "Only mount volumes can have a profile name");
  if (info.constraints.length > 0 && info.type === "root")
    refuse("/persistent", "Constraints on root volumes are not supported");
  info.constraints.forEach((constraint, i) => {
    const problem = volumeConstraintProblem(constraint);
    if (problem !== undefined) refuse(`/persistent/constraints(${i})`, problem);
  });
}

function volumeConstraintProblem(constraint: readonly string[]): string | undefined {
  const [field, operator, value] = constraint;
  if (field === undefined) return "Missing field and operator";
  if (field !== "path" || value === undefined) return `Unsupported constraint ${constraint.join(",")}`;
  if (operator !== "LIKE" && operator !== "UNLIKE") return "Operator must be one of LIKE, UNLIKE";
  try {
    return new RegExp(value) instanceof RegExp ? undefined : "";
  } catch (error) {
    if (error instanceof SyntaxError) return "Invalid regular expression";
    throw error;
  }
}

function ofExternal(app: App, v: Volume, external: ExternalVolume, refuse: Refuse): void {
  if (external.name === undefined) refuse("/external/name", "not defined");
  if (external.provider === undefined) refuse("/external/provider", "not defined");
  else if (external.provider === "csi") ofCsi(v, external, refuse);
  else if (external.provider !== "dvdi") refuse("/external/provider", "is unknown provider");
  else ofDvdi(app, v, external, refuse);
}

function ofDvdi(app: App, v: Volume, { options, size }: ExternalVolume, refuse: Refuse): void {
  const driver = options["dvdi/driver"];
  if (typeof driver !== "string" || !label.test(driver))
    refuse('/external/options("dvdi/driver")', "not defined");
  for (const key of Object.keys(options))
    if (!optionKey.test(key)) refuse("/external/options", `'${key}' must be of the form namespace/option`);
  if (driver === "rexray") ofRexRay(options, refuse);
  if (dots.has(v.containerPath ?? "")) refuse("/containerPath", "can not be one of (.,..)");
  if (app.container?.type === "DOCKER") {
    if (Object.keys(options).some((key) => key !== "dvdi/driver"))
      refuse("/external/options", "must only contain dvdi/driver");
    if (size !== undefined) refuse("/external/size", "must be undefined for Docker containers");
  } else if (v.mode !== "RW") refuse("/mode", "does not equal RW");
}

const rexRay: Readonly<Record<string, (value: string) => string | undefined>> = {
  "dvdi/volumetype": labelProblem,
  "dvdi/newfstype": labelProblem,
  "dvdi/iops": (value) =>
    /^\+?0*[1-9]\d*$/.test(value) ? undefined : `Expected a valid, positive integer instead of ${value}`,
  "dvdi/overwritefs": (value) => (/^true$/i.test(value) ? undefined : "Expected a valid boolean"),
};

function labelProblem(value: string): string | undefined {
  return label.test(value) ? undefined : `must match regular expression '${label.source}'`;
}

/** The options of one driver that Marathon knows. */
function ofRexRay(options: ExternalVolume["options"], refuse: Refuse): void {
  for (const [key, problemOf] of Object.entries(rexRay)) {
    const value = options[key];
    const problem = typeof value === "string" ? problemOf(value) : undefined;
    if (problem !== undefined) refuse(`/external/options/"${key}"`, problem);
  }
}

function ofCsi(v: Volume, { options }: ExternalVolume, refuse: Refuse): void {
  const capability = options["capability"] as { accessMode?: string; accessType?: string } | undefined;
  if (typeof options["pluginName"] !== "string") refuse("/external/options/pluginName", "not defined");
  if (capability?.accessMode === undefined) refuse("/external/options/capability/accessMode", "not defined");
  else if (/READER_ONLY$/.test(capability.accessMode) && v.mode === "RW")
    refuse("", "CSI volume must be mounted readonly with a read-only access mode");
}

function externalAppViolations(app: App): Violation[] {
  const external = (app.container?.volumes ?? []).flatMap((v) => v.external ?? []);
  const found: Violation[] = [];
  const bound = external.some((e) => e.provider === "dvdi" && e.shared !== true);
  if (bound && app.instances > 1) {
    found.push({
      path: "/",
      errors: [`Number of instances is limited to 1 when declaring DVDI volumes in app [${app.id}]`],
    });
  }
  if (bound && app.upgradeStrategy.maximumOverCapacity !== 0) found.push(overCapacity(app));
  const single = external.some((e) => {
    const capability = e.options["capability"] as { accessMode?: string } | undefined;
    return e.provider === "csi" && capability?.accessMode?.startsWith("SINGLE_NODE") === true;
  });
  if (single && app.instances > 1)
    found.push({ path: "/instances", errors: ["while non-shareable CSI volumes are defined"] });
  return found;
}

function overCapacity(app: App): Violation {
  const got = double(app.upgradeStrategy.maximumOverCapacity);
  return { path: "/upgradeStrategy/maximumOverCapacity", errors: [`got ${got}, expected 0.0`] };
}

function residencyViolations(app: App): Violation[] {
  const found: Violation[] = [];
  const resident = isResident(app);
  if (app.residency !== undefined && !resident)
    found.push({ path: "/", errors: ["App must contain persistent volumes and define residency"] });
  if (!resident) return found;
  if (app.unreachableStrategy !== "disabled")
    found.push({ path: "/", errors: ["unreachableStrategy must be disabled for resident tasks"] });
  if (app.upgradeStrategy.maximumOverCapacity !== 0) found.push(overCapacity(app));
  if (app.role === "*") {
    found.push({
      path: "/role",
      errors: ["Resident apps cannot have the role *"],
    });
  }
  return found;
}

const createNew = "can not be changed while there are persistent volumes, please create a new service.";

/** What an update of an app with persistent volumes may not touch (marathon.md §1.7.15). */
export function residentUpdateViolations(from: App, to: App): Violation[] {
  if (!isResident(from) && !isResident(to)) return [];
  const volumesOf = (app: App) =>
    JSON.stringify(
      (app.container?.volumes ?? [])
        .filter((v) => v.persistent !== undefined)
        .sort((a, b) => ((a.containerPath ?? "") < (b.containerPath ?? "") ? -1 : 1)),
    );
  const portsOf = (app: App) =>
    JSON.stringify([
      app.requirePorts,
      app.requirePorts ? app.portDefinitions?.map((d) => d.port) : app.portDefinitions?.length,
      app.container?.portMappings?.map((m) => m.hostPort),
    ]);
  const found: Violation[] = [];
  if (volumesOf(from) !== volumesOf(to))
    found.push({ path: "/", errors: ["Persistent volumes can not be changed!"] });
  for (const name of ["cpus", "mem", "disk", "gpus"] as const) {
    if (from[name] !== to[name]) found.push({ path: `/${name}`, errors: [`Resources ${createNew}`] });
  }
  if (portsOf(from) !== portsOf(to)) found.push({ path: "/", errors: [`Host ports ${createNew}`] });
  return found;
}

/** Whether an app may be part of a conflict that {@link volumeConflicts} finds. */
export function hasExternalVolumes(app: App): boolean {
  return app.container?.volumes.some((v) => v.external !== undefined) ?? false;
}

/** One DVDI volume belongs to one app of the whole tree. */
export function volumeConflicts(apps: Iterable<App>): Violation[] {
  const owners = new Map<string, Set<string>>();
  for (const app of apps) {
    for (const { external } of app.container?.volumes ?? []) {
      if (external?.provider !== "dvdi" || external.shared === true || external.name === undefined) continue;
      owners.set(external.name, (owners.get(external.name) ?? new Set()).add(app.id));
    }
  }
  return [...owners].flatMap(([name, ids]) => {
    const [first = "", ...others] = ids;
    if (others.length === 0) return [];
    const error = `Volume name '${name}' in ${first} conflicts with volume(s) of same name in app(s): ${others.join(", ")}`;
    return [{ path: "/apps", errors: [error] }];
  });
}
