// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** stdout and stderr as they came. */
  readonly output: string;
}

/** Options of {@link run}. */
export interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
  /** Called with the process once it runs, for tests that interrupt it. */
  readonly started?: (child: { readonly pid: number; kill(signal: NodeJS.Signals): void }) => void;
}

/** Runs a command to its end; a command that outlives its bound is killed with its group and fails. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const take = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      reject(new Error(`${command} ${args.join(" ")} did not end in time\n${output.slice(-4000)}`));
    }, options.timeoutMs ?? 600_000);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output });
    });
    if (child.pid !== undefined) {
      const { pid } = child;
      options.started?.({ pid, kill: (signal) => process.kill(pid, signal) });
    }
  });
}
