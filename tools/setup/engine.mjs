// SPDX-License-Identifier: Apache-2.0

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheRoot, folderKey, repository, sweep } from "./cache.mjs";
import { buildEngine } from "./engine-build.mjs";
import { withLock } from "./lock.mjs";
import { SetupError } from "./report.mjs";
import { findProgram, pathFolders, run, tail } from "./run.mjs";
import { engineVersion, fits } from "./version.mjs";

const languageHost = "pulumi-language-nodejs";
// A slow line takes a minute for the official engine; one that is closed is found out within seconds by the installer.
const installTimeoutMs = 300_000;

/** The user's own engine, when it is new enough and can run Node programs. */
async function onPath() {
  const folders = pathFolders();
  const pulumi = findProgram("pulumi", folders);
  if (pulumi === undefined) return { why: "none on PATH" };
  const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
  const { code, stdout } = await run(pulumi, ["version"], { env, timeoutMs: 10_000 });
  const version = stdout.trim();
  if (code !== 0 || !fits(version))
    return { why: `${pulumi} is ${version || "broken"}, at least ${engineVersion} is needed` };
  if (!findProgram(languageHost, [dirname(pulumi), ...folders]))
    return { why: `${pulumi} lacks ${languageHost}` };
  return { bin: dirname(pulumi), text: `pulumi ${version} from PATH` };
}

function isComplete(bin) {
  return existsSync(join(bin, "pulumi")) && existsSync(join(bin, languageHost));
}

/** The official installer, run by the SDK itself in a process of its own, so that it can be stopped in time. */
async function installOfficial(folder) {
  const script = join(import.meta.dirname, "engine-install.mjs");
  const options = { cwd: repository, timeoutMs: installTimeoutMs, group: true };
  const { code, output } = await run(process.execPath, [script, folder], options);
  return code === 0 && isComplete(join(folder, "bin")) ? undefined : tail(output, 1) || "it took too long";
}

async function provide(home, packages, note) {
  const temporary = `${home}.${process.pid}.tmp`;
  mkdirSync(dirname(home), { recursive: true });
  sweep(home);
  mkdirSync(temporary);
  try {
    // The installer is part of the SDK, which is an npm package.
    await packages;
    const refusal = await installOfficial(temporary);
    if (refusal !== undefined) {
      note(
        `the official engine cannot be had (${refusal}); building it from Go modules, once, about 5 minutes`,
      );
      await buildEngine(join(repository, "tools/engine"), join(temporary, "bin"));
    }
    rmSync(home, { recursive: true, force: true });
    renameSync(temporary, home);
    return refusal === undefined ? "installed" : "built";
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * Finds the Pulumi engine or gets it; answers with the folder that holds it.
 * @param {(line: string) => void} note
 * @param {Promise<unknown>} packages settled when the npm packages are there
 */
export async function findEngine(note, packages = Promise.resolve()) {
  const own = await onPath();
  if (own.bin) return { text: own.text, value: own.bin };
  const key = folderKey(join(repository, "tools/engine"));
  const home = join(cacheRoot(), key);
  const bin = join(home, "bin");
  const cached = { text: `pulumi ${engineVersion} in the cache`, value: bin };
  if (isComplete(bin)) return cached;
  return withLock(join(cacheRoot(), "locks", `engine-${key}.lock`), note, async () => {
    if (isComplete(bin)) return cached;
    note(`getting pulumi ${engineVersion} (${own.why})`);
    try {
      return { text: `pulumi ${engineVersion} ${await provide(home, packages, note)}`, value: bin };
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      const command = `curl -fsSL https://get.pulumi.com | sh -s -- --version ${engineVersion}`;
      throw new SetupError(
        `pulumi: ${own.why}, the official one cannot be had, and ${error.message}`,
        command,
      );
    }
  });
}
