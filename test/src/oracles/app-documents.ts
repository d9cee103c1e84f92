// SPDX-License-Identifier: Apache-2.0
import { bridge, defaultDefinitions, docker, host, mapping, type Oracle } from "./oracle";

const normalization = "src/test/…/api/v2/AppNormalizationTest.scala";
const resource = "src/test/…/api/v2/AppsResourceTest.scala";
const scheduling = "src/test/…/api/v2/validation/SchedulingValidationTest.scala";
const validation = "src/test/…/api/v2/validation/AppValidationTest.scala";
const volumes = "docs/docs/persistent-volumes.md";
const health = "docs/docs/health-checks.md";
const group = "docs/docs/rest-api/public/api/v2/examples/group.json";

const checked = (healthChecks: readonly object[], more: object = {}) => ({
  id: "/app",
  cmd: "cmd",
  healthChecks,
  ...more,
});
const check = (more: object) => ({
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  timeoutSeconds: 20,
  maxConsecutiveFailures: 3,
  delaySeconds: 15,
  ipProtocol: "IPv4",
  ...more,
});
const onPort = { portDefinitions: [{ port: 0 }] };
const protocols = ["HTTP", "HTTPS", "TCP", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"] as const;
const words = (protocol: string) =>
  protocol === "HTTP" || protocol === "HTTPS" ? { ignoreHttp1xx: false } : {};
const constrained = (constraint: readonly string[]) => ({
  id: "/app",
  cmd: "cmd",
  constraints: [constraint],
});

const tool = (id: string, more: object) => ({
  id,
  requirePorts: false,
  backoffSeconds: 1,
  backoffFactor: 1.15,
  maxLaunchDelaySeconds: 3600,
  dependencies: [],
  uris: [],
  version: "2015-09-28T19:47:37.681Z",
  ...more,
});
const halfUp = { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 };
const none = { minimumHealthCapacity: 0, maximumOverCapacity: 0 };
const exact = { path: "/", protocol: "HTTP", portIndex: 0, intervalSeconds: 20 };

/** Checks, constraints, volumes, secrets and whole documents. */
export const appOracles: readonly Oracle[] = [
  ...protocols.flatMap((protocol): Oracle[] => [
    {
      title: `a ${protocol} check without a port`,
      source: `${normalization}: ${protocol} health check does not contain port or port index`,
      request: checked([{ protocol }], onPort),
      answer: { healthChecks: [check({ protocol, portIndex: 0, ...words(protocol) })] },
    },
    {
      title: `a ${protocol} check with a port`,
      source: `${normalization}: ${protocol} health check w/ port spec isn't normalized`,
      request: checked([{ protocol, port: 88 }], onPort),
      answer: { healthChecks: [check({ protocol, port: 88, ...words(protocol) })] },
    },
  ]),
  {
    title: "readiness without status codes",
    source: `${normalization}: readiness check does not specify status codes for ready`,
    request: {
      id: "/app",
      cmd: "cmd",
      portDefinitions: [{ port: 0, name: "http-api" }],
      readinessChecks: [{}],
    },
    answer: {
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
  },
  {
    title: "readiness with status codes",
    source: `${normalization}: readiness check does specify status codes for ready`,
    request: {
      id: "/app",
      cmd: "cmd",
      portDefinitions: [{ port: 0, name: "http-api" }],
      readinessChecks: [{ httpStatusCodesForReady: [203, 204, 205, 206] }],
    },
    answer: {
      readinessChecks: [
        {
          name: "readinessCheck",
          protocol: "HTTP",
          path: "/",
          portName: "http-api",
          intervalSeconds: 30,
          timeoutSeconds: 10,
          httpStatusCodesForReady: [203, 204, 205, 206],
          preserveLastResponse: false,
        },
      ],
    },
  },
  {
    title: "an HTTP check with every field",
    source: `${health}: Example usage, 1`,
    request: checked(
      [
        {
          path: "/api/health",
          portIndex: 0,
          protocol: "HTTP",
          gracePeriodSeconds: 300,
          intervalSeconds: 60,
          timeoutSeconds: 20,
          maxConsecutiveFailures: 3,
          ignoreHttp1xx: false,
        },
      ],
      onPort,
    ),
    answer: {
      healthChecks: [check({ protocol: "HTTP", path: "/api/health", portIndex: 0, ignoreHttp1xx: false })],
    },
  },
  {
    title: "a TCP check that never kills",
    source: `${health}: Example usage, 2`,
    request: checked(
      [
        {
          portIndex: 0,
          protocol: "TCP",
          gracePeriodSeconds: 300,
          intervalSeconds: 60,
          timeoutSeconds: 20,
          maxConsecutiveFailures: 0,
        },
      ],
      onPort,
    ),
    answer: { healthChecks: [check({ protocol: "TCP", portIndex: 0, maxConsecutiveFailures: 0 })] },
  },
  {
    title: "a COMMAND check has no port",
    source: `${health}: Example usage, 3; ${normalization}: COMMAND health check isn't changed`,
    request: checked(
      [{ protocol: "COMMAND", command: { value: "curl -f -X GET http://$HOST:$PORT0/health" } }],
      onPort,
    ),
    answer: {
      healthChecks: [
        check({ protocol: "COMMAND", command: { value: "curl -f -X GET http://$HOST:$PORT0/health" } }),
      ],
    },
  },
  {
    title: "uris alone",
    source: `${normalization}: uris are present and fetch is not`,
    request: { id: "/app", cmd: "cmd", uris: ["a"] },
    answer: { fetch: [{ uri: "a", extract: false, executable: false, cache: false }] },
    absent: ["uris"],
  },
  {
    title: "uris beside an empty fetch",
    source: `${normalization}: uris are present and fetch is an empty list`,
    request: { id: "/app", cmd: "cmd", uris: ["a"], fetch: [] },
    answer: { fetch: [{ uri: "a", extract: false, executable: false, cache: false }] },
  },
  {
    title: "fetch alone",
    source: `${normalization}: fetch is present and uris are not`,
    request: { id: "/app", cmd: "cmd", fetch: [{ uri: "a" }] },
    answer: { fetch: [{ uri: "a", extract: true, executable: false, cache: false }] },
  },
  {
    title: "fetch beside empty uris",
    source: `${normalization}: fetch is present and uris are an empty list`,
    request: { id: "/app", cmd: "cmd", uris: [], fetch: [{ uri: "a" }] },
    answer: { fetch: [{ uri: "a", extract: true, executable: false, cache: false }] },
  },
  {
    title: "neither uris nor fetch",
    source: `${normalization}: fetch and uris are both empty lists`,
    request: { id: "/app", cmd: "cmd", uris: [], fetch: [] },
    answer: { cmd: "cmd" },
    absent: ["uris", "fetch"],
  },
  {
    title: "an artifact with every property",
    source: `${resource}: Creating an app with artifacts to fetch …`,
    request: {
      id: "/fetch",
      cmd: "sleep 600",
      cpus: 0.1,
      mem: 10,
      instances: 1,
      fetch: [
        {
          uri: "file:///bin/bash",
          extract: false,
          executable: true,
          cache: false,
          destPath: "bash.copy",
        },
      ],
    },
    answer: {
      fetch: [
        {
          uri: "file:///bin/bash",
          extract: false,
          executable: true,
          cache: false,
          destPath: "bash.copy",
        },
      ],
    },
  },
  ...(
    [
      [["foo", "cluster", "bar"], ["foo", "CLUSTER", "bar"], "lowercase cluster operator"],
      [["hostname", "CLUSTER"], ["hostname", "CLUSTER"], "CLUSTER hostname field and no value"],
      [["hostname", "CLUSTER", ""], ["hostname", "CLUSTER", ""], "CLUSTER hostname field and empty value"],
      [["rack-id", "GROUP_BY", "123"], ["rack-id", "GROUP_BY", "123"], "A GROUP_BY with a numeric value"],
      [["rack-id", "MAX_PER", "123"], ["rack-id", "MAX_PER", "123"], "A MAX_PER with a numeric value"],
      [["attribute", "IS", "value-1.2/3_4"], ["attribute", "IS", "value-1.2/3_4"], "An IS with a text value"],
    ] as const
  ).map(
    ([given, answered, name]): Oracle => ({
      title: `the constraint ${given.join(" ")}`,
      source: `${scheduling}: ${name}`,
      request: constrained(given),
      answer: { constraints: [answered] },
    }),
  ),
  {
    title: "a secret in the environment",
    source: `${resource}: Create a new app (that uses secret ref) successfully`,
    request: {
      id: "/app",
      cmd: "cmd",
      secrets: { foo: { source: "/bar" } },
      env: { NAMED_FOO: { secret: "foo" } },
    },
    answer: { secrets: { foo: { source: "/bar" } }, env: { NAMED_FOO: { secret: "foo" } } },
  },
  {
    title: "a secret as a file",
    source: `${resource}: Create a new app (that uses file based secret) successfully`,
    request: {
      id: "/app",
      cmd: "cmd",
      secrets: { foo: { source: "/bar" } },
      container: { type: "MESOS", volumes: [{ containerPath: "/path", secret: "foo" }] },
    },
    answer: { container: { type: "MESOS", volumes: [{ containerPath: "/path", secret: "foo" }] } },
  },
  {
    title: "a secret for a private image",
    source: `${resource}: Create a new app with w/ Mesos containerizer and a Docker config.json`,
    request: {
      id: "/app",
      cmd: "cmd",
      container: {
        type: "MESOS",
        docker: { image: "private/image", pullConfig: { secret: "pullConfigSecret" } },
      },
      secrets: { pullConfigSecret: { source: "/config" } },
    },
    answer: {
      container: {
        type: "MESOS",
        docker: docker("private/image", { pullConfig: { secret: "pullConfigSecret" } }),
        volumes: [],
      },
    },
  },
  ...(
    [
      [
        { seccomp: { profileName: "foo", unconfined: false } },
        "seccomp profile defined and unconfined = false",
      ],
      [{ seccomp: { unconfined: true } }, "WITHOUT seccomp profile and unconfined = true"],
      [{ ipcInfo: { mode: "PRIVATE", shmSize: 16 } }, "ipcMode defined private and shmSize set"],
      [{ ipcInfo: { mode: "SHARE_PARENT" } }, "ipcMode defined sharedParent and shmSize NOT set"],
    ] as const
  ).map(
    ([linuxInfo, name]): Oracle => ({
      title: `an app with ${name}`,
      source: `${resource}: Accept an app definition with ${name}`,
      request: {
        id: "/app",
        cmd: "cmd",
        container: { type: "MESOS", docker: { image: "private/image" }, linuxInfo },
      },
      answer: { container: { type: "MESOS", docker: docker("private/image"), volumes: [], linuxInfo } },
    }),
  ),
  {
    title: "an external volume whose name holds options",
    source: `${resource}: ExternalVolume names with options are considered valid`,
    request: {
      id: "nginx-ucr",
      container: {
        type: "MESOS",
        volumes: [
          {
            external: {
              size: 5,
              name: "name=teamvolumename,repl=1,secure=true,secret_key=volume-secret-key-team",
              provider: "dvdi",
              options: { "dvdi/driver": "pxd", "dvdi/secure": "true", "dvdi/repl": "1" },
            },
            mode: "RW",
            containerPath: "/mnt/nginx",
          },
        ],
        docker: { image: "nginx", forcePullImage: false, parameters: [] },
        portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp", name: "web" }],
      },
      cpus: 0.1,
      networks: bridge,
      requirePorts: false,
      healthChecks: [],
      fetch: [],
      constraints: [],
    },
    answer: {
      id: "/nginx-ucr",
      upgradeStrategy: halfUp,
      container: {
        type: "MESOS",
        docker: docker("nginx"),
        volumes: [
          {
            external: {
              size: 5,
              name: "name=teamvolumename,repl=1,secure=true,secret_key=volume-secret-key-team",
              provider: "dvdi",
              options: { "dvdi/driver": "pxd", "dvdi/secure": "true", "dvdi/repl": "1" },
              shared: false,
            },
            mode: "RW",
            containerPath: "/mnt/nginx",
          },
        ],
        portMappings: [mapping({ containerPort: 80, hostPort: 0, name: "web" })],
      },
    },
    absent: ["healthChecks", "fetch", "constraints", "portDefinitions"],
  },
  ...([{ mem: 256 }, { mem: 300 }, { mem: "unlimited" }, { cpus: 10 }] as const).map(
    (resourceLimits): Oracle => ({
      title: `limits ${JSON.stringify(resourceLimits)} of 2 CPUs and 256 MiB`,
      source: `${validation}: succeed when resource limits are >= requested resources`,
      request: { id: "/foo", mem: 256, cpus: 2, cmd: "sleep 3600", resourceLimits },
      answer: { mem: 256, cpus: 2, resourceLimits },
    }),
  ),
  {
    title: "a role that is the server's",
    source: `${resource}: Create a new top-level app with the mesos_role role defined should accept`,
    request: { id: "/app", cmd: "cmd", role: "customMesosRole" },
    answer: { role: "customMesosRole" },
    server: { role: "customMesosRole" },
  },
  {
    title: "PostgreSQL on a mounted disk",
    source: `${volumes}: Running stateful PostgreSQL on Marathon with an exclusive disk resource`,
    request: {
      id: "/postgres",
      cpus: 1,
      instances: 1,
      mem: 512,
      networks: bridge,
      container: {
        type: "DOCKER",
        volumes: [
          {
            containerPath: "pgdata",
            mode: "RW",
            persistent: {
              type: "mount",
              size: 524_288,
              maxSize: 1_048_576,
              constraints: [["path", "LIKE", "/mnt/ssd-.+"]],
            },
          },
        ],
        docker: { image: "postgres:latest" },
        portMappings: [{ containerPort: 5432, hostPort: 0, protocol: "tcp", name: "postgres" }],
      },
      env: { POSTGRES_PASSWORD: "password", PGDATA: "pgdata" },
      residency: { taskLostBehavior: "WAIT_FOREVER" },
      upgradeStrategy: none,
    },
    answer: {
      residency: { taskLostBehavior: "WAIT_FOREVER", relaunchEscalationTimeoutSeconds: 3600 },
      upgradeStrategy: none,
      unreachableStrategy: "disabled",
      container: {
        type: "DOCKER",
        docker: docker("postgres:latest"),
        volumes: [
          {
            containerPath: "pgdata",
            mode: "RW",
            persistent: {
              type: "mount",
              size: 524_288,
              maxSize: 1_048_576,
              constraints: [["path", "LIKE", "/mnt/ssd-.+"]],
            },
          },
        ],
        portMappings: [mapping({ containerPort: 5432, hostPort: 0, name: "postgres" })],
      },
    },
    server: { role: "customMesosRole" },
  },
  {
    title: "MySQL with its data mounted twice",
    source: `${volumes}: Running stateful MySQL on Marathon`,
    request: {
      id: "/mysql",
      cpus: 1,
      mem: 512,
      disk: 0,
      instances: 1,
      networks: bridge,
      container: {
        type: "DOCKER",
        volumes: [
          { containerPath: "mysqldata", mode: "RW", persistent: { type: "root", size: 1000 } },
          { containerPath: "/var/lib/mysql", hostPath: "mysqldata", mode: "RW" },
        ],
        docker: { image: "mysql", forcePullImage: false },
        portMappings: [{ containerPort: 3306, hostPort: 0, servicePort: 10_000, protocol: "tcp" }],
      },
      env: { MYSQL_USER: "wordpress", MYSQL_DATABASE: "wordpress" },
      upgradeStrategy: none,
    },
    answer: {
      residency: { relaunchEscalationTimeoutSeconds: 3600, taskLostBehavior: "WAIT_FOREVER" },
      unreachableStrategy: "disabled",
      container: {
        type: "DOCKER",
        docker: docker("mysql"),
        volumes: [
          {
            containerPath: "mysqldata",
            mode: "RW",
            persistent: { type: "root", size: 1000, constraints: [] },
          },
          { containerPath: "/var/lib/mysql", hostPath: "mysqldata", mode: "RW" },
        ],
        portMappings: [mapping({ containerPort: 3306, hostPort: 0, servicePort: 10_000 })],
      },
    },
    server: { role: "customMesosRole" },
  },
  {
    title: "an oauth server of 2015",
    source: `${group}: /tools/oauth-server`,
    request: tool("/tools/oauth-server", {
      instances: 2,
      cpus: 1,
      mem: 1024,
      disk: 0,
      constraints: [["hostname", "UNIQUE"]],
      ports: [1980],
      container: {
        type: "DOCKER",
        volumes: [],
        docker: { image: "docker-registry/oauth_server:6d7d463", network: "HOST", privileged: false },
      },
      healthChecks: [exact],
      upgradeStrategy: halfUp,
    }),
    answer: {
      networks: host,
      portDefinitions: [{ port: 1980, protocol: "tcp" }],
      constraints: [["hostname", "UNIQUE"]],
      container: { type: "DOCKER", docker: docker("docker-registry/oauth_server:6d7d463"), volumes: [] },
      healthChecks: [check({ ...exact, ignoreHttp1xx: false })],
      maxLaunchDelaySeconds: 3600,
      upgradeStrategy: halfUp,
    },
    absent: ["ports", "uris", "dependencies"],
  },
  {
    title: "an agent of 2015 with mounts",
    source: `${group}: /tools/datadog-agent`,
    request: tool("/tools/datadog-agent", {
      instances: 5,
      cpus: 1,
      mem: 512,
      executor: "",
      constraints: [["hostname", "UNIQUE"]],
      ports: [10_018],
      container: {
        type: "DOCKER",
        volumes: [
          { containerPath: "/var/run/docker.sock", hostPath: "/var/run/docker.sock", mode: "RW" },
          { containerPath: "/host/proc/mounts", hostPath: "/proc/mounts", mode: "RO" },
        ],
        docker: {
          image: "datadog/docker-dd-agent:latest",
          network: "HOST",
          privileged: true,
          parameters: [],
          forcePullImage: false,
        },
      },
      healthChecks: [],
      upgradeStrategy: halfUp,
    }),
    answer: {
      portDefinitions: [{ port: 10_018, protocol: "tcp" }],
      container: {
        type: "DOCKER",
        docker: docker("datadog/docker-dd-agent:latest", { privileged: true }),
        volumes: [
          { containerPath: "/var/run/docker.sock", hostPath: "/var/run/docker.sock", mode: "RW" },
          { containerPath: "/host/proc/mounts", hostPath: "/proc/mounts", mode: "RO" },
        ],
      },
    },
    absent: ["healthChecks"],
  },
  {
    title: "a registry of 2015 with ports in both places",
    source: `${group}: /tools/docker/registry`,
    request: tool("/tools/docker/registry", {
      instances: 1,
      cpus: 0.5,
      mem: 4096,
      executor: "",
      constraints: [],
      ports: [5000],
      container: {
        type: "DOCKER",
        volumes: [{ containerPath: "/docker_storage", hostPath: "/hdd/tools/docker/registry", mode: "RW" }],
        docker: {
          image: "registry",
          network: "BRIDGE",
          portMappings: [{ containerPort: 5000, hostPort: 0, servicePort: 5000, protocol: "tcp" }],
        },
      },
      healthChecks: [],
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    }),
    answer: {
      networks: bridge,
      container: {
        type: "DOCKER",
        docker: docker("registry"),
        volumes: [{ containerPath: "/docker_storage", hostPath: "/hdd/tools/docker/registry", mode: "RW" }],
        portMappings: [mapping({ containerPort: 5000, hostPort: 0, servicePort: 5000 })],
      },
    },
    absent: ["portDefinitions", "ports", "constraints"],
  },
  {
    title: "an app as small as can be",
    source: `${resource}: Create a new app successfully`,
    request: { id: "/app", cmd: "cmd" },
    answer: {
      id: "/app",
      cmd: "cmd",
      cpus: 1,
      mem: 128,
      disk: 0,
      gpus: 0,
      instances: 1,
      executor: "",
      labels: {},
      role: "*",
      networks: host,
      portDefinitions: defaultDefinitions,
      backoffSeconds: 1,
      backoffFactor: 1.15,
      maxLaunchDelaySeconds: 300,
      killSelection: "YOUNGEST_FIRST",
      requirePorts: false,
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    },
    absent: ["container", "env", "args", "fetch", "healthChecks", "constraints", "dependencies"],
  },
];
