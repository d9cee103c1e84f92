// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { MesosError, messageOf, type ProcessSpec } from "@pulumi-mesos/model";
import type { Answer, Assignment } from "./assignment";
import { rewriteLiveFiles, writeFiles } from "./conf";
import { endProcesses } from "./end";
import { withLock } from "./lock";
import { logFile, logSize, rotation } from "./log";
import { markName } from "./marked";
import { heldOf, takenOf } from "./ports";
import { resolveCommand } from "./programs";
import { waitUntilReady } from "./ready";
import { type ProcessRecord, readRecord, writeRecord } from "./record";
import { processDirectory, removeDirectory, type Scope } from "./scope";
import { checkSpec, defaultStop, digestOfSpec, expandSpec } from "./spec";
import { list, type ProcessStatus, statusOf } from "./status";
import { volumeExists } from "./volumes";

/** How a process is started. */
export interface StartOptions {
  /** Where programs are looked for, also the child's PATH: see `searchPath`. */
  readonly searchPath: string;
  /** Names this start; kept when the process is adopted. @default a random one */
  readonly incarnation?: string;
  readonly signal: AbortSignal;
  readonly progress?: (line: string) => void;
  /**
   * Whether what the program started in sessions of its own, such as an agent's tasks, lives on when the program starts anew
   * with another spec: it finds them again. @default only with the same spec
   */
  readonly keepSessions?: boolean;
  /** @default true */
  readonly waitReady?: boolean;
  /** Size at which the log is rotated. @default 10 MiB */
  readonly rotateBytes?: number;
}

/**
 * Sees to it that `spec` runs. A process that runs with the same spec is adopted, and its live files are written anew where
 * they differ; otherwise whatever is left of one with
 * that name is ended first. A start that was cut short is completed or cleaned up by the next one.
 *
 * A program that does not become ready stays supervised, so that its log can be read and the next start goes on.
 *
 * @throws MesosError `MESOS_PROGRAM_MISSING`, `MESOS_PROCESS_SPEC`, `MESOS_PROCESS_ADDRESS_TAKEN`,
 * `MESOS_PROCESS_FILES`, `MESOS_PROCESS_START`, `MESOS_PROCESS_NOT_READY` (with the log's last lines).
 */
export async function start(scope: Scope, spec: ProcessSpec, o: StartOptions): Promise<ProcessStatus> {
  checkSpec(spec);
  const directory = processDirectory(scope, spec.name);
  const assignment = await withLock(directory, o, async () => {
    const record = readRecord(directory);
    if (record !== undefined && isAdoptable(directory, record, spec)) {
      o.progress?.(`${spec.name} runs already (pid ${record.child?.pid})`);
      await rewriteLiveFiles(directory, expandSpec(scope, spec));
      return undefined;
    }
    return launch(scope, directory, spec, o);
  });
  const wanted = expandSpec(scope, spec);
  const child = assignment ?? {
    cwd: wanted.cwd ?? directory,
    env: childEnv(directory, wanted, o.searchPath),
  };
  if (o.waitReady !== false && wanted.ready !== undefined) {
    const command = wanted.ready.command && (await resolveCommand(wanted.ready.command, o.searchPath));
    await waitUntilReady({ ...wanted.ready, command }, { directory, spec: wanted, ...child }, o);
  }
  const record = readRecord(directory);
  if (record === undefined) throw ended(spec.name);
  return statusOf(directory, record);
}

/** Whether the process runs well enough with the same spec; one that waits to be started again is rather started anew. */
function isAdoptable(directory: string, record: ProcessRecord, spec: ProcessSpec): boolean {
  const status = statusOf(directory, record);
  return status.state === "running" && record.specDigest === digestOfSpec(spec, record.salt);
}

function ended(name: string): MesosError {
  return new MesosError("MESOS_PROCESS_ENDED", `${name} was ended by somebody else while it started`, {
    retryable: true,
  });
}

/** Everything before the supervisor can fail leaves nothing behind but what was there before. */
async function launch(
  scope: Scope,
  directory: string,
  spec: ProcessSpec,
  o: StartOptions,
): Promise<Assignment> {
  const before = readRecord(directory);
  const same = before !== undefined && before.specDigest === digestOfSpec(spec, before.salt);
  const programOnly =
    before !== undefined && (o.keepSessions === true || (same && before.child !== undefined));
  await endProcesses(directory, { signal: o.signal, programOnly });
  const wanted = expandSpec(scope, spec);
  if (spec.volume !== undefined && !(await volumeExists(scope, spec.volume))) {
    throw new MesosError(
      "MESOS_VOLUME_MISSING",
      `${spec.name}: volume ${spec.volume} is gone; an empty one in its place could break its ensemble, so make it on purpose`,
    );
  }
  const command = await resolveCommand(wanted.command, o.searchPath);
  if (wanted.cwd !== undefined && !existsSync(wanted.cwd)) {
    throw new MesosError("MESOS_PROCESS_SPEC", `cwd: must be a directory that exists, got ${wanted.cwd}`);
  }
  await requireAddresses(scope, spec, directory);
  const salt = randomBytes(16).toString("hex");
  const record: ProcessRecord = {
    version: 1,
    name: spec.name,
    incarnation: o.incarnation ?? randomUUID(),
    salt,
    specDigest: digestOfSpec(spec, salt),
    stop: spec.stop ?? defaultStop,
    listen: spec.listen,
    state: "starting",
    restarts: 0,
    logOffset: logSize(directory),
  };
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    writeRecord(directory, record);
    await writeFiles(directory, wanted);
  } catch (error) {
    if (before === undefined) await removeDirectory(directory);
    throw new MesosError(
      "MESOS_PROCESS_FILES",
      `${spec.name}: cannot write its files in ${directory}: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const assignment: Assignment = {
    directory,
    command,
    env: childEnv(directory, wanted, o.searchPath),
    cwd: wanted.cwd ?? directory,
    stop: record.stop,
    restart: spec.restart ?? "always",
    record,
    rotateBytes: o.rotateBytes ?? rotation.bytes,
  };
  const answer = await handOver(assignment, o.signal);
  if (!answer.ok) {
    throw new MesosError(
      "MESOS_PROCESS_START",
      `${spec.name}: ${command[0]} did not start: ${answer.reason}`,
    );
  }
  return assignment;
}

/** Fails with every address of this stack that somebody else holds, so that all of them can be freed at once. */
async function requireAddresses(scope: Scope, spec: ProcessSpec, directory: string): Promise<void> {
  const taken = await takenOf(spec.listen ?? [], directory);
  if (taken.length === 0) return;
  for (const other of await list(scope)) {
    // Whatever its state: a program that cannot listen counts as running from each restart until it ends of it.
    if (other.name !== spec.name)
      taken.push(...heldOf(readRecord(other.directory)?.listen ?? [], other.directory));
  }
  throw new MesosError("MESOS_PROCESS_ADDRESS_TAKEN", taken.join(", "), { retryable: true });
}

function childEnv(directory: string, spec: ProcessSpec, path: string): Record<string, string> {
  return { PATH: path, ...spec.env, [markName]: directory };
}

/** Starts a supervisor in a session of its own and tells it what to run over a pipe, so that no secret is in argv or on disk. */
async function handOver(assignment: Assignment, signal: AbortSignal): Promise<Answer> {
  const log = openSync(logFile(assignment.directory), "a", 0o600);
  try {
    const supervisor = spawn(process.execPath, [join(__dirname, "main.js"), assignment.directory], {
      cwd: "/",
      env: { [markName]: assignment.directory },
      stdio: ["pipe", log, log, "pipe"],
      detached: true,
    });
    supervisor.unref();
    return await new Promise<Answer>((resolve, reject) => {
      let text = "";
      const pipe = supervisor.stdio[3] as Readable;
      const abort = (): void => {
        pipe.destroy();
        reject(signal.reason);
      };
      signal.addEventListener("abort", abort, { once: true });
      pipe.on("data", (data) => {
        text += String(data);
      });
      pipe.on("error", reject);
      pipe.on("close", () => {
        signal.removeEventListener("abort", abort);
        resolve(text === "" ? { ok: false, reason: "its supervisor ended" } : (JSON.parse(text) as Answer));
      });
      supervisor.on("error", (error) => resolve({ ok: false, reason: messageOf(error) }));
      supervisor.stdin?.on("error", () => pipe.destroy());
      supervisor.stdin?.end(JSON.stringify(assignment));
    });
  } finally {
    closeSync(log);
  }
}
