// SPDX-License-Identifier: Apache-2.0

import path from "node:path";
import { dockerCommand, registryCommand } from "./docker.mjs";
import { findDockerPlugin } from "./docker-plugin.mjs";
import { withDockerd } from "./dockerd.mjs";
import { SetupError, say, step } from "./report.mjs";
import { run } from "./run.mjs";

const images = path.resolve(import.meta.dirname, "../images.mjs");

/** Before the work's own time begins, because the first time takes minutes. */
async function buildImages(name, chosen, socket, env) {
  const began = Date.now();
  const { code, output } = await run(process.execPath, [images, ...chosen], {
    cwd: path.dirname(path.dirname(images)),
    env: { ...env, DOCKER_HOST: `unix://${socket}` },
    group: true,
  });
  say(`\n== ${name}: its images (${((Date.now() - began) / 1000).toFixed(0)} s)\n${output}`);
  return code === 0;
}

/** What DockerPlatform needs besides a dockerd; a reason where it cannot be had. */
async function findPlugin(engine) {
  try {
    return { plugin: await step("docker plugin", (note) => findDockerPlugin(note, engine)) };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { reason: error.message };
  }
}

/**
 * Runs `work` beside a dockerd, with the variables that say where it is, or why there is none; answers what `work` does, or
 * false when the images could not be built.
 * @param {{ name: string, keep: boolean, chosen?: string[], engine: string }} options keep: it has the images of `npm run images`
 *   and the plugin of DockerPlatform, or the chosen images alone, and its images stay in the cache for the next time
 * @param {Record<string, string | undefined>} env
 * @param {(env: Record<string, string | undefined>) => Promise<boolean>} work
 */
export function withDocker({ name, keep, chosen, engine }, env, work) {
  const note = (line) => say(`${name}: ${line}`);
  return withDockerd({ keep }, note, async (docker) => {
    const isPlatform = keep && chosen === undefined && docker.socket !== undefined;
    const platform = isPlatform ? await findPlugin(engine) : {};
    const { socket, reason, plugin } = { ...docker, ...platform };
    const needed = plugin === undefined ? chosen : [];
    if (socket !== undefined && needed !== undefined && !(await buildImages(name, needed, socket, env)))
      return false;
    return work({
      ...env,
      TEST_DOCKER_SOCKET: socket,
      TEST_DOCKER_MISSING: reason,
      TEST_DOCKER_PLUGIN: plugin,
      TEST_DOCKER_COMMAND: dockerCommand(),
      TEST_DOCKER_REGISTRY: registryCommand(),
    });
  });
}
