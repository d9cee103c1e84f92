// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { ConfigFile, ProcessSpec } from "@pulumi-mesos/model";
import { writeFileWithMode } from "./record";

/** Writes the files of a program that is about to start, in the place of those of an earlier one. */
export async function writeFiles(directory: string, spec: ProcessSpec): Promise<void> {
  const conf = confOf(directory);
  await rm(conf, { recursive: true, force: true });
  await mkdir(conf, { mode: 0o700 });
  for (const file of spec.files ?? []) await write(pathOf(directory, file), file);
}

/** Brings the live files of a program that runs to what `spec` says: each changes in one step, and unnamed ones go. */
export async function rewriteLiveFiles(directory: string, spec: ProcessSpec): Promise<void> {
  const files = spec.files ?? [];
  for (const file of files.filter((f) => f.live)) {
    const path = pathOf(directory, file);
    if (bytesIn(path)?.equals(bytesOf(file))) continue;
    // Names that begin with a dot are no program's files, so nobody reads one that is half written.
    const fresh = join(dirname(path), `.${file.path.replaceAll("/", "_")}.new`);
    await write(fresh, file);
    renameSync(fresh, path);
  }
  const named = new Set(files.map((file) => pathOf(directory, file)));
  for (const path of filesBelow(confOf(directory))) if (!named.has(path)) rmSync(path);
}

function confOf(directory: string): string {
  return join(directory, "conf");
}

/** A file for {data} has an absolute path by now. */
function pathOf(directory: string, file: ConfigFile): string {
  return resolve(confOf(directory), file.path);
}

async function write(path: string, file: ConfigFile): Promise<void> {
  const { mode } = file;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  writeFileWithMode(path, bytesOf(file), Number.parseInt(mode ?? "600", 8));
}

function bytesOf({ content, encoding }: ConfigFile): Buffer {
  return Buffer.from(content, encoding ?? "utf8");
}

function bytesIn(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
