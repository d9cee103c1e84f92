// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A task as Marathon shows it. */
export interface FakeTask {
  readonly id: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly state: string;
  readonly healthCheckResults?: readonly { alive: boolean }[];
}

export interface FakeApp {
  readonly id: string;
  readonly tasks: readonly FakeTask[];
  readonly [field: string]: unknown;
}

/** A Marathon of which tests say what it answers. */
export class FakeMarathon {
  readonly apps = new Map<string, FakeApp>();
  /** Answers instead of the truth. */
  broken: "no" | "status" | "unauthorized" | "html" | "empty" = "no";
  /** Says nothing more on its streams, which stay open. */
  mute = false;
  lists = 0;
  singles = 0;
  readonly #streams = new Set<ServerResponse>();
  readonly #server: Server;
  readonly #host: string;
  #port: number;

  /** @param port a port of its own for a Marathon that is to listen again: any other may be taken meanwhile */
  constructor(host = "127.0.0.1", port = 0) {
    this.#host = host;
    this.#port = port;
    this.#server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://marathon");
      if (pathname === "/v2/events") {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write("\n");
        this.#streams.add(response);
        response.on("close", () => this.#streams.delete(response));
      } else this.#answer(pathname, response);
    });
  }

  get url(): string {
    return `http://${this.#host}:${this.#port}`;
  }

  get listeners(): number {
    return this.#streams.size;
  }

  /** At a free port, and after {@link close} at that of before. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, this.#host);
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  emit(eventType: string, fields: object): void {
    for (const stream of this.mute ? [] : this.#streams) {
      stream.write(`event: ${eventType}\ndata: ${JSON.stringify({ eventType, ...fields })}\n\n`);
    }
  }

  /** Changes an app and says so. */
  put(app: FakeApp): void {
    this.apps.set(app.id, app);
    this.emit("api_post_event", { uri: `/v2/apps${app.id}`, appDefinition: app });
  }

  #answer(pathname: string, response: ServerResponse): void {
    const send = (status: number, body: unknown, type = "application/json"): void => {
      response.writeHead(status, { "content-type": type });
      response.end(type === "application/json" ? JSON.stringify(body) : String(body));
    };
    if (pathname === "/v2/apps") this.lists++;
    else this.singles++;
    const app = this.apps.get(decodeURIComponent(pathname).replace(/^\/v2\/apps\/*/, "/"));
    if (this.broken === "status") send(500, { message: "internal error" });
    else if (this.broken === "unauthorized") send(401, { message: "Invalid username or password." });
    else if (this.broken === "html") send(200, "<html>maintenance</html>", "text/html");
    else if (pathname === "/v2/apps")
      send(200, { apps: this.broken === "empty" ? [] : [...this.apps.values()] });
    else if (app) send(200, { app });
    else send(404, { message: `App '${pathname.slice(8)}' does not exist` });
  }
}
