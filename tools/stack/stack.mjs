// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../setup/cache.mjs";
import { SetupError, say } from "../setup/report.mjs";
import { tail } from "../setup/run.mjs";
import { askEngine } from "./engine.mjs";

const defaultStack = "dev";

/** The stack that the arguments of a command name, if they do. */
export function stackArgument(args) {
  for (const [i, arg] of args.entries()) {
    if (arg === "--stack" || arg === "-s") return args[i + 1];
    const joined = /^(?:--stack=|-s=?)(.+)$/.exec(arg);
    if (joined) return joined[1];
  }
  return undefined;
}

/** The stack to work on, undefined when there is none yet. */
export async function selectedStack(env, args = []) {
  const named = stackArgument(args);
  if (named !== undefined) return named;
  const { code, stdout } = await askEngine(["stack", "--show-name"], env);
  return code === 0 ? stdout.trim() : undefined;
}

async function mustAsk(args, env, options) {
  const { code, stdout, output } = await askEngine(args, env, options);
  if (code !== 0)
    throw new SetupError(`pulumi ${args[0]} ${args[1]} failed: ${tail(output, 2).replaceAll("\n", "; ")}`);
  return stdout;
}

/** The stack to work on; with none selected, `dev` is made (or found again) and selected. */
export async function ensureStack(env, args = []) {
  const named = stackArgument(args);
  const stack = named ?? (await selectedStack(env));
  if (stack !== undefined && named === undefined) return stack;
  const wanted = named ?? (env.PULUMI_STACK || defaultStack);
  // A stack named for one command is made when absent, but does not become the selected one.
  if (named !== undefined) {
    const { code } = await askEngine(["stack", "history", "--stack", named, "--page-size", "1"], env);
    if (code === 0) return named;
    await mustAsk(["stack", "init", named, "--no-select"], env);
    return named;
  }
  await mustAsk(["stack", "select", "--create", wanted], env);
  return wanted;
}

async function settings(stack, env) {
  return JSON.parse(await mustAsk(["config", "--json", "--stack", stack], env));
}

function hasSecret(values) {
  return Object.keys(values).some((key) => key.endsWith(":clusterSecret"));
}

/** Sets the secret that every credential of the cluster derives from, once for a stack. */
export async function ensureClusterSecret(stack, env) {
  if (hasSecret(await settings(stack, env))) return;
  const file = join(repository, `Pulumi.${stack.split("/").at(-1)}.yaml`);
  if (!existsSync(file)) {
    // The settings were deleted, but a cluster may still run with the old secret: its state remembers it.
    await askEngine(["config", "refresh", "--force", "--stack", stack], env);
    if (hasSecret(await settings(stack, env))) {
      say(`up: ${file} was gone; took the settings of stack ${stack} from its state`);
      return;
    }
  }
  // Through stdin: arguments can be read by everybody on this machine.
  const input = randomBytes(32).toString("base64url");
  await mustAsk(["config", "set", "--secret", "clusterSecret", "--stack", stack], env, { input });
  say(`up: made a cluster secret for stack ${stack}`);
}

/** The addresses among a stack's outputs, one a line. */
export function urlLines(outputs) {
  const urls = Object.entries(outputs).filter(
    ([, value]) => typeof value === "string" && /^https?:\/\//.test(value),
  );
  const width = Math.max(0, ...urls.map(([name]) => name.length));
  return urls.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

export async function stackUrls(stack, env) {
  return urlLines(JSON.parse(await mustAsk(["stack", "output", "--json", "--stack", stack], env)));
}
