// SPDX-License-Identifier: Apache-2.0

// npm run mesos -- ARGS: `pulumi-mesos` on the stack in the repository's root, such as `npm run mesos -- status`.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { repository } from "./setup/cache.mjs";
import { sayFailure } from "./setup/report.mjs";
import { setup } from "./setup.mjs";
import { engineEnvironment } from "./stack/environment.mjs";

try {
  const env = engineEnvironment(await setup({ quiet: true }));
  const program = join(repository, "packages/cli/bin/pulumi-mesos");
  const args = [program, ...process.argv.slice(2)];
  const child = spawn(process.execPath, args, { cwd: repository, env, stdio: "inherit" });
  // Ctrl-C reaches the program by itself; this one ends after it.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("error", sayFailure);
  child.once("close", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  sayFailure(error);
  process.exitCode = 2;
}
