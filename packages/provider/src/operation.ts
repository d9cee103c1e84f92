// SPDX-License-Identifier: Apache-2.0
import { isMesosError, MesosError, messageOf, within } from "@pulumi-mesos/model";
import { after, now } from "./clock";

/** How long an operation may take to wind up after its signal was aborted, so that it can say what it left. */
const windUpMs = 3_000;

/** The operations that are under way: each has a deadline, and all end on Cancel. */
export class Operations {
  private readonly cancelled = new AbortController();

  /** Ends all that is under way and whatever begins later. */
  cancel(): void {
    this.cancelled.abort(new MesosError("MESOS_PLUGIN_CANCELLED", "cancelled"));
  }

  /**
   * Runs `work`; it rejects on Cancel, when `peer` is aborted and after `timeoutSeconds`, also when `work` does not
   * listen. `windUp` gives `work` more time to put things back once its own is over; Cancel ends that too.
   */
  async run<T>(
    timeoutSeconds: number,
    peer: AbortSignal,
    work: (signal: AbortSignal, windUp: (seconds: number) => AbortSignal) => Promise<T>,
  ): Promise<T> {
    const deadline = new AbortController();
    const ended = AbortSignal.any([this.cancelled.signal, peer]);
    const signal = AbortSignal.any([ended, deadline.signal]);
    signal.throwIfAborted();
    let until = 0;
    const windUp = (seconds: number): AbortSignal => {
      until = Math.max(until, now() + seconds * 1000);
      return within(ended, seconds * 1000);
    };
    const stopDeadline = after(timeoutSeconds * 1000, () =>
      deadline.abort(
        new MesosError(
          "MESOS_PLUGIN_TIMEOUT",
          `not done after ${timeoutSeconds} s; raise customTimeouts or try again`,
        ),
      ),
    );
    try {
      return await Promise.race([
        reasonOf(work(signal, windUp), signal),
        overdue(signal, () => (ended.aborted ? 0 : until)),
        overdue(ended, () => 0),
      ]);
    } finally {
      stopDeadline();
    }
  }
}

/** Whether a signal was aborted because the time is over, so that the operation itself says what is missing. */
export function isTimeOver({ reason }: AbortSignal): boolean {
  if (isMesosError(reason)) return reason.code === "MESOS_PLUGIN_TIMEOUT";
  return reason instanceof Error && reason.name === "TimeoutError";
}

/** Why an operation whose signal was aborted ended: when its time was over, with what it could not get done. */
export function endOfTime(signal: AbortSignal, undone: unknown): unknown {
  if (!isTimeOver(signal)) return signal.reason;
  const message = `${messageOf(signal.reason)}; ${messageOf(undone)}`;
  return new MesosError("MESOS_PLUGIN_TIMEOUT", message, { cause: undone });
}

/** The result; where the operation only says that it was aborted, the reason of that instead. */
async function reasonOf<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (signal.aborted && error instanceof Error && error.name === "AbortError") throw signal.reason;
    throw error;
  }
}

/** Rejects when `signal` was aborted and the operation had its time to wind up, at least to the moment `until` says. */
function overdue(signal: AbortSignal, until: () => number): Promise<never> {
  return new Promise((_resolve, reject) => {
    const check = (): void => {
      const leftMs = until() - now();
      if (leftMs > 0) after(leftMs + windUpMs, check);
      else reject(signal.reason);
    };
    signal.addEventListener("abort", () => void after(windUpMs, check), { once: true });
  });
}
