// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { FastifyInstance } from "fastify";
import { systemClock } from "../clock";
import { Logging } from "../logging";
import { raw } from "../testing/raw";
import { createMarathonServer } from "./server";

/** SPEC-marathon.md, Leadership: what a standby answers when its leader does not (code: RequestForwarder, AsyncUrlConnectionRequestForwarder). */
describe("marathon: a standby whose leader does not answer", () => {
  let standby: FastifyInstance;
  let leader: Server;
  const sockets: Socket[] = [];

  afterEach(async () => {
    await standby.close();
    for (const socket of sockets.splice(0)) socket.destroy();
    leader.close();
  });

  async function start(onConnection: (socket: Socket) => void, closed = false): Promise<string> {
    leader = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      onConnection(socket);
    });
    await new Promise<void>((resolve) => {
      leader.listen(0, "127.0.0.1", resolve);
    });
    const { port } = leader.address() as AddressInfo;
    if (closed) leader.close();
    standby = createMarathonServer(
      {
        core: undefined,
        leader: `127.0.0.1:${port}`,
        abdicate: () => undefined,
        info: () => ({}),
      },
      {
        own: "standby:8080",
        connectMs: 2000,
        readMs: 50,
        names: [],
        realm: "Mesosphere",
        compress: true,
        prometheus: true,
        clock: systemClock,
        logging: new Logging(systemClock, () => undefined),
      },
    );
    await standby.listen({ host: "127.0.0.1", port: 0 });
    return `http://127.0.0.1:${(standby.server.address() as AddressInfo).port}`;
  }

  for (const [what, onConnection, closed, status, reason] of [
    ["is not there", () => undefined, true, 502, "Connection to leader refused."],
    ["breaks the connection", (s: Socket) => s.destroy(), false, 502, "Connection to leader refused."],
    ["says nothing", () => undefined, false, 500, "Server Error"],
  ] as const) {
    it(`fails with ${status} when the leader ${what}`, async () => {
      const url = await start(onConnection, closed);
      const answer = await raw(url, "GET", "/v2/apps");
      assert.equal(answer.status, status, answer.text);
      assert.match(String(answer.headers["content-type"]), /^text\/html/);
      assert.ok(answer.text.includes(`<title>Error ${status} ${reason}</title>`), answer.text);
    });
  }
});
