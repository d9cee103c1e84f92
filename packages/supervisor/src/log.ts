// SPDX-License-Identifier: Apache-2.0
import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";

/** The log's size at which it is rotated, and how many old ones are kept. */
export const rotation = { bytes: 10 * 1024 * 1024, keep: 3 } as const;

/** Path of a process's log. */
export function logFile(directory: string): string {
  return join(directory, "log");
}

/** Size of the log; 0 when there is none yet. */
export function logSize(directory: string): number {
  return statSync(logFile(directory), { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * Moves the log's content to `log.1` when it has outgrown `bytes`; answers whether it did.
 *
 * By copy and truncation: the program writes to the log itself (so that it outlives its supervisor) and appends to
 * whatever is there. Lines written between copy and truncation are lost.
 */
export function rotate(directory: string, bytes: number = rotation.bytes): boolean {
  if (logSize(directory) < bytes) return false;
  const log = logFile(directory);
  for (let n = rotation.keep - 1; n >= 1; n--) {
    if (statSync(`${log}.${n}`, { throwIfNoEntry: false }) !== undefined)
      renameSync(`${log}.${n}`, `${log}.${n + 1}`);
  }
  copyFileSync(log, `${log}.1`);
  truncateSync(log, 0);
  return true;
}

/** The log from `offset` on, at most the last `bytes` of it; all of it when it was rotated in the meantime. */
export function readLog(directory: string, offset: number, bytes: number): string {
  let fd: number;
  try {
    fd = openSync(logFile(directory), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
  try {
    const size = fstatSync(fd).size;
    const from = Math.max(offset > size ? 0 : offset, size - bytes);
    const buffer = Buffer.alloc(size - from);
    return buffer.toString("utf8", 0, readSync(fd, buffer, 0, buffer.length, from));
  } finally {
    closeSync(fd);
  }
}

const shownLines = 20;
const shownFirst = 2;

/**
 * What a failed program's log says, with secrets masked: the last 20 lines of its last run, which began at `offset`, or of
 * the whole log where that run left nothing. A longer run's first two lines come before them, because programs that print
 * their usage say first what was wrong.
 */
export function failureLines(
  directory: string,
  offset: number,
  env: Readonly<Record<string, string>>,
): string[] {
  const lines = (from: number): string[] =>
    mask(readLog(directory, from, 64 * 1024), env)
      .split("\n")
      .map((line) => line.trimEnd())
      .filter((line) => line !== "");
  const run = lines(offset);
  if (run.length === 0) return lines(0).slice(-shownLines);
  if (run.length <= shownFirst + shownLines) return run;
  return [...run.slice(0, shownFirst), "…", ...run.slice(-shownLines)];
}

/**
 * Replaces what `env` declares by the variable's name in brackets, because any of it may be secret; plain words and
 * small numbers stay, they would make the text unreadable and are no secrets.
 */
export function mask(text: string, env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([, value]) => value.length >= 4 && !/^(true|false|\d{1,5})$/i.test(value))
    .sort(([, a], [, b]) => b.length - a.length)
    .reduce((masked, [name, value]) => masked.replaceAll(value, `[${name}]`), text);
}
