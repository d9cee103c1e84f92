// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheRoot, repository } from "../setup/cache.mjs";
import { SetupError } from "../setup/report.mjs";

/** The state of this project's stacks when the user keeps it nowhere else; git ignores it. */
export function localState(root = repository) {
  return join(root, ".pulumi-state");
}

/** A stack's settings that only the lost passphrase could read, if there are any. */
function orphanedSettings(root) {
  const names = readdirSync(root).filter((name) => /^Pulumi\..+\.yaml$/.test(name));
  return names.find((name) => /^encryptionsalt:/m.test(readFileSync(join(root, name), "utf8")));
}

function makePassphrase(file, root) {
  const orphan = orphanedSettings(root);
  if (orphan !== undefined) {
    const message = `${orphan} was encrypted with ${file}, which is gone; put the file back, or begin anew without it`;
    throw new SetupError(message, `mv ${orphan} ${orphan}.lost`);
  }
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600 });
  try {
    linkSync(temporary, file);
  } catch (error) {
    // Another command made it in this moment, and may have used it already.
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(temporary);
  }
}

function prepareLocalState(root) {
  const folder = localState(root);
  const file = join(folder, "passphrase");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const ignore = join(folder, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  if (!existsSync(file)) makePassphrase(file, root);
  return { folder, file };
}

/**
 * The environment the engine runs in. What the user has set stays as it is; the rest makes the project stand alone:
 * state and passphrase inside the working tree.
 *
 * Without a PULUMI_BACKEND_URL the state is local even when the user is logged in elsewhere: `npm run up` must not make
 * a stack in somebody's account. For the same reason PULUMI_HOME is then a folder of our own, so that the user's login,
 * chosen stacks and plugins in ~/.pulumi are neither read nor written. With a backend of the user's own, ~/.pulumi
 * holds the login for it, and the passphrase is his affair too: other people read that state.
 * @param {{ engine: string }} found by setup()
 */
export function engineEnvironment({ engine }, env = process.env, root = repository) {
  const result = {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    // The build has checked the types already; doing it again costs seconds at each run.
    PULUMI_NODEJS_TRANSPILE_ONLY: "true",
    ...env,
    PATH: [engine, env.PATH].filter(Boolean).join(delimiter),
  };
  if (env.PULUMI_BACKEND_URL) return result;
  const { folder, file } = prepareLocalState(root);
  // Without `skip` the backend keeps a file of attributes beside the state and truncates it before each write: an engine
  // killed just then leaves a stack that cannot be read ("failed to load checkpoint: EOF").
  result.PULUMI_BACKEND_URL = `file://${folder}?metadata=skip`;
  result.PULUMI_HOME = env.PULUMI_HOME || join(cacheRoot(env), "pulumi-home");
  // A file rather than a value: the environment is inherited by plugins and shown by `ps`.
  if (env.PULUMI_CONFIG_PASSPHRASE === undefined && !env.PULUMI_CONFIG_PASSPHRASE_FILE) {
    result.PULUMI_CONFIG_PASSPHRASE_FILE = file;
  }
  return result;
}
