// SPDX-License-Identifier: Apache-2.0

/** A pod and what Marathon answers for it, kept by hand. */
export interface PodAnswer {
  readonly title: string;
  /** Section of reference/marathon.md, or the source of Marathon 1.10 that says so. */
  readonly source: string;
  /** Fields beside an id and one container. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Fields that the answer has exactly so. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** Fields that the answer has not. */
  readonly absent?: readonly string[];
  readonly server?: { readonly version?: string; readonly role?: string; readonly defaultNetwork?: string };
}

const resources = { cpus: 0.1, mem: 32, disk: 0, gpus: 0 };
const one = (more: object) => ({ containers: [{ name: "a", resources: { cpus: 0.1, mem: 32 }, ...more }] });
const answered = (more: object) => ({ containers: [{ name: "a", resources, ...more }] });
const scheduling = {
  backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 },
  upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  placement: {},
  killSelection: "YOUNGEST_FIRST",
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
};
const normalization = "api/v2/PodNormalization.scala";
const conversion = "raml/PodConversion.scala";

export const podAnswers: readonly PodAnswer[] = [
  {
    title: "a container alone gets every default",
    source: "§1.9",
    request: {},
    answer: {
      id: "/a",
      ...answered({}),
      scaling: { kind: "fixed", instances: 1 },
      scheduling,
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      role: "*",
    },
    absent: ["labels", "environment", "secrets", "volumes", "networks", "version", "user"],
  },
  {
    title: "resources are filled up",
    source: "§1.9",
    request: { containers: [{ name: "a", resources: {} }] },
    answer: { containers: [{ name: "a", resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 } }] },
  },
  {
    title: "off container networks every endpoint has a host port",
    source: `§1.9, ${normalization}`,
    request: one({ endpoints: [{ name: "http" }, { name: "admin", hostPort: 8080 }] }),
    answer: answered({
      endpoints: [
        { name: "http", hostPort: 0 },
        { name: "admin", hostPort: 8080 },
      ],
    }),
  },
  {
    title: "on the bridge, too",
    source: normalization,
    request: {
      networks: [{ mode: "container/bridge" }],
      ...one({ endpoints: [{ name: "http", containerPort: 80 }] }),
    },
    answer: {
      networks: [{ mode: "container/bridge" }],
      ...answered({ endpoints: [{ name: "http", containerPort: 80, hostPort: 0 }] }),
    },
  },
  {
    title: "on a container network a missing host port stays absent",
    source: normalization,
    request: { networks: [{ name: "dcos" }], ...one({ endpoints: [{ name: "http", containerPort: 80 }] }) },
    answer: {
      networks: [{ mode: "container", name: "dcos" }],
      ...answered({ endpoints: [{ name: "http", containerPort: 80 }] }),
    },
  },
  {
    title: "a container network without a name is the server's",
    source: normalization,
    request: { networks: [{ mode: "container", labels: {} }] },
    answer: { networks: [{ mode: "container", name: "overlay" }] },
    server: { defaultNetwork: "overlay" },
  },
  {
    title: "a host network that is given stays, one that is not is absent",
    source: normalization,
    request: { networks: [{ mode: "host" }] },
    answer: { networks: [{ mode: "host" }] },
  },
  {
    title: "a health check is filled up",
    source: "§1.9",
    request: one({
      endpoints: [{ name: "http", hostPort: 0 }],
      healthCheck: { http: { endpoint: "http", path: "/ping" } },
    }),
    answer: answered({
      endpoints: [{ name: "http", hostPort: 0 }],
      healthCheck: {
        http: { endpoint: "http", path: "/ping", scheme: "HTTP" },
        gracePeriodSeconds: 300,
        intervalSeconds: 60,
        maxConsecutiveFailures: 3,
        timeoutSeconds: 20,
        delaySeconds: 15,
      },
    }),
  },
  {
    title: "a check has neither grace nor failures",
    source: "§1.9, §1.2",
    request: one({ check: { exec: { command: { argv: ["true"] } }, intervalSeconds: 5 } }),
    answer: answered({
      check: {
        exec: { command: { argv: ["true"] } },
        intervalSeconds: 5,
        timeoutSeconds: 20,
        delaySeconds: 15,
      },
    }),
  },
  {
    title: "mounts get readOnly, artifacts their defaults",
    source: "§1.9",
    request: {
      volumes: [{ name: "data" }],
      ...one({
        volumeMounts: [{ name: "data", mountPath: "/data" }],
        artifacts: [{ uri: "http://x/a" }],
      }),
    },
    answer: {
      volumes: [{ name: "data" }],
      ...answered({
        volumeMounts: [{ name: "data", mountPath: "/data", readOnly: false }],
        artifacts: [{ uri: "http://x/a", extract: true, executable: false, cache: false }],
      }),
    },
  },
  {
    title: "what is empty is absent",
    source: "§1.9",
    request: {
      labels: {},
      environment: {},
      secrets: {},
      volumes: [],
      networks: [],
      ...one({ endpoints: [], environment: {}, labels: {}, volumeMounts: [], artifacts: [] }),
    },
    answer: answered({}),
    absent: ["labels", "environment", "secrets", "volumes", "networks"],
  },
  {
    title: "null is absent, and unknown keys are dropped",
    source: "§1.7.10",
    request: { user: null, nonsense: 1, ...one({ image: null, x: 1 }) },
    answer: answered({}),
    absent: ["user", "nonsense"],
  },
  {
    title: "an image, a command and a terminal stay as they are",
    source: "§1.9",
    request: one({
      image: { kind: "DOCKER", id: "nginx" },
      exec: { command: { shell: "nginx" } },
      tty: true,
      lifecycle: { killGracePeriodSeconds: 2.5 },
    }),
    answer: answered({
      image: { kind: "DOCKER", id: "nginx" },
      exec: { command: { shell: "nginx" } },
      tty: true,
      lifecycle: { killGracePeriodSeconds: 2.5 },
    }),
  },
  {
    title: "a number of instances stays",
    source: conversion,
    request: { scaling: { kind: "fixed", instances: 3 } },
    answer: { scaling: { kind: "fixed", instances: 3 } },
  },
  {
    title: "a part of scheduling leaves the defaults of the rest",
    source: "§1.9",
    request: { scheduling: { backoff: { backoff: 2 }, killSelection: "OLDEST_FIRST" } },
    answer: {
      scheduling: {
        ...scheduling,
        backoff: { ...scheduling.backoff, backoff: 2 },
        killSelection: "OLDEST_FIRST",
      },
    },
  },
  {
    title: "half an upgrade strategy is filled up",
    source: "§1.9",
    request: { scheduling: { upgrade: { minimumHealthCapacity: 0 } } },
    answer: {
      scheduling: { ...scheduling, upgrade: { minimumHealthCapacity: 0, maximumOverCapacity: 1 } },
    },
  },
  {
    title: "constraints and roles are sets",
    source: conversion,
    request: {
      scheduling: {
        placement: {
          constraints: [
            { fieldName: "hostname", operator: "UNIQUE" },
            { operator: "UNIQUE", fieldName: "hostname" },
          ],
          acceptedResourceRoles: ["*", "*"],
        },
      },
    },
    answer: {
      scheduling: {
        ...scheduling,
        placement: {
          constraints: [{ operator: "UNIQUE", fieldName: "hostname" }],
          acceptedResourceRoles: ["*"],
        },
      },
    },
  },
  {
    title: "persistent volumes change the strategies",
    server: { role: "db" },
    source: `§1.9, ${normalization}`,
    request: {
      volumes: [{ name: "data", persistent: { size: 100 } }],
      ...one({ volumeMounts: [{ name: "data", mountPath: "data" }] }),
    },
    answer: {
      volumes: [{ name: "data", persistent: { type: "root", size: 100, constraints: [] } }],
      scheduling: {
        ...scheduling,
        upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
        unreachableStrategy: "disabled",
      },
    },
  },
  {
    title: "executor resources are filled up",
    source: "§1.9",
    request: { executorResources: { cpus: 0.5 } },
    answer: { executorResources: { cpus: 0.5, mem: 32, disk: 10 } },
  },
  {
    title: "the role is the server's",
    source: "§1.2",
    request: {},
    answer: { role: "services" },
    server: { role: "services" },
  },
  {
    title: "there are no roles before 1.9",
    source: "§7.1",
    request: { role: "web" },
    answer: {},
    absent: ["role"],
    server: { version: "1.8.244" },
  },
  {
    title: "the longest launch delay was an hour before 1.8",
    source: "§1.7.9",
    request: {},
    answer: {
      scheduling: { ...scheduling, backoff: { ...scheduling.backoff, maxLaunchDelay: 3600 } },
    },
    server: { version: "1.7.236" },
  },
];
