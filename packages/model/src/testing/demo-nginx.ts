// SPDX-License-Identifier: Apache-2.0

/** The exact pair of reference/marathon.md §6.4 A, without what Marathon alone sets; the request in the old and the new form. */
const checks = [
  {
    protocol: "HTTP",
    path: "/",
    portIndex: 0,
    gracePeriodSeconds: 30,
    intervalSeconds: 10,
    timeoutSeconds: 5,
    maxConsecutiveFailures: 3,
  },
];

export const demoNginxOld = {
  id: "/demo-nginx",
  cpus: 0.1,
  mem: 64,
  instances: 2,
  container: {
    type: "DOCKER",
    docker: {
      image: "nginx",
      network: "BRIDGE",
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
    },
  },
  healthChecks: checks,
};

export const demoNginxNew = {
  id: "/demo-nginx",
  cpus: 0.1,
  mem: 64,
  instances: 2,
  container: {
    type: "DOCKER",
    docker: { image: "nginx" },
    portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
  },
  networks: [{ mode: "container/bridge" }],
  healthChecks: checks,
};

export const demoNginxAnswer = {
  id: "/demo-nginx",
  backoffFactor: 1.15,
  backoffSeconds: 1,
  container: {
    type: "DOCKER",
    docker: { forcePullImage: false, image: "nginx", parameters: [], privileged: false },
    volumes: [],
    portMappings: [{ containerPort: 80, hostPort: 0, labels: {}, protocol: "tcp", servicePort: 0 }],
  },
  cpus: 0.1,
  disk: 0,
  executor: "",
  healthChecks: [
    {
      gracePeriodSeconds: 30,
      ignoreHttp1xx: false,
      intervalSeconds: 10,
      maxConsecutiveFailures: 3,
      path: "/",
      portIndex: 0,
      protocol: "HTTP",
      ipProtocol: "IPv4",
      timeoutSeconds: 5,
      delaySeconds: 15,
    },
  ],
  instances: 2,
  labels: {},
  maxLaunchDelaySeconds: 300,
  mem: 64,
  gpus: 0,
  networks: [{ mode: "container/bridge" }],
  requirePorts: false,
  upgradeStrategy: { maximumOverCapacity: 1, minimumHealthCapacity: 1 },
  killSelection: "YOUNGEST_FIRST",
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
  role: "*",
};

/** What `GET /v2/apps/demo-nginx` adds when the deployment is done (§6.4 B): service ports and what Marathon alone sets. */
export const demoNginxRead = {
  ...demoNginxAnswer,
  container: {
    ...demoNginxAnswer.container,
    portMappings: [{ containerPort: 80, hostPort: 0, labels: {}, protocol: "tcp", servicePort: 10000 }],
  },
  version: "2026-01-01T00:00:00.000Z",
  versionInfo: {
    lastScalingAt: "2026-01-01T00:00:00.000Z",
    lastConfigChangeAt: "2026-01-01T00:00:00.000Z",
  },
  tasksStaged: 0,
  tasksRunning: 2,
  tasksHealthy: 2,
  tasksUnhealthy: 0,
  deployments: [],
  tasks: [{ id: "demo-nginx.instance-x._app.1", ports: [31000] }],
};
