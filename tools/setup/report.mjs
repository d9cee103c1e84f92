// SPDX-License-Identifier: Apache-2.0

/** A failure that its message explains fully; it is printed without a stack. */
export class SetupError extends Error {
  /**
   * @param {string} message one line
   * @param {string} [command] what the user can run to mend it
   * @param {string} [details] what the failing program printed
   */
  constructor(message, command, details) {
    super(message);
    this.name = "SetupError";
    this.command = command;
    this.details = details;
  }
}

/** Several failures, so that the user sees everything that is missing at once. */
export class SetupErrors extends SetupError {
  constructor(errors) {
    super(errors.map((error) => error.message).join("; "));
    this.errors = errors;
  }
}

/** Everything goes to stderr, so that stdout carries only what the command itself answers. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

let quietMs = 0;

/** From now on steps that were done within a second are not told. */
export function beQuiet(quiet) {
  quietMs = quiet ? 1000 : 0;
}

/** Runs one step; `work` answers with what it found or did, and may tell by `note` that something slow begins. */
export async function step(name, work) {
  const begin = performance.now();
  const { text, value } = await work((line) => say(`setup: ${name}: ${line}`));
  const tookMs = performance.now() - begin;
  if (tookMs >= quietMs) say(`setup: ${name}: ${text} (${(tookMs / 1000).toFixed(2)} s)`);
  return value;
}

/** Prints a failure of any kind: ours as lines, a bug with its stack. */
export function sayFailure(error) {
  for (const each of error instanceof SetupErrors ? error.errors : [error]) {
    if (!(each instanceof SetupError)) say(each?.stack ?? String(each));
    else
      say(
        `${each.details ? `${each.details}\n` : ""}error: ${each.message}${each.command ? `: ${each.command}` : ""}`,
      );
  }
}
