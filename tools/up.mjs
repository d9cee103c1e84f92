// SPDX-License-Identifier: Apache-2.0

// npm run up [-- ARGS]: from a fresh clone to a running cluster.

import { sayFailure } from "./setup/report.mjs";
import { setup } from "./setup.mjs";
import { runEngine } from "./stack/engine.mjs";
import { engineEnvironment } from "./stack/environment.mjs";
import { mendLock } from "./stack/lock.mjs";
import { ensureClusterSecret, ensureStack, stackUrls } from "./stack/stack.mjs";

try {
  const args = process.argv.slice(2);
  const env = engineEnvironment(await setup());
  const stack = await ensureStack(env, args);
  await mendLock(stack, env);
  await ensureClusterSecret(stack, env);
  process.exitCode = await runEngine(["up", "--yes", "--skip-preview", ...args], env);
  if (process.exitCode === 0) for (const line of await stackUrls(stack, env)) console.log(line);
} catch (error) {
  sayFailure(error);
  process.exitCode = 1;
}
