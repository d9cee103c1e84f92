// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ApiError } from "../api-error";
import type { AppDefaults } from "../app/types";
import { completePod, readPod } from "./complete-pod";
import { renderPod } from "./render-pod";
import { validatePod } from "./validate-pod";

const defaults: AppDefaults = { role: "*", executor: "" };
const container = { name: "a", resources: { cpus: 0.1, mem: 32 } };
const whole = (document: object): object => ({ id: "/p", containers: [container], ...document });
const shownContainer = { name: "a", resources: { cpus: 0.1, mem: 32, disk: 0, gpus: 0 } };

function shown(document: object, more: Partial<AppDefaults> = {}): Record<string, unknown> {
  return renderPod(completePod(readPod(whole(document)), { ...defaults, ...more }, "V"));
}

function firstContainer(document: object, pod: object = {}): unknown {
  return (shown({ ...pod, containers: [{ ...container, ...document }] })["containers"] as unknown[])[0];
}

/** SPEC-marathon.md, "Pods": what becomes of a document. */
describe("marathon: pod documents (marathon.md §1.9)", () => {
  it("fills in scaling, scheduling, executorResources and role, and shows nothing that is empty", () => {
    assert.deepEqual(shown({ networks: [], volumes: [], labels: {}, environment: {}, secrets: {} }), {
      id: "/p",
      version: "V",
      containers: [shownContainer],
      scaling: { kind: "fixed", instances: 1 },
      scheduling: {
        backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 },
        upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
        placement: {},
        killSelection: "YOUNGEST_FIRST",
        unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      },
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      role: "*",
    });
  });

  it("keeps every key that Marathon knows, and drops the others", () => {
    const full = {
      id: "/a/p",
      labels: { x: "y" },
      version: "V",
      user: "nobody",
      environment: { A: "b", S: { secret: "s" } },
      containers: [
        {
          name: "a",
          exec: { command: { argv: ["a", "b"] }, overrideEntrypoint: true },
          resources: { cpus: 0.1, mem: 32, disk: 1, gpus: 0 },
          resourceLimits: { cpus: "unlimited", mem: 64 },
          endpoints: [{ name: "e", containerPort: 80, hostPort: 0, protocol: ["tcp"], labels: { VIP: "1" } }],
          image: { kind: "DOCKER", id: "nginx", forcePull: true, labels: { os: "linux" } },
          environment: { C: "d" },
          user: "root",
          healthCheck: {
            http: { endpoint: "e", path: "/up", scheme: "HTTPS" },
            gracePeriodSeconds: 1,
            intervalSeconds: 5,
            maxConsecutiveFailures: 2,
            timeoutSeconds: 4,
            delaySeconds: 0,
          },
          volumeMounts: [{ name: "v", mountPath: "/mnt", readOnly: true }],
          artifacts: [{ uri: "http://a/b", extract: false, executable: true, cache: true, destPath: "x" }],
          labels: { c: "d" },
          lifecycle: { killGracePeriodSeconds: 1.5 },
          tty: true,
          linuxInfo: { seccomp: { unconfined: true } },
        },
      ],
      secrets: { s: { source: "/s" } },
      volumes: [{ name: "v" }, { name: "h", host: "/h" }, { name: "t", secret: "s" }],
      networks: [{ name: "net", mode: "container", labels: { n: "1" } }],
      scaling: { kind: "fixed", instances: 3 },
      scheduling: {
        backoff: { backoff: 2, backoffFactor: 1.5, maxLaunchDelay: 30 },
        upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
        placement: {
          constraints: [
            { fieldName: "zone", operator: "LIKE", value: "a" },
            { fieldName: "hostname", operator: "UNIQUE" },
          ],
          acceptedResourceRoles: ["*"],
        },
        killSelection: "OLDEST_FIRST",
        unreachableStrategy: "disabled",
      },
      executorResources: { cpus: 0.2, mem: 64, disk: 20 },
      role: "*",
      linuxInfo: { ipcInfo: { mode: "PRIVATE", shmSize: 16 } },
      legacySharedCgroups: false,
    };
    assert.deepEqual(shown({ ...full, unknown: 1, scaling: { ...full.scaling, maxInstances: 9 } }), full);
  });

  for (const [what, given, expected] of [
    ["host", { networks: [{ mode: "host" }] }, { name: "e", hostPort: 0 }],
    ["bridge", { networks: [{ mode: "container/bridge" }] }, { name: "e", containerPort: 80, hostPort: 0 }],
    ["container", { networks: [{ mode: "container", name: "n" }] }, { name: "e", containerPort: 80 }],
    ["no", {}, { name: "e", containerPort: 80, hostPort: 0 }],
  ] as const) {
    it(`gives endpoints host port 0 with ${what} network, unless it is a container network`, () => {
      const endpoint = what === "host" ? { name: "e" } : { name: "e", containerPort: 80 };
      assert.deepEqual(firstContainer({ endpoints: [endpoint] }, given), {
        ...shownContainer,
        endpoints: [expected],
      });
    });
  }

  it("fills in volume mounts, artifacts, health checks, resources and the network's mode and name", () => {
    const given = {
      resources: {},
      endpoints: [{ name: "e" }],
      volumeMounts: [{ name: "v", mountPath: "m" }],
      artifacts: [{ uri: "u" }],
      healthCheck: { http: { endpoint: "e" } },
    };
    assert.deepEqual(firstContainer(given), {
      name: "a",
      resources: { cpus: 1, mem: 128, disk: 0, gpus: 0 },
      endpoints: [{ name: "e", hostPort: 0 }],
      volumeMounts: [{ name: "v", mountPath: "m", readOnly: false }],
      artifacts: [{ uri: "u", extract: true, executable: false, cache: false }],
      healthCheck: {
        http: { endpoint: "e", scheme: "HTTP" },
        gracePeriodSeconds: 300,
        intervalSeconds: 60,
        maxConsecutiveFailures: 3,
        timeoutSeconds: 20,
        delaySeconds: 15,
      },
    });
    assert.deepEqual(shown({ networks: [{}] }, { networkName: "dcos" })["networks"], [
      { name: "dcos", mode: "container" },
    ]);
  });

  for (const [what, document, path, error] of [
    ["no id", { id: undefined }, "/id", /^'id' is undefined on object: \{/],
    ["an id of another alphabet", { id: "/A_b" }, "/id", "error.pattern"],
    ["no containers", { containers: undefined }, "/containers", /^'containers' is undefined on object: \{/],
    [
      "a container without resources",
      { containers: [{ name: "a" }] },
      "/containers(0)/resources",
      /^'resources' is undefined on object: \{"name":"a"\}$/,
    ],
    [
      "a container name of another alphabet",
      { containers: [{ ...container, name: "A_b" }] },
      "/containers(0)/name",
      "error.pattern",
    ],
    [
      "too few cpus",
      { containers: [{ ...container, resources: { cpus: 0 } }] },
      "/containers(0)/resources/cpus",
      "error.min",
    ],
    ["too little for the executor", { executorResources: { mem: 1 } }, "/executorResources/mem", "error.min"],
    ["another way of scaling", { scaling: { kind: "x" } }, "/scaling/kind", "error.unknown.enum.literal"],
    [
      "an unknown operator",
      { scheduling: { placement: { constraints: [{ fieldName: "a", operator: "x" }] } } },
      "/scheduling/placement/constraints(0)/operator",
      "error.unknown.enum.literal",
    ],
    [
      "a capacity above 1",
      { scheduling: { upgrade: { minimumHealthCapacity: 2 } } },
      "/scheduling/upgrade/minimumHealthCapacity",
      "error.max",
    ],
    [
      "a command without words",
      { containers: [{ ...container, exec: { command: { argv: [] } } }] },
      "/containers(0)/exec/command",
      "error.expected.MesosCommand",
    ],
  ] as const) {
    it(`fails to read ${what}`, () => {
      assert.throws(
        () => readPod(whole(document)),
        (thrown: unknown) => {
          assert.ok(thrown instanceof ApiError);
          const { message, details } = thrown.body as {
            message: string;
            details: { path: string; errors: string[] }[];
          };
          const [{ errors = [] } = {}] = details;
          assert.deepEqual(
            [thrown.status, message, details],
            [422, "Invalid JSON", [{ path, errors: errors.slice(0, 1) }]],
          );
          assert.match(errors[0] ?? "", typeof error === "string" ? new RegExp(`^${error}$`) : error);
          return true;
        },
      );
    });
  }

  const endpoint = (name: string, more: object = {}) => ({ name, ...more });
  const withEndpoints = (...endpoints: object[]) => ({ containers: [{ ...container, endpoints }] });
  const withCheck = (healthCheck: object) => ({
    containers: [{ ...container, endpoints: [endpoint("e")], healthCheck }],
  });
  const host = { networks: [{ mode: "host" }] };
  const net = { networks: [{ name: "n" }] };
  for (const [what, document, path, error] of [
    ["a relative id", { id: "p" }, "/id", /^Path needs to be absolute$/],
    ["the root as id", { id: "/" }, "/id", /^Path must contain at least one path element$/],
    ["a reserved end of the id", { id: "/a/restart" }, "/id", /reserved keywords/],
    ["an empty user", { user: "" }, "/user", /^must not be empty$/],
    [
      "seccomp of the whole pod",
      { linuxInfo: { seccomp: { unconfined: true } } },
      "/linuxInfo/seccomp",
      /^Seccomp configuration on executor level is not supported$/,
    ],
    [
      "a shared memory size that the parent has",
      { linuxInfo: { ipcInfo: { mode: "SHARE_PARENT", shmSize: 8 } } },
      "/linuxInfo/ipcInfo",
      /^ipcInfo shmSize can NOT be set when mode is SHARE_PARENT$/,
    ],
    [
      "neither profile nor unconfined",
      { containers: [{ ...container, linuxInfo: { seccomp: { unconfined: false } } }] },
      "/containers(0)/linuxInfo/seccomp",
      /^Seccomp unconfined must be true when Profile is NOT defined$/,
    ],
    ["no container", { containers: [] }, "/containers", /^must not be empty$/],
    [
      "a container name twice",
      { containers: [container, container] },
      "/containers",
      /^container names must be unique$/,
    ],
    [
      "an endpoint name twice",
      withEndpoints(endpoint("e"), endpoint("e")),
      "/",
      /^endpoint names nust be unique/,
    ],
    [
      "a host port twice",
      withEndpoints(endpoint("e", { hostPort: 9 }), endpoint("f", { hostPort: 9 })),
      "/",
      /^host ports must be unique/,
    ],
    [
      "a container port twice",
      withEndpoints(endpoint("e", { containerPort: 9 }), endpoint("f", { containerPort: 9 })),
      "/",
      /^container ports must be unique/,
    ],
    [
      "a container port in host mode",
      { ...host, ...withEndpoints(endpoint("e", { containerPort: 9 })) },
      "/containers(0)/endpoints(0)/containerPort",
      /^is not allowed when using host-mode networking$/,
    ],
    [
      "no container port on a container network",
      { ...net, ...withEndpoints(endpoint("e")) },
      "/containers(0)/endpoints(0)/containerPort",
      /^is required when using container-mode networking$/,
    ],
    [
      "a protocol twice",
      withEndpoints(endpoint("e", { protocol: ["tcp", "tcp"] })),
      "/containers(0)/endpoints(0)/protocol",
      /^Duplicate protocols/,
    ],
    [
      "an unknown network of an endpoint",
      { ...net, ...withEndpoints(endpoint("e", { containerPort: 1, networkNames: ["x"] })) },
      "/containers(0)/endpoints(0)/networkNames(0)",
      /^is not one of \(n\)$/,
    ],
    [
      "a host port that could be of two networks",
      {
        networks: [{ name: "n" }, { name: "m" }],
        ...withEndpoints(endpoint("e", { containerPort: 1, hostPort: 0 })),
      },
      "/containers(0)/endpoints(0)",
      /^networkNames must be a single item list/,
    ],
    [
      "host and bridge networks together",
      { networks: [{ mode: "host" }, { mode: "container/bridge" }] },
      "/networks",
      /^May specify a single host/,
    ],
    [
      "a host network with a name",
      { networks: [{ mode: "host", name: "n" }] },
      "/networks",
      /^Host networks may not/,
    ],
    [
      "a bridge network with a name",
      { networks: [{ mode: "container/bridge", name: "n" }] },
      "/networks",
      /^Bridge networks/,
    ],
    ["a network twice", { networks: [{ name: "n" }, { name: "n" }] }, "/networks", /^Duplicate networks/],
    [
      "a container network without a name",
      { networks: [{}] },
      "/networks",
      /^Network name must be specified/,
    ],
    [
      "a volume that nobody mounts",
      { volumes: [{ name: "v" }] },
      "/volumes(0)",
      /^volume must be referenced/,
    ],
    [
      "a mount of no volume",
      { containers: [{ ...container, volumeMounts: [{ name: "v", mountPath: "m" }] }] },
      "/containers(0)/volumeMounts(0)/name",
      /^Referenced Volume in VolumeMount should exist$/,
    ],
    [
      "two kinds of health check",
      withCheck({ tcp: { endpoint: "e" }, exec: { command: { shell: "x" } } }),
      "/containers(0)/healthCheck",
      /^Only one of/,
    ],
    [
      "two kinds of check",
      {
        containers: [
          {
            ...container,
            endpoints: [endpoint("e")],
            check: { tcp: { endpoint: "e" }, exec: { command: { shell: "x" } } },
          },
        ],
      },
      "/containers(0)/check",
      /^Only one of/,
    ],
    [
      "a check of no endpoint",
      { containers: [{ ...container, check: { http: { endpoint: "x" } } }] },
      "/containers(0)/check/http/endpoint",
      /^contained in/,
    ],
    ["no kind of health check", withCheck({}), "/containers(0)/healthCheck", /^Only one of/],
    [
      "a health check of no endpoint",
      withCheck({ tcp: { endpoint: "x" } }),
      "/containers(0)/healthCheck/tcp/endpoint",
      /^contained in/,
    ],
    [
      "a health check slower than its interval",
      withCheck({ tcp: { endpoint: "e" }, intervalSeconds: 20 }),
      "/containers(0)/healthCheck/timeoutSeconds",
      /^got 20, expected less than 20$/,
    ],
    [
      "a limit below the request",
      { containers: [{ ...container, resourceLimits: { mem: 1 } }] },
      "/containers(0)/resourceLimits/mem",
      /^resource limit must be/,
    ],
    [
      "limits with shared cgroups",
      { legacySharedCgroups: true, containers: [{ ...container, resourceLimits: { mem: 64 } }] },
      "/containers(0)/resourceLimits",
      /^resourceLimits cannot be defined/,
    ],
    [
      "a constraint without its value",
      { scheduling: { placement: { constraints: [{ fieldName: "a", operator: "LIKE" }] } } },
      "/scheduling/placement/constraints(0)",
      /regular expression value/,
    ],
    [
      "an unreachable strategy that expunges first",
      { scheduling: { unreachableStrategy: { inactiveAfterSeconds: 2, expungeAfterSeconds: 1 } } },
      "/scheduling/unreachableStrategy",
      /less or equal/,
    ],
    [
      "resources of another role",
      { scheduling: { placement: { acceptedResourceRoles: ["x"] } } },
      "/acceptedResourceRoles",
      /can only contain \*/,
    ],
    [
      "secrets without the feature",
      { secrets: { s: { source: "/s" } } },
      "/secrets",
      /^Feature secrets is not enabled/,
    ],
    [
      "GPUs without the feature",
      { containers: [{ ...container, resources: { gpus: 1 } }] },
      "/containers(0)/resources/gpus",
      /^Feature gpu_resources/,
    ],
  ] as const) {
    it(`fails on ${what}`, () => {
      const violations = validatePod(completePod(readPod(whole(document)), defaults, "V"), defaults);
      assert.deepEqual(
        violations.map((v) => v.path),
        [path],
      );
      assert.match(violations[0]?.errors[0] ?? "", error);
    });
  }

  it("fails on references to secrets that are not declared, and takes declared ones with the feature", () => {
    const features = { ...defaults, features: new Set(["secrets"]) };
    const uses = { environment: { A: { secret: "s" } } };
    const read = (more: object) =>
      completePod(readPod({ id: "/p", containers: [container], ...uses, ...more }), defaults, "V");
    assert.deepEqual(validatePod(read({}), features), [
      { path: "/environment/A/secret", errors: ["references an undefined secret"] },
    ]);
    assert.deepEqual(validatePod(read({ secrets: { s: { source: "/s" } } }), features), []);
  });
});
