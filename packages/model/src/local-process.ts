// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { ConfigFile, Probe, Stop } from "./service";

const closed = { additionalProperties: false } as const;

/** A name of a process or volume: it is a directory's name, too. */
export const LocalName = Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$" });

/** What the supervisor runs: the inputs of `mesos:local:Process`. Placeholders: see `expandPlaceholders`. */
export const ProcessSpec = Type.Object(
  {
    name: LocalName,
    command: Type.Array(Type.String(), {
      minItems: 1,
      description:
        "Program and arguments. A program without a slash is looked for in node_modules/.bin beside the plugin, on PATH, in /usr/sbin and /sbin, then among the programs that the set-up keeps. Never put a secret here.",
    }),
    env: Type.Optional(
      Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String(), {
        description: "The whole environment but for PATH; may be secret.",
      }),
    ),
    cwd: Type.Optional(
      Type.String({ description: "Working directory.", default: "the process's own directory" }),
    ),
    files: Type.Optional(Type.Array(ConfigFile)),
    volume: Type.Optional(
      Type.String({ description: "Name of the mesos:local:Volume that {data} stands for." }),
    ),
    listen: Type.Optional(
      Type.Array(
        Type.Object({ host: Type.String(), port: Type.Integer({ minimum: 1, maximum: 65535 }) }, closed),
        {
          description: "TCP addresses that must be free before the start; a holder is named.",
        },
      ),
    ),
    ready: Type.Optional(Probe),
    stop: Type.Optional(Stop),
    restart: Type.Optional(
      Type.Union([Type.Literal("always"), Type.Literal("on-failure"), Type.Literal("never")], {
        default: "always",
      }),
    ),
  },
  closed,
);
export type ProcessSpec = Static<typeof ProcessSpec>;

/** Inputs of `mesos:local:Volume`. */
export const VolumeInputs = Type.Object({ name: LocalName }, closed);
export type VolumeInputs = Static<typeof VolumeInputs>;

/** The state of a supervised process. `crash-loop`: it died at least 5 times within 60 s and is still being restarted. */
export type ProcessState = "starting" | "running" | "backoff" | "crash-loop" | "exited" | "dead";
