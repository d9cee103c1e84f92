// SPDX-License-Identifier: Apache-2.0
import { mkdir, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { removeDirectory, type Scope, volumeDirectory } from "./scope";

/** Makes a volume, or takes the one that is there; answers its directory (mode 0700). */
export async function makeVolume(scope: Scope, name: string): Promise<string> {
  const directory = volumeDirectory(scope, name);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
}

/** Removes a volume with all that is in it; gone already is success. */
export async function removeVolume(scope: Scope, name: string): Promise<void> {
  await removeDirectory(volumeDirectory(scope, name));
}

/** Whether the volume is there. */
export async function volumeExists(scope: Scope, name: string): Promise<boolean> {
  try {
    return (await stat(volumeDirectory(scope, name))).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** A small file of a volume, at most its first KiB, and when it was written, in ms since the epoch; nothing where there is none. */
export async function readInVolume(
  scope: Scope,
  name: string,
  path: string,
): Promise<{ readonly text: string; readonly writtenAt: number } | undefined> {
  try {
    const file = await open(join(volumeDirectory(scope, name), path));
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(1024));
      return { text: buffer.toString("utf8", 0, bytesRead), writtenAt: (await file.stat()).mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The names of the scope's volumes. */
export async function listVolumes(scope: Scope): Promise<string[]> {
  try {
    return (await readdir(join(scope.root, "volumes"))).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
