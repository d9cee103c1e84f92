// SPDX-License-Identifier: Apache-2.0

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { repository } from "../setup/cache.mjs";
import { releaseSignals, run } from "../setup/run.mjs";

// A key press reaches us from the terminal and, a few milliseconds later, once more from npm.
const echoMs = 300;

/** Decides which of the signals that arrive are passed on: the echo of one is not, a second one of the user is. */
export function signalFilter(now = () => performance.now()) {
  let lastMs = Number.NEGATIVE_INFINITY;
  return () => {
    const pass = now() - lastMs > echoMs;
    if (pass) lastMs = now();
    return pass;
  };
}

/** The terminal's end cancels like Ctrl-C: the engine would die of it at once and leave its lock behind. */
const passedOn = { SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGINT" };

/**
 * Runs the engine in the foreground, with our input and output, and answers with its exit code. It gets a session of its
 * own, so that Ctrl-C reaches it once, through us: a second one would make it stop at once, in the middle of its work.
 */
export function runEngine(args, env, cwd = repository) {
  releaseSignals();
  return new Promise((done, fail) => {
    const passes = signalFilter();
    const child = spawn("pulumi", args, { cwd, env, stdio: "inherit", detached: true });
    const handlers = Object.entries(passedOn).map(([signal, sent]) => [
      signal,
      () => passes() && child.kill(sent),
    ]);
    for (const [signal, handler] of handlers) process.on(signal, handler);
    child.on("error", fail);
    child.on("exit", (code, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler);
      done(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

/** Asks the engine something, without showing it. */
export function askEngine(args, env, options = {}) {
  return run("pulumi", [...args, "--non-interactive"], { cwd: repository, env, ...options });
}
