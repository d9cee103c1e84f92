// SPDX-License-Identifier: Apache-2.0

/** A request to Marathon and what it answers, kept by hand. */
export interface AppAnswer {
  readonly title: string;
  /** Section of reference/marathon.md. */
  readonly source: string;
  /** Fields beside an id and a command. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Fields that the answer has exactly so. */
  readonly answer: Readonly<Record<string, unknown>>;
  /** Fields that the answer has not. */
  readonly absent?: readonly string[];
  /** Marathon's version and flags where the answer depends on them. */
  readonly server?: { readonly version?: string; readonly role?: string; readonly defaultNetwork?: string };
}

const persistent = (more: object = {}) => ({
  type: "MESOS",
  volumes: [{ containerPath: "data", persistent: { size: 100 }, ...more }],
});

export const scalarAnswers: readonly AppAnswer[] = [
  {
    title: "a command alone gets every default of 1.10",
    source: "§1.2, §6.4",
    request: {},
    answer: {
      id: "/a",
      cmd: "sleep 100",
      cpus: 1,
      mem: 128,
      disk: 0,
      gpus: 0,
      instances: 1,
      executor: "",
      labels: {},
      role: "*",
      backoffSeconds: 1,
      backoffFactor: 1.15,
      maxLaunchDelaySeconds: 300,
      killSelection: "YOUNGEST_FIRST",
      requirePorts: false,
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      networks: [{ mode: "host" }],
      portDefinitions: [{ port: 0, name: "default", protocol: "tcp" }],
    },
    absent: ["container", "args", "env", "constraints", "dependencies", "fetch", "healthChecks", "secrets"],
  },
  {
    title: "a relative id and dependencies are resolved against the root",
    source: "§1.7.1",
    request: { id: "shop/web", dependencies: ["db", "/shop/cache"] },
    answer: { id: "/shop/web", dependencies: ["/db", "/shop/cache"] },
  },
  {
    title: "dots in a path are resolved",
    source: "§1.7.1, §1.6",
    request: { id: "/shop/../web", dependencies: ["./db"] },
    answer: { id: "/web", dependencies: ["/db"] },
  },
  {
    title: "null is absent",
    source: "§1.7.10",
    request: { user: null, args: null, container: null, healthChecks: null },
    answer: { instances: 1 },
    absent: ["user", "args", "container", "healthChecks"],
  },
  {
    title: "unknown keys are dropped",
    source: "§1.7.10",
    request: { nonsense: 1, upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1, x: 2 } },
    answer: { upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 } },
    absent: ["nonsense"],
  },
  {
    title: "empty lists and maps are absent, empty labels are not",
    source: "§1.7.11",
    request: {
      args: [],
      env: {},
      constraints: [],
      dependencies: [],
      fetch: [],
      healthChecks: [],
      readinessChecks: [],
      secrets: {},
      labels: {},
    },
    answer: { labels: {} },
    absent: [
      "args",
      "env",
      "constraints",
      "dependencies",
      "fetch",
      "healthChecks",
      "readinessChecks",
      "secrets",
    ],
  },
  {
    title: "the longest launch delay was an hour before 1.8",
    source: "§1.2, §1.7.9",
    request: {},
    answer: { maxLaunchDelaySeconds: 3600 },
    server: { version: "1.7.236" },
  },
  {
    title: "there are no roles before 1.9",
    source: "§1.2, §7.1",
    request: { role: "web" },
    answer: {},
    absent: ["role"],
    server: { version: "1.8.244" },
  },
  {
    title: "the role is the server's",
    source: "§1.2",
    request: {},
    answer: { role: "services" },
    server: { role: "services" },
  },
  {
    title: "a role of the app's own stays",
    source: "§1.2",
    request: { role: "web", acceptedResourceRoles: ["*", "web"] },
    answer: { role: "web", acceptedResourceRoles: ["*", "web"] },
    server: { role: "services" },
  },
  {
    title: "what Marathon sets is not part of an app",
    source: "§1.2",
    request: {
      version: "2026-01-01T00:00:00.000Z",
      versionInfo: { lastScalingAt: "2026-01-01T00:00:00.000Z" },
      tasksRunning: 1,
      tasks: [],
      deployments: [],
    },
    answer: {},
    absent: ["version", "versionInfo", "tasksRunning", "tasks", "deployments"],
  },
  {
    title: "executor resources are filled up",
    source: "§1.2",
    request: { executorResources: { cpus: 0.5 } },
    answer: { executorResources: { cpus: 0.5, mem: 32, disk: 10 } },
  },
  {
    title: "resource limits stay as they are",
    source: "§1.2",
    request: { resourceLimits: { cpus: "unlimited", mem: 256 } },
    answer: { resourceLimits: { cpus: "unlimited", mem: 256 } },
  },
  {
    title: "an unreachable strategy is filled up",
    source: "§1.2",
    request: { unreachableStrategy: { expungeAfterSeconds: 60 } },
    answer: { unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 60 } },
  },
  {
    title: "a disabled unreachable strategy stays",
    source: "§1.2",
    request: { unreachableStrategy: "disabled" },
    answer: { unreachableStrategy: "disabled" },
  },
  {
    title: "a set holds each element once",
    source: "§1.7.8",
    request: {
      constraints: [
        ["hostname", "UNIQUE"],
        ["hostname", "UNIQUE"],
      ],
    },
    answer: { constraints: [["hostname", "UNIQUE"]] },
  },
  {
    title: "optional scalars stay absent",
    source: "§1.2",
    request: {},
    answer: {},
    absent: ["taskKillGracePeriodSeconds", "tty", "user", "residency", "check", "resourceLimits"],
  },
  {
    title: "optional scalars that are given stay",
    source: "§1.2",
    request: { taskKillGracePeriodSeconds: 5, tty: true, user: "nobody", killSelection: "OLDEST_FIRST" },
    answer: { taskKillGracePeriodSeconds: 5, tty: true, user: "nobody", killSelection: "OLDEST_FIRST" },
  },
  {
    title: "secrets stay references",
    source: "§1.2",
    request: { env: { A: "1", B: { secret: "b" } }, secrets: { b: { source: "/b" } } },
    answer: { env: { A: "1", B: { secret: "b" } }, secrets: { b: { source: "/b" } } },
  },
  {
    title: "uris become fetch, unpacked by their ending",
    source: "§1.2, §1.7.5",
    request: { uris: ["http://x/a.tar.gz", "http://x/b.zip", "http://x/c.txt"] },
    answer: {
      fetch: [
        { uri: "http://x/a.tar.gz", extract: true, executable: false, cache: false },
        { uri: "http://x/b.zip", extract: true, executable: false, cache: false },
        { uri: "http://x/c.txt", extract: false, executable: false, cache: false },
      ],
    },
    absent: ["uris"],
  },
  {
    title: "fetch gets its defaults, and its path stays",
    source: "§1.2",
    request: { fetch: [{ uri: "http://x/c.txt", destPath: "d" }] },
    answer: {
      fetch: [{ uri: "http://x/c.txt", extract: true, executable: false, cache: false, destPath: "d" }],
    },
  },
  {
    title: "persistent volumes change the strategies and add residency",
    source:
      "§1.2, §1.7.9, docs/docs/rest-api/public/api/v2/types/volumes.raml (constraints without omitEmpty)",
    request: { container: persistent() },
    answer: {
      upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
      unreachableStrategy: "disabled",
      residency: { relaunchEscalationTimeoutSeconds: 3600, taskLostBehavior: "WAIT_FOREVER" },
      container: {
        type: "MESOS",
        volumes: [
          { containerPath: "data", mode: "RW", persistent: { type: "root", size: 100, constraints: [] } },
        ],
      },
    },
  },
  {
    title: "strategies that are given stay with persistent volumes",
    source: "§1.7.9",
    request: {
      container: persistent({ mode: "RW" }),
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
      residency: { relaunchEscalationTimeoutSeconds: 60 },
    },
    answer: {
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
      residency: { relaunchEscalationTimeoutSeconds: 60, taskLostBehavior: "WAIT_FOREVER" },
    },
  },
  {
    title: "external volumes change the upgrade strategy alone",
    source: "§1.2, §1.7.9",
    request: {
      container: {
        type: "MESOS",
        volumes: [{ containerPath: "/d", mode: "RW", external: { name: "d", provider: "dvdi" } }],
      },
    },
    answer: {
      upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      container: {
        type: "MESOS",
        volumes: [
          { containerPath: "/d", mode: "RW", external: { name: "d", provider: "dvdi", shared: false } },
        ],
      },
    },
    absent: ["residency"],
  },
];
