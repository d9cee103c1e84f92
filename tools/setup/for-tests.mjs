// SPDX-License-Identifier: Apache-2.0

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { extract, extractedRoot, searchFolders } from "./programs.mjs";
import { SetupError } from "./report.mjs";
import { findProgram } from "./run.mjs";
import { writeCloudInitWrapper, writeSshWrappers } from "./wrappers.mjs";

/** OpenSSH's server, and of its client what signs in and what makes keys: for tests of tunnels. */
const ssh = [
  { name: "sshd", package: "openssh-server" },
  { name: "ssh", package: "openssh-client" },
  { name: "ssh-keygen", package: "openssh-client" },
];
/** What reads user data on a machine of AWS: for tests of what we tell it. */
const cloudInit = [{ name: "cloud-init", package: "cloud-init" }];

/** Answers with the server's path, or with why there is none. */
export async function findSsh(note) {
  return find("sshd", ssh, writeSshWrappers, note);
}

/** Answers with the program's path, or with why there is none. */
export async function findCloudInit(note) {
  return find("cloud-init", cloudInit, writeCloudInitWrapper, note);
}

/**
 * Finds programs that only tests need, or fetches Debian's into the cache, into a tree of their own: nothing is installed or
 * started. Where they cannot be had these tests say so.
 */
async function find(main, wanted, writeWrappers, note) {
  const onSystem = (name) => findProgram(name, searchFolders());
  const missing = wanted.filter(({ name }) => onSystem(name) === undefined);
  if (missing.length === 0) return { text: "installed", value: { program: onSystem(main) } };
  const root = extractedRoot(missing);
  const bin = join(cacheRoot(), "bin");
  return withLock(join(cacheRoot(), "locks", `${main}.lock`), note, async () => {
    const there = missing.every(({ name }) => inTree(name, root) !== undefined);
    try {
      if (!there) await extract(missing, root, note, ({ name }, tree) => inTree(name, tree));
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      return { text: `not installed: ${error.message}`, value: { missing: error.message } };
    }
    mkdirSync(bin, { recursive: true });
    await writeWrappers(
      bin,
      missing.map(({ name }) => ({ name, path: inTree(name, root) })),
      root,
    );
    return {
      text: there ? "in the cache" : "fetched",
      value: { program: onSystem(main) ?? join(bin, main) },
    };
  });
}

function inTree(name, root) {
  return findProgram(
    name,
    ["usr/sbin", "usr/bin"].map((folder) => join(root, folder)),
  );
}
