// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";

type Json = Readonly<Record<string, unknown>>;

const image = { image: "nginx", forcePullImage: true, parameters: [{ key: "hostname", value: "a" }] };
const mapping = {
  containerPort: 80,
  hostPort: 0,
  servicePort: 0,
  protocol: "tcp",
  name: "http",
  labels: { a: "b" },
};

/** Apps that Marathon takes, of every shape of networks, in the old and the new form. */
export const apps: readonly Json[] = [
  { id: "a", cmd: "sleep 1" },
  {
    id: "/b",
    args: ["sleep", "1"],
    cpus: 0.5,
    mem: 64,
    disk: 10,
    instances: 2,
    env: { A: "b" },
    labels: { a: "b" },
    constraints: [
      ["hostname", "UNIQUE"],
      ["rack", "LIKE", "r.*"],
      ["rack", "MAX_PER", "2"],
      ["rack", "cluster"],
      ["rack", "IS", "r-1.2/3_4"],
    ],
    acceptedResourceRoles: ["*"],
    dependencies: ["/c"],
    portDefinitions: [{ port: 0, protocol: "udp", name: "dns" }, { port: 8080 }],
    requirePorts: true,
    fetch: [{ uri: "http://x/a.tgz", extract: true }],
    healthChecks: [
      { protocol: "HTTP", path: "/", portIndex: 1, gracePeriodSeconds: 5 },
      { protocol: "COMMAND", command: { value: "true" } },
    ],
    backoffSeconds: 1,
    backoffFactor: 2,
    maxLaunchDelaySeconds: 60,
    upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 },
    unreachableStrategy: { inactiveAfterSeconds: 1, expungeAfterSeconds: 2 },
    taskKillGracePeriodSeconds: 3,
    killSelection: "OLDEST_FIRST",
    user: "nobody",
  },
  {
    id: "c",
    container: {
      type: "DOCKER",
      docker: image,
      portMappings: [mapping, { containerPort: 81 }],
      volumes: [{ containerPath: "/x", hostPath: "/y", mode: "RO" }],
    },
    networks: [{ mode: "container/bridge" }],
    healthChecks: [{ protocol: "MESOS_HTTP", portIndex: 0, delaySeconds: 1 }],
    readinessChecks: [{ portName: "http", intervalSeconds: 10, timeoutSeconds: 5 }],
  },
  {
    id: "d",
    container: { type: "DOCKER", docker: { image: "nginx", network: "BRIDGE", portMappings: [mapping] } },
    healthChecks: [{ protocol: "TCP" }],
    uris: ["http://x/a.zip"],
  },
  {
    id: "e",
    cmd: "sleep 1",
    container: {
      type: "MESOS",
      docker: { image: "nginx" },
      portMappings: [{ containerPort: 80, networkNames: ["one"], hostPort: 0 }],
      linuxInfo: { seccomp: { unconfined: true }, ipcInfo: { mode: "PRIVATE", shmSize: 8 } },
    },
    networks: [{ name: "one" }, { mode: "container", name: "two", labels: { a: "b" } }],
    check: { tcp: { portIndex: 0 }, intervalSeconds: 5 },
    gpus: 1,
  },
  {
    id: "f",
    cmd: "sleep 1",
    ipAddress: { networkName: "n", discovery: { ports: [{ number: 80, name: "http" }] } },
  },
  { id: "g", cmd: "sleep 1", ports: [0, 8080], tty: true, resourceLimits: { cpus: 2, mem: "unlimited" } },
  {
    id: "h",
    cmd: "sleep 1",
    container: {
      type: "MESOS",
      volumes: [{ containerPath: "data", persistent: { size: 10, type: "mount", maxSize: 20 } }],
    },
    residency: { relaunchEscalationTimeoutSeconds: 10 },
    upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
  },
  {
    id: "j",
    cmd: "sleep 1",
    labels: { MARATHON_SINGLE_INSTANCE_APP: "true" },
    upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    networks: [{ name: "under_scored" }],
    container: { type: "MESOS", portMappings: [], docker: { image: "x" } },
  },
  {
    id: "i",
    cmd: "sleep 1",
    env: { S: { secret: "s" } },
    secrets: { s: { source: "/s" } },
    container: { type: "MESOS", volumes: [{ containerPath: "s", secret: "s" }] },
    executorResources: { cpus: 0.2, mem: 64 },
  },
];

const resources = { cpus: 0.1, mem: 32 };

/** Pods that Marathon takes. */
export const pods: readonly Json[] = [
  { id: "/p", containers: [{ name: "a", resources }] },
  {
    id: "/q",
    labels: { a: "b" },
    environment: { A: "b" },
    containers: [
      {
        name: "a",
        resources: { cpus: 0.1, mem: 32, disk: 1, gpus: 0 },
        resourceLimits: { cpus: 1 },
        exec: { command: { shell: "sleep 1" } },
        endpoints: [{ name: "http", hostPort: 8080, protocol: ["tcp", "udp"] }],
        healthCheck: {
          http: { endpoint: "http", path: "/", scheme: "HTTP" },
          intervalSeconds: 10,
          timeoutSeconds: 5,
        },
        volumeMounts: [{ name: "v", mountPath: "/v", readOnly: true }],
        artifacts: [{ uri: "http://x/a.tgz" }],
        lifecycle: { killGracePeriodSeconds: 1 },
        tty: true,
      },
      {
        name: "b",
        resources,
        image: { kind: "DOCKER", id: "nginx" },
        check: { exec: { command: { argv: ["true"] } } },
      },
    ],
    volumes: [{ name: "v", host: "/v" }],
    networks: [{ mode: "host" }],
    scaling: { kind: "fixed", instances: 2 },
    scheduling: {
      backoff: { backoff: 1, backoffFactor: 2, maxLaunchDelay: 5 },
      upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 },
      placement: {
        constraints: [{ fieldName: "rack", operator: "LIKE", value: "r" }],
        acceptedResourceRoles: ["*"],
      },
      killSelection: "OLDEST_FIRST",
      unreachableStrategy: { inactiveAfterSeconds: 1, expungeAfterSeconds: 2 },
    },
  },
  {
    id: "/r",
    containers: [
      {
        name: "a",
        resources,
        endpoints: [{ name: "http", containerPort: 80, hostPort: 0, networkNames: ["one"] }],
        healthCheck: { tcp: { endpoint: "http" } },
      },
    ],
    networks: [{ name: "one" }, { name: "two", mode: "container" }],
  },
  {
    id: "/s",
    containers: [{ name: "a", resources, volumeMounts: [{ name: "v", mountPath: "v" }] }],
    volumes: [{ name: "v", persistent: { size: 10 } }],
    scheduling: {
      unreachableStrategy: "disabled",
      upgrade: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    },
  },
];

/** Groups that Marathon takes. */
export const groups: readonly Json[] = [
  { id: "/shop" },
  {
    id: "/shop",
    enforceRole: false,
    dependencies: ["/other"],
    apps: [
      { id: "web", cmd: "sleep 1", dependencies: ["back"] },
      { id: "/shop/cache", cmd: "sleep 1", cpus: 2 },
    ],
    groups: [
      {
        id: "back",
        apps: [{ id: "sql", cmd: "sleep 1", dependencies: ["../cache"] }],
        groups: [{ id: "deep" }],
      },
      { id: "/shop/front", dependencies: ["../back"], apps: [{ id: "x", cmd: "sleep 1" }] },
    ],
  },
];

const odd: readonly unknown[] = [
  -1,
  0,
  1,
  1.5,
  65_536,
  "",
  "a",
  "A_b",
  "/x/y",
  "..",
  "host",
  "sql",
  "tcp",
  true,
  null,
  [],
  {},
  [1],
  ["a"],
  [{}],
  undefined,
];

/** Every place in a document, as the keys that lead there. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return at.length === 0 ? [] : [at];
  return [
    ...(at.length === 0 ? [] : [at]),
    ...Object.entries(value).flatMap(([k, v]) => placesOf(v, [...at, k])),
  ];
}

function withValue(value: unknown, [key, ...rest]: readonly string[], put: unknown): unknown {
  if (key === undefined || typeof value !== "object" || value === null) return put;
  if (Array.isArray(value)) return value.map((v, i) => (String(i) === key ? withValue(v, rest, put) : v));
  return { ...value, [key]: withValue((value as Json)[key], rest, put) };
}

/** One of `valid` with up to three of its values exchanged for odd ones; no key that Marathon does not know comes in. */
export function broken(valid: readonly Json[]): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(fc.tuple(fc.nat(), fc.constantFrom(...odd)), { maxLength: 3 }))
    .map(([document, changes]) =>
      changes.reduce<unknown>((current, [n, put]) => {
        const places = placesOf(current);
        const place = places[n % places.length];
        return place === undefined ? current : withValue(current, place, put);
      }, document),
    );
}
