// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import path from "node:path";
import { setup } from "../setup.mjs";
import { sayFailure } from "./report.mjs";

const root = path.resolve(import.meta.dirname, "../..");

/**
 * Sets the machine up, then runs a compiled program of the repository with this process's arguments, and ends as it does.
 * @param {string} main below the repository's root
 */
export async function runCompiled(main) {
  try {
    const { engine, programs } = await setup();
    const child = spawn(process.execPath, [path.join(root, main), ...process.argv.slice(2)], {
      cwd: root,
      env: { ...process.env, PATH: [engine, process.env.PATH, programs].join(path.delimiter) },
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.once("exit", (code, signal) => {
      process.exitCode = signal === null ? code : 1;
    });
  } catch (error) {
    sayFailure(error);
    process.exitCode = 1;
  }
}
