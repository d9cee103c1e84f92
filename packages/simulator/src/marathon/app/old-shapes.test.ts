// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { TestMarathon } from "../testing/test-marathon";

type Json = Record<string, unknown>;

/** What every app answers; kept by hand. `version` and `deployments` are compared by their form. */
const base: Json = {
  id: "/a",
  backoffFactor: 1.15,
  backoffSeconds: 1,
  cpus: 1,
  disk: 0,
  executor: "",
  gpus: 0,
  instances: 1,
  killSelection: "YOUNGEST_FIRST",
  labels: {},
  maxLaunchDelaySeconds: 300,
  mem: 128,
  networks: [{ mode: "host" }],
  portDefinitions: [{ port: 0, protocol: "tcp", name: "default" }],
  requirePorts: false,
  role: "*",
  tasksHealthy: 0,
  tasksRunning: 0,
  tasksStaged: 0,
  tasksUnhealthy: 0,
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
  upgradeStrategy: { maximumOverCapacity: 1, minimumHealthCapacity: 1 },
};
const off: Json = { portDefinitions: undefined };
const docker = { forcePullImage: false, image: "x", parameters: [], privileged: false };
const mapping = { containerPort: 0, labels: {}, protocol: "tcp", servicePort: 0 };
const bridge = [{ mode: "container/bridge" }];
const check = {
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  ipProtocol: "IPv4",
  maxConsecutiveFailures: 3,
  timeoutSeconds: 20,
  delaySeconds: 15,
};
const cmd = { cmd: "sleep 1" };

/** Document, then how its answer differs from `base` (undefined: the key is absent). */
const table: [string, Json, Json][] = [
  ["a command alone", cmd, cmd],
  ["args alone", { args: ["sleep", "1"] }, { args: ["sleep", "1"] }],
  ["an empty list of args beside a command", { ...cmd, args: [] }, cmd],
  ["nulls", { ...cmd, args: null, container: null, healthChecks: null, labels: null, user: null }, cmd],
  [
    "unknown keys",
    { ...cmd, nothing: 1, upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1, x: 2 } },
    cmd,
  ],
  [
    "ports",
    { ...cmd, ports: [0, 8080] },
    {
      ...cmd,
      portDefinitions: [
        { port: 0, protocol: "tcp" },
        { port: 8080, protocol: "tcp" },
      ],
    },
  ],
  [
    "the same ports in both shapes",
    { ...cmd, ports: [1], portDefinitions: [{ port: 1 }] },
    { ...cmd, portDefinitions: [{ port: 1, protocol: "tcp" }] },
  ],
  [
    "empty lists beside their twins",
    { ...cmd, ports: [], portDefinitions: [{ port: 1 }], uris: [], fetch: [] },
    { ...cmd, portDefinitions: [{ port: 1, protocol: "tcp" }] },
  ],
  [
    "uris of every archive",
    {
      ...cmd,
      uris: ["/a.tgz", "/a.tar.gz", "/a.tbz2", "/a.tar.bz2", "/a.txz", "/a.tar.xz", "/a.zip", "/a.gz"],
    },
    {
      ...cmd,
      fetch: ["/a.tgz", "/a.tar.gz", "/a.tbz2", "/a.tar.bz2", "/a.txz", "/a.tar.xz", "/a.zip", "/a.gz"].map(
        (uri) => ({ uri, extract: uri !== "/a.gz", executable: false, cache: false }),
      ),
    },
  ],
  [
    "a Docker image without networks",
    { container: { docker: { image: "x" } } },
    { container: { type: "DOCKER", docker, volumes: [] } },
  ],
  [
    "docker.network HOST, whose mappings are dropped",
    { container: { docker: { image: "x", network: "HOST", portMappings: [{ containerPort: 1 }] } } },
    { container: { type: "DOCKER", docker, volumes: [] } },
  ],
  [
    "docker.network BRIDGE",
    {
      container: {
        docker: {
          image: "x",
          network: "BRIDGE",
          portMappings: [{ containerPort: 80, servicePort: 9, name: "web" }],
        },
      },
    },
    {
      ...off,
      networks: bridge,
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [{ ...mapping, containerPort: 80, hostPort: 0, servicePort: 9, name: "web" }],
      },
    },
  ],
  [
    "docker.network BRIDGE beside empty networks",
    { container: { docker: { image: "x", network: "BRIDGE" } }, networks: [] },
    {
      ...off,
      networks: bridge,
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [{ ...mapping, hostPort: 0, name: "default" }],
      },
    },
  ],
  [
    "docker.network USER with ipAddress",
    {
      container: { docker: { image: "x", network: "USER", portMappings: [{ containerPort: 80 }] } },
      ipAddress: { networkName: "n", labels: { a: "b" } },
    },
    {
      ...off,
      networks: [{ mode: "container", name: "n", labels: { a: "b" } }],
      container: { type: "DOCKER", docker, volumes: [], portMappings: [{ ...mapping, containerPort: 80 }] },
    },
  ],
  [
    "ipAddress with discovery and no container",
    {
      ...cmd,
      ipAddress: {
        networkName: "n",
        groups: ["g"],
        discovery: { ports: [{ number: 80, name: "web", protocol: "tcp" }] },
      },
    },
    {
      ...off,
      ...cmd,
      networks: [{ mode: "container", name: "n" }],
      container: {
        type: "MESOS",
        volumes: [],
        portMappings: [{ ...mapping, containerPort: 80, name: "web" }],
      },
    },
  ],
  [
    "a container network with the default name, and no container",
    { ...cmd, networks: [{ mode: "container" }] },
    {
      ...off,
      ...cmd,
      networks: [{ mode: "container", name: "default-net" }],
      container: { type: "MESOS", volumes: [], portMappings: [{ ...mapping, name: "default" }] },
    },
  ],
  [
    "port definitions off the host, counted only, beside the default mapping (code: AppNormalization.maybeAddPortMappings)",
    { container: { docker: { image: "x" } }, networks: bridge, ports: [0, 0], requirePorts: true },
    {
      ...off,
      networks: bridge,
      container: {
        type: "DOCKER",
        docker,
        volumes: [],
        portMappings: [
          { ...mapping, hostPort: 0, name: "default" },
          { ...mapping, hostPort: 0 },
        ],
      },
    },
  ],
  [
    "a Mesos container with an image",
    { container: { type: "MESOS", docker: { image: "x" } } },
    { container: { type: "MESOS", docker, volumes: [] } },
  ],
  [
    "health checks, their defaults and what they drop",
    {
      ...cmd,
      healthChecks: [
        { path: "/", delaySeconds: 1 },
        { protocol: "TCP", path: "/" },
        { protocol: "HTTPS", port: 1 },
      ],
    },
    {
      ...cmd,
      healthChecks: [
        { ...check, protocol: "HTTP", path: "/", portIndex: 0, ignoreHttp1xx: false },
        { ...check, protocol: "TCP", portIndex: 0 },
        { ...check, protocol: "HTTPS", port: 1, ignoreHttp1xx: false },
      ],
    },
  ],
  [
    "sets, each member once",
    {
      ...cmd,
      constraints: [
        ["hostname", "UNIQUE"],
        ["hostname", "UNIQUE"],
      ],
      acceptedResourceRoles: ["*", "*"],
      dependencies: [],
    },
    { ...cmd, constraints: [["hostname", "UNIQUE"]], acceptedResourceRoles: ["*"] },
  ],
  [
    "a readiness check",
    { ...cmd, portDefinitions: [{ port: 0, name: "http-api" }], readinessChecks: [{}] },
    {
      ...cmd,
      portDefinitions: [{ port: 0, protocol: "tcp", name: "http-api" }],
      readinessChecks: [
        {
          name: "readinessCheck",
          protocol: "HTTP",
          path: "/",
          portName: "http-api",
          intervalSeconds: 30,
          timeoutSeconds: 10,
          httpStatusCodesForReady: [200],
          preserveLastResponse: false,
        },
      ],
    },
  ],
  [
    "executorResources in part, and an unreachable strategy in part",
    { ...cmd, executorResources: { mem: 64 }, unreachableStrategy: { expungeAfterSeconds: 5 } },
    {
      ...cmd,
      executorResources: { cpus: 0.1, mem: 64, disk: 10 },
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 5 },
    },
  ],
];

/** SPEC-marathon.md, "Normalisation": whole answers, old shapes included (marathon.md §1.7). */
describe("marathon: the whole answer to every shape of document", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;

  before(async () => {
    marathon = await TestMarathon.start({ options: { networkName: "default-net" } });
  });
  after(async () => {
    await marathon.close();
  });

  for (const [what, document, more] of table) {
    it(`answers ${what}`, async () => {
      const answer = await marathon.call("POST", "/v2/apps", { id: "/a", ...document });
      try {
        assert.equal(answer.status, 201, answer.text);
        const { version, deployments, ...body } = answer.body;
        assert.match(version, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        assert.deepEqual(deployments, [{ id: answer.headers.get("marathon-deployment-id") }]);
        assert.deepEqual(body, JSON.parse(JSON.stringify({ ...base, ...more })));
      } finally {
        await marathon.call("DELETE", "/v2/apps/a?force=true");
        await marathon.until(() => marathon.core.tracker.specIds().length === 0, "no instances");
      }
    });
  }

  for (const [what, document, path, error] of [
    [
      "a credential",
      { container: { docker: { image: "x", credential: { principal: "p" } } } },
      "/container/docker/credential",
      "must be empty",
    ],
    [
      "docker.network for Mesos",
      { container: { type: "MESOS", docker: { image: "x", network: "BRIDGE" } } },
      "/container/docker/network",
      "must be empty",
    ],
    [
      "parameters for Mesos",
      { container: { type: "MESOS", docker: { image: "x", parameters: [{ key: "a", value: "b" }] } } },
      "/container/docker/parameters",
      "must be empty",
    ],
    [
      "discovery for Docker",
      {
        container: { docker: { image: "x" } },
        ipAddress: { discovery: { ports: [{ number: 1, name: "a" }] } },
      },
      "/ipAddress",
      "ipAddress/discovery is not allowed for Docker containers",
    ],
    [
      "uris and fetch",
      { uris: ["a"], fetch: [{ uri: "b" }] },
      "/uris",
      "may not be set in conjunction with fetch",
    ],
    [
      "docker.network and networks",
      { container: { docker: { image: "x", network: "HOST" } }, networks: [{ mode: "host" }] },
      "/",
      "must not specify both container.docker.network and networks",
    ],
    [
      "ipAddress and networks",
      { ipAddress: {}, networks: [{ mode: "host" }] },
      "/",
      "must not specify both networks and ipAddress",
    ],
    ["a port twice", { ports: [5, 5] }, "/", "ports must be unique"],
    ["ipAddress and ports", { ipAddress: {}, ports: [1] }, "/", "cannot specify both an IP address and port"],
    [
      "other ports in both shapes",
      { ports: [1], portDefinitions: [{ port: 2 }] },
      "/",
      "cannot specify both ports and port definitions",
    ],
  ] as const) {
    it(`fails when ${what} is given`, async () => {
      const answer = await marathon.call("POST", "/v2/apps", { id: "/b", ...cmd, ...document });
      assert.equal(answer.status, 422, answer.text);
      assert.deepEqual(answer.body, { message: "Object is not valid", details: [{ path, errors: [error] }] });
    });
  }
});
