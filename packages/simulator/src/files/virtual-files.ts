// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { open, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { groupName, userName } from "./owners";

/** A read gives no more at once: 16 pages, as Mesos does. */
const maxRead = 16 * 4096;

/** Paths as others name them, with where each really lies: a file, or a directory with all below it. */
export type Attached = ReadonlyMap<string, string>;

/** Why not, as status and text. */
export interface FilesRefusal {
  readonly status: 400 | 403 | 404 | 500;
  readonly message: string;
}

/** One entry of a directory. */
export interface FileInfo {
  readonly path: string;
  readonly nlink: number;
  readonly size: number;
  readonly mtimeNanoseconds: number;
  readonly mode: number;
  readonly uid: string;
  readonly gid: string;
}

export interface FileContents {
  /** Of the whole file. */
  readonly size: number;
  readonly data: Buffer;
}

const notFound: FilesRefusal = { status: 404, message: "" };
const invalid = (message: string): FilesRefusal => ({ status: 400, message });

export function isFilesRefusal<T extends object>(value: T | FilesRefusal): value is FilesRefusal {
  return "status" in value && "message" in value;
}

/** What is attached that a path is, or is below: the longest, by its name. */
export function attachedAbove<T>(
  attached: ReadonlyMap<string, T>,
  path: string,
): { readonly to: T; readonly rest: string } | undefined {
  const parts = path.replace(/\/$/, "").split("/");
  for (let count = parts.length; count > 0; count--) {
    const to = attached.get(parts.slice(0, count).join("/"));
    if (to !== undefined) return { to, rest: parts.slice(count).join("/") };
  }
  return undefined;
}

/** Where a path that others name really lies; links lead nowhere outside of what is attached. */
export async function resolveFile(
  attached: Attached,
  path: string,
): Promise<{ readonly real: string } | FilesRefusal> {
  const found = attachedAbove(attached, path);
  if (found === undefined) return notFound;
  const { to: root, rest } = found;
  try {
    const realRoot = await realpath(root);
    if (!(await stat(realRoot)).isDirectory()) return rest === "" ? { real: realRoot } : notFound;
    const real = await realpath(join(realRoot, rest));
    const inside = real === realRoot || real.startsWith(`${realRoot}${sep}`);
    return inside ? { real } : invalid(`'${root}/${rest}' is inaccessible.\n`);
  } catch (error) {
    if (isMissing(error)) return notFound;
    throw error;
  }
}

/** The entries of a directory by name; of a file there are none. */
export async function browse(attached: Attached, path: string): Promise<readonly FileInfo[] | FilesRefusal> {
  const resolved = await resolveFile(attached, path);
  if (isFilesRefusal(resolved)) return resolved;
  const names = await readdir(resolved.real).catch((error: unknown) => {
    if (isMissing(error)) return []; // a file, or gone by now
    throw error;
  });
  const infos = await Promise.all(names.sort().map((name) => infoOf(join(resolved.real, name), path, name)));
  return infos.filter((info) => info !== undefined);
}

async function infoOf(real: string, directory: string, name: string): Promise<FileInfo | undefined> {
  try {
    const { nlink, size, mtimeMs, mode, uid, gid } = await stat(real);
    return {
      path: join(directory, name),
      nlink,
      size,
      mtimeNanoseconds: Math.floor(mtimeMs / 1000) * 1e9,
      mode,
      uid: userName(uid),
      gid: groupName(gid),
    };
  } catch (error) {
    if (isMissing(error)) return undefined; // a link to nothing
    throw error;
  }
}

/** At most 64 KiB from `offset`; nothing beyond the end. */
export async function read(
  attached: Attached,
  path: string,
  offset: number,
  length: number | undefined,
): Promise<FileContents | FilesRefusal> {
  const resolved = await resolveFile(attached, path);
  if (isFilesRefusal(resolved)) return resolved;
  if ((await stat(resolved.real)).isDirectory()) return invalid("Cannot read a directory.\n");
  // A task can leave a pipe in its sandbox: opening one must not wait for who writes to it.
  const file = await open(resolved.real, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: Error) => ({
    status: 500 as const,
    message: `Failed to open file at '${resolved.real}': ${error.message}.\n`,
  }));
  if (isFilesRefusal(file)) return file;
  try {
    const { size } = await file.stat();
    const wanted = Math.min(length ?? maxRead, maxRead, Math.max(0, size - offset));
    if (wanted === 0) return { size, data: Buffer.alloc(0) };
    const { bytesRead, buffer } = await file.read(Buffer.alloc(wanted), 0, wanted, offset);
    return { size, data: buffer.subarray(0, bytesRead) };
  } finally {
    await file.close();
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR" || code === "EACCES" || code === "ELOOP";
}
