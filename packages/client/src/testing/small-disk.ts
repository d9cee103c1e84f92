// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A file system of a few MiB of the test's own. */
export interface SmallDisk {
  readonly directory: string;
  /** A directory that is not on it. */
  readonly beside: string;
  /** Words before a command that knows the file system by its own name and not by the process that holds it. */
  readonly enter: readonly string[];
  /** Leaves no room for another byte. */
  fill(): Promise<void>;
  /** Gives the room back. */
  free(): Promise<void>;
  remove(): Promise<void>;
}

const inNamespace = ["--user", "--map-root-user", "--mount"];

/** Why this machine lets nobody mount a file system in a namespace of their own, or nothing when it does. */
export async function whyNoSmallDisk(): Promise<string | undefined> {
  try {
    await promisify(execFile)("unshare", [...inNamespace, "mount", "-t", "tmpfs", "none", "/mnt"]);
    return undefined;
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || String(error);
  }
}

/** Mounts it in the namespace of a process that waits, and reaches it through that process. */
export async function smallDisk(): Promise<SmallDisk> {
  const place = await mkdtemp(join(tmpdir(), "small-disk-"));
  const disk = join(place, "disk");
  const script = `mkdir "$0" && mount -t tmpfs -o size=4m,mode=700 none "$0" && mkdir "$0/data" && echo ready && exec cat`;
  const holder: ChildProcess = spawn("unshare", [...inNamespace, "sh", "-c", script, disk], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "exit");
  await Promise.race([
    once(holder.stdout as NodeJS.ReadableStream, "data"),
    ended.then(([code]) => Promise.reject(new DOMException(`unshare ended with ${code}`, "AbortError"))),
  ]);
  const root = join(`/proc/${holder.pid}/root`, disk);
  const filler = join(root, "filler");
  return {
    directory: join(root, "data"),
    beside: place,
    enter: ["nsenter", `--target=${holder.pid}`, "--user", "--mount", "--preserve-credentials"],
    fill: () => fill(filler),
    free: () => rm(filler),
    async remove() {
      holder.stdin?.end();
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };
}

async function fill(path: string): Promise<void> {
  const file = await open(path, "a");
  try {
    for (let size = 1 << 20; size > 0; ) {
      try {
        await file.write(Buffer.alloc(size));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        size >>= 1;
      }
    }
  } finally {
    await file.close();
  }
}
