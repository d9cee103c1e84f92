// SPDX-License-Identifier: Apache-2.0
import type { Stop } from "@pulumi-mesos/model";
import type { ProcessRecord } from "./record";

/** What a supervisor is told over its standard input: everything is resolved, nothing is left to look up. */
export interface Assignment {
  readonly directory: string;
  readonly command: readonly string[];
  /** The child's whole environment, PATH and mark included. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stop: Stop;
  readonly restart: "always" | "on-failure" | "never";
  readonly record: ProcessRecord;
  /** Size at which the log is rotated. */
  readonly rotateBytes: number;
}

/** What a supervisor answers once, on descriptor 3: the child runs, or why it could not be started. */
export type Answer = { readonly ok: true } | { readonly ok: false; readonly reason: string };
