// SPDX-License-Identifier: Apache-2.0

/** Words that must not stand in any file that an import writes. */
export const secretValues = [
  "hunter2-env",
  "hunter2-url",
  "hunter2-label",
  "hunter2-docker",
  "line1\nhunter2-pem\n",
];

const checks = { gracePeriodSeconds: 5, intervalSeconds: 7, timeoutSeconds: 3 };
const small = { cpus: 0.01, mem: 8 };
const docker = (more: object = {}) => ({ type: "DOCKER", docker: { image: "nginx:1.27", ...more } });
const sleep = { ...small, cmd: "exec sleep 100000" };

/** Apps in every shape that Marathon takes, by their ids; all of them run as no-op tasks. */
export const variedApps: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[] = [
  { id: "/plain", ...sleep },
  { id: "/nothing-runs", ...sleep, instances: 0 },
  {
    id: "/text",
    ...small,
    cmd: 'echo "quotes \' ` $HOME $(id) #{x} \\"\\\\"\nsecond line\ttab',
    labels: {
      quote: `"'\``,
      unicode: "grüße 🚀 \u2028 \u0007",
      lines: "a\nb\r\n",
      "key with spaces": "x",
      ключ: "y",
      __proto: "z",
      constructor: "c",
      empty: "",
    },
    env: { "dotted.name": "1", "with-dash": "2", CLASS: "3", class: "4", "A:B%": "5" },
  },
  {
    id: "/args",
    ...small,
    args: ["--flag", "-x", "a b", ""],
    container: docker({
      forcePullImage: true,
      privileged: true,
      parameters: [{ key: "hostname", value: "a.b" }],
    }),
  },
  // Networks and ports, new and old.
  {
    id: "/net/host-ports",
    ...sleep,
    portDefinitions: [
      { port: 0, name: "web" },
      { port: 0, protocol: "udp", labels: { a: "b" } },
    ],
  },
  { id: "/net/no-ports", ...sleep, portDefinitions: [] },
  { id: "/net/required", ...sleep, portDefinitions: [{ port: 31_005 }], requirePorts: true },
  {
    id: "/net/bridge",
    ...small,
    container: {
      ...docker(),
      portMappings: [
        { containerPort: 80 },
        { containerPort: 443, servicePort: 9443, name: "tls", labels: { VIP_0: "web:443" } },
      ],
    },
    networks: [{ mode: "container/bridge" }],
  },
  {
    id: "/net/load-balanced",
    ...small,
    labels: { HAPROXY_GROUP: "external" },
    container: { ...docker(), portMappings: [{ containerPort: 80, servicePort: 10_101 }] },
    networks: [{ mode: "container/bridge" }],
  },
  {
    id: "/net/container",
    ...sleep,
    container: { type: "MESOS", portMappings: [{ containerPort: 0, hostPort: 0 }, { containerPort: 9 }] },
    networks: [{ mode: "container", name: "overlay", labels: { a: "b" } }],
  },
  {
    id: "/net/old-ports",
    ...sleep,
    ports: [0, 0],
    uris: ["http://files.example/a.tgz", "http://files.example/b.txt"],
  },
  {
    id: "/net/old-bridge",
    ...small,
    container: docker({
      network: "BRIDGE",
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
    }),
  },
  {
    id: "/net/old-user",
    ...small,
    container: docker({ network: "USER" }),
    ipAddress: { networkName: "overlay" },
  },
  // Health checks of every kind.
  {
    id: "/checked/http",
    ...sleep,
    healthChecks: [
      { ...checks, path: "/health", portIndex: 0, maxConsecutiveFailures: 0 },
      { ...checks, protocol: "TCP", portIndex: 0 },
      { ...checks, protocol: "COMMAND", command: { value: "true && echo 'ok'" }, delaySeconds: 2 },
      { ...checks, protocol: "HTTPS", path: "/", port: 8443, ignoreHttp1xx: true },
    ],
  },
  {
    id: "/checked/mesos",
    ...sleep,
    container: { ...docker(), portMappings: [{ containerPort: 80 }] },
    networks: [{ mode: "container/bridge" }],
    healthChecks: [{ ...checks, protocol: "MESOS_HTTP", path: "/x", portIndex: 0, ipProtocol: "IPv4" }],
  },
  { id: "/checked/task", ...sleep, check: { exec: { command: { shell: "true" } }, intervalSeconds: 9 } },
  {
    id: "/checked/ready",
    ...sleep,
    portDefinitions: [{ port: 0, name: "http-api" }],
    readinessChecks: [{ name: "up", path: "/up", intervalSeconds: 12, httpStatusCodesForReady: [200, 204] }],
  },
  // Where and how tasks run.
  {
    id: "/placed",
    ...sleep,
    instances: 2,
    constraints: [
      ["hostname", "UNIQUE"],
      ["rack", "LIKE", "r[0-9]+"],
    ],
    acceptedResourceRoles: ["*"],
    user: "nobody",
    tty: true,
    taskKillGracePeriodSeconds: 4,
    killSelection: "OLDEST_FIRST",
    backoffSeconds: 2,
    backoffFactor: 1.5,
    maxLaunchDelaySeconds: 60,
    upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.25 },
    unreachableStrategy: { inactiveAfterSeconds: 30, expungeAfterSeconds: 60 },
    executorResources: { cpus: 0.2, mem: 40 },
    resourceLimits: { cpus: "unlimited", mem: 64 },
    fetch: [
      { uri: "http://files.example/c.bin", executable: true, cache: true, extract: false, destPath: "c" },
    ],
  },
  { id: "/gone-away", ...sleep, unreachableStrategy: "disabled" },
  {
    id: "/shop/db",
    ...sleep,
    container: { type: "MESOS", volumes: [{ containerPath: "data", persistent: { size: 10 } }] },
  },
  { id: "/shop/web", ...sleep, dependencies: ["../db", "/plain"] },
  {
    id: "/shop/files",
    ...small,
    container: {
      ...docker(),
      volumes: [{ containerPath: "/etc/hosts", hostPath: "/etc/hosts", mode: "RO" }],
    },
  },
  {
    id: "/shop/external",
    ...small,
    container: {
      ...docker(),
      volumes: [
        {
          containerPath: "/data",
          mode: "RW",
          external: { name: "vol", provider: "dvdi", options: { "dvdi/driver": "rexray" } },
        },
      ],
    },
  },
  // Secrets: in plain, and as Marathon's own references.
  {
    id: "/secretive",
    ...small,
    env: {
      DB_PASSWORD: secretValues[0],
      DATABASE_URL: `postgres://shop:${secretValues[1]}@db.example/shop`,
      TLS_KEY: `-----BEGIN PRIVATE KEY-----\n${secretValues[4]}`,
      TOKEN_TTL: "3600",
      FROM_STORE: { secret: "store" },
      "odd:NAME%_TOKEN": secretValues[0],
    },
    labels: { HAPROXY_0_AUTH_TOKEN: secretValues[2] },
    secrets: { store: { source: "shop/password" } },
    container: docker({ parameters: [{ key: "env", value: `API_TOKEN=${secretValues[3]}` }] }),
  },
];

const resources = { cpus: 0.01, mem: 8 };

/** Pods in every shape that Marathon takes. */
export const variedPods: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[] = [
  {
    id: "/pods/plain",
    containers: [{ name: "main", resources, exec: { command: { shell: "exec sleep 100000" } } }],
  },
  {
    id: "/pods/full",
    labels: { team: `"web"` },
    environment: { SHARED_SECRET: secretValues[0], MODE: "x" },
    scaling: { kind: "fixed", instances: 2 },
    networks: [{ mode: "container", name: "overlay" }],
    volumes: [{ name: "shared" }],
    scheduling: {
      backoff: { backoff: 2, backoffFactor: 1.5, maxLaunchDelay: 60 },
      placement: { constraints: [{ fieldName: "hostname", operator: "UNIQUE" }] },
      killSelection: "OLDEST_FIRST",
    },
    containers: [
      {
        name: "web",
        resources,
        image: { kind: "DOCKER", id: "nginx:1.27", forcePull: true },
        endpoints: [{ name: "http", containerPort: 80, hostPort: 0, protocol: ["tcp"], labels: { a: "b" } }],
        healthCheck: { http: { endpoint: "http", path: "/" }, gracePeriodSeconds: 5 },
        volumeMounts: [{ name: "shared", mountPath: "data" }],
        environment: { API_KEY: secretValues[0] },
      },
      {
        name: "side",
        resources: { ...resources, disk: 5 },
        exec: { command: { argv: ["sleep", "100000"] } },
        volumeMounts: [{ name: "shared", mountPath: "data", readOnly: true }],
        lifecycle: { killGracePeriodSeconds: 3 },
      },
    ],
  },
];

/** Groups that say something that their apps cannot say for themselves. */
export const variedGroups: readonly (Readonly<Record<string, unknown>> & { readonly id: string })[] = [
  {
    id: "/tiers",
    dependencies: ["/plain"],
    apps: [{ id: "web", ...sleep, env: { WEB_TOKEN: secretValues[0] }, dependencies: ["back"] }],
    groups: [
      {
        id: "back",
        dependencies: ["../store"],
        apps: [{ id: "api", ...sleep, instances: 2 }],
        groups: [{ id: "idle" }],
      },
      { id: "store", apps: [{ id: "db", ...sleep }] },
    ],
  },
  {
    id: "/team",
    enforceRole: true,
    apps: [
      { id: "job", ...sleep },
      { id: "deep", ...sleep },
    ],
  },
];
