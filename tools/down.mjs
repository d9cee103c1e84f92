// SPDX-License-Identifier: Apache-2.0

// npm run down [-- ARGS]: ends the cluster. The stack and its settings stay, so that the next `up` makes the same one.

import { say, sayFailure } from "./setup/report.mjs";
import { setup } from "./setup.mjs";
import { mendCutCreates } from "./stack/cut-creates.mjs";
import { runEngine } from "./stack/engine.mjs";
import { engineEnvironment } from "./stack/environment.mjs";
import { mendLock } from "./stack/lock.mjs";
import { selectedStack } from "./stack/stack.mjs";

try {
  const args = process.argv.slice(2);
  const env = engineEnvironment(await setup());
  const stack = await selectedStack(env, args);
  if (stack === undefined) {
    say("down: there is no stack, so nothing runs");
  } else {
    await mendLock(stack, env);
    process.exitCode = await runEngine(["destroy", "--yes", "--skip-preview", ...args], env);
    if (process.exitCode === 0) await mendCutCreates(stack, env);
  }
} catch (error) {
  sayFailure(error);
  process.exitCode = 1;
}
