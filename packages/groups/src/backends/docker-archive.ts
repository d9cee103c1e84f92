// SPDX-License-Identifier: Apache-2.0
import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";

/** A file as it is put into a container. */
export interface ArchivedFile {
  /** Absolute. */
  readonly path: string;
  readonly content: string;
  /** Permission bits. */
  readonly mode: number;
}

/** The files as dockerd takes them, owned by root. */
export async function archiveOf(files: readonly ArchivedFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { path, content, mode } of files) archive.entry({ name: path.slice(1), mode }, content);
  archive.finalize();
  return await buffer(archive);
}
