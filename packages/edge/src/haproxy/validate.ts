// SPDX-License-Identifier: Apache-2.0
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { basename, join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";

/** Says what is wrong with a configuration, or nothing. */
export type Check = (text: string, signal: AbortSignal) => Promise<string | undefined>;

const scratchPrefix = "check-";

/** How HAProxy is called. */
export interface HaproxyProgram {
  readonly file: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** Asks `haproxy -c` about a text, whose relative paths lie below `directory`. */
export function haproxyCheck(program: HaproxyProgram, directory: string): Check {
  return (text, signal) => checkBeside(program, directory, () => ({ "haproxy.cfg": text }), signal);
}

/**
 * Asks `haproxy -c` about haproxy.cfg among `files`, which are kept below `directory` meanwhile, readable by the owner
 * alone; they are told their directory, relative to `directory`.
 */
export async function checkBeside(
  program: HaproxyProgram,
  directory: string,
  files: (scratch: string) => Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string | undefined> {
  const scratch = await mkdtemp(join(directory, scratchPrefix));
  try {
    for (const [name, text] of Object.entries(files(basename(scratch))))
      await writeFile(join(scratch, name), text, { mode: 0o600 });
    return await run(program, ["-c", "-f", join(scratch, "haproxy.cfg")], directory, signal);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Removes what checks have left that were cut off; keys may be among it. */
export async function removeScratch(directory: string): Promise<void> {
  const left = (await readdir(directory)).filter((name) => name.startsWith(scratchPrefix));
  for (const name of left) await rm(join(directory, name), { recursive: true, force: true });
}

function run(
  program: HaproxyProgram,
  args: string[],
  cwd: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: program.env, signal, timeout: 60_000, maxBuffer: 16 << 20 };
    const child = execFile(program.file, args, options, (error, _stdout, stderr) => {
      if (!error) return resolve(undefined);
      if (typeof error.code === "number") return resolve(reasonOf(stderr));
      const why = signal.aborted ? "was interrupted" : error.killed ? "took longer than 60 s" : error.message;
      reject(
        new MesosError("MESOS_EDGE_CHECK_FAILED", `haproxy -c ${why}`, { cause: error, retryable: true }),
      );
    });
    yieldToTraffic(child.pid);
  });
}

/**
 * A check of a large file takes the processor for a while, which requests need more. Not as much more as there is, for on a
 * machine that others keep busy a check would take minutes then.
 */
function yieldToTraffic(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch (error) {
    // It has ended already.
    if ((error as NodeJS.ErrnoException).code !== "ERR_SYSTEM_ERROR") throw error;
  }
}

/** The first complaint of HAProxy without times, process ids and file names. */
function reasonOf(stderr: string): string {
  const lines = stderr.split("\n").filter((line) => line.includes("[ALERT]"));
  const line = lines[0] ?? stderr.split("\n").find((l) => l.trim() !== "") ?? "refused without a reason";
  return line
    .replace(/^\[ALERT\]\s*\(\d+\)\s*:\s*(config\s*:\s*)?/, "")
    .replace(/^parsing \[[^\]]*\]\s*:\s*/, "")
    .replace(/^error detected while parsing ACL '[^']*'\s*:\s*/, "")
    .trim();
}

/** A member that is refused, and why. */
export interface Offender<T> {
  readonly item: T;
  readonly reason: string;
}

/**
 * Finds the items without which the others are accepted, by halving: about `2·k·log₂(n)` questions for k offenders of n.
 * `check` says what is wrong with a group. Of items that are good alone and bad together, the later ones offend.
 */
export function offenders<T>(
  items: readonly T[],
  check: (group: readonly T[]) => Promise<string | undefined>,
): Promise<Offender<T>[]> {
  return offendersBeside([], items, check);
}

async function offendersBeside<T>(
  good: readonly T[],
  items: readonly T[],
  check: (group: readonly T[]) => Promise<string | undefined>,
): Promise<Offender<T>[]> {
  const reason = items.length === 0 ? undefined : await check([...good, ...items]);
  const [only] = items;
  if (reason === undefined || only === undefined) return [];
  if (items.length === 1) return [{ item: only, reason }];
  const middle = items.length >> 1;
  const left = items.slice(0, middle);
  const found = await offendersBeside(good, left, check);
  const bad = new Set(found.map(({ item }) => item));
  const kept = left.filter((item) => !bad.has(item));
  return [...found, ...(await offendersBeside([...good, ...kept], items.slice(middle), check))];
}

/** A configuration that holds nothing but these conditions, to have them judged. */
export function aclProbe(conditions: readonly string[]): string {
  return [
    "defaults",
    "  mode http",
    "  timeout connect 2s",
    "  timeout client 60s",
    "  timeout server 60s",
    "frontend probe",
    "  bind 127.0.0.1:1",
    ...conditions.flatMap((acl, i) => [`  acl rule${i} ${acl}`, `  use_backend probe if rule${i}`]),
    "backend probe",
    "",
  ].join("\n");
}
