// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** One value of a stack's configuration. */
export interface ConfigEntry {
  readonly key: string;
  readonly value: string;
  readonly secret: boolean;
}

/** Which stack is configured, and how its engine is run. */
export interface StackPlace {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** @default the selected one */
  readonly stack?: string;
}

/** Runs `pulumi config set` with the value on its standard input: arguments can be read by other processes. */
export async function setConfig({ key, value, secret }: ConfigEntry, place: StackPlace): Promise<void> {
  const stack = place.stack === undefined ? [] : ["--stack", place.stack];
  const args = [
    "config",
    "set",
    secret ? "--secret" : "--plaintext",
    ...stack,
    "--non-interactive",
    "--",
    key,
  ];
  // The engine takes one line break off the end.
  const problem = await run(args, `${value}\n`, place);
  if (problem !== undefined) {
    throw new MesosError("MESOS_CLI_CONFIG", `pulumi config set ${key}: ${problem}`);
  }
}

/** What went wrong, in the engine's own last words. */
function run(args: readonly string[], input: string, place: StackPlace): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn("pulumi", args, {
      cwd: place.directory,
      env: place.environment,
      signal: place.signal,
      stdio: ["pipe", "ignore", "pipe"],
    });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-4000);
    });
    child.once("error", (error) => {
      const missing = "code" in error && error.code === "ENOENT";
      resolve(missing ? "the program pulumi is not on PATH" : messageOf(error));
    });
    // An engine that ends before it has read the value says why on stderr.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
    child.once("close", (code) => {
      const last = words.trim().split("\n").at(-1) ?? "";
      resolve(code === 0 ? undefined : last.replace(/^error: /, "") || `ended with ${code}`);
    });
  });
}
