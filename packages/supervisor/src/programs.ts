// SPDX-License-Identifier: Apache-2.0
import { constants, existsSync } from "node:fs";
import { access, open, realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { MesosError } from "@pulumi-mesos/model";

/** What gets a program that is not there, by name. */
const remedies: Readonly<Record<string, string>> = {
  haproxy: "`apt-get install haproxy` or `npm run setup`",
  nginx: "`apt-get install nginx-light` or `npm run setup`",
  "zookeeper-server": "`apt-get install zookeeper default-jre-headless` or `npm run setup`",
  java: "`apt-get install default-jre-headless` or `npm run setup`",
  docker: "`apt-get install docker.io`",
  "mesos-master": "`npm install @pulumi-mesos/simulator`",
  "mesos-agent": "`npm install @pulumi-mesos/simulator`",
  marathon: "`npm install @pulumi-mesos/simulator`",
  "mesos-edge": "`npm install @pulumi-mesos/edge`",
  "mesos-agent-groups": "`npm install @pulumi-mesos/groups`",
};

/**
 * Where programs are looked for, as a PATH: `node_modules/.bin` of `from` and above it, PATH, /usr/sbin and /sbin, then
 * what the set-up keeps in the user's cache. Directories that do not exist are left out.
 */
export function searchPath(from: string, env: NodeJS.ProcessEnv): string {
  const places: string[] = [];
  for (let at = resolve(from); ; at = dirname(at)) {
    places.push(join(at, "node_modules/.bin"));
    if (at === dirname(at)) break;
  }
  places.push(...(env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin");
  const cache = env["XDG_CACHE_HOME"];
  const cacheRoot =
    cache !== undefined && isAbsolute(cache) ? cache : join(env["HOME"] ?? homedir(), ".cache");
  places.push(join(cacheRoot, "pulumi-mesos/bin"));
  return [...new Set(places)].filter((place) => isAbsolute(place) && existsSync(place)).join(delimiter);
}

/**
 * The path of a program: as given when it holds a slash, otherwise the first one on `searchPath`.
 *
 * @throws MesosError `MESOS_PROGRAM_MISSING`, with the command that gets it.
 */
export async function findProgram(name: string, searchPath: string): Promise<string> {
  if (name.includes("/")) {
    if (await isExecutable(name)) return resolve(name);
    throw new MesosError("MESOS_PROGRAM_MISSING", `program ${name} is not an executable file`);
  }
  for (const place of searchPath.split(delimiter)) {
    const path = join(place, name);
    if (isAbsolute(place) && (await isExecutable(path))) return path;
  }
  const remedy = remedies[name];
  const fix = remedy === undefined ? "install it, or name it with its full path" : `get it with ${remedy}`;
  throw new MesosError("MESOS_PROGRAM_MISSING", `program ${name} was not found in ${searchPath}; ${fix}`);
}

/** The command with its program found; a JavaScript program runs on this Node, whatever `node` PATH has. */
export async function resolveCommand(command: readonly string[], searchPath: string): Promise<string[]> {
  const [name = "", ...args] = command;
  const path = await findProgram(name, searchPath);
  const real = await realpath(path);
  return (await isNodeScript(real)) ? [process.execPath, real, ...args] : [path, ...args];
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "EACCES" || code === "ENOTDIR" || code === "ELOOP") return false;
    throw error;
  }
}

async function isNodeScript(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(128), 0, 128, 0);
    const line = buffer.toString("latin1", 0, bytesRead).split("\n")[0] ?? "";
    const words = line.startsWith("#!") ? line.slice(2).trim().split(/\s+/) : [];
    return words.some((word) => basename(word) === "node");
  } finally {
    await file.close();
  }
}
