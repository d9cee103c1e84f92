// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { HaproxyProgram } from "../haproxy/validate";

/** A file system of a few MiB of the test's own. */
export interface SmallDisk {
  readonly directory: string;
  /** HAProxy that knows the file system by its own name, which it wants of the directory that it works in. */
  haproxy(program: HaproxyProgram): Promise<HaproxyProgram>;
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
  const place = await mkdtemp(join(tmpdir(), "edge-disk-"));
  const script = `mount -t tmpfs -o size=4m,mode=700 none "$0" && mkdir "$0/data" && echo ready && exec cat`;
  const holder: ChildProcess = spawn("unshare", [...inNamespace, "sh", "-c", script, place], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(holder, "exit");
  await Promise.race([
    once(holder.stdout as NodeJS.ReadableStream, "data"),
    ended.then(([code]) => Promise.reject(new DOMException(`unshare ended with ${code}`, "AbortError"))),
  ]);
  return {
    directory: join(`/proc/${holder.pid}/root`, place, "data"),
    async haproxy(program) {
      const file = join(place, "haproxy");
      const enter = `exec nsenter --target ${holder.pid} --user --mount --preserve-credentials`;
      const lines = [
        "#!/bin/sh",
        'work=.; [ "$1" != -c ] || work=/',
        `${enter} --wd=$work ${program.file} "$@"`,
      ];
      await writeFile(file, [...lines, ""].join("\n"), { mode: 0o755 });
      return { ...program, file };
    },
    async remove() {
      holder.stdin?.end();
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };
}
