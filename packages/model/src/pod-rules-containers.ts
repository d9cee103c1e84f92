// SPDX-License-Identifier: Apache-2.0
import type { Pod } from "./pod";
import { networksOf, type PodInput } from "./pod-rule";
import type { Segments } from "./property-path";
import { duplicates, type FieldRule, fieldRule, type PartRule, partRule, type Rule } from "./rule";

type Container = Pod["containers"][number];
type Endpoint = NonNullable<Container["endpoints"]>[number];
type Mount = NonNullable<Container["volumeMounts"]>[number];

const endpointsOf = ({ pod }: PodInput) => pod.containers.flatMap((c) => c.endpoints ?? []);
const modeOf = (n: { mode?: string }) => n.mode ?? "container";
const has = ({ pod }: PodInput, mode: string) => networksOf(pod).some((n) => modeOf(n) === mode);
const containerNetworks = ({ pod }: PodInput) => networksOf(pod).filter((n) => modeOf(n) === "container");
const hasSecret = ({ pod }: PodInput, name: string) => Object.hasOwn(pod.secrets ?? {}, name);
const missing = (name: string) => `names the secret ${JSON.stringify(name)}, which is not in secrets`;
const foreign = (e: Endpoint, { pod }: PodInput) =>
  (e.networkNames ?? []).filter((name) => !networksOf(pod).some((n) => n.name === name));

/** Names and ports that no two endpoints of a pod share. */
const uniqueRules: FieldRule<PodInput>[] = (["name", "containerPort", "hostPort"] as const).map((field) => {
  const twice = (input: PodInput) => duplicates(endpointsOf(input).map((e) => e[field] || undefined));
  return {
    path: "containers",
    reads: [`containers.endpoints.${field}`],
    when: (input) => twice(input).length > 0,
    message: (input) =>
      `${field}s of endpoints must be unique in the pod, got ${twice(input)
        .map((x) => JSON.stringify(x))
        .join(", ")} twice`,
  };
});

const endpointRules: PartRule<Endpoint, PodInput>[] = [
  {
    field: "containerPort",
    reads: ["containers.endpoints.containerPort", "networks"],
    when: (e, input) => has(input, "host") && e.containerPort !== undefined,
    message: () => "must not be given on the host network; give hostPort",
  },
  {
    field: "containerPort",
    reads: ["containers.endpoints.containerPort", "networks"],
    when: (e, input) => has(input, "container") && e.containerPort === undefined,
    message: () => "must be given on a container network",
  },
  {
    field: "protocol",
    reads: ["containers.endpoints.protocol"],
    when: (e) => duplicates(e.protocol).length > 0,
    message: (e) => `must have each protocol once, got ${duplicates(e.protocol).join(", ")} twice`,
  },
  {
    field: "networkNames",
    reads: ["containers.endpoints.networkNames", "networks"],
    when: (e, input) => foreign(e, input).length > 0,
    message: (e, input) =>
      `must name networks of the pod, got ${foreign(e, input)
        .map((n) => JSON.stringify(n))
        .join(", ")}`,
  },
  {
    field: "networkNames",
    reads: ["containers.endpoints.networkNames", "containers.endpoints.hostPort", "networks"],
    when: (e, input) =>
      containerNetworks(input).length > 1 && e.hostPort !== undefined && e.networkNames?.length !== 1,
    message: () => "must name one network, because the pod has several and this endpoint has a hostPort",
  },
];

const mountRules: PartRule<Mount, PodInput>[] = [
  {
    field: "name",
    reads: ["containers.volumeMounts", "volumes"],
    when: (m, { pod }) => !(pod.volumes ?? []).some((v) => v.name === m.name),
    message: (m, { pod }) => {
      const names = (pod.volumes ?? []).map((v) => v.name).join(", ");
      return `must be the name of a volume of the pod (${names || "there are none"}), got ${JSON.stringify(m.name)}`;
    },
  },
];

/** Rules about both kinds of checks of a container. */
const checkRules = (["healthCheck", "check"] as const).flatMap((key): PartRule<Container, PodInput>[] => {
  const kinds = (c: Container) => (["http", "tcp", "exec"] as const).filter((k) => c[key]?.[k] !== undefined);
  const reads = [`containers.${key}`];
  return [
    {
      field: key,
      reads,
      when: (c) => c[key] !== undefined && kinds(c).length !== 1,
      message: (c) => `must have one of http, tcp and exec, got ${kinds(c).join(" and ") || "none"}`,
    },
    {
      field: `${key}.exec.command`,
      reads,
      when: (c) => isOdd(c[key]?.exec?.command),
      message: () => "must have either shell or argv",
    },
    ...(["http", "tcp"] as const).map(
      (kind): PartRule<Container, PodInput> => ({
        field: `${key}.${kind}.endpoint`,
        reads: [...reads, "containers.endpoints"],
        when: (c) => {
          const name = c[key]?.[kind]?.endpoint;
          return name !== undefined && !(c.endpoints ?? []).some((e) => e.name === name);
        },
        message: (c) => {
          const names = (c.endpoints ?? []).map((e) => e.name).join(", ");
          return `must be the name of an endpoint of this container (${names || "there are none"}), got ${JSON.stringify(c[key]?.[kind]?.endpoint)}`;
        },
      }),
    ),
  ];
});

const isOdd = (command: { shell?: string; argv?: string[] } | undefined) =>
  command !== undefined && (command.shell === undefined) === (command.argv === undefined);

const containerRules: PartRule<Container, PodInput>[] = [
  ...checkRules,
  {
    field: "healthCheck.timeoutSeconds",
    reads: ["containers.healthCheck"],
    when: ({ healthCheck: h }) => h !== undefined && (h.timeoutSeconds ?? 20) >= (h.intervalSeconds ?? 60),
    message: ({ healthCheck: h }) =>
      `must be less than intervalSeconds (${h?.intervalSeconds ?? 60}), got ${h?.timeoutSeconds ?? 20}`,
  },
  {
    field: "exec.command",
    reads: ["containers.exec"],
    when: (c) => isOdd(c.exec?.command),
    message: () => "must have either shell or argv",
  },
  ...(["cpus", "mem"] as const).map(
    (name): PartRule<Container, PodInput> => ({
      field: `resourceLimits.${name}`,
      reads: ["containers.resourceLimits", "containers.resources"],
      when: (c) => Number(c.resourceLimits?.[name]) < (c.resources[name] ?? (name === "cpus" ? 1 : 128)),
      message: (c) =>
        `must be ${c.resources[name] ?? (name === "cpus" ? 1 : 128)} (resources.${name}) or more, or "unlimited", got ${c.resourceLimits?.[name]}`,
    }),
  ),
  {
    field: "resourceLimits",
    reads: ["containers.resourceLimits", "legacySharedCgroups"],
    when: (c, { pod }) => pod.legacySharedCgroups === true && c.resourceLimits !== undefined,
    message: () => "must not be given with legacySharedCgroups",
  },
  {
    field: "image.pullConfig.secret",
    reads: ["containers.image", "secrets"],
    when: ({ image }, input) => image?.pullConfig !== undefined && !hasSecret(input, image.pullConfig.secret),
    message: ({ image }) => missing(image?.pullConfig?.secret ?? ""),
  },
  {
    field: "linuxInfo.seccomp",
    reads: ["containers.linuxInfo"],
    when: ({ linuxInfo: l }) =>
      l?.seccomp !== undefined && (l.seccomp.unconfined === true) === (l.seccomp.profileName !== undefined),
    message: () => "must have either profileName or unconfined: true",
  },
  {
    field: "linuxInfo.ipcInfo.shmSize",
    reads: ["containers.linuxInfo"],
    when: ({ linuxInfo: l }) => l?.ipcInfo?.mode === "SHARE_PARENT" && l.ipcInfo.shmSize !== undefined,
    message: () => "must only be given for mode PRIVATE",
  },
];

const secretRule: PartRule<string, PodInput> = {
  reads: ["containers.environment", "secrets"],
  when: (name, input) => !hasSecret(input, name),
  message: missing,
};

const containersOf = ({ pod }: PodInput) => pod.containers.map((c, i) => [["containers", i], c] as const);

/** The elements of a list of every container, with their places. */
function inContainers<T>(input: PodInput, key: string, list: (c: Container) => readonly T[] | undefined) {
  return containersOf(input).flatMap(([at, c]) =>
    (list(c) ?? []).map((item, i): readonly [Segments, T] => [[...at, key, i], item]),
  );
}

/** Containers with their endpoints, mounts, checks and limits. */
export const podContainerRules: readonly Rule<PodInput>[] = [
  ...uniqueRules.map((rule) => fieldRule(rule)),
  ...endpointRules.map((rule) =>
    partRule((input: PodInput) => inContainers(input, "endpoints", (c) => c.endpoints), rule),
  ),
  ...mountRules.map((rule) =>
    partRule((input: PodInput) => inContainers(input, "volumeMounts", (c) => c.volumeMounts), rule),
  ),
  ...containerRules.map((rule) => partRule(containersOf, rule)),
  partRule(
    (input: PodInput) =>
      containersOf(input).flatMap(([at, c]) =>
        Object.entries(c.environment ?? {}).flatMap(([key, value]) =>
          typeof value === "object" ? [[[...at, "environment", key], value.secret] as const] : [],
        ),
      ),
    secretRule,
  ),
];
