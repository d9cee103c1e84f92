// SPDX-License-Identifier: Apache-2.0
import { createWriteStream, statSync, type WriteStream } from "node:fs";
import { join } from "node:path";
import { Writable } from "node:stream";
import type Docker from "dockerode";

/** Bytes of the two files of a sandbox that take a container's output. */
export interface OutputSizes {
  readonly stdout: number;
  readonly stderr: number;
}

/** How much is in a sandbox's files now: the fetcher may have said something there. */
export function outputSizes(sandbox: string): OutputSizes {
  const size = (file: string): number => statSync(join(sandbox, file), { throwIfNoEntry: false })?.size ?? 0;
  return { stdout: size("stdout"), stderr: size("stderr") };
}

/**
 * Copies a container's output into its sandbox until the container has ended. What is there already beyond `before`, which is what
 * the files had before the container began, is not written again, so that nothing is doubled or missing after this program was away.
 * @returns once it has begun: when all is written
 */
export async function copyOutput(
  docker: Docker,
  name: string,
  sandbox: string,
  before: OutputSizes,
): Promise<{ readonly ended: Promise<void> }> {
  const now = outputSizes(sandbox);
  const stream = await docker.getContainer(name).logs({ follow: true, stdout: true, stderr: true });
  const into = (file: keyof OutputSizes): Writable =>
    without(
      Math.max(0, now[file] - before[file]),
      createWriteStream(join(sandbox, file), { flags: "a", mode: 0o600 }),
    );
  const out = into("stdout");
  const err = into("stderr");
  docker.modem.demuxStream(stream, out, err);
  stream.on("error", () => undefined); // the container's end is seen by who waits for it
  const closed = new Promise<void>((resolve) => stream.once("close", resolve));
  const written = (file: Writable): Promise<void> => new Promise((resolve) => file.end(() => resolve()));
  return {
    ended: closed.then(async () => {
      await Promise.all([written(out), written(err)]);
    }),
  };
}

/** Leaves out the first bytes of what it is given. */
function without(bytes: number, file: WriteStream): Writable {
  let left = bytes;
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      const from = Math.min(left, chunk.length);
      left -= from;
      if (from === chunk.length) done();
      else file.write(chunk.subarray(from), done);
    },
    final(done) {
      file.end(done);
    },
  });
}
