// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { closeSync, existsSync, fchownSync, openSync, readdirSync, readFileSync } from "node:fs";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { TaskUser } from "./users";

/** A process as it is known after a restart of this program: a pid alone may have been given to another. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks between the machine's start and its own. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** Identifies one start of the machine. */
export function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

interface Stat {
  readonly state: string;
  readonly session: number;
  readonly startTicks: string;
}

function statOf(pid: number | string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in parentheses may hold spaces and parentheses; fields count from behind the last one.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", session: Number(fields[3]), startTicks: fields[19] ?? "" };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

export function identify(pid: number): ProcessId | undefined {
  const stat = statOf(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Whether it is this very process and no zombie. */
export function isAlive(id: ProcessId): boolean {
  const stat = statOf(id.pid);
  return (
    stat !== undefined && stat.state !== "Z" && stat.startTicks === id.startTicks && bootId() === id.bootId
  );
}

/** Whether any process of the session lives on, its leader aside. */
function sessionMembers(session: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const stat = statOf(name);
      return stat !== undefined && stat.session === session && stat.state !== "Z";
    })
    .map(Number);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** SIGKILL for everything in the session, also what left the process group. */
export function killSession(id: ProcessId): void {
  if (bootId() !== id.bootId) return;
  const leader = statOf(id.pid);
  if (leader !== undefined && leader.startTicks !== id.startTicks) return;
  for (const pid of sessionMembers(id.pid)) send(pid, "SIGKILL");
}

/** SIGKILL for every process that was started with `entry` (NAME=value) in its environment. */
export function killWith(entry: string): void {
  for (const name of readdirSync("/proc").filter((n) => /^\d+$/.test(n) && Number(n) !== process.pid)) {
    let environment: string;
    try {
      environment = readFileSync(`/proc/${name}/environ`, "latin1");
    } catch {
      continue; // ended meanwhile, or another user's
    }
    if (environment.split("\0").includes(entry)) send(Number(name), "SIGKILL");
  }
}

/** What a process was started with; undefined when it has ended. */
export function environmentOfProcess(id: ProcessId): Record<string, string> | undefined {
  if (!isAlive(id)) return undefined;
  const pairs = readFileSync(`/proc/${id.pid}/environ`, "utf8")
    .split("\0")
    .filter((pair) => pair !== "");
  return Object.fromEntries(
    pairs.map((pair) => [pair.split("=")[0] ?? "", pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** A signal for the task's whole process group. */
export function signalGroup(id: ProcessId, signal: NodeJS.Signals): void {
  if (isAlive(id)) send(-id.pid, signal);
}

/** A signal for the task's own process alone, the child of the wrapper. */
export function signalChild(id: ProcessId, signal: NodeJS.Signals): void {
  if (!isAlive(id)) return;
  const children = readFileSync(`/proc/${id.pid}/task/${id.pid}/children`, "utf8").trim();
  for (const pid of children.split(" ").filter((p) => p !== "")) send(Number(pid), signal);
}

/**
 * Waits for the task and leaves its exit code in a file, so that it is known even when the agent's program was down.
 * Signals for the group reach the wrapper too: a trap keeps it waiting, and is not inherited as an ignored signal is.
 */
const wrapper = `out=$1; shift
while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done; shift
trap : TERM INT QUIT HUP
"$@"; code=$?
echo $code > "$out.new" && mv "$out.new" "$out"; exit $code`;

export interface StartOptions {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly sandbox: string;
  readonly exitFile: string;
  /** Where the process writes its pid before anything else: its cgroups. */
  readonly cgroups: readonly string[];
  readonly user: TaskUser | undefined;
}

/** Starts a task in a session of its own; it outlives this program. */
export async function startProcess(options: StartOptions): Promise<ProcessId> {
  const { argv, env, sandbox, exitFile, cgroups, user } = options;
  const stdout = openSync(`${sandbox}/stdout`, "a", 0o600);
  const stderr = openSync(`${sandbox}/stderr`, "a", 0o600);
  try {
    if (user !== undefined) for (const file of [stdout, stderr]) fchownSync(file, user.uid, user.gid);
    const child = spawn("/bin/sh", ["-c", wrapper, "mesos-task", exitFile, ...cgroups, "--", ...argv], {
      cwd: sandbox,
      env: { ...env },
      detached: true,
      stdio: ["ignore", stdout, stderr],
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    child.unref();
    const id = child.pid === undefined ? undefined : identify(child.pid);
    if (id === undefined)
      throw new MesosError("MESOS_SIMULATOR_TASK_START", "the task's process ended at once");
    return id;
  } catch (error) {
    throw new MesosError("MESOS_SIMULATOR_TASK_START", `cannot start ${argv[0]}: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    closeSync(stdout);
    closeSync(stderr);
  }
}

/** The exit code as the wrapper left it; undefined when it was killed before it could. */
export function exitCode(exitFile: string): number | undefined {
  if (!existsSync(exitFile)) return undefined;
  const text = readFileSync(exitFile, "utf8").trim();
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

const signalNames: Readonly<Record<number, string>> = {
  1: "Hangup",
  2: "Interrupt",
  3: "Quit",
  4: "Illegal instruction",
  6: "Aborted",
  7: "Bus error",
  8: "Floating point exception",
  9: "Killed",
  10: "User defined signal 1",
  11: "Segmentation fault",
  12: "User defined signal 2",
  13: "Broken pipe",
  14: "Alarm clock",
  15: "Terminated",
};

/** How a command ended, in the words of Mesos's executors; a shell's exit code above 128 names a signal. */
export function describeExit(code: number | undefined): string {
  if (code === undefined) return "Command terminated with signal Killed";
  if (code <= 128) return `Command exited with status ${code}`;
  return `Command terminated with signal ${signalNames[code - 128] ?? `Unknown signal ${code - 128}`}`;
}

/** How a container ended, in the words of Mesos's docker executor: it sees the exit of `docker run`, never a signal. */
export function describeContainerExit(code: number | undefined): string {
  return code === undefined
    ? "Failed to get exit status of container"
    : `Container exited with status ${code}`;
}

export interface Usage {
  readonly userSeconds: number;
  readonly systemSeconds: number;
  readonly residentBytes: number;
  readonly processes: number;
}

const ticksPerSecond = 100;
const pageBytes = 4096;

/** What the session's processes use: their time with that of children they waited for, and resident memory. */
export function usageOf(id: ProcessId): Usage {
  let [user, system, pages, processes] = [0, 0, 0, 0];
  for (const pid of isAlive(id) ? sessionMembers(id.pid) : []) {
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      continue; // ended meanwhile
    }
    const fields = text
      .slice(text.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    user += (fields[11] ?? 0) + (fields[13] ?? 0);
    system += (fields[12] ?? 0) + (fields[14] ?? 0);
    pages += fields[21] ?? 0;
    processes++;
  }
  return {
    userSeconds: user / ticksPerSecond,
    systemSeconds: system / ticksPerSecond,
    residentBytes: pages * pageBytes,
    processes,
  };
}
