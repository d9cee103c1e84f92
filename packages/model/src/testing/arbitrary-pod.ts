// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import type { Pod } from "../pod";

type Container = Pod["containers"][number];
type Endpoint = NonNullable<Container["endpoints"]>[number];
type Mode = "host" | "container" | "container/bridge";

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const text = fc.string({ minLength: 1, maxLength: 12 });
const port = fc.integer({ min: 1, max: 65535 });
const seconds = fc.integer({ min: 0, max: 600 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

/** An object with any of the fields. */
function some<T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<Partial<T>> {
  return fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;
}

/** An endpoint with what the pod's network asks for and allows; names and ports follow from its place in the pod. */
function endpointOf(mode: Mode | undefined, index: number): fc.Arbitrary<Endpoint> {
  const own = mode === "container" || mode === "container/bridge" ? { containerPort: 1000 + index } : {};
  return some<Partial<Endpoint>>({
    hostPort: fc.constantFrom(0, 20_000 + index),
    protocol: fc.constantFrom(["tcp"], ["udp"], ["tcp", "udp"]),
    labels: fc.dictionary(name, text, { maxKeys: 1 }),
  }).map((rest) => ({ name: `e${index}`, ...own, ...rest }));
}

const resources = fc
  .tuple(
    fc.double({ min: 0.001, max: 4, noNaN: true }),
    fc.integer({ min: 0, max: 512 }),
    some({ disk: fc.integer({ min: 0, max: 64 }) }),
  )
  .map(([cpus, mem, rest]) => ({ cpus, mem, ...rest }));

const exec = fc.oneof(
  text.map((shell) => ({ command: { shell } })),
  fc.array(text, { minLength: 1, maxLength: 2 }).map((argv) => ({ command: { argv } })),
);

function healthCheckOf(endpoint: string | undefined): fc.Arbitrary<NonNullable<Container["healthCheck"]>> {
  const times = some({
    gracePeriodSeconds: seconds,
    maxConsecutiveFailures: fc.nat(5),
    intervalSeconds: fc.integer({ min: 30, max: 60 }),
    delaySeconds: seconds,
  });
  const kinds = [
    text.map((shell) => ({ exec: { command: { shell } } })),
    ...(endpoint === undefined
      ? []
      : [fc.constant({ tcp: { endpoint } }), fc.constant({ http: { endpoint, path: "/" } })]),
  ];
  return fc.tuple(times, fc.oneof(...kinds)).map(([t, kind]) => ({ ...t, ...kind }));
}

function containerOf(mode: Mode | undefined, index: number, volumes: readonly string[]) {
  return fc
    .tuple(resources, maybe(exec), maybe(endpointOf(mode, index)), port)
    .chain(([amounts, command, endpoint]): fc.Arbitrary<Container> => {
      const rest = some<Partial<Container>>({
        environment: fc.dictionary(name, text, { maxKeys: 2 }),
        labels: fc.dictionary(name, text, { maxKeys: 2 }),
        user: text,
        tty: fc.boolean(),
        healthCheck: healthCheckOf(endpoint?.name),
        image: text.map((id) => ({ kind: "DOCKER" as const, id })),
        artifacts: fc.array(
          name.map((n) => ({ uri: `http://files/${n}` })),
          { maxLength: 2 },
        ),
        lifecycle: seconds.map((killGracePeriodSeconds) => ({ killGracePeriodSeconds })),
      });
      return rest.map((more) => ({
        name: `c${index}`,
        resources: amounts,
        ...(command && { exec: command }),
        ...(endpoint && { endpoints: [endpoint] }),
        ...(volumes.length > 0 && {
          volumeMounts: volumes.map((volume) => ({ name: volume, mountPath: `/${volume}` })),
        }),
        ...more,
      }));
    });
}

const scheduling = some<NonNullable<Pod["scheduling"]>>({
  backoff: some({ backoff: seconds, maxLaunchDelay: seconds }),
  upgrade: fc.record({ minimumHealthCapacity: share, maximumOverCapacity: share }),
  placement: some({
    constraints: fc.array(
      fc.oneof(
        name.map((fieldName) => ({ fieldName, operator: "UNIQUE" as const })),
        fc
          .tuple(name, fc.nat(9))
          .map(([fieldName, v]) => ({ fieldName, operator: "MAX_PER" as const, value: String(v) })),
      ),
      { maxLength: 3 },
    ),
    acceptedResourceRoles: fc.constantFrom(["*"], ["*", "*"], []),
  }),
  killSelection: fc.constantFrom("YOUNGEST_FIRST" as const, "OLDEST_FIRST" as const),
  unreachableStrategy: fc.constantFrom("disabled" as const, {
    inactiveAfterSeconds: 1,
    expungeAfterSeconds: 2,
  }),
});

const id = fc
  .array(
    name.filter((n) => !["restart", "tasks", "versions"].includes(n)),
    { minLength: 1, maxLength: 3 },
  )
  .map((s) => `/${s.join("/")}`);

/** Any pod that `checkPod` takes. */
export const arbitraryPod: fc.Arbitrary<Pod> = fc
  .tuple(
    fc.constantFrom<Mode | undefined>(undefined, "host", "container", "container/bridge"),
    fc.uniqueArray(name, { maxLength: 2 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .chain(([mode, volumes, count]) =>
    fc
      .tuple(
        id,
        fc.tuple(...Array.from({ length: count }, (_, i) => containerOf(mode, i, volumes))),
        some<Partial<Pod>>({
          labels: fc.dictionary(name, text, { maxKeys: 2 }),
          user: text,
          environment: fc.dictionary(name, text, { maxKeys: 2 }),
          scaling: fc.nat(9).map((instances) => ({ kind: "fixed" as const, instances })),
          scheduling,
          executorResources: some({ mem: fc.integer({ min: 32, max: 64 }) }),
        }),
      )
      .map(([path, containers, rest]) => ({
        id: path,
        containers,
        ...(mode && { networks: [mode === "container" ? { mode, name: "net" } : { mode }] }),
        ...(volumes.length > 0 && { volumes: volumes.map((volume) => ({ name: volume })) }),
        ...rest,
      })),
  );

/** Any JSON that looks somewhat like a pod: known keys with values of any kind. */
export const almostPod: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc
    .tuple(
      arbitraryPod,
      fc.dictionary(
        fc.constantFrom("id", "containers", "networks", "volumes", "scheduling", "scaling", "x"),
        fc.anything(),
      ),
    )
    .map(([pod, odd]) => ({ ...pod, ...odd })),
  fc
    .tuple(arbitraryPod, fc.anything())
    .map(([pod, odd]) => ({ ...pod, containers: [odd, { name: odd, endpoints: [odd], healthCheck: odd }] })),
  fc.tuple(arbitraryPod, fc.anything()).map(([pod, odd]) => ({
    ...pod,
    volumes: [{ name: odd, persistent: odd }],
    scheduling: { placement: odd },
  })),
);
