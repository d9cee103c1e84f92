// SPDX-License-Identifier: Apache-2.0

// npm run pulumi -- ARGS: the engine in the repository's root, with this project's state.

import { sayFailure } from "./setup/report.mjs";
import { setup } from "./setup.mjs";
import { changesStack, needsStack } from "./stack/commands.mjs";
import { runEngine } from "./stack/engine.mjs";
import { engineEnvironment } from "./stack/environment.mjs";
import { mendLock } from "./stack/lock.mjs";
import { ensureStack, selectedStack, stackArgument } from "./stack/stack.mjs";

try {
  const args = process.argv.slice(2);
  const env = engineEnvironment(await setup({ quiet: true }));
  if (needsStack(args) && stackArgument(args) === undefined) await ensureStack(env);
  if (changesStack(args)) await mendLock(await selectedStack(env, args), env);
  process.exitCode = await runEngine(args, env);
} catch (error) {
  sayFailure(error);
  process.exitCode = 1;
}
