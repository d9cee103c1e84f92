// SPDX-License-Identifier: Apache-2.0

import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheRoot, digest, sweep } from "./cache.mjs";
import { linkJars, zooKeeperJars } from "./class-path.mjs";
import { extractPackages } from "./extract.mjs";
import { withLock } from "./lock.mjs";
import { SetupError, SetupErrors } from "./report.mjs";
import { findProgram, pathFolders } from "./run.mjs";
import { writeWrappers } from "./wrappers.mjs";

/** What the local platform runs besides our own programs, and the Debian package that brings each. */
export const programs = [
  { name: "java", package: "default-jre-headless" },
  { name: "zookeeper", package: "zookeeper" },
  { name: "haproxy", package: "haproxy" },
  { name: "nginx", package: "nginx-light" },
];

/** Where a program may stand without being on PATH: Debian keeps daemons in sbin, which users often lack. */
export function searchFolders(env = process.env) {
  // A wrapper of ours on the PATH must not count as the program itself.
  const own = join(cacheRoot(env), "bin");
  return [...pathFolders(env), "/usr/sbin", "/sbin"].filter((folder) => folder !== own);
}

function find(program, root) {
  if (program.name === "zookeeper") return zooKeeperJars(root)?.[0];
  const folders =
    root === "/" ? searchFolders() : ["usr/sbin", "usr/bin", "sbin", "bin"].map((f) => join(root, f));
  return findProgram(program.name, folders) ?? (program.name === "java" ? findJre(root) : undefined);
}

/** An extracted JRE has no /usr/bin/java: that link is made by the package's script, which does not run here. */
function findJre(root) {
  const home = join(root, "usr/lib/jvm");
  if (root === "/" || !existsSync(home)) return undefined;
  return findProgram(
    "java",
    ["default-java", ...readdirSync(home)].map((name) => join(home, name, "bin")),
  );
}

/** The libraries of one release do not fit another, so a home that moves to a new release begins anew. */
function release() {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    return /^ID=.*$/m.exec(text)?.[0] + /^VERSION_ID=.*$/m.exec(text)?.[0] + process.arch;
  } catch {
    return process.platform + process.arch;
  }
}

/** Where the extracted files of a list of programs lie; a changed list or another release starts anew. */
export function extractedRoot(list) {
  return join(
    cacheRoot(),
    "programs",
    digest([release(), ...list.map((program) => program.package)]),
    "root",
  );
}

/** Puts the packages of `missing` into the tree `root`, all or nothing; `found` says whether a program is in a tree. */
export async function extract(missing, root, note, found = find) {
  const home = dirname(root);
  const temporary = `${home}.${process.pid}.tmp`;
  note(
    `fetching ${missing.map((program) => program.package).join(", ")} into ${home} (nothing is installed or started)`,
  );
  mkdirSync(dirname(home), { recursive: true });
  sweep(home);
  mkdirSync(temporary);
  try {
    await extractPackages(missing, temporary);
    const absent = missing.filter((program) => !found(program, join(temporary, "root")));
    if (absent.length > 0)
      throw new SetupErrors(absent.map((program) => missingError(program, "not in its package")));
    rmSync(home, { recursive: true, force: true });
    renameSync(temporary, home);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function missingError(program, why) {
  return new SetupError(`${program.name}: ${why}`, `sudo apt-get install ${program.package}`);
}

/** One stable path to nginx' table of file types, wherever nginx itself came from. */
function linkMimeTypes(nginxRoot) {
  const folder = join(cacheRoot(), "share/nginx");
  const link = join(folder, "mime.types");
  const target = join(nginxRoot, "etc/nginx/mime.types");
  if (lstatSync(link, { throwIfNoEntry: false }) && readlinkSync(link) === target) return;
  mkdirSync(folder, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(target, link);
}

/** Finds java, ZooKeeper, HAProxy and nginx, or fetches what is missing; answers with the folder of the wrappers. */
export async function findPrograms(note) {
  const bin = join(cacheRoot(), "bin");
  const onSystem = new Map(programs.map((program) => [program.name, find(program, "/")]));
  const missing = programs.filter((program) => !onSystem.get(program.name));
  const root = extractedRoot(programs);
  return withLock(join(cacheRoot(), "locks", "programs.lock"), note, async () => {
    let fetched = false;
    if (missing.some((program) => !find(program, root))) {
      // Those that an earlier set-up extracted stay: their wrappers may be in use.
      const wanted = programs.filter((program) => missing.includes(program) || find(program, root));
      try {
        await extract(wanted, root, note);
      } catch (error) {
        if (!(error instanceof SetupError) || error instanceof SetupErrors) throw error;
        throw new SetupErrors(missing.map((program) => missingError(program, error.message)));
      }
      fetched = true;
    }
    const rootOf = (name) => (onSystem.get(name) ? "/" : root);
    await writeWrappers(
      bin,
      missing.map(({ name }) => ({ name, path: find({ name }, root) })),
      {
        root,
        java: onSystem.get("java"),
        classPath: `${linkJars(zooKeeperJars(rootOf("zookeeper")))}/*`,
      },
    );
    linkMimeTypes(rootOf("nginx"));
    const names = (list) => list.map((program) => program.name).join(", ");
    const installed = programs.filter((program) => !missing.includes(program));
    const parts = [];
    if (installed.length > 0) parts.push(`installed: ${names(installed)}`);
    if (missing.length > 0) parts.push(`${fetched ? "fetched" : "in the cache"}: ${names(missing)}`);
    return { text: parts.join("; "), value: bin };
  });
}
