// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { cacheRoot, digest, repository } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { SetupError } from "./report.mjs";
import { run, tail } from "./run.mjs";

/** One lock for all that writes into the working tree. It lies outside, because `npm ci` removes node_modules. */
export function treeLock(root = repository) {
  return join(cacheRoot(), "locks", `${digest([root])}.lock`);
}

/** Whether what npm says it installed is what the lockfile wants: all of it and nothing else. */
export function installedMatches(lockfile, installed) {
  const wanted = Object.entries(lockfile.packages ?? {}).filter(([path]) => path !== "");
  const present = installed.packages ?? {};
  // Packages for other platforms stay away, and npm marks them as optional.
  const equal = ([path, entry]) =>
    path in present ? isDeepStrictEqual(entry, present[path]) : Boolean(entry.optional || entry.devOptional);
  const known = new Set(wanted.map(([path]) => path));
  return wanted.every(equal) && Object.keys(present).every((path) => known.has(path));
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function files(root) {
  const modules = join(root, "node_modules");
  return {
    lockfile: read(join(root, "package-lock.json")),
    // npm writes it last: a cut `npm ci` leaves none.
    installed: read(join(modules, ".package-lock.json")),
    stamp: join(modules, ".pulumi-mesos-npm"),
  };
}

function isInstalled(root) {
  const { lockfile, installed, stamp } = files(root);
  if (lockfile === undefined || installed === undefined) return false;
  const parsed = JSON.parse(installed);
  if (!Object.keys(parsed.packages ?? {}).every((path) => existsSync(join(root, path)))) return false;
  // The stamp counts too: it spares a second `npm ci` where a new npm writes its two files differently.
  return read(stamp) === digest([lockfile, installed]) || installedMatches(JSON.parse(lockfile), parsed);
}

/** The npm packages of the lockfile, installed by `npm ci` when they are not there. */
export async function npmPackages(note, root = repository) {
  if (isInstalled(root)) return { text: "up to date" };
  return withLock(treeLock(root), note, async () => {
    if (isInstalled(root)) return { text: "installed by another set-up" };
    note("installing with npm ci");
    // Development packages are needed to build, whatever NODE_ENV says; `npm run --silent` must not hide a failure.
    const args = ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"];
    const { code, output } = await run("npm", args, { cwd: root });
    if (code !== 0) throw new SetupError("npm packages: npm ci failed", "npm ci", tail(output));
    const { lockfile, installed, stamp } = files(root);
    writeFileSync(stamp, digest([lockfile, installed]));
    return { text: "installed" };
  });
}
