// SPDX-License-Identifier: Apache-2.0

import type { Violation } from "../api-error";
import { constraintProblem } from "../app/constraint-rules";
import { pathProblem } from "../app/path-id";
import type { AppDefaults, Network } from "../app/types";
import { limitViolations, linuxViolations } from "../app/validate-features";
import { foreignNames, networkViolations, oneNameForHostPort } from "../app/validate-networks";
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
  found.push(
    ...roleViolations(pod.role, defaults),
    ...networkViolations(pod.networks),
    ...linuxViolations(pod.linuxInfo, "/linuxInfo", true),
  );
  pod.containers.forEach((container, i) => {
    const path = `/containers(${i})`;
    found.push(...broken(containerRules, container, path));
    found.push(
      ...limitViolations(container.resourceLimits, container.resources, `${path}/resourceLimits`),
      ...linuxViolations(container.linuxInfo, `${path}/linuxInfo`),
      ...endpointViolations(pod, container, path),
    );
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
    const problem = constraintProblem(field ?? "", operator ?? "", value);
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
  const endpointRules: readonly Rule<Endpoint>[] = [
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
      message: oneNameForHostPort,
    },
  ];
  return container.endpoints.flatMap((e, i) => {
    const at = `${path}/endpoints(${i})`;
    return [...foreignNames(e.networkNames ?? [], pod.networks, at), ...broken(endpointRules, e, at)];
  });
}
