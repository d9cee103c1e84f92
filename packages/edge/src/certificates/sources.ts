// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf } from "@pulumi-mesos/model";
import { readIfThere } from "../haproxy/master";

const maxBytes = 1 << 20;

/** What stands in the files. */
export interface SourceTexts {
  /** Text by path, in the order in which HAProxy would read them. Secret. */
  readonly texts: ReadonlyMap<string, string>;
  /** Files and directories that cannot be read, with the reason: what they held is not known to be gone. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** Reads PEM files and directories of them, as HAProxy's `crt` does: by name, a key also beside its certificate as `<file>.key`. */
export async function readSources(paths: readonly string[]): Promise<SourceTexts> {
  const texts = new Map<string, string>();
  const unreadable = new Map<string, string>();
  const attempt = async (path: string, read: () => Promise<void>): Promise<void> => {
    try {
      await read();
    } catch (error) {
      unreadable.set(path, `it cannot be read: ${messageOf(error)}`);
    }
  };
  for (const path of paths) {
    await attempt(path, async () => {
      const files = (await stat(path)).isDirectory() ? await filesIn(path) : [path];
      for (const file of files) await attempt(file, async () => void texts.set(file, await textOf(file)));
    });
  }
  return { texts, unreadable };
}

/** Changes when a path leads elsewhere, or when a directory gets or loses a file; what is written within a file it does not tell. */
export async function traceOf(paths: readonly string[]): Promise<string> {
  const traces = paths.map(async (path) => {
    try {
      const { dev, ino, mtimeMs } = await stat(path);
      return `${dev} ${ino} ${mtimeMs}`;
    } catch (error) {
      return messageOf(error);
    }
  });
  return (await Promise.all(traces)).join("\n");
}

/** Whether `file` is `path` or lies in it. */
export function isBelow(path: string, file: string): boolean {
  return file === path || file.startsWith(path.endsWith("/") ? path : `${path}/`);
}

async function filesIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).filter((name) => !/^\.|\.(key|ocsp|issuer|sctl|dh)$/.test(name));
  const files: string[] = [];
  for (const name of names.sort()) {
    const file = join(directory, name);
    // A link that leads nowhere is named when it is read.
    if (!(await isDirectory(file))) files.push(file);
  }
  return files;
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function textOf(file: string): Promise<string> {
  const { size } = await stat(file);
  // No certificate is that long; as a text without one it is refused.
  if (size > maxBytes) return "";
  const text = await readFile(file, "latin1");
  return text.includes("PRIVATE KEY-----") ? text : `${text}\n${(await readIfThere(`${file}.key`)) ?? ""}`;
}
