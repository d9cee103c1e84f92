// SPDX-License-Identifier: Apache-2.0
import { closeSync, fchmodSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessState, Stop } from "@pulumi-mesos/model";
import type { Identity } from "./identity";
import type { Listen } from "./ports";

/** How a child ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly at: string;
}

/**
 * What is kept of a process beside its log. Written by the starting program before anything runs, from then on by the
 * supervisor alone; it holds no secret, and its digest is salted, so that none can be guessed from it.
 */
export interface ProcessRecord {
  readonly version: 1;
  readonly name: string;
  readonly incarnation: string;
  readonly salt: string;
  readonly specDigest: string;
  readonly stop: Stop;
  /** Where it listens, as its spec says. */
  readonly listen?: readonly Listen[];
  readonly state: ProcessState;
  readonly restarts: number;
  readonly supervisor?: Identity;
  readonly child?: Identity;
  readonly startedAt?: string;
  readonly lastExit?: Exit;
  /** Where the current child's part of the log begins. */
  readonly logOffset: number;
}

/** Replaces the record at once: a reader sees the old one or the new one. */
export function writeRecord(directory: string, record: ProcessRecord): void {
  const file = join(directory, "record.json");
  writeFileWithMode(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, 0o600);
  renameSync(`${file}.new`, file);
}

/** The record in `directory`; nothing when there is none or a crash of the machine left it unreadable. */
export function readRecord(directory: string): ProcessRecord | undefined {
  let text: string;
  try {
    text = readFileSync(join(directory, "record.json"), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const record = JSON.parse(text) as Partial<ProcessRecord>;
    return record.version === 1 ? (record as ProcessRecord) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Writes a file that has its mode before it has content. */
export function writeFileWithMode(path: string, content: string | Buffer, mode: number): void {
  const fd = openSync(path, "w", mode & 0o600);
  try {
    fchmodSync(fd, mode);
    writeFileSync(fd, content);
  } finally {
    closeSync(fd);
  }
}
