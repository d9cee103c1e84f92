// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { CheckInfo, CommandInfo, HealthCheck, TaskInfo } from "../protocol/types";

/** Mesos's own defaults (mesos.proto). */
const defaults = { delay: 15, interval: 10, timeout: 20, failures: 3, grace: 10 } as const;

/** What a check asks, however it is written in the task. */
export type Question =
  | { readonly type: "COMMAND"; readonly command: CommandInfo }
  | { readonly type: "HTTP"; readonly port: number; readonly scheme: string; readonly path: string }
  | { readonly type: "TCP"; readonly port: number };

/** An exit code, a status code, or 1 and 0 for a connection that could and could not be made. */
export type Prober = (question: Question, signal: AbortSignal) => Promise<number>;

/** What of a health check outlives a restart of this program. */
export interface HealthState {
  /** Milliseconds; the grace period begins with it. */
  readonly startedAt: number;
  readonly failures: number;
  /** It has succeeded once: the grace period is over. */
  readonly succeeded: boolean;
}

export interface TaskChecksOptions {
  readonly info: TaskInfo;
  readonly clock: Clock;
  readonly probe: Prober;
  readonly health: HealthState | undefined;
  readonly log: (message: string) => void;
  readonly onHealth: (healthy: boolean, kill: boolean, state: HealthState) => void;
  readonly onCheck: (status: unknown) => void;
}

/** The checks of one running task, as Mesos's executors do them (src/checks). */
export class TaskChecks {
  readonly #options: TaskChecksOptions;
  readonly #stop = new AbortController();
  #health: HealthState;
  #last: string;

  /** @param last the check status that the last status update carried */
  constructor(options: TaskChecksOptions, last: unknown) {
    const { clock, health, info } = options;
    this.#options = options;
    this.#health = health ?? { startedAt: clock.now(), failures: 0, succeeded: false };
    this.#last = JSON.stringify(last ?? emptyStatus(info.check));
  }

  /** @param again after a restart of this program nothing is delayed */
  start(again: boolean): void {
    const { health_check: health, check } = this.#options.info;
    if (health !== undefined) void this.#run(health, again, (answer) => this.#judge(health, answer));
    if (check !== undefined) void this.#run(check, again, (answer) => this.#report(check, answer));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #run(
    check: HealthCheck | CheckInfo,
    again: boolean,
    take: (answer: number | undefined) => void,
  ): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stop;
    const { delay_seconds: delay, interval_seconds: interval } = check;
    try {
      if (!again) await clock.sleep((delay ?? defaults.delay) * 1000, signal);
      for (;;) {
        const answer = await this.#ask(check);
        if (signal.aborted) return;
        take(answer);
        await clock.sleep((interval ?? defaults.interval) * 1000, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Undefined when no answer could be had. */
  async #ask(check: HealthCheck | CheckInfo): Promise<number | undefined> {
    const { clock, probe, info, log } = this.#options;
    const seconds = check.timeout_seconds ?? defaults.timeout;
    const late = new AbortController();
    const reason = new MesosError("MESOS_SIMULATOR_CHECK", `no answer within ${seconds} s`);
    const timer = seconds > 0 ? clock.after(seconds * 1000, () => late.abort(reason)) : undefined;
    try {
      return await probe(questionOf(check), AbortSignal.any([late.signal, this.#stop.signal]));
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        log(`${check.type} check of task ${info.task_id.value} failed: ${messageOf(error)}`);
      }
      return undefined;
    } finally {
      clock.clear(timer);
    }
  }

  #judge(check: HealthCheck, answer: number | undefined): void {
    const { clock, onHealth } = this.#options;
    const { startedAt, failures, succeeded } = this.#health;
    if (isHealthy(check, answer)) {
      this.#health = { startedAt, failures: 0, succeeded: true };
      if (!succeeded || failures > 0) onHealth(true, false, this.#health);
      return;
    }
    const grace = (check.grace_period_seconds ?? defaults.grace) * 1000;
    if (!succeeded && grace > 0 && clock.now() - startedAt <= grace) return;
    this.#health = { startedAt, failures: failures + 1, succeeded };
    const limit = check.consecutive_failures ?? defaults.failures;
    onHealth(false, failures + 1 >= limit, this.#health);
  }

  #report(check: CheckInfo, answer: number | undefined): void {
    const status = answer === undefined ? emptyStatus(check) : statusOf(check, answer);
    const text = JSON.stringify(status);
    if (text === this.#last) return;
    this.#last = text;
    this.#options.onCheck(status);
  }
}

function questionOf(check: HealthCheck | CheckInfo): Question {
  const { type, http, tcp, command } = check;
  if (type === "TCP") return { type, port: tcp?.port ?? 0 };
  if (type === "HTTP") {
    const scheme = (http as HealthCheck["http"])?.scheme ?? "http";
    return { type, port: http?.port ?? 0, scheme, path: http?.path ?? "/" };
  }
  const inner = (command as CheckInfo["command"])?.command ?? (command as CommandInfo | undefined);
  return { type: "COMMAND", command: inner ?? {} };
}

function isHealthy(check: HealthCheck, answer: number | undefined): boolean {
  if (answer === undefined) return false;
  if (check.type === "HTTP") return answer >= 200 && answer < 400;
  return check.type === "TCP" ? answer === 1 : answer === 0;
}

/** Every status of a task with a check carries one, empty as long as there is no result. */
export function emptyStatus(check: CheckInfo | undefined): unknown {
  return check?.type && { type: check.type, [check.type.toLowerCase()]: {} };
}

function statusOf(check: CheckInfo, answer: number): unknown {
  if (check.type === "HTTP") return { type: check.type, http: { status_code: answer } };
  if (check.type === "TCP") return { type: check.type, tcp: { succeeded: answer === 1 } };
  return { type: check.type, command: { exit_code: answer } };
}
