// SPDX-License-Identifier: Apache-2.0

const nothing = (): void => {};

/**
 * A signal that aborts with `signal`, and after `ms` at the latest.
 *
 * `AbortSignal.any` holds its sources weakly (Node 20 to 22): a timeout that nobody else holds is collected as garbage
 * and then never comes, so that whoever waits for it waits for ever. Its own listener keeps this one until it is over.
 */
export function within(signal: AbortSignal, ms: number): AbortSignal {
  const timeout = AbortSignal.timeout(ms);
  timeout.addEventListener("abort", nothing, { once: true });
  return AbortSignal.any([signal, timeout]);
}
