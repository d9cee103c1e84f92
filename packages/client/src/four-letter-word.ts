// SPDX-License-Identifier: Apache-2.0
import { connect, type Socket } from "node:net";
import type { HostPort } from "@pulumi-mesos/model";
import { unlessAborted } from "./clock";
import { ClientAbortedError } from "./errors";
import type { Way } from "./way/way";

type Word = "ruok" | "srvr" | "mntr" | "cons" | "conf";

/** What a ZooKeeper server answers to a four-letter word such as `srvr`; rejects when it cannot be asked. */
export async function fourLetterWord(
  { host, port }: HostPort,
  word: Word,
  signal: AbortSignal,
  way?: Way,
): Promise<string> {
  if (signal.aborted) throw new ClientAbortedError(signal);
  if (way === undefined) return ask(connect({ host, port }), word, signal);
  const socket = way.connect({ host, port });
  // One that comes too late is nobody's.
  signal.addEventListener(
    "abort",
    () =>
      void socket.then(
        (late) => late.destroy(),
        () => undefined,
      ),
  );
  return ask(await unlessAborted(socket, signal), word, signal);
}

function ask(socket: Socket, word: Word, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const onAbort = (): void => {
      socket.destroy();
      reject(new ClientAbortedError(signal));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.write(word);
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.length > 10_000) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => {
      signal.removeEventListener("abort", onAbort);
      resolve(Buffer.concat(chunks).toString());
    });
  });
}
