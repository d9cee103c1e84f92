// SPDX-License-Identifier: Apache-2.0
import { constraintValueProblem } from "./constraint";
import { absolutePath } from "./path-id";
import type { Pod } from "./pod";
import type { PodInput } from "./pod-rule";
import { hasPersistent, networksOf } from "./pod-rule";
import { podContainerRules } from "./pod-rules-containers";
import { duplicates, type FieldRule, fieldRule, type PartRule, partRule, type Rule } from "./rule";

type Network = NonNullable<Pod["networks"]>[number];
type Volume = NonNullable<Pod["volumes"]>[number];
type Constraint = NonNullable<
  NonNullable<NonNullable<Pod["scheduling"]>["placement"]>["constraints"]
>[number];

const reserved = ["restart", "tasks", "versions"];
const modeOf = (network: Network) => network.mode ?? "container";
const listed = (names: readonly unknown[]) => names.map((n) => JSON.stringify(n)).join(", ");
const mounted = ({ pod }: PodInput, name: string) =>
  pod.containers.some((c) => c.volumeMounts?.some((m) => m.name === name));
const kindsOf = (v: Volume) =>
  (["host", "persistent", "secret"] as const).filter((kind) => v[kind] !== undefined);

const fieldRules: FieldRule<PodInput>[] = [
  {
    path: "id",
    reads: ["id"],
    when: ({ pod }) => !pod.id.startsWith("/"),
    message: ({ pod }) =>
      `must begin with a slash, got ${JSON.stringify(pod.id)}; give ${absolutePath(pod.id)}`,
  },
  {
    path: "id",
    reads: ["id"],
    when: ({ normal }) => normal.id === "/",
    message: () => "must name a pod, got the root",
  },
  {
    path: "id",
    reads: ["id"],
    when: ({ normal }) => reserved.includes(normal.id.split("/").at(-1) ?? ""),
    message: ({ normal }) =>
      `must not end in ${normal.id.split("/").at(-1)}, because Marathon's own paths end so; choose another last segment`,
  },
  {
    path: "containers",
    reads: ["containers"],
    when: ({ pod }) => duplicates(pod.containers.map((c) => c.name)).length > 0,
    message: ({ pod }) =>
      `names must be unique, got ${listed(duplicates(pod.containers.map((c) => c.name)))} twice`,
  },
  {
    path: "volumes",
    reads: ["volumes"],
    when: ({ pod }) => duplicates(pod.volumes?.map((v) => v.name)).length > 0,
    message: ({ pod }) =>
      `names must be unique, got ${listed(duplicates(pod.volumes?.map((v) => v.name)))} twice`,
  },
  {
    path: "networks",
    reads: ["networks"],
    when: ({ pod }) => {
      const modes = networksOf(pod).map(modeOf);
      return modes.length > 1 && modes.some((m) => m !== "container");
    },
    message: ({ pod }) =>
      `must be one host network, one container/bridge network, or any of mode container, got ${networksOf(pod).map(modeOf).join(", ")}`,
  },
  {
    path: "networks",
    reads: ["networks"],
    when: ({ pod }) =>
      duplicates(networksOf(pod).flatMap((n) => (modeOf(n) === "container" ? [n.name ?? ""] : []))).length >
      0,
    message: () => "must name each container network once",
  },
  {
    path: "scheduling.placement.acceptedResourceRoles",
    reads: ["scheduling.placement.acceptedResourceRoles", "role"],
    when: ({ pod }) =>
      pod.role !== undefined &&
      (pod.scheduling?.placement?.acceptedResourceRoles ?? []).some((r) => r !== "*" && r !== pod.role),
    message: ({ pod }) => `must only have "*" and the pod's role ${JSON.stringify(pod.role)}`,
  },
  {
    path: "scheduling.unreachableStrategy.inactiveAfterSeconds",
    reads: ["scheduling.unreachableStrategy"],
    when: ({ pod }) => {
      const s = pod.scheduling?.unreachableStrategy;
      return typeof s === "object" && (s.inactiveAfterSeconds ?? 0) > (s.expungeAfterSeconds ?? 0);
    },
    message: () => "must not be more than expungeAfterSeconds",
  },
  {
    path: "scheduling.unreachableStrategy",
    reads: ["scheduling.unreachableStrategy", "volumes"],
    when: ({ pod }) => hasPersistent(pod) && typeof pod.scheduling?.unreachableStrategy === "object",
    message: () => 'must be "disabled" with persistent volumes',
  },
  {
    path: "scheduling.upgrade.maximumOverCapacity",
    reads: ["scheduling.upgrade", "volumes"],
    when: ({ pod, normal }) => hasPersistent(pod) && normal.scheduling?.upgrade?.maximumOverCapacity !== 0,
    message: ({ normal }) =>
      `must be 0 with persistent volumes, got ${normal.scheduling?.upgrade?.maximumOverCapacity}`,
  },
  {
    path: "role",
    reads: ["role", "volumes"],
    when: ({ pod }) => hasPersistent(pod) && pod.role === "*",
    message: () => 'must not be "*" with persistent volumes, because disks are reserved for a role',
  },
  {
    path: "linuxInfo.seccomp",
    reads: ["linuxInfo"],
    when: ({ pod }) => pod.linuxInfo?.seccomp !== undefined,
    message: () => "must not be given for a pod; give it for its containers",
  },
  {
    path: "linuxInfo.ipcInfo.shmSize",
    reads: ["linuxInfo"],
    when: ({ pod }) =>
      pod.linuxInfo?.ipcInfo?.mode === "SHARE_PARENT" && pod.linuxInfo.ipcInfo.shmSize !== undefined,
    message: () => "must only be given for mode PRIVATE",
  },
];

const networkRules: PartRule<Network, PodInput>[] = [
  {
    field: "name",
    reads: ["networks"],
    when: (n) => modeOf(n) !== "container" && n.name !== undefined,
    message: (n) => `must not be given for mode ${n.mode}`,
  },
  {
    field: "labels",
    reads: ["networks"],
    when: (n) => n.mode === "host" && Object.keys(n.labels ?? {}).length > 0,
    message: () => "must not be given for mode host",
  },
];

const volumeRules: PartRule<Volume, PodInput>[] = [
  {
    reads: ["volumes"],
    when: (v) => kindsOf(v).length > 1,
    message: (v) => `must have at most one of host, persistent and secret, got ${kindsOf(v).join(" and ")}`,
  },
  {
    reads: ["volumes", "containers"],
    when: (v, input) => !mounted(input, v.name),
    message: (v) =>
      `must be mounted by a container; add a volumeMount named ${JSON.stringify(v.name)} or remove it`,
  },
  {
    field: "secret",
    reads: ["volumes", "secrets"],
    when: (v, { pod }) => v.secret !== undefined && !Object.hasOwn(pod.secrets ?? {}, v.secret),
    message: (v) => `names the secret ${JSON.stringify(v.secret)}, which is not in secrets`,
  },
  ...(["maxSize", "profileName"] as const).map(
    (field): PartRule<Volume, PodInput> => ({
      field: `persistent.${field}`,
      reads: ["volumes"],
      when: ({ persistent: p }) =>
        p?.[field] !== undefined && (p.type ?? (p.profileName === undefined ? "root" : "mount")) !== "mount",
      message: () => 'must only be given for type "mount"',
    }),
  ),
  {
    field: "persistent.maxSize",
    reads: ["volumes"],
    when: ({ persistent: p }) => p?.maxSize !== undefined && p.maxSize <= p.size,
    message: ({ persistent: p }) => `must be more than size (${p?.size}), got ${p?.maxSize}`,
  },
  {
    field: "persistent.constraints",
    reads: ["volumes"],
    when: ({ persistent: p }) =>
      (p?.constraints?.length ?? 0) > 0 &&
      (p?.type ?? (p?.profileName === undefined ? "root" : "mount")) === "root",
    message: () => 'must not be given for type "root"',
  },
  {
    field: "persistent.constraints",
    reads: ["volumes"],
    when: ({ persistent: p }) =>
      p?.constraints?.some(([field, operator, value]) => {
        const known = field === "path" && /^(UN)?LIKE$/.test(operator ?? "");
        return !known || constraintValueProblem("LIKE", value) !== undefined;
      }) ?? false,
    message: () => 'must be lists of "path", "LIKE" or "UNLIKE", and a regular expression',
  },
];

const constraintRules: PartRule<Constraint, PodInput>[] = [
  {
    field: "fieldName",
    reads: ["scheduling.placement.constraints"],
    when: (c) => c.fieldName === "",
    message: () => "must not be empty",
  },
  {
    field: "value",
    reads: ["scheduling.placement.constraints"],
    when: (c) => constraintValueProblem(c.operator, c.value) !== undefined,
    message: (c) => constraintValueProblem(c.operator, c.value) ?? "",
  },
];

const secretInEnvironment: PartRule<string, PodInput> = {
  reads: ["environment", "secrets"],
  when: (name, { pod }) => !Object.hasOwn(pod.secrets ?? {}, name),
  message: (name) => `names the secret ${JSON.stringify(name)}, which is not in secrets`,
};

const within = <T>(path: readonly string[], list: readonly T[] | undefined) =>
  (list ?? []).map((item, i) => [[...path, i], item] as const);

/** What fields of a pod must be to each other. */
export const podRules: readonly Rule<PodInput>[] = [
  ...fieldRules.map((rule) => fieldRule(rule)),
  ...networkRules.map((rule) => partRule(({ pod }) => within(["networks"], pod.networks), rule)),
  ...volumeRules.map((rule) => partRule(({ pod }) => within(["volumes"], pod.volumes), rule)),
  ...constraintRules.map((rule) =>
    partRule(
      ({ pod }) => within(["scheduling", "placement", "constraints"], pod.scheduling?.placement?.constraints),
      rule,
    ),
  ),
  partRule(
    ({ pod }) =>
      Object.entries(pod.environment ?? {}).flatMap(([key, value]) =>
        typeof value === "object" ? [[["environment", key], value.secret] as const] : [],
      ),
    secretInEnvironment,
  ),
  ...podContainerRules,
];
