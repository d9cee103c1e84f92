// SPDX-License-Identifier: Apache-2.0

/** A pod that Marathon refuses, kept by hand. */
export interface PodRefusal {
  readonly title: string;
  /** Section of reference/marathon.md, or the validation of Marathon 1.10 that says so. */
  readonly source: string;
  /** Fields beside an id and one container. */
  readonly request: Readonly<Record<string, unknown>>;
  /** Every failure as `path: message`. */
  readonly failures: readonly string[];
}

const resources = { cpus: 0.1, mem: 32 };
const container = (more: object = {}, name = "a") => ({ name, resources, ...more });
const one = (more: object) => ({ containers: [container(more)] });
const validation = "api/v2/validation/PodsValidation.scala";

export const podRefusals: readonly PodRefusal[] = [
  {
    title: "a relative id",
    source: validation,
    request: { id: "web" },
    failures: ['id: must begin with a slash, got "web"; give /web'],
  },
  {
    title: "an id that is a path of Marathon's own",
    source: "§1.6",
    request: { id: "/shop/versions" },
    failures: [
      "id: must not end in versions, because Marathon's own paths end so; choose another last segment",
    ],
  },
  {
    title: "no containers",
    source: "§1.9",
    request: { containers: [] },
    failures: ["containers: must have 1 or more elements, got 0"],
  },
  {
    title: "a container without resources and with a bad name",
    source: "§1.9",
    request: { containers: [{ name: "A_b" }] },
    failures: [
      'containers[0].name: must be lower-case letters, digits and dashes, got "A_b"',
      "containers[0].resources: must be given",
    ],
  },
  {
    title: "the fields of an app",
    source: "§1.9",
    request: { instances: 2, ...one({ healthChecks: [], env: {} }) },
    failures: [
      'containers[0].healthChecks: unknown field, did you mean "healthCheck"?',
      "containers[0].env: unknown field, remove it",
      "instances: unknown field, the number of instances is scaling.instances",
    ],
  },
  {
    title: "two containers of one name",
    source: validation,
    request: { containers: [container(), container()] },
    failures: ['containers: names must be unique, got "a" twice'],
  },
  {
    title: "endpoints of one name, container port and host port in two containers",
    source: validation,
    request: {
      containers: ["a", "b"].map((name) =>
        container({ endpoints: [{ name: "http", containerPort: 80, hostPort: 8080 }] }, name),
      ),
    },
    failures: [
      'containers: names of endpoints must be unique in the pod, got "http" twice',
      "containers: containerPorts of endpoints must be unique in the pod, got 80 twice",
      "containers: hostPorts of endpoints must be unique in the pod, got 8080 twice",
    ],
  },
  {
    title: "a container port on the host network",
    source: "§1.9",
    request: {
      networks: [{ mode: "host" }],
      ...one({ endpoints: [{ name: "http", containerPort: 80 }] }),
    },
    failures: [
      "containers[0].endpoints[0].containerPort: must not be given on the host network; give hostPort",
    ],
  },
  {
    title: "no container port on a container network",
    source: "§1.9",
    request: { networks: [{ name: "dcos" }], ...one({ endpoints: [{ name: "http" }] }) },
    failures: ["containers[0].endpoints[0].containerPort: must be given on a container network"],
  },
  {
    title: "a host port that does not say which of two networks",
    source: validation,
    request: {
      networks: [{ name: "one" }, { name: "two" }],
      ...one({ endpoints: [{ name: "http", containerPort: 80, hostPort: 0 }] }),
    },
    failures: [
      "containers[0].endpoints[0].networkNames: must name one network, because the pod has several and this endpoint has a hostPort",
    ],
  },
  {
    title: "an endpoint on a foreign network, twice the same protocol",
    source: validation,
    request: {
      networks: [{ name: "one" }],
      ...one({
        endpoints: [{ name: "http", containerPort: 80, networkNames: ["two"], protocol: ["tcp", "tcp"] }],
      }),
    },
    failures: [
      "containers[0].endpoints[0].protocol: must have each protocol once, got tcp twice",
      'containers[0].endpoints[0].networkNames: must name networks of the pod, got "two"',
    ],
  },
  {
    title: "a health check that takes as long as its interval",
    source: validation,
    request: one({ healthCheck: { exec: { command: { shell: "true" } }, intervalSeconds: 20 } }),
    failures: ["containers[0].healthCheck.timeoutSeconds: must be less than intervalSeconds (20), got 20"],
  },
  {
    title: "a health check of two kinds, on an endpoint of nobody",
    source: validation,
    request: one({ healthCheck: { http: { endpoint: "http" }, exec: { command: { shell: "true" } } } }),
    failures: [
      "containers[0].healthCheck: must have one of http, tcp and exec, got http and exec",
      'containers[0].healthCheck.http.endpoint: must be the name of an endpoint of this container (there are none), got "http"',
    ],
  },
  {
    title: "a command that is neither a shell's nor a program",
    source: "§1.9",
    request: one({ exec: { command: {} } }),
    failures: ["containers[0].exec.command: must have either shell or argv"],
  },
  {
    title: "a mount of no volume, and a volume of no mount",
    source: validation,
    request: {
      volumes: [{ name: "data" }],
      ...one({ volumeMounts: [{ name: "date", mountPath: "/data" }] }),
    },
    failures: [
      'volumes[0]: must be mounted by a container; add a volumeMount named "data" or remove it',
      'containers[0].volumeMounts[0].name: must be the name of a volume of the pod (data), got "date"',
    ],
  },
  {
    title: "two volumes of one name",
    source: validation,
    request: {
      volumes: [{ name: "data" }, { name: "data", host: "/data" }],
      ...one({ volumeMounts: [{ name: "data", mountPath: "/data" }] }),
    },
    failures: ['volumes: names must be unique, got "data" twice'],
  },
  {
    title: "persistent volumes with strategies of others",
    source: validation,
    request: {
      role: "*",
      volumes: [{ name: "data", persistent: { size: 100 } }],
      ...one({ volumeMounts: [{ name: "data", mountPath: "data" }] }),
      scheduling: { upgrade: { maximumOverCapacity: 0.5 }, unreachableStrategy: {} },
    },
    failures: [
      'scheduling.unreachableStrategy: must be "disabled" with persistent volumes',
      "scheduling.upgrade.maximumOverCapacity: must be 0 with persistent volumes, got 0.5",
      'role: must not be "*" with persistent volumes, because disks are reserved for a role',
    ],
  },
  {
    title: "secrets that are not declared",
    source: validation,
    request: {
      environment: { A: { secret: "s" } },
      volumes: [{ name: "v", secret: "s" }],
      ...one({
        environment: { B: { secret: "s" } },
        image: { kind: "DOCKER", id: "nginx", pullConfig: { secret: "s" } },
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      }),
    },
    failures: [
      'volumes[0].secret: names the secret "s", which is not in secrets',
      'environment.A: names the secret "s", which is not in secrets',
      'containers[0].image.pullConfig.secret: names the secret "s", which is not in secrets',
      'containers[0].environment.B: names the secret "s", which is not in secrets',
    ],
  },
  {
    title: "limits below the request, and limits in a shared cgroup",
    source: validation,
    request: { legacySharedCgroups: true, ...one({ resourceLimits: { cpus: 0.01, mem: "unlimited" } }) },
    failures: [
      'containers[0].resourceLimits.cpus: must be 0.1 (resources.cpus) or more, or "unlimited", got 0.01',
      "containers[0].resourceLimits: must not be given with legacySharedCgroups",
    ],
  },
  {
    title: "constraints without sense",
    source: "api/v2/validation/SchedulingValidation.scala",
    request: {
      scheduling: {
        placement: {
          constraints: [
            { fieldName: "hostname", operator: "UNIQUE", value: "x" },
            { fieldName: "rack", operator: "MAX_PER" },
            { fieldName: "rack", operator: "LIKE", value: "(" },
          ],
        },
      },
    },
    failures: [
      "scheduling.placement.constraints[0].value: UNIQUE takes no value; remove it",
      "scheduling.placement.constraints[1].value: MAX_PER needs a whole number as value",
      'scheduling.placement.constraints[2].value: LIKE takes a regular expression, got "("',
    ],
  },
  {
    title: "two kinds of networks, and a name on the host's",
    source: "api/v2/validation/NetworkValidation.scala",
    request: { networks: [{ mode: "host", name: "x" }, { name: "dcos" }] },
    failures: [
      "networks: must be one host network, one container/bridge network, or any of mode container, got host, container",
      "networks[0].name: must not be given for mode host",
    ],
  },
  {
    title: "seccomp of the whole pod",
    source: "state/LinuxInfo.scala",
    request: { linuxInfo: { seccomp: { unconfined: true } } },
    failures: ["linuxInfo.seccomp: must not be given for a pod; give it for its containers"],
  },
];
