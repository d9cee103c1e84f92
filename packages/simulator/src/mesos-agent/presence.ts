// SPDX-License-Identifier: Apache-2.0
import { statSync, utimesSync, writeFileSync } from "node:fs";
import type { Clock } from "../clock";
import type { RunningTask } from "./running-task";

const mostMs = 60_000;

/**
 * Remembers when this agent's program was last alive, so that its next run knows how long it was away.
 *
 * Executors of Mesos end themselves, and their tasks, when the agent does not come back within `recovery_timeout`. Tasks have none
 * here, so the next run ends them: until then they go on. What it knows is exact to a tenth of that time.
 */
export class Presence {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: string, clock: Clock, recoveryTimeoutMs: number) {
    this.#file = file;
    this.#clock = clock;
    this.#everyMs = Math.max(1, Math.min(mostMs, recoveryTimeoutMs / 10));
  }

  /** 0 when there was no run before. */
  absentMs(): number {
    const before = statSync(this.#file, { throwIfNoEntry: false });
    return before === undefined ? 0 : this.#clock.now() - before.mtimeMs;
  }

  start(): void {
    writeFileSync(this.#file, "", { mode: 0o600 });
    this.#touch();
    this.#timer = this.#clock.every(this.#everyMs, () => this.#touch());
  }

  stop(): void {
    this.#clock.clear(this.#timer);
    if (this.#timer !== undefined) this.#touch();
    this.#timer = undefined;
  }

  #touch(): void {
    const now = this.#clock.now() / 1000;
    utimesSync(this.#file, now, now);
  }
}

/** Ends a task as an executor would have; a framework's own executor does it by itself (MESOS_RECOVERY_TIMEOUT). */
export function endAfterRecoveryTimeout(task: RunningTask): void {
  if (task.record.executor?.custom === true) return;
  task.kill(0, { state: "TASK_FAILED", reason: "REASON_EXECUTOR_TERMINATED" });
}
