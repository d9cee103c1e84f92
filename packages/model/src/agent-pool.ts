// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { AutoscalePolicy } from "./autoscale-policy";
import type { Failure } from "./failures";
import { LocalName, ProcessSpec } from "./local-process";
import { formatPath } from "./property-path";
import { largestMax } from "./schedule";
import { checkSchema } from "./schema-check";

const closed = { additionalProperties: false } as const;

/**
 * How members of a pool are made on this machine: each is a supervised process `<pool>-<n>` with an address of its own
 * in `network` and a disjoint slice of the task ports.
 */
export const LocalPoolBackend = Type.Object(
  {
    kind: Type.Literal("local"),
    network: Type.String({
      pattern: "^127\\.\\d+\\.\\d+\\.0/24$",
      description: "Member n has the address .n of it.",
    }),
    taskPorts: Type.Array(Type.Integer({ minimum: 1024, maximum: 65535 }), {
      minItems: 2,
      maxItems: 2,
      description: "First and last task port of the pool, divided among its members.",
    }),
    portsPerMember: Type.Integer({ minimum: 1 }),
  },
  closed,
);
export type LocalPoolBackend = Static<typeof LocalPoolBackend>;

/**
 * How members of a pool are made on a Docker host: each is a container on the stack's network with an address of its own in
 * `network`, where all task ports are its own, too.
 */
export const DockerPoolBackend = Type.Object(
  {
    kind: Type.Literal("docker"),
    network: Type.String({
      pattern: "^\\d+\\.\\d+\\.\\d+\\.0/24$",
      description: "Member n has the address .n of it.",
    }),
    taskPorts: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), {
      minItems: 2,
      maxItems: 2,
      description: "First and last task port of each member.",
    }),
    socket: Type.Optional(
      Type.String({
        pattern: "^/",
        description: "dockerd's socket on the Docker host, where members start containers of their own.",
      }),
    ),
  },
  closed,
);
export type DockerPoolBackend = Static<typeof DockerPoolBackend>;

/** How members of a pool are made on AWS: each is an instance of an auto-scaling group, with an address that AWS gives it. */
export const AwsPoolBackend = Type.Object(
  {
    kind: Type.Literal("aws"),
    group: Type.String({ minLength: 1, description: "Name of the auto-scaling group." }),
  },
  closed,
);
export type AwsPoolBackend = Static<typeof AwsPoolBackend>;

export const PoolBackend = Type.Union([LocalPoolBackend, DockerPoolBackend, AwsPoolBackend]);
export type PoolBackend = Static<typeof PoolBackend>;

/** What every member runs; `name`, `listen` and `volume` are filled in by the backend, and placeholders as in a service. */
export const PoolTemplate = Type.Composite(
  [
    Type.Omit(ProcessSpec, ["name", "listen", "volume"]),
    Type.Object({
      image: Type.Optional(Type.String({ minLength: 1, description: "Image of a member's container." })),
      memoryMiB: Type.Optional(Type.Integer({ minimum: 6, description: "Memory of a member's container." })),
      cpus: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: "CPUs of a member's container." })),
      launchTemplate: Type.Optional(
        Type.String({
          pattern: "^lt-[A-Za-z0-9-]+:[1-9]\\d*$",
          description: "Launch template of a member's instance with its version: lt-0123:7.",
        }),
      ),
    }),
  ],
  closed,
);
export type PoolTemplate = Static<typeof PoolTemplate>;

/** How a changed template goes through a pool. */
export const RollPolicy = Type.Object(
  {
    maxUnavailable: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200, description: "So many members are changed at a time." }),
    ),
    surge: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 200,
        description:
          "So many more than its size a pool may have while members are replaced; 0: each goes before another comes.",
      }),
    ),
    canary: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 200,
        description: "So many members must hold on a new template before any other is touched.",
      }),
    ),
    pauseOnFailure: Type.Optional(
      Type.Boolean({ description: "Whether a member that does not come up stops those after it, too." }),
    ),
  },
  closed,
);
export type RollPolicy = Static<typeof RollPolicy>;

/** Everything that is wrong with it, one line each. */
export function checkRollPolicy(value: unknown): Failure[] {
  return checkSchema(RollPolicy, value).failures.map(({ at, message }) => ({
    path: formatPath(at),
    message,
  }));
}

/** The policy with the defaults for what it leaves out: one at a time, one more first. */
export function fillRollPolicy(policy: RollPolicy = {}): Required<RollPolicy> {
  return { maxUnavailable: 1, surge: 1, canary: 1, pauseOnFailure: true, ...policy };
}

/** What the controller of agent groups reads from ZooKeeper: one document a pool, at {@link poolPath}. */
export const AgentPoolDeclaration = Type.Object(
  {
    name: LocalName,
    size: Type.Integer({
      minimum: 0,
      maximum: 200,
      description: "How many agents; with `autoscale` how many it begins with, held to its bounds.",
    }),
    autoscale: Type.Optional(AutoscalePolicy),
    template: PoolTemplate,
    backend: PoolBackend,
    update: Type.Optional(RollPolicy),
    drain: Type.Object(
      {
        graceSeconds: Type.Number({
          minimum: 0,
          description: "max_grace_period of DRAIN_AGENT for what Marathon does not run.",
        }),
        timeoutSeconds: Type.Number({
          minimum: 1,
          description: "A drain that takes longer is reported, and forced only where `onTimeout` says so.",
        }),
        onTimeout: Type.Optional(
          Type.Union([Type.Literal("report"), Type.Literal("end")], {
            description:
              "Whether an agent that does not drain in time is only reported, or ended with its tasks.",
          }),
        ),
      },
      closed,
    ),
  },
  closed,
);
export type AgentPoolDeclaration = Static<typeof AgentPoolDeclaration>;

/** How few and how many agents a declaration allows, at any time. */
export function boundsOf({
  size,
  autoscale,
}: Pick<AgentPoolDeclaration, "size" | "autoscale">): Pick<AutoscalePolicy, "min" | "max"> {
  if (autoscale === undefined) return { min: size, max: size };
  const least = autoscale.schedule?.map(({ min = autoscale.min, max = min }) => Math.min(min, max)) ?? [];
  return { min: Math.min(autoscale.min, ...least), max: largestMax(autoscale) };
}

/** Inputs of `mesos:index:AgentPool`: the declaration and where the controller looks for it. */
export const AgentPoolInputs = Type.Object(
  {
    cluster: LocalName,
    zookeeper: Type.String({ description: "ZooKeeper's connection string: host:port,host:port." }),
    zookeeperCredential: Type.Optional(
      Type.String({
        description: "`user:password` of the controller at a ZooKeeper that asks for it (digest); secret.",
      }),
    ),
    declaration: AgentPoolDeclaration,
  },
  closed,
);
export type AgentPoolInputs = Static<typeof AgentPoolInputs>;

/** A member as the controller sees it. */
export const PoolMember = Type.Object({
  name: Type.String(),
  address: Type.String(),
  /** Mesos's id of the agent once it has registered. */
  agentId: Type.Optional(Type.String()),
  state: Type.Union([
    Type.Literal("starting"),
    Type.Literal("active"),
    Type.Literal("draining"),
    Type.Literal("broken"),
    /** Runs an earlier template and waits for its turn. */
    Type.Literal("outdated"),
  ]),
  /** Tasks on its agent that have not ended. */
  tasks: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type PoolMember = Static<typeof PoolMember>;

/** What the controller reports, at {@link poolStatusPath}. */
export const AgentPoolStatus = Type.Object({
  /** `digestOf` the declaration that this status is about. */
  generation: Type.String(),
  /** As many active members as declared and nothing left to do. */
  settled: Type.Boolean(),
  /** Progress or the reason of a failure in words: `web: 3 of 5 agents active, draining web-2: 4 tasks left`. */
  message: Type.String(),
  /** Set when the controller cannot go on without a change. */
  failed: Type.Boolean(),
  members: Type.Array(PoolMember),
});
export type AgentPoolStatus = Static<typeof AgentPoolStatus>;

/** ZooKeeper node of a cluster's pools. */
export function poolsPath(cluster: string): string {
  return `/pulumi-mesos/${cluster}/pools`;
}

/** ZooKeeper node of one declaration. */
export function poolPath(cluster: string, pool: string): string {
  return `${poolsPath(cluster)}/${pool}`;
}

/** ZooKeeper node of one status. */
export function poolStatusPath(cluster: string, pool: string): string {
  return `${poolPath(cluster, pool)}/status`;
}

/** ZooKeeper node that the one working controller of a cluster's pools holds; ephemeral. */
export function controllerPath(cluster: string): string {
  return `/pulumi-mesos/${cluster}/controller`;
}

/** The name of a pool's member; `index` begins with 1. */
export function memberName(pool: string, index: number): string {
  return `${pool}-${index}`;
}
