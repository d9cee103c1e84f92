// SPDX-License-Identifier: Apache-2.0
import { buffer, text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { isMissingInDocker } from "@pulumi-mesos/client";
import type Docker from "dockerode";
import { extract, pack } from "tar-stream";

/** A file as it is put into a container. */
export interface ArchivedFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
  /** Given where the text stands for bytes. */
  readonly encoding?: "base64" | undefined;
  /** Permission bits. */
  readonly mode: number;
}

/** The files as dockerd takes them, owned by root. */
export async function archiveOf(files: readonly ArchivedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, content, encoding, mode } of files)
    archive.entry({ name: path.slice(1), mode }, Buffer.from(content, encoding ?? "utf8"));
  archive.finalize();
  return await buffer(archive);
}

/** A file of a container and when it was written, in ms since the epoch; nothing where there is none, or no container. */
export async function readArchived(
  container: Docker.Container,
  path: string,
): Promise<{ readonly text: string; readonly writtenAt: number } | undefined> {
  let archive: NodeJS.ReadableStream;
  try {
    archive = await container.getArchive({ path });
  } catch (error) {
    if (isMissingInDocker(error)) return undefined;
    throw error;
  }
  const found: { text: string; writtenAt: number }[] = [];
  const reader = extract();
  reader.on("entry", ({ mtime }, content, next) => {
    text(content).then(
      (words) => {
        found.push({ text: words, writtenAt: mtime?.getTime() ?? 0 });
        next();
      },
      (error: Error) => reader.destroy(error),
    );
  });
  await pipeline(archive, reader);
  return found[0];
}
