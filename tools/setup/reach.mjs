// SPDX-License-Identifier: Apache-2.0

// A closed network may swallow packets; an installer itself would wait for minutes.
const probeTimeoutMs = 5_000;

/** Fails unless a server answers soon, whatever it answers. */
export async function reach(url) {
  await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(probeTimeoutMs) });
}

/** One line of why a server could not be reached or a program failed. */
export function reasonOf(error) {
  return error.cause?.code ?? error.cause?.message ?? String(error.message).trim().split("\n").at(-1);
}
