// SPDX-License-Identifier: Apache-2.0
// `npm run autoscale:simulate -- ARGS`: replays traces against the autoscaling policy; needs the packages alone, no engine and no programs.
import { spawn } from "node:child_process";
import path from "node:path";
import { build } from "./setup/build.mjs";
import { repository } from "./setup/cache.mjs";
import { npmPackages } from "./setup/npm.mjs";
import { beQuiet, sayFailure, step } from "./setup/report.mjs";

try {
  beQuiet(true);
  await step("npm packages", npmPackages);
  await step("build", build);
  const main = path.join(repository, "packages/groups/dist/autoscale/simulation/main.js");
  // Files are meant from where the user is, not from the repository's root, to which npm goes.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { cwd, stdio: "inherit" });
  child.once("error", sayFailure);
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  sayFailure(error);
  process.exitCode = 1;
}
