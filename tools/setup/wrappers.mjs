// SPDX-License-Identifier: Apache-2.0

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./run.mjs";

export function shellQuote(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The folders of shared libraries in an extracted tree. */
function libraryFolders(root) {
  const found = [];
  for (const parent of ["usr/lib", "lib"]) {
    const names = existsSync(join(root, parent)) ? readdirSync(join(root, parent)) : [];
    found.push(...names.filter((name) => name.includes("-linux-")).map((name) => join(root, parent, name)));
  }
  return found;
}

/** What a server needs the loader to open; a JVM opens its libraries by itself, and most of them never. */
function binaries(name, path) {
  if (name !== "java") return [path];
  const lib = join(dirname(path), "../lib");
  return [
    path,
    ...["server/libjvm.so", "libzip.so", "libnet.so", "libnio.so"].map((file) => join(lib, file)),
  ];
}

/** The libraries that `ldd` does not find; a JRE's own, which its launcher knows, do not count. */
export function missingLibraries(lddOutput) {
  const names = [...lddOutput.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name);
  return [...new Set(names)].filter((name) => !/^lib(jvm|jli|java|net|nio|zip)\.so$/.test(name));
}

async function lacksLibraries(name, path) {
  return missingLibraries((await run("ldd", binaries(name, path))).stdout).length > 0;
}

/** The text of a wrapper: no process of its own stays, and no library path is set that is not needed. */
export function wrapperText({ libraries, command, environment = {} }) {
  const lines = [
    "#!/bin/sh",
    "# Made by tools/setup.mjs; the next set-up writes it anew when something changed.",
  ];
  if (libraries.length > 0) {
    lines.push(`LD_LIBRARY_PATH=${shellQuote(libraries.join(":"))}\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}`);
    lines.push("export LD_LIBRARY_PATH");
  }
  for (const [name, value] of Object.entries(environment)) lines.push(`export ${name}=${shellQuote(value)}`);
  lines.push(`exec ${command}`);
  return `${lines.join("\n")}\n`;
}

// The flags of $JVMFLAGS come later and win. Warnings only: a quorum at INFO writes several lines for every connection.
const logFlags = [
  "-Dorg.slf4j.simpleLogger.logFile=System.out",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  // It warns with a stack whenever a client or a probe of the port hangs up.
  "-Dorg.slf4j.simpleLogger.log.org.apache.zookeeper.server.NIOServerCnxn=error",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "'-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS'",
  "-Dzookeeper.jmx.log4j.disable=true",
].join(" ");

/** The command of `zookeeper-server`: its arguments are those of ZooKeeper's own main class. */
export function zooKeeperCommand(java, classPath) {
  const main = "org.apache.zookeeper.server.quorum.QuorumPeerMain";
  return `${shellQuote(java)} ${logFlags} $JVMFLAGS -cp ${shellQuote(classPath)} ${main} "$@"`;
}

function commandOf(name, path) {
  // Without -e it first opens the log file of the system's nginx and complains when it may not.
  return name === "nginx" ? `${shellQuote(path)} -e stderr "$@"` : `${shellQuote(path)} "$@"`;
}

/** Writes a file only when it differs, and at once as a whole: another process may be starting it right now. */
function writeProgram(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  chmodSync(temporary, 0o755);
  renameSync(temporary, path);
}

/** Not a wrapper: what is copied into an image must be the program itself. */
function replaceLink(link, target) {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === target) return;
  const temporary = `${link}.${process.pid}.tmp`;
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}

/**
 * @param {string} bin
 * @param {{ name: string, path: string }[]} extracted programs that are not on the system
 * @param {{ root: string, java: string | undefined, classPath: string }} tree
 */
export async function writeWrappers(bin, extracted, tree) {
  mkdirSync(bin, { recursive: true });
  const folders = libraryFolders(tree.root);
  let java = { path: tree.java, libraries: [] };
  await Promise.all(
    extracted
      .filter(({ name }) => name !== "zookeeper")
      .map(async ({ name, path }) => {
        const libraries = folders.length > 0 && (await lacksLibraries(name, path)) ? folders : [];
        if (name === "java") java = { path, libraries };
        writeProgram(join(bin, name), wrapperText({ libraries, command: commandOf(name, path) }));
      }),
  );
  const command = zooKeeperCommand(java.path, tree.classPath);
  writeProgram(join(bin, "zookeeper-server"), wrapperText({ libraries: java.libraries, command }));
}

/** Folders below the usual ones whose libraries a package's own run path names, which does not reach into a tree. */
function innerLibraryFolders(folders) {
  const inner = folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name)),
  );
  return inner.filter((folder) => readdirSync(folder).some((name) => /^lib.*\.so(\.|$)/.test(name)));
}

/** Chromium opens some libraries by name only when a page needs them, so it always gets all folders of its tree. */
export async function writeBrowserWrapper(bin, { root, path, fonts }) {
  mkdirSync(bin, { recursive: true });
  const folders = libraryFolders(root);
  const text = wrapperText({
    libraries: [...folders, ...innerLibraryFolders(folders)],
    environment: { FONTCONFIG_FILE: fonts },
    command: `${shellQuote(path)} "$@"`,
  });
  writeProgram(join(bin, "chromium"), text);
}

/** OpenSSH of a tree. */
export async function writeSshWrappers(bin, programs, root) {
  const folders = libraryFolders(root);
  for (const { name, path } of programs) {
    const libraries = folders.length > 0 && (await lacksLibraries(name, path)) ? folders : [];
    writeProgram(join(bin, name), wrapperText({ libraries, command: `${shellQuote(path)} "$@"` }));
  }
}

/** cloud-init of a tree, with the modules beside it. */
export async function writeCloudInitWrapper(bin, [{ name, path }], root) {
  const environment = { PYTHONPATH: join(root, "usr/lib/python3/dist-packages") };
  const command = `python3 ${shellQuote(path)} "$@"`;
  writeProgram(join(bin, name), wrapperText({ libraries: [], environment, command }));
}

/** dockerd starts its helpers from PATH; as with all of a tree, their libraries may be in it. */
export async function writeDockerWrappers(bin, { root, dockerd, busybox }) {
  mkdirSync(bin, { recursive: true });
  const folders = libraryFolders(root);
  const libraries = folders.length > 0 && (await lacksLibraries("dockerd", dockerd)) ? folders : [];
  const own = ["usr/sbin", "usr/bin"].map((folder) => join(root, folder)).join(":");
  const command = `env PATH=${shellQuote(own)}:"$PATH" ${shellQuote(dockerd)} "$@"`;
  writeProgram(join(bin, "dockerd"), wrapperText({ libraries, command }));
  replaceLink(join(bin, "busybox"), busybox);
}
