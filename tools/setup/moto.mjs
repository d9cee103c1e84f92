// SPDX-License-Identifier: Apache-2.0

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheRoot, folderKey, repository } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { run, tail } from "./run.mjs";

const source = join(repository, "tools/moto");
const installMs = 300_000;

/**
 * Finds moto, which stands in for AWS in tests of the controller of agent groups, or installs it into a virtual environment of
 * Python in the cache. Without it these tests are skipped, so that nothing here fails a set-up; answers with the program, or
 * with why there is none.
 * @param {(line: string) => void} note
 */
export async function findMoto(note) {
  const key = folderKey(source);
  const home = join(cacheRoot(), `moto-${key}`);
  const server = join(home, "bin/moto_server");
  return withLock(join(cacheRoot(), "locks", `moto-${key}.lock`), note, async () => {
    const done = join(home, "installed");
    if (existsSync(done)) return { text: "in the cache", value: { server } };
    const missing = await install(home, done, note);
    if (missing === undefined) return { text: "installed into the cache", value: { server } };
    rmSync(home, { recursive: true, force: true });
    return { text: `not installed: ${missing}`, value: { missing } };
  });
}

/** Answers why it cannot be had. Paths of a virtual environment are absolute, so that it is made where it stays. */
async function install(home, done, note) {
  note("installing moto from PyPI, once, about half a minute");
  rmSync(home, { recursive: true, force: true });
  mkdirSync(dirname(home), { recursive: true });
  const made = await attempt("python3", ["-m", "venv", home]);
  if (made !== undefined) return `python3 makes no virtual environment (${made}); install python3-venv`;
  const options = ["--quiet", "--disable-pip-version-check", "--no-input", "--only-binary", ":all:"];
  const requirements = ["--requirement", join(source, "requirements.txt")];
  const failure = await attempt(join(home, "bin/pip"), ["install", ...options, ...requirements]);
  if (failure !== undefined) return `pip: ${failure}`;
  mkdirSync(done);
  return undefined;
}

/** Answers why it failed. */
async function attempt(command, args) {
  const { code, output } = await run(command, args, { timeoutMs: installMs, group: true });
  return code === 0 ? undefined : tail(output, 1) || `exit code ${code}`;
}
