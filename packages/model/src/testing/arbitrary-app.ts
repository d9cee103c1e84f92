// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import type { App } from "../app";

type Network = NonNullable<App["networks"]>[number];
type Container = NonNullable<App["container"]>;
type Mapping = NonNullable<Container["portMappings"]>[number];
type HealthCheck = NonNullable<App["healthChecks"]>[number];

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const appId = fc
  .array(
    name.filter((n) => !["restart", "tasks", "versions"].includes(n)),
    { minLength: 1, maxLength: 3 },
  )
  .map((s) => `/${s.join("/")}`);
const text = fc.string({ minLength: 2, maxLength: 12 });
const labels = fc.dictionary(name, fc.string({ maxLength: 8 }), { maxKeys: 2 });
const port = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 65535 }));
const seconds = fc.integer({ min: 0, max: 600 });
const protocol = fc.constantFrom("tcp" as const, "udp" as const, "udp,tcp" as const);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** An object with any of the fields. */
function some<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

const mapping: fc.Arbitrary<Mapping> = some<Mapping>({
  containerPort: port,
  servicePort: port,
  hostPort: port,
  protocol,
  labels,
});
const mappings = fc.array(mapping, { maxLength: 3 });

const docker = some<{ forcePullImage: boolean; privileged: boolean }>({
  forcePullImage: fc.boolean(),
  privileged: fc.boolean(),
});

/** What decides the ports: network, container and port definitions, in forms that go together. */
const placed: fc.Arbitrary<Partial<App>> = fc.oneof(
  fc.record({
    portDefinitions: fc
      .uniqueArray(fc.integer({ min: 1, max: 65535 }), { maxLength: 3 })
      .map((ports) => ports.map((p) => ({ port: p }))),
    requirePorts: fc.boolean(),
  }),
  fc.record({ ports: fc.array(fc.constant(0), { maxLength: 3 }) }),
  fc.record({
    networks: fc.constant<Network[]>([{ mode: "host" }]),
    container: fc.record({ type: fc.constant("MESOS" as const) }),
  }),
  fc
    .tuple(
      text,
      docker,
      maybe(mappings),
      fc.constantFrom<Network>({ mode: "container/bridge" }, { name: "net" }),
    )
    .map(([image, rest, portMappings, network]) => ({
      container: { docker: { image, ...rest }, ...(portMappings && { portMappings }) },
      networks: [network],
    })),
  fc
    .tuple(text, mappings, fc.constantFrom("BRIDGE" as const, "USER" as const))
    .map(([image, portMappings, network]) => ({
      container: { type: "DOCKER" as const, docker: { image, network, portMappings } },
    })),
  fc.tuple(name, labels).map(([networkName, l]) => ({ ipAddress: { networkName, labels: l } })),
  fc.integer({ min: 1, max: 1000 }).map((size) => ({
    container: { type: "MESOS" as const, volumes: [{ containerPath: "data", persistent: { size } }] },
  })),
);

/** How many ports an app of {@link placed} has. */
function portCount(app: Partial<App>): number {
  const given = app.container?.portMappings ?? app.container?.docker?.portMappings;
  return given?.length ?? app.portDefinitions?.length ?? app.ports?.length ?? 1;
}

/** Checks that go together, of an app with so many ports. */
function checksOf(ports: number): fc.Arbitrary<HealthCheck[]> {
  const where =
    ports === 0
      ? port.map((p) => ({ port: p }))
      : fc.oneof(
          port.map((p) => ({ port: p })),
          fc.nat(ports - 1).map((i) => ({ portIndex: i })),
          fc.constant({}),
        );
  const times = some<HealthCheck>({
    gracePeriodSeconds: seconds,
    intervalSeconds: seconds,
    timeoutSeconds: seconds,
    maxConsecutiveFailures: fc.integer({ min: 0, max: 5 }),
    delaySeconds: seconds,
    path: fc.constantFrom("/", "/health"),
  });
  const byMarathon = maybe(fc.constantFrom("HTTP" as const, "HTTPS" as const, "TCP" as const));
  const onAgent = fc.constantFrom("MESOS_HTTP" as const, "MESOS_HTTPS" as const, "MESOS_TCP" as const);
  const command: fc.Arbitrary<HealthCheck> = fc
    .tuple(times, text)
    .map(([{ path: _, ...rest }, value]) => ({ ...rest, protocol: "COMMAND", command: { value } }));
  const asked = (protocol: fc.Arbitrary<HealthCheck["protocol"]>) =>
    fc.tuple(where, times, protocol).map(([at, rest, p]) => ({ ...rest, ...at, ...(p && { protocol: p }) }));
  return fc.oneof(
    fc.array(fc.oneof(asked(byMarathon), command), { maxLength: 3 }),
    asked(onAgent).map((check) => [check]),
  );
}

const rest: fc.Arbitrary<Partial<App>> = some<Partial<App>>({
  cpus: fc.double({ min: 0.001, max: 8, noNaN: true }),
  mem: fc.integer({ min: 0, max: 4096 }),
  disk: fc.integer({ min: 0, max: 4096 }),
  instances: fc.integer({ min: 0, max: 50 }),
  env: fc.dictionary(name, fc.string({ maxLength: 8 }), { maxKeys: 3 }),
  labels,
  user: text,
  constraints: fc.array(
    fc.oneof(
      name.map((n) => [n, "UNIQUE"]),
      fc.tuple(name, name).map(([n, v]) => [n, "CLUSTER", v]),
      fc.tuple(name, fc.nat(9)).map(([n, v]) => [n, "MAX_PER", String(v)]),
    ),
    { maxLength: 3 },
  ),
  acceptedResourceRoles: fc.constantFrom(["*"], ["*", "*"]),
  dependencies: fc.array(
    name.map((n) => `other-${n}`),
    { maxLength: 2 },
  ),
  fetch: fc.array(
    name.map((n) => ({ uri: `http://files/${n}.tgz` })),
    { maxLength: 2 },
  ),
  backoffSeconds: seconds,
  backoffFactor: fc.double({ min: 1, max: 4, noNaN: true }),
  maxLaunchDelaySeconds: seconds,
  taskKillGracePeriodSeconds: seconds,
  killSelection: fc.constantFrom("YOUNGEST_FIRST" as const, "OLDEST_FIRST" as const),
  tty: fc.boolean(),
  unreachableStrategy: fc.oneof(
    fc.constant("disabled" as const),
    fc.tuple(seconds, seconds).map(([a, b]) => ({
      inactiveAfterSeconds: Math.min(a, b),
      expungeAfterSeconds: Math.max(a, b),
    })),
  ),
  upgradeStrategy: fc.record({
    minimumHealthCapacity: fc.double({ min: 0, max: 1, noNaN: true }),
    maximumOverCapacity: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  resourceLimits: some({
    cpus: fc.constant("unlimited" as const),
    mem: fc.integer({ min: 4096, max: 9999 }),
  }),
  executorResources: some({
    cpus: fc.double({ min: 0.1, max: 1, noNaN: true }),
    mem: fc.integer({ min: 32, max: 64 }),
  }),
});

/** Without what an app with persistent volumes cannot have. */
function fitting(app: App): App {
  if (!app.container?.volumes?.some((v) => v.persistent !== undefined)) return app;
  const { unreachableStrategy: _, upgradeStrategy: __, ...kept } = app;
  return kept;
}

/** Any app that `checkApp` takes, in old and new forms. */
export const arbitraryApp: fc.Arbitrary<App> = placed.chain((place) =>
  fc
    .tuple(appId, text, rest, checksOf(portCount(place)))
    .map(([id, cmd, more, healthChecks]) => fitting({ id, cmd, ...more, ...place, healthChecks })),
);

/** Any JSON that looks somewhat like an app: known keys with values of any kind. */
export const almostApp: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc
    .tuple(
      arbitraryApp,
      fc.dictionary(
        fc.constantFrom("id", "container", "networks", "healthChecks", "ports", "x"),
        fc.anything(),
      ),
    )
    .map(([app, odd]) => ({ ...app, ...odd })),
  fc
    .tuple(arbitraryApp, fc.anything())
    .map(([app, odd]) => ({ ...app, container: { docker: odd, portMappings: [odd], volumes: odd } })),
  fc
    .tuple(arbitraryApp, fc.anything())
    .map(([app, odd]) => ({ ...app, networks: [odd], healthChecks: [odd, { portIndex: odd }], check: odd })),
);
