// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";

export const repository = resolve(import.meta.dirname, "../..");

/** Where everything outside the repository is kept; all of it can be deleted and comes again. */
export function cacheRoot(env = process.env) {
  // The XDG specification says that a relative value is to be ignored.
  const base =
    env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(base, "pulumi-mesos");
}

/** A short name that changes with any of the values. */
export function digest(values) {
  const hash = createHash("sha256");
  for (const value of values) hash.update(`${value.length}:`).update(value);
  return hash.digest("hex").slice(0, 16);
}

/** A short name for the files of a folder: their paths and contents, and the kind of machine they are built for. */
export function folderKey(folder) {
  const parts = [`${process.platform}-${process.arch}`];
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    parts.push(relative(folder, path), readFileSync(path, "utf8"));
  }
  return digest(parts);
}

/** Removes what set-ups that were cut left beside `home`. Only for the holder of its lock: nobody else is at it then. */
export function sweep(home) {
  const folder = dirname(home);
  for (const name of readdirSync(folder)) {
    const rest = name.startsWith(basename(home)) ? name.slice(basename(home).length) : "";
    if (/^\.\d+\.tmp$/.test(rest)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
