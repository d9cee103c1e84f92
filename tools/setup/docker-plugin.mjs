// SPDX-License-Identifier: Apache-2.0

import { existsSync, lstatSync, mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cacheRoot, folderKey, repository, sweep } from "./cache.mjs";
import { goBuild } from "./go-build.mjs";
import { withLock } from "./lock.mjs";
import { reach, reasonOf } from "./reach.mjs";
import { SetupError } from "./report.mjs";
import { findProgram, pathFolders, run, tail } from "./run.mjs";

/** The release of @pulumi/docker that DockerPlatform is tried with. */
export const dockerPluginVersion = "5.2.0";

const name = "pulumi-resource-docker";
const downloadTimeoutMs = 300_000;

/** Where the engine keeps a plugin below its home. */
function pluginFolder(home) {
  return join(home, "plugins", `resource-docker-v${dockerPluginVersion}`);
}

/** The official plugin, by the engine itself; answers why it cannot be had. */
async function download(engine, temporary) {
  try {
    await reach("https://get.pulumi.com");
  } catch (error) {
    return `get.pulumi.com: ${reasonOf(error)}`;
  }
  const env = {
    ...process.env,
    PULUMI_HOME: temporary,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PATH: [engine, process.env.PATH].join(delimiter),
  };
  const args = ["plugin", "install", "resource", "docker", dockerPluginVersion, "--non-interactive"];
  const { code, output } = await run("pulumi", args, { env, timeoutMs: downloadTimeoutMs, group: true });
  const program = join(pluginFolder(temporary), name);
  if (code !== 0 || !existsSync(program)) return tail(output, 1) || "it took too long";
  mkdirSync(join(temporary, "bin"));
  renameSync(program, join(temporary, "bin", name));
  rmSync(join(temporary, "plugins"), { recursive: true });
  return undefined;
}

async function provide(home, engine, note) {
  const temporary = `${home}.${process.pid}.tmp`;
  mkdirSync(dirname(home), { recursive: true });
  sweep(home);
  mkdirSync(temporary);
  try {
    const refusal = await download(engine, temporary);
    if (refusal !== undefined) {
      note(
        `the official plugin cannot be had (${refusal}); building it from Go modules, once, about 5 minutes`,
      );
      await goBuild(join(repository, "tools/docker-plugin"), {
        program: ".",
        output: join(temporary, "bin", name),
        variables: { "main.version": dockerPluginVersion },
        // Docker Compose, which no resource of @pulumi/docker 5.2 needs, would double it.
        flags: ["-tags", "no_compose"],
      });
    }
    rmSync(home, { recursive: true, force: true });
    renameSync(temporary, home);
    return refusal === undefined ? "downloaded" : "built";
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Lets the engine of `npm run up` find it, whose home is in the cache. */
function link(bin) {
  const folder = pluginFolder(join(cacheRoot(), "pulumi-home"));
  const path = join(folder, name);
  const target = join(bin, name);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === target) return;
  mkdirSync(folder, { recursive: true });
  rmSync(path, { force: true });
  symlinkSync(target, path);
}

/**
 * Finds the plugin of @pulumi/docker or gets it, which only DockerPlatform needs; answers with the folder that holds it.
 * @param {(line: string) => void} note
 * @param {string} engine the folder of the engine
 */
export async function findDockerPlugin(note, engine) {
  const onPath = findProgram(name, pathFolders());
  if (onPath !== undefined) return { text: "from PATH", value: dirname(onPath) };
  const own = pluginFolder(process.env.PULUMI_HOME || join(homedir(), ".pulumi"));
  if (existsSync(join(own, name)))
    return { text: `${dockerPluginVersion} among the engine's plugins`, value: own };
  const key = folderKey(join(repository, "tools/docker-plugin"));
  const home = join(cacheRoot(), key);
  const bin = join(home, "bin");
  return withLock(join(cacheRoot(), "locks", `docker-plugin-${key}.lock`), note, async () => {
    const how = existsSync(join(bin, name)) ? "in the cache" : await got(home, engine, note);
    link(bin);
    return { text: `${dockerPluginVersion} ${how}`, value: bin };
  });
}

async function got(home, engine, note) {
  try {
    return await provide(home, engine, note);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    throw new SetupError(
      `${name}: the official one cannot be had, and ${error.message}`,
      `pulumi plugin install resource docker ${dockerPluginVersion}`,
    );
  }
}
