// SPDX-License-Identifier: Apache-2.0

function many<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

function dictionary(count: number, value: (i: number) => unknown): Record<string, unknown> {
  return Object.fromEntries(many(count, (i) => [`NAME_${i}`, value(i)]));
}

/** An app with every field of Marathon 1.10 that can stand beside the others, and long lists in all that are lists. */
export const largestApp: Readonly<Record<string, unknown>> = {
  appId: "/bench/largest",
  cmd: "exec ./server --port=$PORT0 --data=data",
  cpus: 0.5,
  mem: 512,
  disk: 128,
  gpus: 0,
  instances: 10,
  executor: "",
  executorResources: { cpus: 0.1, mem: 32, disk: 10 },
  resourceLimits: { cpus: "unlimited", mem: 1024 },
  env: { ...dictionary(50, (i) => `value ${i}`), ...{ TOKEN: { secret: "NAME_0" } } },
  secrets: dictionary(20, (i) => ({ source: `/path/of/${i}` })),
  labels: dictionary(50, (i) => `label ${i}`),
  user: "nobody",
  constraints: many(10, (i) => [`attribute-${i}`, "LIKE", "a|b|c"]),
  acceptedResourceRoles: ["*"],
  container: {
    type: "MESOS",
    docker: { image: "registry.example/server:1.0", forcePullImage: true },
    portMappings: many(20, (i) => ({
      containerPort: 8000 + i,
      hostPort: 0,
      servicePort: 11_000 + i,
      protocol: "tcp",
      name: `port-${i}`,
      labels: dictionary(3, (n) => `label ${n}`),
    })),
    volumes: [
      ...many(20, (i) => ({ containerPath: `/etc/${i}`, hostPath: `/srv/${i}`, mode: "RO" })),
      ...many(10, (i) => ({ containerPath: `secret-${i}`, secret: `NAME_${i}` })),
    ],
  },
  networks: [{ mode: "container/bridge", labels: dictionary(10, (i) => `label ${i}`) }],
  requirePorts: false,
  fetch: many(20, (i) => ({
    uri: `https://files.example/${i}.tar.gz`,
    extract: true,
    executable: false,
    cache: true,
    destPath: `file-${i}`,
  })),
  dependencies: many(20, (i) => `/bench/other-${i}`),
  healthChecks: many(10, (i) => ({
    protocol: "HTTP",
    path: `/health/${i}`,
    portIndex: i,
    gracePeriodSeconds: 30,
    intervalSeconds: 10,
    timeoutSeconds: 5,
    maxConsecutiveFailures: 3,
    ignoreHttp1xx: false,
  })),
  check: { http: { path: "/check", portIndex: 0 }, intervalSeconds: 30, timeoutSeconds: 5, delaySeconds: 15 },
  readinessChecks: [
    {
      name: "ready",
      protocol: "HTTP",
      path: "/ready",
      portName: "port-0",
      intervalSeconds: 30,
      timeoutSeconds: 10,
      httpStatusCodesForReady: [200, 204],
      preserveLastResponse: true,
    },
  ],
  backoffSeconds: 1,
  backoffFactor: 1.15,
  maxLaunchDelaySeconds: 300,
  upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 },
  taskKillGracePeriodSeconds: 10,
  killSelection: "OLDEST_FIRST",
  unreachableStrategy: { inactiveAfterSeconds: 60, expungeAfterSeconds: 120 },
  tty: false,
};
