// SPDX-License-Identifier: Apache-2.0
import { createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";
import type { HostPort } from "@pulumi-mesos/model";
import type { Way } from "./way";

/** Where a library that makes its own connections finds one that goes by a way. */
export interface Forwarder {
  readonly port: number;
  close(): void;
}

/**
 * Listens on this machine for one connection, and carries it to `to` by `way`.
 *
 * @param failed is told why a connection cannot be carried, before it closes
 */
export function forward(way: Way, to: HostPort, failed: (error: Error) => void): Promise<Forwarder> {
  const server = createServer((near) => {
    server.close();
    way.connect(to).then(
      (far) => join(near, far),
      (error: Error) => {
        failed(error);
        near.destroy();
      },
    );
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({ port, close: () => void server.close() });
    });
  });
}

/** What ends one side ends the other; what the sides say of it is seen there. */
function join(near: Socket, far: Socket): void {
  const done = (): void => {
    near.destroy();
    far.destroy();
  };
  pipeline(near, far, done);
  pipeline(far, near, done);
}
