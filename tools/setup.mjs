// SPDX-License-Identifier: Apache-2.0

import { realpathSync } from "node:fs";
import { build } from "./setup/build.mjs";
import { findDockerPlugin } from "./setup/docker-plugin.mjs";
import { findEngine } from "./setup/engine.mjs";
import { npmPackages } from "./setup/npm.mjs";
import { findPrograms } from "./setup/programs.mjs";
import { beQuiet, SetupErrors, sayFailure, step } from "./setup/report.mjs";
import { exitOnSignals } from "./setup/run.mjs";

/**
 * Brings everything that the project needs: npm packages, the compiled packages, java, ZooKeeper, HAProxy, nginx and the
 * Pulumi engine. Idempotent, safe to run twice at once, and cheap when all is there.
 * @param {{ quiet?: boolean }} [options] quiet: only what takes long is told, for commands whose own output counts
 * @returns {Promise<{ engine: string, programs: string }>} the folders of the engine and of the program wrappers
 */
export async function setup({ quiet = false } = {}) {
  exitOnSignals();
  beQuiet(quiet);
  const packages = step("npm packages", npmPackages);
  const results = await Promise.allSettled([
    step("engine", (note) => findEngine(note, packages)),
    step("programs", findPrograms),
    packages.then(() => step("build", build)),
  ]);
  // The engine may fail only because the packages did: the same failure is told once.
  const failures = new Set(
    results.filter((result) => result.status === "rejected").map((result) => result.reason),
  );
  if (failures.size > 0) throw new SetupErrors([...failures].flatMap((error) => error.errors ?? [error]));
  const [engine, programs] = results.map((result) => result.value);
  return { engine, programs };
}

if (process.argv[1] && import.meta.filename === realpathSync(process.argv[1])) {
  try {
    const { engine } = await setup();
    // Only programs with a DockerPlatform need it.
    if (process.argv.includes("docker"))
      await step("docker plugin", (note) => findDockerPlugin(note, engine));
  } catch (error) {
    sayFailure(error);
    process.exitCode = 1;
  }
}
