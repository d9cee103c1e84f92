// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from "node:events";
import { isMesosError, MesosError, messageOf, within } from "@pulumi-mesos/model";
import { after, now } from "./clock";

/** How long an operation may take to wind up after its signal was aborted, so that it can say what it left. */
const windUpMs = 3_000;

/** The operations that are under way: each has a deadline, and all end on Cancel. */
export class Operations {
  private readonly cancelled = new AbortController();

  constructor() {
    // As many operations listen as there are under way, so Node's warning at the eleventh says nothing here.
    setMaxListeners(0, this.cancelled.signal);
  }

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
    const end = new AbortController();
    const time = new AbortController();
    const unlink = [link(this.cancelled.signal, end), link(peer, end), link(end.signal, time)];
    const [ended, signal] = [end.signal, time.signal];
    let until = 0;
    const windUp = (seconds: number): AbortSignal => {
      until = Math.max(until, now() + seconds * 1000);
      return within(ended, seconds * 1000);
    };
    const stopDeadline = after(timeoutSeconds * 1000, () =>
      time.abort(
        new MesosError(
          "MESOS_PLUGIN_TIMEOUT",
          `not done after ${timeoutSeconds} s; raise customTimeouts or try again`,
        ),
      ),
    );
    try {
      signal.throwIfAborted();
      return await Promise.race([
        reasonOf(work(signal, windUp), signal),
        overdue(signal, () => (ended.aborted ? 0 : until)),
        overdue(ended, () => 0),
      ]);
    } finally {
      stopDeadline();
      for (const stop of unlink) stop();
    }
  }
}

/**
 * Aborts `to` with `from` until the returned function is called. `AbortSignal.any` would keep what waits for it, and so
 * the results of all operations, for as long as the plugin lives.
 */
function link(from: AbortSignal, to: AbortController): () => void {
  const onAbort = (): void => to.abort(from.reason);
  if (from.aborted) onAbort();
  else from.addEventListener("abort", onAbort, { once: true });
  return () => from.removeEventListener("abort", onAbort);
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
