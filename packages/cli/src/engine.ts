// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { messageOf } from "@pulumi-mesos/model";

/** Which stack is meant, and how its engine is run. */
export interface StackPlace {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** @default the selected one */
  readonly stack?: string;
}

/** How a command of the engine ended: what it printed, and what went wrong in its own last words. */
export interface EngineOutcome {
  readonly output: string;
  readonly problem: string | undefined;
}

/** Runs `pulumi` on a stack; what is secret goes by `input`, because arguments can be read by other processes. */
export function runEngine(args: readonly string[], place: StackPlace, input = ""): Promise<EngineOutcome> {
  const stack = place.stack === undefined ? [] : ["--stack", place.stack];
  return new Promise((resolve) => {
    const child = spawn("pulumi", [...args.slice(0, 2), ...stack, "--non-interactive", ...args.slice(2)], {
      cwd: place.directory,
      env: place.environment,
      signal: place.signal,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    let words = "";
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-4000);
    });
    const end = (problem: string | undefined) =>
      resolve({ output: Buffer.concat(output).toString(), problem });
    child.once("error", (error) => {
      const missing = "code" in error && error.code === "ENOENT";
      end(missing ? missingFor(place) : messageOf(error));
    });
    // An engine that ends before it has read its input says why on stderr.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("close", (code) => {
      const last = words.trim().split("\n").at(-1) ?? "";
      end(code === 0 ? undefined : last.replace(/^error: /, "") || `ended with ${code}`);
    });
  });
}

/** A folder that is not there and a program that is not there fail alike. */
function missingFor({ directory }: StackPlace): string {
  return existsSync(directory)
    ? "the program pulumi is not on PATH"
    : `--cwd: there is no folder ${directory}`;
}
