// SPDX-License-Identifier: Apache-2.0
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ProcessState } from "@pulumi-mesos/model";
import { isAlive } from "./identity";
import { logFile } from "./log";
import { type Exit, type ProcessRecord, readRecord } from "./record";
import { processDirectory, type Scope } from "./scope";

/** A supervised process as it is now. */
export interface ProcessStatus {
  readonly name: string;
  /** Its supervisor lives and looks after it. False: it is dead for good, or its supervisor is. */
  readonly running: boolean;
  /** `dead`: the supervisor is gone without having ended its program (killed, or the machine was restarted). */
  readonly state: ProcessState;
  /** The program's own pid, while it lives. */
  readonly pid?: number;
  readonly startedAt?: string;
  readonly restarts: number;
  readonly lastExit?: Exit;
  readonly incarnation: string;
  /** Salted with a value of the record: comparable only with itself. */
  readonly specDigest: string;
  readonly directory: string;
  readonly logFile: string;
}

/** The status that a record and the living processes give. */
export function statusOf(directory: string, record: ProcessRecord): ProcessStatus {
  const supervised = isAlive(record.supervisor);
  const state: ProcessState = record.state === "exited" || supervised ? record.state : "dead";
  return {
    name: record.name,
    running: supervised && state !== "exited",
    state,
    pid: isAlive(record.child) ? record.child?.pid : undefined,
    startedAt: record.startedAt,
    restarts: record.restarts,
    lastExit: record.lastExit,
    incarnation: record.incarnation,
    specDigest: record.specDigest,
    directory,
    logFile: logFile(directory),
  };
}

/** The process of that name; nothing when it was never started or has been ended. */
export async function read(scope: Scope, name: string): Promise<ProcessStatus | undefined> {
  const directory = processDirectory(scope, name);
  const record = readRecord(directory);
  return record && statusOf(directory, record);
}

/** Every process of the scope, by name. */
export async function list(scope: Scope): Promise<ProcessStatus[]> {
  let names: string[];
  try {
    names = await readdir(join(scope.root, "processes"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const statuses = await Promise.all(names.sort().map((name) => read(scope, name)));
  return statuses.filter((status) => status !== undefined);
}
