// SPDX-License-Identifier: Apache-2.0
import type { App, Container, ExternalVolume, PersistentVolume, Residency, Volume } from "./types";

type Raw = Record<string, unknown>;

/** A volume with its defaults (marathon.md §1.3): what it is follows from the key that it has. */
export function completeVolume(raw: Raw): Volume {
  const containerPath = raw["containerPath"] as string | undefined;
  const mode = raw["mode"] as Volume["mode"];
  const path = containerPath === undefined ? {} : { containerPath };
  if (raw["persistent"] !== undefined)
    return { ...path, mode: mode ?? "RW", persistent: completePersistent(raw["persistent"] as Raw) };
  if (raw["external"] !== undefined)
    return { ...path, mode: mode ?? "RW", external: completeExternal(raw["external"] as Raw) };
  if (raw["secret"] !== undefined) return { ...path, secret: raw["secret"] as string };
  const hostPath = raw["hostPath"] as string | undefined;
  return {
    ...path,
    ...(hostPath === undefined ? {} : { hostPath }),
    ...(mode === undefined ? {} : { mode }),
  };
}

export function completePersistent(raw: Raw): PersistentVolume {
  const { maxSize, profileName } = raw as Pick<PersistentVolume, "maxSize" | "profileName">;
  const type = (raw["type"] as PersistentVolume["type"] | undefined) ?? (profileName ? "mount" : "root");
  return {
    type,
    size: raw["size"] as number,
    ...(maxSize === undefined ? {} : { maxSize }),
    ...(profileName === undefined ? {} : { profileName }),
    constraints: (raw["constraints"] as string[][] | undefined) ?? [],
  };
}

function completeExternal(raw: Raw): ExternalVolume {
  const { size, name, provider, shared, options } = raw as Partial<ExternalVolume>;
  const known = { ...(name === undefined ? {} : { name }), ...(provider === undefined ? {} : { provider }) };
  if (provider === "csi") {
    const given = (options ?? {}) as Raw;
    return { ...known, options: { volumeContext: {}, nodeStageSecret: {}, nodePublishSecret: {}, ...given } };
  }
  return {
    ...(size === undefined ? {} : { size }),
    ...known,
    options: options ?? {},
    shared: shared ?? false,
  };
}

export function isPersistent(container: Container | undefined): boolean {
  return container?.volumes.some((v) => v.persistent !== undefined) === true;
}

/** Whether the app's instances keep their reservations: it has persistent volumes. */
export function isResident(app: Pick<App, "container">): boolean {
  return isPersistent(app.container);
}

const defaultResidency: Residency = {
  relaunchEscalationTimeoutSeconds: 3600,
  taskLostBehavior: "WAIT_FOREVER",
};

/** `residency` is added where there are persistent volumes; it decides nothing. */
export function completeResidency(
  raw: Raw | undefined,
  container: Container | undefined,
): Residency | undefined {
  if (raw === undefined && !isPersistent(container)) return undefined;
  return { ...defaultResidency, ...raw };
}

/** Volumes decide what upgrades may do: a volume cannot be in two places. */
export function defaultUpgrade(container: Container | undefined): App["upgradeStrategy"] {
  const bound =
    isPersistent(container) || container?.volumes.some((v) => v.external?.provider === "dvdi") === true;
  return bound
    ? { maximumOverCapacity: 0, minimumHealthCapacity: 0.5 }
    : { maximumOverCapacity: 1, minimumHealthCapacity: 1 };
}

export function completeUnreachable(
  raw: string | Raw | undefined,
  resident: boolean,
): App["unreachableStrategy"] {
  if (typeof raw === "string" || (raw === undefined && resident)) return "disabled";
  return {
    inactiveAfterSeconds: (raw?.["inactiveAfterSeconds"] as number | undefined) ?? 0,
    expungeAfterSeconds: (raw?.["expungeAfterSeconds"] as number | undefined) ?? 0,
  };
}
