// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A SOCKS 5 proxy without users for tests, which connects to addresses of IPv4; where it was led is kept. */
export class SocksServer {
  readonly asked: string[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((near) => {
      near.once("data", () => {
        near.write(Buffer.from([5, 0]));
        near.once("data", (request: Buffer) => this.#lead(near, request));
      });
      near.on("error", () => near.destroy());
    });
  }

  static async start(address: string): Promise<SocksServer> {
    const socks = new SocksServer();
    socks.#server.listen(0, address);
    await once(socks.#server, "listening");
    return socks;
  }

  get place(): { host: string; port: number } {
    const { address, port } = this.#server.address() as AddressInfo;
    return { host: address, port };
  }

  close(): void {
    this.#server.close();
  }

  #lead(near: Socket, request: Buffer): void {
    const host = [...request.subarray(4, 8)].join(".");
    const port = request.readUInt16BE(8);
    this.asked.push(`${host}:${port}`);
    const far = connect({ host, port });
    const answer = (code: number): Buffer => Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    far.once("connect", () => {
      near.write(answer(0));
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.end(answer(5)));
    near.on("close", () => far.destroy());
  }
}
