// SPDX-License-Identifier: Apache-2.0
import { MesosError, type Stop } from "@pulumi-mesos/model";
import { until } from "./clock";
import { type Identity, isAlive, signalProcess, statOf } from "./identity";
import { withLock } from "./lock";
import { argumentsOf, processesOf } from "./marked";
import { type ProcessRecord, readRecord } from "./record";
import { processDirectory, removeDirectory, type Scope } from "./scope";
import { defaultStop } from "./spec";

/** How long what a program leaves behind may take to end by itself before it is killed. */
const leftoverGraceMs = 2000;
/** How long the kernel may take to end what was killed. */
const killMs = 10_000;

/**
 * Ends a process with everything that it started, then removes its directory; gone already is success.
 *
 * `stop` replaces the spec's own way to stop it, for example SIGUSR1 for an agent that leaves for ever.
 *
 * @throws MesosError `MESOS_PROCESS_WILL_NOT_END`.
 */
export async function end(
  scope: Scope,
  name: string,
  o: { readonly signal: AbortSignal; readonly stop?: Stop; readonly progress?: (line: string) => void },
): Promise<void> {
  const directory = processDirectory(scope, name);
  await withLock(directory, o, async () => {
    await endProcesses(directory, { signal: o.signal, stop: o.stop });
    await removeDirectory(directory);
  });
}

/** How the processes of a record are ended. */
export interface EndOptions {
  readonly signal: AbortSignal;
  readonly stop?: Stop;
  /** Leave what has made a session of its own, such as an agent's tasks: the program comes back and finds it again. */
  readonly programOnly?: boolean;
}

/**
 * Ends all processes of a record: first the supervisor, by SIGKILL, because it has nothing to lose and would start its
 * program again; then the program as `stop` says; then whatever else carries the mark.
 */
export async function endProcesses(directory: string, o: EndOptions): Promise<void> {
  const written = readRecord(directory);
  const known = [written?.supervisor, written?.child].filter((identity) => identity !== undefined);
  const record = written && { ...written, child: written.child ?? unrecordedChild(directory, known) };
  const living = (): Identity[] => {
    const all = processesOf(directory, known);
    return o.programOnly ? all.filter((p) => belongsTo(p, record)) : all;
  };
  const supervisors = living().filter((p) => isSupervisor(p, directory));
  for (const supervisor of supervisors) signalProcess(supervisor, "SIGKILL");
  await until(async () => !supervisors.some(isAlive), killMs, o.signal);

  // Read again: the supervisor may have started a new child before it died.
  const child = readRecord(directory)?.child;
  const programs = isAlive(child) && child !== undefined ? [child] : living().filter(leadsSession);
  const stop = o.stop ?? record?.stop ?? defaultStop;
  for (const program of programs) signalProcess(program, stop.signal);
  await until(async () => !programs.some(isAlive), stop.graceSeconds * 1000, o.signal);

  const everything = (): Identity[] => [...living(), ...programs.filter(isAlive)];
  if (!programs.some(isAlive)) {
    for (const leftover of everything()) signalProcess(leftover, "SIGTERM");
    const grace = Math.min(leftoverGraceMs, stop.graceSeconds * 1000);
    await until(async () => everything().length === 0, grace, o.signal);
  }
  const gone = await until(
    async () => {
      const rest = everything();
      for (const process of rest) signalProcess(process, "SIGKILL");
      return rest.length === 0;
    },
    killMs,
    o.signal,
  );
  if (!gone) {
    const pids = everything().map((p) => p.pid);
    throw new MesosError(
      "MESOS_PROCESS_WILL_NOT_END",
      `${directory}: still alive ${killMs / 1000} s after SIGKILL: pids ${pids.join(", ")}; a device may hang`,
      { retryable: true },
    );
  }
}

/** The child of a supervisor that has had no time to write it down. */
function unrecordedChild(directory: string, known: readonly Identity[]): Identity | undefined {
  const all = processesOf(directory, known);
  const supervisors = all.filter((p) => isSupervisor(p, directory)).map(({ pid }) => pid);
  return all.find(({ pid }) => supervisors.includes(statOf(pid)?.parent ?? 0));
}

function isSupervisor(identity: Identity, directory: string): boolean {
  const args = argumentsOf(identity.pid);
  return args.at(-1) === directory && (args.at(-2) ?? "").endsWith("/main.js");
}

/** Whether a process is the recorded supervisor, its child, or of the child's group or session. */
function belongsTo(identity: Identity, record: ProcessRecord | undefined): boolean {
  const stat = statOf(identity.pid);
  if (stat === undefined) return false;
  const child = record?.child?.pid;
  return (
    [record?.supervisor?.pid, child].includes(stat.pid) || stat.group === child || stat.session === child
  );
}

function leadsSession(identity: Identity): boolean {
  return statOf(identity.pid)?.session === identity.pid;
}
