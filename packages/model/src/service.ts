// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";

/** Where a member listens: an IP address (IPv4), known before anything starts, so that peers can name each other. */
export interface Address {
  /** The member's name, unique in its stack, for example `demo-masters-1`. */
  readonly name: string;
  readonly host: string;
}

/** The programs that make an installation. A `Distribution` says which image or executable serves each. */
export type Software =
  | "zookeeper"
  | "mesos-master"
  | "mesos-agent"
  | "marathon"
  | "edge"
  | "groups"
  | "bamboo";

const closed = { additionalProperties: false } as const;

/** A file that a program reads, written before it starts. `{conf}` in args, env and files is its directory. */
export const ConfigFile = Type.Object(
  {
    path: Type.String({
      pattern: "^(\\{data\\}/)?[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$",
      description: "Path below {conf}, or below {data} when it begins with `{data}/`.",
    }),
    content: Type.String({ description: "The text; may be secret." }),
    encoding: Type.Optional(
      Type.Literal("base64", { description: "Given where the text stands for bytes." }),
    ),
    mode: Type.Optional(
      Type.String({ pattern: "^0?[0-7]{3}$", default: "600", description: "Permission bits in octal." }),
    ),
    live: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          "Whether the program sees by itself that the file changed: then it is written anew, where the platform can, and the program runs on.",
      }),
    ),
  },
  { ...closed, $id: "mesos:local:ConfigFile", description: "A file that the program reads." },
);
export type ConfigFile = Static<typeof ConfigFile>;

/** How to see that a program serves. Every attempt is bounded by 2 s; the whole wait by `timeoutSeconds`. */
export const Probe = Type.Object(
  {
    http: Type.Optional(
      Type.String({
        pattern: "^http://",
        description: "A URL that answers 200 to 399; redirects are not followed.",
      }),
    ),
    tcp: Type.Optional(
      Type.String({ pattern: "^[^\\s:]+:\\d+$", description: "host:port that accepts a connection." }),
    ),
    command: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: "Program and arguments; exit code 0 is success.",
      }),
    ),
    logLine: Type.Optional(
      Type.String({ minLength: 1, description: "Regular expression that a line of the log matches." }),
    ),
    timeoutSeconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3600, default: 60 })),
  },
  { ...closed, $id: "mesos:local:Probe", description: "Exactly one of http, tcp, command, logLine." },
);
export type Probe = Static<typeof Probe>;

export const Stop = Type.Object(
  {
    signal: Type.Union(
      [Type.Literal("SIGTERM"), Type.Literal("SIGINT"), Type.Literal("SIGQUIT"), Type.Literal("SIGUSR1")],
      { default: "SIGTERM" },
    ),
    graceSeconds: Type.Number({
      minimum: 0,
      maximum: 3600,
      default: 10,
      description: "SIGKILL after this long.",
    }),
  },
  { ...closed, $id: "mesos:local:Stop", description: "How the program is ended." },
);
export type Stop = Static<typeof Stop>;

/**
 * One program on a node: what to run, never how. Pure data that every platform can carry out.
 *
 * `args`, `env`, `files` and the probe may hold the placeholders of {@link expandPlaceholders}. Secrets never stand in
 * `args`: they go by `env` or a file.
 */
export interface Service {
  readonly software: Software;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly ConfigFile[];
  /** Port by name; each is free on the node's address before the program starts. */
  readonly ports: Readonly<Record<string, number>>;
  /** Whether the program keeps state that must outlive a replacement of its node; it lies at `{data}`. */
  readonly data: boolean;
  readonly ready: Probe;
  readonly stop: Stop;
}

/** What the placeholders stand for on one node. */
export interface Placeholders {
  /** The node's address. */
  readonly address: string;
  readonly name: string;
  /** Directory of {@link ConfigFile}s. */
  readonly conf: string;
  /** Directory that outlives a replacement. */
  readonly data: string;
  /** The supervisor's root directory of this stack (local platform only). */
  readonly state?: string;
  /** Where the controller of agent groups makes members: see `--members` of `mesos-agent-groups`. */
  readonly members?: string;
  /** First and last task port of an agent. */
  readonly ports?: string;
}

/** Replaces `{address}`, `{name}`, `{conf}`, `{data}`, `{state}`, `{members}` and `{ports}` where a value is known; other braces stay. */
export function expandPlaceholders(text: string, values: Partial<Placeholders>): string {
  return text.replace(
    /\{(address|name|conf|data|state|members|ports)\}/g,
    (whole, key: keyof Placeholders) => values[key] ?? whole,
  );
}
