// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import { type ElementRule, elementRule, type FieldRule, fieldRule, type Rule } from "./rule";

type Volume = NonNullable<NonNullable<App["container"]>["volumes"]>[number];

const typeOf = (app: App) => app.container?.type ?? "DOCKER";
const hasSecret = (app: App, name: string) => Object.hasOwn(app.secrets ?? {}, name);
const missing = (name: string) => `names the secret ${JSON.stringify(name)}, which is not in secrets`;

const fieldRules: FieldRule[] = [
  {
    path: "container.docker",
    reads: ["container.type", "container.docker"],
    when: ({ app }) =>
      app.container !== undefined && typeOf(app) === "DOCKER" && app.container.docker === undefined,
    message: () => 'must be given for type DOCKER, which is the default; without an image give type: "MESOS"',
  },
  ...(["privileged", "parameters", "network", "portMappings"] as const).map(
    (name): FieldRule => ({
      path: `container.docker.${name}`,
      reads: ["container.type", `container.docker.${name}`],
      when: ({ app }) => {
        const value = app.container?.docker?.[name];
        const none = value === undefined || value === false || (Array.isArray(value) && value.length === 0);
        return typeOf(app) === "MESOS" && !none;
      },
      message: () => "must not be given for type MESOS; it is for containers of type DOCKER",
    }),
  ),
  {
    path: "container.docker.pullConfig",
    reads: ["container.type", "container.docker.pullConfig"],
    when: ({ app }) => typeOf(app) === "DOCKER" && app.container?.docker?.pullConfig !== undefined,
    message: () => "must not be given for type DOCKER; it is for containers of type MESOS",
  },
  {
    path: "container.docker.pullConfig.secret",
    reads: ["secrets", "container.docker.pullConfig"],
    when: ({ app }) => {
      const secret = app.container?.docker?.pullConfig?.secret;
      return secret !== undefined && !hasSecret(app, secret);
    },
    message: ({ app }) => missing(app.container?.docker?.pullConfig?.secret ?? ""),
  },
  {
    path: "container.linuxInfo",
    reads: ["container.type", "container.linuxInfo"],
    when: ({ app }) => typeOf(app) === "DOCKER" && app.container?.linuxInfo !== undefined,
    message: () => "must not be given for type DOCKER, which drops it; use type MESOS",
  },
  {
    path: "container.linuxInfo.seccomp",
    reads: ["container.linuxInfo"],
    when: ({ app }) => {
      const seccomp = app.container?.linuxInfo?.seccomp;
      return seccomp !== undefined && (seccomp.unconfined === true) === (seccomp.profileName !== undefined);
    },
    message: () => "must have either profileName or unconfined: true",
  },
  {
    path: "container.linuxInfo.ipcInfo.shmSize",
    reads: ["container.linuxInfo"],
    when: ({ app }) => {
      const ipc = app.container?.linuxInfo?.ipcInfo;
      return ipc?.shmSize !== undefined && ipc.mode !== "PRIVATE";
    },
    message: () => "must only be given for mode PRIVATE",
  },
];

const kindsOf = (v: Volume) =>
  (["hostPath", "persistent", "external", "secret"] as const).filter((kind) => v[kind] !== undefined);
const reads = ["container.volumes"];
const path = "container.volumes";

const volumeRules: ElementRule<Volume>[] = [
  {
    path,
    reads,
    when: (v) => kindsOf(v).length !== 1,
    message: (v) =>
      `must have one of hostPath, persistent, external and secret, got ${kindsOf(v).join(" and ") || "none"}`,
  },
  {
    path,
    field: "mode",
    reads,
    when: (v) => v.mode === undefined && (v.hostPath !== undefined || v.external !== undefined),
    message: () => 'must be given: "RO" or "RW"',
  },
  {
    path,
    field: "mode",
    reads,
    when: (v) => v.persistent !== undefined && v.mode === "RO",
    message: () => 'must be "RW" for a persistent volume, got "RO"',
  },
  {
    path,
    field: "containerPath",
    reads,
    when: (v) => v.persistent !== undefined && /^\.\.?$|\//.test(v.containerPath),
    message: (v) =>
      `must be a name without a slash for a persistent volume, got ${JSON.stringify(v.containerPath)}`,
  },
  {
    path,
    field: "persistent.maxSize",
    reads,
    when: (v) => v.persistent?.maxSize !== undefined && v.persistent.type !== "mount",
    message: () => 'must only be given for type "mount"',
  },
  {
    path,
    field: "persistent.maxSize",
    reads,
    when: (v) => (v.persistent?.maxSize ?? Number.POSITIVE_INFINITY) <= (v.persistent?.size ?? 0),
    message: (v) => `must be more than size (${v.persistent?.size}), got ${v.persistent?.maxSize}`,
  },
  {
    path,
    field: "persistent.profileName",
    reads,
    when: (v) => v.persistent?.profileName !== undefined && v.persistent.type !== "mount",
    message: () => 'must only be given for type "mount"',
  },
  {
    path,
    field: "persistent.constraints",
    reads,
    when: (v) => (v.persistent?.constraints?.length ?? 0) > 0 && (v.persistent?.type ?? "root") === "root",
    message: () => 'must not be given for type "root"',
  },
  {
    path,
    field: "persistent.constraints",
    reads,
    when: (v) =>
      v.persistent?.constraints?.some((c) => c[0] !== "path" || !/^(UN)?LIKE$/.test(c[1] ?? "")) ?? false,
    message: () => 'must be lists of "path", "LIKE" or "UNLIKE", and a regular expression',
  },
  {
    path,
    field: "secret",
    reads: [...reads, "secrets"],
    when: (v, { app }) => v.secret !== undefined && !hasSecret(app, v.secret),
    message: (v) => missing(v.secret ?? ""),
  },
];

/** The container, its image and its volumes. */
export const containerRules: readonly Rule[] = [
  ...fieldRules.map(fieldRule),
  ...volumeRules.map((rule) => elementRule((app) => (app.container?.volumes ?? []).entries(), rule)),
];
