// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A small real HTTP server whose answer each test decides, and what it was asked. */
export interface TestServer {
  readonly url: string;
  /** `host:port`. */
  readonly host: string;
  readonly received: Received[];
  /** How many connections were made to it. */
  readonly connections: number;
  answer: (request: Received, response: ServerResponse) => void;
  close(): Promise<void>;
}

/** For a suite: makes servers that end with each test. */
export function servers(): typeof testServer {
  const open: TestServer[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((server) => server.close()));
  });
  return async (answer, tls) => {
    const server = await testServer(answer, tls);
    open.push(server);
    return server;
  };
}

/** With `tls` it speaks HTTPS. */
export async function testServer(answer: TestServer["answer"], tls?: ServerOptions): Promise<TestServer> {
  const received: Received[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const got: Received = {
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      received.push(got);
      test.answer(got, response);
    });
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  let connections = 0;
  server.on(tls ? "secureConnection" : "connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.83.2.1", resolve));
  const host = `127.83.2.1:${(server.address() as AddressInfo).port}`;
  const test: TestServer = {
    url: `${tls ? "https" : "http"}://${host}`,
    host,
    get connections() {
      return connections;
    },
    received,
    answer,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return test;
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
