// SPDX-License-Identifier: Apache-2.0

import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { extract, extractedRoot, searchFolders } from "./programs.mjs";
import { SetupError } from "./report.mjs";
import { findProgram } from "./run.mjs";
import { writeDockerWrappers } from "./wrappers.mjs";

const packages = [
  { name: "dockerd", package: "docker.io" },
  { name: "busybox", package: "busybox-static" },
  { name: "docker-registry", package: "docker-registry" },
];

function programIn(root, name) {
  return findProgram(
    name,
    ["usr/sbin", "usr/bin", "sbin", "bin"].map((folder) => join(root, folder)),
  );
}

/** The docker command: the machine's, or that of the packages that tests brought. */
export function dockerCommand() {
  return findProgram("docker", searchFolders()) ?? programIn(extractedRoot(packages), "docker") ?? "docker";
}

/** A registry of images, for tests; undefined where there is none. */
export function registryCommand() {
  const root = extractedRoot(packages);
  return findProgram("docker-registry", searchFolders()) ?? programIn(root, "docker-registry");
}

/** The machine's dockerd, or the wrapper of the one that tests brought; undefined where there is none. */
export function dockerdCommand() {
  return findProgram("dockerd", [...searchFolders(), join(cacheRoot(), "bin")]);
}

/**
 * Finds dockerd, a static busybox to make an image of and a registry, which only tests of Docker tasks need, or fetches Debian's
 * into the cache. Without them these tests are skipped, so that nothing here fails a set-up.
 */
export async function findDocker(note) {
  const value = join(cacheRoot(), "bin");
  if (process.getuid?.() !== 0) return { text: "not fetched: only root can start dockerd", value };
  if (!existsSync("/var/lib/dpkg/status")) return { text: "not fetched: no Debian packages here", value };
  if (packages.every(({ name }) => findProgram(name, searchFolders()) !== undefined))
    return { text: "installed", value };
  const root = extractedRoot(packages);
  return withLock(join(cacheRoot(), "locks", "docker.lock"), note, async () => {
    const found = packages.every(({ name }) => programIn(root, name) !== undefined);
    try {
      if (!found) await extract(packages, root, note, ({ name }, tree) => programIn(tree, name));
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      return { text: `cannot be had (${error.message})`, value };
    }
    const [dockerd, busybox] = packages.map(({ name }) => programIn(root, name));
    await writeDockerWrappers(value, { root, dockerd, busybox });
    return { text: found ? "in the cache" : "fetched", value };
  });
}
