// SPDX-License-Identifier: Apache-2.0
import { connect } from "node:net";
import { ClientAbortedError } from "./errors";

/** What a ZooKeeper server answers to a four-letter word such as `srvr`; rejects when it cannot be asked. */
export function fourLetterWord(
  address: { readonly host: string; readonly port: number },
  word: "ruok" | "srvr" | "mntr" | "cons" | "conf",
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new ClientAbortedError(signal));
    const chunks: Buffer[] = [];
    const socket = connect({ host: address.host, port: address.port });
    const onAbort = (): void => {
      socket.destroy();
      reject(new ClientAbortedError(signal));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", () => socket.write(word));
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
