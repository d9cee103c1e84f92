// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import type { App, LinuxInfo } from "./types";

/** What Marathon says of a part that needs `--enable_features`; the bracket without a beginning is Marathon's own. */
export function notEnabled(feature: string): string {
  return `Feature ${feature} is not enabled. Enable with --enable_features ${feature})`;
}

/** What no URI has in it. */
export const badUri = /[\s<>"{}|\\^`]/;

/** Rules about secrets, GPUs, limits, pull configurations, seccomp and artifacts (marathon.md §1.2, §1.3). */
export function featureViolations(app: App, features: ReadonlySet<string>): Violation[] {
  return [
    ...secretViolations(app, features),
    ...pullViolations(app, features),
    ...gpuViolations(app, features),
    ...limitViolations(app.resourceLimits, app),
    ...linuxViolations(app.container?.linuxInfo, "/container/linuxInfo"),
    ...app.fetch.flatMap(({ uri }, i) =>
      badUri.test(uri) ? [{ path: `/fetch(${i})/uri`, errors: ["URI has invalid syntax."] }] : [],
    ),
  ];
}

function secretViolations(app: App, features: ReadonlySet<string>): Violation[] {
  const found: Violation[] = [];
  const enabled = features.has("secrets");
  if (Object.keys(app.secrets).length > 0 && !enabled)
    found.push({ path: "/secrets", errors: [notEnabled("secrets")] });
  const references = Object.entries(app.env).flatMap(([name, value]) =>
    typeof value === "string" ? [] : [{ name, secret: value.secret }],
  );
  if (references.length > 0 && !enabled) {
    found.push({
      path: "/env",
      errors: ["use of secret-references in the environment requires the secrets feature to be enabled"],
    });
  }
  for (const { name, secret } of references) {
    if (app.secrets[secret] === undefined)
      found.push({ path: `/env/${name}/secret`, errors: ["references an undefined secret"] });
  }
  return found;
}

function pullViolations(app: App, features: ReadonlySet<string>): Violation[] {
  const secret = app.container?.docker?.pullConfig?.secret;
  if (secret === undefined) return [];
  const path = "/container/docker/pullConfig";
  if (app.container?.type === "DOCKER")
    return [{ path, errors: ["pullConfig is not supported with Docker containerizer"] }];
  const errors = [
    ...(features.has("secrets") ? [] : ["must be empty", notEnabled("secrets")]),
    ...(app.secrets[secret] === undefined ? ["pullConfig.secret must refer to an existing secret"] : []),
  ];
  return errors.length === 0 ? [] : [{ path, errors }];
}

function gpuViolations(app: App, features: ReadonlySet<string>): Violation[] {
  if (app.gpus === 0) return [];
  const errors = [
    ...(app.container?.type === "DOCKER" ? ["GPU resources only work with the Mesos containerizer"] : []),
    ...(features.has("gpu_resources") ? [] : [notEnabled("gpu_resources")]),
  ];
  return errors.length === 0 ? [] : [{ path: "/", errors }];
}

/** A number as Scala prints a Double. */
export function double(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : `${value}`;
}

/** What `limits` may be for `resources`, at `path`. */
export function limitViolations(
  limits: App["resourceLimits"],
  resources: { readonly cpus: number; readonly mem: number },
  path = "/resourceLimits",
): Violation[] {
  return (["cpus", "mem"] as const).flatMap((name) => {
    const limit: unknown = limits?.[name];
    const refuse = (error: string) => [{ path: `${path}/${name}`, errors: [error] }];
    if (typeof limit === "string" && limit !== "unlimited")
      return refuse(`'${limit}' is an invalid resource limit. It must be 'unlimited' or a number`);
    if (typeof limit === "number" && limit < resources[name]) {
      const requested = double(resources[name]);
      return refuse(`resource limit must be greater than or equal to requested resource (${requested})`);
    }
    return [];
  });
}

/** What a container's `linuxInfo`, or with `executor` a whole pod's, may be. */
export function linuxViolations(info: LinuxInfo | undefined, path: string, executor = false): Violation[] {
  const { seccomp, ipcInfo } = info ?? {};
  const found: Violation[] = [];
  const refuse = (part: string, error: string) => found.push({ path: `${path}/${part}`, errors: [error] });
  if (seccomp !== undefined && executor) {
    refuse("seccomp", "Seccomp configuration on executor level is not supported");
  } else if (seccomp !== undefined && (seccomp.unconfined ?? false) === (seccomp.profileName !== undefined)) {
    refuse(
      "seccomp",
      seccomp.unconfined === true
        ? "Seccomp unconfined can NOT be true when Profile is defined"
        : "Seccomp unconfined must be true when Profile is NOT defined",
    );
  }
  if (ipcInfo?.mode === "SHARE_PARENT" && ipcInfo.shmSize !== undefined)
    refuse("ipcInfo", "ipcInfo shmSize can NOT be set when mode is SHARE_PARENT");
  return found;
}
