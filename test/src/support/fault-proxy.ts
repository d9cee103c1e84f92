// SPDX-License-Identifier: Apache-2.0
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What becomes of a request on its way. */
export type Fault =
  /** Answered here: Marathon never hears of it. */
  | { readonly answer: number; readonly body: string; readonly type?: string }
  /** Marathon carries it out, and its answer is exchanged for this one. */
  | { readonly after: number; readonly body: string; readonly type?: string }
  /** Carried out, and half of the answer comes as if it were whole. */
  | "half"
  /** Carried out, and the connection ends in the middle of the answer. */
  | "torn"
  /** Carried out, and the connection is reset before any answer. */
  | "reset after"
  /** The connection is reset, and Marathon never hears of it. */
  | "reset before"
  /** Connected, and then nothing, until the proxy closes. */
  | "silent"
  /** An event stream that opens and then tells nothing. */
  | "half-open"
  /** Passed on only after so long. */
  | { readonly slowMs: number };

interface Plan {
  readonly matches: (line: string) => boolean;
  readonly fault: Fault;
  times: number;
}

/** Stands between the plugin and one Marathon, and hurts chosen requests. */
export class FaultProxy {
  /** Requests that reached Marathon, such as `POST /v2/apps`, in order. */
  readonly passed: string[] = [];
  /** Requests that came, whatever became of them. */
  readonly came: string[] = [];
  url = "";
  readonly #target: () => string;
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));
  readonly #open = new Set<ServerResponse>();
  readonly #host: string;
  #plans: Plan[] = [];

  private constructor(host: string, target: () => string) {
    this.#host = host;
    this.#target = target;
  }

  /** `target` is asked for at each request: the Marathon behind it may change. */
  static async start(host: string, target: () => string): Promise<FaultProxy> {
    const proxy = new FaultProxy(host, target);
    await proxy.listen();
    return proxy;
  }

  /** Listens, on the port that it had before. */
  async listen(): Promise<void> {
    const port = this.url === "" ? 0 : Number(new URL(this.url).port);
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, this.#host, resolve);
    });
    const address = this.#server.address();
    if (address !== null && typeof address === "object") this.url = `http://${this.#host}:${address.port}`;
  }

  /** Refuses connections until {@link listen}; those that stand are reset. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Does this to the next requests whose line begins with `what` (`PUT /v2/apps/web`). */
  next(what: string, fault: Fault, times = 1): void {
    this.#plans.push({ matches: (line) => line.startsWith(what), fault, times });
  }

  /** Does this to every request whose line matches, until {@link heal}; with `after` not before such a line has passed. */
  always(what: RegExp, fault: Fault, after?: string): void {
    const matches = (line: string): boolean =>
      what.test(line) && (after === undefined || this.passed.includes(after));
    this.#plans.push({ matches, fault, times: Number.POSITIVE_INFINITY });
  }

  /** Nothing is hurt any more; what hangs is reset. */
  heal(): void {
    this.#plans = [];
    for (const response of this.#open) response.destroy();
  }

  /** Forgets what came and what was planned. */
  reset(): void {
    this.heal();
    this.passed.length = 0;
    this.came.length = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${(request.url ?? "").replace(/\?.*/, "")}`;
    this.came.push(line);
    this.#open.add(response);
    response.on("close", () => this.#open.delete(response));
    const body = await bodyOf(request);
    const plan = this.#plans.find(({ matches, times }) => times > 0 && matches(line));
    if (plan !== undefined) plan.times -= 1;
    const fault = plan?.fault;
    if (fault === "silent") return;
    if (fault === "reset before") return void response.socket?.resetAndDestroy();
    if (fault === "half-open") {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      return response.flushHeaders();
    }
    if (typeof fault === "object" && "answer" in fault) return send(response, fault.answer, fault);
    if (typeof fault === "object" && "slowMs" in fault) await delay(fault.slowMs);
    this.passed.push(line);
    this.#pass(request, line, body, response, fault);
  }

  /** Whether requests such as this one are answered by silence, and so streams that stand tell nothing either. */
  #isMute(line: string): boolean {
    return this.#plans.some(({ matches, fault, times }) => fault === "silent" && times > 0 && matches(line));
  }

  #pass(
    request: IncomingMessage,
    line: string,
    body: Buffer,
    response: ServerResponse,
    fault: Fault | undefined,
  ): void {
    const headers = { ...request.headers, connection: "close" };
    const { method } = request;
    const outgoing = http.request(new URL(request.url ?? "", this.#target()), {
      method,
      headers,
      agent: false,
    });
    outgoing.on("error", () => send(response, 502, { body: "<h1>502 Bad Gateway</h1>" }));
    outgoing.on("response", (incoming) => {
      if (fault === undefined || (typeof fault === "object" && "slowMs" in fault)) {
        response.writeHead(incoming.statusCode ?? 502, incoming.headers);
        response.flushHeaders();
        incoming.on("error", () => response.destroy());
        if (line !== "GET /v2/events") return void incoming.pipe(response);
        incoming.on("data", (chunk) => this.#isMute(line) || response.write(chunk));
        return void incoming.on("end", () => response.end());
      }
      void bodyOf(incoming).then((whole) => hurt(response, incoming, whole, fault));
    });
    response.on("close", () => outgoing.destroy());
    outgoing.end(body);
  }
}

/** Answers with less than Marathon did. */
function hurt(response: ServerResponse, incoming: IncomingMessage, whole: Buffer, fault: Fault): void {
  const status = incoming.statusCode ?? 502;
  const half = whole.subarray(0, Math.floor(whole.length / 2));
  if (typeof fault === "object" && "after" in fault) {
    send(response, fault.after, fault);
  } else if (fault === "half") {
    // Without the headers, as a cache or a proxy that lost the rest would answer.
    send(response, status, { body: half.toString(), type: "application/json" });
  } else if (fault === "torn") {
    response.writeHead(status, { "Content-Type": "application/json", "Content-Length": whole.length + 1 });
    response.write(half, () => response.socket?.resetAndDestroy());
  } else {
    response.socket?.resetAndDestroy();
  }
}

function send(response: ServerResponse, status: number, o: { body: string; type?: string }): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  response.writeHead(status, { "Content-Type": o.type ?? "text/html" }).end(o.body);
}

async function bodyOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {
    // The other end is gone: what came so far is what there is.
  }
  return Buffer.concat(chunks);
}
