// SPDX-License-Identifier: Apache-2.0
import { connect } from "node:net";

/** What the network says of a host that is not there. */
const gone = new Set(["ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "ENETUNREACH"]);

/** Whether anything comes back from an address within `ms`: a refusal is an answer, and so is doubt about this machine itself. */
export function answers(address: string, port: number, ms = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const done = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => done(true));
    socket.once("error", (error: NodeJS.ErrnoException) => done(!gone.has(error.code ?? "")));
    // A program that was busy meanwhile sees the answer that has come before it gives up.
    socket.setTimeout(ms, () => setImmediate(done, false));
  });
}
