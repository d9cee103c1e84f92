// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { systemClock } from "../clock";

const lookMs = 10;

/**
 * The first value of `look` that is neither undefined nor false, asked every 10 ms. A look that throws counts as "not yet".
 *
 * Fails with MESOS_SIMULATOR_KIT_WAIT when `signal` ends the wait; the message names `what` and the last failure.
 */
export async function waitFor<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  signal: AbortSignal,
): Promise<T> {
  let last = "";
  for (;;) {
    try {
      const value = await look();
      if (value !== undefined && value !== false) return value;
      last = "";
    } catch (error) {
      last = `, last: ${messageOf(error)}`;
    }
    if (signal.aborted) {
      throw new MesosError("MESOS_SIMULATOR_KIT_WAIT", `not seen in time: ${what}${last}`);
    }
    await systemClock.sleep(lookMs);
  }
}
