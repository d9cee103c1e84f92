// SPDX-License-Identifier: Apache-2.0

import type { Violation } from "../api-error";
import { pathProblem } from "../app/path-id";
import type { AppDefaults, Network } from "../app/types";
import { constraintProblem } from "../app/validate-app";
import { roleViolations } from "../group/roles";
import { residentViolations } from "./resident-pods";
import { type Endpoint, endpointsOf, type Pod, type PodContainer } from "./types";
import { podFeatureViolations } from "./validate-pod-features";

interface Rule<T> {
  readonly path: string;
  readonly when: (subject: T) => boolean;
  readonly message: string | ((subject: T) => string);
}

const repeats = (values: readonly unknown[]) => new Set(values).size < values.length;
const count = (pod: Pod, mode: Network["mode"]) => pod.networks.filter((n) => n.mode === mode).length;

const rules: readonly Rule<Pod>[] = [
  { path: "/id", when: (p) => p.id === "/", message: "Path must contain at least one path element" },
  { path: "/id", when: (p) => !p.id.startsWith("/"), message: "Path needs to be absolute" },
  { path: "/id", when: (p) => pathProblem(p.id) !== undefined, message: (p) => pathProblem(p.id) ?? "" },
  { path: "/user", when: (p) => p.user === "", message: "must not be empty" },
  {
    path: "/volumes",
    when: (p) => repeats(p.volumes.map((v) => v.name)),
    message: "volume names must be unique",
  },
  { path: "/containers", when: (p) => p.containers.length === 0, message: "must not be empty" },
  {
    path: "/containers",
    when: (p) => repeats(p.containers.map((c) => c.name)),
    message: "container names must be unique",
  },
  {
    path: "/",
    when: (p) => repeats(endpointsOf(p).map((e) => e.name)),
    message: "endpoint names nust be unique across all containers",
  },
  {
    path: "/",
    when: (p) => repeats(endpointsOf(p).flatMap((e) => e.containerPort || [])),
    message: "container ports must be unique across all containers",
  },
  {
    path: "/",
    when: (p) => repeats(endpointsOf(p).flatMap((e) => e.hostPort || [])),
    message: "host ports must be unique across all containers",
  },
  {
    path: "/networks",
    when: (p) =>
      p.networks.some((n) => n.mode === "host" && (n.name !== undefined || n.labels !== undefined)),
    message: "Host networks may not have names or labels",
  },
  {
    path: "/networks",
    when: (p) => p.networks.some((n) => n.mode === "container/bridge" && n.name !== undefined),
    message: "Bridge networks may not have names",
  },
  {
    path: "/networks",
    when: (p) => repeats(p.networks.filter((n) => n.mode === "container").map((n) => n.name)),
    message: "Duplicate networks are not allowed",
  },
  {
    path: "/networks",
    when: (p) => {
      const container = count(p, "container");
      const others = count(p, "host") + count(p, "container/bridge");
      return others > 1 || (others === 1 && container > 0);
    },
    message: "May specify a single host network, single bridge network, or else 1-to-n container networks",
  },
  {
    path: "/networks",
    when: (p) => p.networks.some((n) => n.mode === "container" && n.name === undefined),
    message: "Network name must be specified when container network is selected.",
  },
  {
    path: "/scheduling/unreachableStrategy",
    when: ({ unreachableStrategy: s }) => s !== "disabled" && s.inactiveAfterSeconds > s.expungeAfterSeconds,
    message: "inactiveAfterSeconds must be less or equal to expungeAfterSeconds",
  },
  {
    path: "/acceptedResourceRoles",
    when: (p) => (p.acceptedResourceRoles ?? []).some((r) => r !== "*" && r !== p.role),
    message: (p) => `acceptedResourceRoles can only contain *, ${p.role}`,
  },
];

const checks = ["healthCheck", "check"] as const;

const containerRules: readonly Rule<PodContainer>[] = [
  ...(["cpus", "mem"] as const).map(
    (name): Rule<PodContainer> => ({
      path: `/resourceLimits/${name}`,
      when: (c) => {
        const limit = c.resourceLimits?.[name];
        return typeof limit === "number" && limit < c.resources[name];
      },
      message: `Resource limit must be greater than or equal to requested amount of ${name}`,
    }),
  ),
  ...checks.map(
    (key): Rule<PodContainer> => ({
      path: `/${key}`,
      when: ({ [key]: check }) =>
        check !== undefined &&
        [check.http, check.tcp, check.exec].filter((kind) => kind !== undefined).length !== 1,
      message: "Only one of http, tcp, or command may be specified",
    }),
  ),
  {
    path: "/healthCheck/timeoutSeconds",
    when: ({ healthCheck: h }) => h !== undefined && h.timeoutSeconds >= h.intervalSeconds,
    message: ({ healthCheck: h }) => `got ${h?.timeoutSeconds}, expected less than ${h?.intervalSeconds}`,
  },
  ...checks.flatMap((key) =>
    (["http", "tcp"] as const).map(
      (kind): Rule<PodContainer> => ({
        path: `/${key}/${kind}/endpoint`,
        when: ({ [key]: check, endpoints }) => {
          const endpoint = check?.[kind]?.endpoint;
          return endpoint !== undefined && !endpoints.some((e) => e.name === endpoint);
        },
        message: "contained in the container endpoints",
      }),
    ),
  ),
];

/** Every rule that `pod` breaks (Marathon's PodsValidation). */
export function validatePod(pod: Pod, defaults: AppDefaults): Violation[] {
  const found = [...broken(rules, pod, ""), ...podFeatureViolations(pod, defaults.features ?? new Set())];
  found.push(...roleViolations(pod.role, defaults));
  pod.containers.forEach((container, i) => {
    const path = `/containers(${i})`;
    found.push(...broken(containerRules, container, path));
    found.push(...endpointViolations(pod, container, path));
    container.volumeMounts.forEach((mount, m) => {
      if (!pod.volumes.some((v) => v.name === mount.name)) {
        found.push({
          path: `${path}/volumeMounts(${m})/name`,
          errors: ["Referenced Volume in VolumeMount should exist"],
        });
      }
    });
    if (pod.legacySharedCgroups === true && container.resourceLimits !== undefined) {
      found.push({
        path: `${path}/resourceLimits`,
        errors: ["resourceLimits cannot be defined if legacySharedCgroups is enabled"],
      });
    }
  });
  found.push(...residentViolations(pod));
  pod.volumes.forEach((volume, i) => {
    const mounted = pod.containers.some((c) => c.volumeMounts.some((m) => m.name === volume.name));
    if (!mounted) {
      found.push({ path: `/volumes(${i})`, errors: ["volume must be referenced by at least one container"] });
    }
  });
  pod.constraints.forEach(([field, operator, value], i) => {
    const problem = constraintProblem(field, operator, value, value === undefined ? 2 : 3);
    if (problem !== undefined) {
      found.push({ path: `/scheduling/placement/constraints(${i})`, errors: [problem] });
    }
  });
  return found;
}

function broken<T>(table: readonly Rule<T>[], subject: T, prefix: string): Violation[] {
  return table
    .filter((rule) => rule.when(subject))
    .map(({ path, message }) => ({
      path: path === "/" && prefix !== "" ? prefix : prefix + path,
      errors: [typeof message === "string" ? message : message(subject)],
    }));
}

function endpointViolations(pod: Pod, container: PodContainer, path: string): Violation[] {
  const host = count(pod, "host") > 0;
  const containerNetworks = count(pod, "container");
  const names = pod.networks.map((n) => n.name);
  const endpointRules: readonly Rule<Endpoint>[] = [
    {
      path: "/networkNames",
      when: (e) => (e.networkNames ?? []).some((name) => !names.includes(name)),
      message: "is not one of the names of the pod's networks",
    },
    {
      path: "/containerPort",
      when: (e) => host && e.containerPort !== undefined,
      message: "is not allowed when using host-mode networking",
    },
    {
      path: "/containerPort",
      when: (e) => containerNetworks > 0 && e.containerPort === undefined,
      message: "is required when using container-mode networking",
    },
    {
      path: "/protocol",
      when: (e) => repeats(e.protocol ?? []),
      message: "Duplicate protocols within the same endpoint are not allowed",
    },
    {
      path: "/",
      when: (e) => containerNetworks > 1 && e.hostPort !== undefined && e.networkNames?.length !== 1,
      message:
        "networkNames must be a single item list when hostPort is specified and more than 1 container network is defined",
    },
  ];
  return container.endpoints.flatMap((e, i) => broken(endpointRules, e, `${path}/endpoints(${i})`));
}
