// SPDX-License-Identifier: Apache-2.0

import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

const running = new Set();
process.on("exit", () => {
  for (const stop of running) stop();
});

const exits = [
  ["SIGINT", () => process.exit(130)],
  ["SIGTERM", () => process.exit(143)],
  ["SIGHUP", () => process.exit(129)],
];

/** Lets Ctrl-C and SIGTERM end in `process.exit`, so that children are stopped and locks released. */
export function exitOnSignals() {
  releaseSignals();
  for (const [signal, handler] of exits) process.on(signal, handler);
}

/** Gives the signals back, for whoever passes them on to the engine next. */
export function releaseSignals() {
  for (const [signal, handler] of exits) process.off(signal, handler);
}

function stopChild(child, group) {
  try {
    if (group && child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    else child.kill("SIGTERM");
  } catch {
    // It ended in this moment.
  }
}

/**
 * Runs a program to its end and answers with its exit code (null when killed or not startable) and what it printed.
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, input?: string, group?: boolean }} [options]
 *   group: the program's own children end with it, too
 */
export function run(command, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      detached: options.group ?? false,
    });
    const stop = () => stopChild(child, options.group);
    running.add(stop);
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs);
    let stdout = "";
    let output = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      output += chunk;
    });
    const finish = (code, text) => {
      running.delete(stop);
      clearTimeout(timer);
      done({ code, stdout, output: text ?? output });
    };
    child.on("error", (error) => finish(null, error.message));
    child.on("close", (code) => finish(code));
    if (options.input !== undefined) {
      // A program that ends before it has read all breaks the pipe; its exit code tells the story.
      child.stdin.on("error", () => {});
      child.stdin.end(options.input);
    }
  });
}

/** The last lines of a program's output, for a failure that has to be explained. */
export function tail(output, lines = 15) {
  return output.trimEnd().split("\n").slice(-lines).join("\n");
}

/** The first executable file of that name in the folders, like the shell's search. */
export function findProgram(name, folders) {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not here; the next folder.
    }
  }
  return undefined;
}

/** The folders of PATH; an empty one means the working directory to a shell, and is left out on purpose. */
export function pathFolders(env = process.env) {
  return (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
}
