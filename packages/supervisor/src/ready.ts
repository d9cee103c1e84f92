// SPDX-License-Identifier: Apache-2.0
import { MesosError, type Probe, type ProcessSpec } from "@pulumi-mesos/model";
import { delay, now } from "./clock";
import { failureLines } from "./log";
import { attempt, describeProbe } from "./probe";
import { type ProcessRecord, readRecord } from "./record";
import { statusOf } from "./status";

const defaultTimeoutSeconds = 60;
/** A program that has died so often since the wait began is not waited for any longer. */
const tooManyDeaths = 5;

/** Whose readiness is waited for. */
export interface Awaited {
  readonly directory: string;
  readonly spec: ProcessSpec;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Waits until the probe succeeds while the program lives.
 *
 * @throws MesosError `MESOS_PROCESS_NOT_READY` with the log's last lines, or `MESOS_PROCESS_ENDED`.
 */
export async function waitUntilReady(
  probe: Probe,
  awaited: Awaited,
  o: { readonly signal: AbortSignal; readonly progress?: (line: string) => void },
): Promise<void> {
  const seconds = probe.timeoutSeconds ?? defaultTimeoutSeconds;
  const deadline = now() + seconds * 1000;
  const before = readRecord(awaited.directory)?.restarts ?? 0;
  let reason = "it was not asked yet";
  for (let pause = 25; ; pause = Math.min(pause * 2, 250)) {
    o.signal.throwIfAborted();
    const record = readRecord(awaited.directory);
    if (record === undefined) {
      throw new MesosError(
        "MESOS_PROCESS_ENDED",
        `${awaited.spec.name} was ended by somebody else while it started`,
        { retryable: true },
      );
    }
    const status = statusOf(awaited.directory, record);
    if (status.pid !== undefined) {
      const target = { ...awaited, logOffset: record.logOffset };
      const failure = await attempt(probe, target);
      const after = readRecord(awaited.directory)?.child;
      if (failure === undefined && after?.pid === status.pid) return;
      reason = failure ?? "it died while it was asked";
    }
    if (!status.running) throw notReady(awaited, record, "it is dead");
    if (record.restarts - before >= tooManyDeaths) {
      throw notReady(awaited, record, `it died ${record.restarts - before} times`);
    }
    if (now() >= deadline) {
      throw notReady(awaited, record, `waited ${seconds} s in vain for ${describeProbe(probe)}: ${reason}`);
    }
    if (pause === 250) o.progress?.(`${awaited.spec.name}: waiting for ${describeProbe(probe)}: ${reason}`);
    await delay(pause, o.signal);
  }
}

function notReady(awaited: Awaited, record: ProcessRecord, reason: string): MesosError {
  const exit = record.lastExit;
  const how =
    exit === undefined
      ? ""
      : `, last ${exit.signal === null ? `exit code ${exit.code}` : `killed by ${exit.signal}`}`;
  const lines = failureLines(awaited.directory, record.logOffset, awaited.env);
  const log = lines.length === 0 ? "its log is empty" : `the last lines of its log:\n  ${lines.join("\n  ")}`;
  return new MesosError("MESOS_PROCESS_NOT_READY", `${awaited.spec.name}: ${reason}${how}; ${log}`, {
    retryable: true,
  });
}
