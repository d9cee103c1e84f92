// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import path from "node:path";
import { setup } from "../setup.mjs";
import { sayFailure } from "./report.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * Sets the machine up, then runs a compiled program of the repository with this process's arguments, and ends as it does.
 * @param {string} main below the repository's root
 * @param {(engine: string, env: Record<string, string | undefined>, run: (env: Record<string, string | undefined>) => Promise<boolean>) => Promise<boolean>} [provide]
 *   what stands beside it while it runs
 */
export async function runCompiled(main, provide = (_engine, env, run) => run(env)) {
  const run = (env) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [path.join(root, main), ...process.argv.slice(2)], {
        cwd: root,
        env,
        stdio: ["ignore", "inherit", "inherit"],
      });
      // It ends what it has started, and this process after it.
      for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        process.exitCode = signal === null ? code : 1;
        resolve(process.exitCode === 0);
      });
    });
  try {
    const { engine, programs } = await setup();
    const PATH = [engine, process.env.PATH, programs].join(path.delimiter);
    if (!(await provide(engine, { ...process.env, PATH }, run))) process.exitCode ||= 1;
  } catch (error) {
    sayFailure(error);
    process.exitCode = 1;
  }
}
