// SPDX-License-Identifier: Apache-2.0
import * as http from "node:http";
import { MesosError } from "@pulumi-mesos/model";
import type { FastifyReply, FastifyRequest } from "fastify";
import { sendHtmlError } from "./html-error";
import { connectTls, type Keystore } from "./tls";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "upgrade",
  "te",
  "trailer",
  "proxy-connection",
]);

/** What is this server's own: `Origin` was held against its Host already, and is foreign to the leader's. */
const ownOfHop = new Set(["host", "content-length", "origin"]);

/** How a standby hands requests on. */
export interface ProxyOptions {
  /** host:port of this one, for `X-Marathon-Via`. */
  readonly own: string;
  readonly connectMs: number;
  readonly readMs: number;
  /** What requests go through; connections of its own where none is given. */
  readonly dial?: http.Agent;
  /** Given where members reach each other over TLS (`--disable_http`). */
  readonly keystore?: Keystore;
  /** `--leader_proxy_ssl_ignore_hostname`. */
  readonly ignoreHostname?: boolean;
}

/** True when this server sent the request on already. */
export function isLoop(request: FastifyRequest, own: string): boolean {
  const via = request.headers["x-marathon-via"];
  return (Array.isArray(via) ? via : [via ?? ""]).some((v) =>
    v.split(",").some((hop) => hop.trim() === viaOf(own)),
  );
}

function viaOf(own: string): string {
  return `1.1 ${own}`;
}

/** Sends the request to the leader and its answer back, headers included. */
export async function proxyToLeader(
  request: FastifyRequest,
  reply: FastifyReply,
  leader: string,
  options: ProxyOptions,
): Promise<void> {
  const headers: http.OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (!hopByHop.has(name) && !ownOfHop.has(name)) headers[name] = value;
  }
  const before = headers["x-marathon-via"];
  headers["x-marathon-via"] =
    before === undefined ? viaOf(options.own) : `${String(before)}, ${viaOf(options.own)}`;
  headers["x-forwarded-for"] = [headers["x-forwarded-for"], request.ip]
    .filter((v) => v !== undefined)
    .join(", ");
  const body = Buffer.isBuffer(request.body) ? request.body : undefined;
  if (body !== undefined) headers["content-length"] = body.length;
  let response: http.IncomingMessage;
  try {
    response = await send(leader, request.url, request.method, headers, body, options);
  } catch (error) {
    if (error instanceof ReadTimeout) await sendHtmlError(request, reply, 500, "Server Error");
    else await refuse(request, reply, refusedBecause(error));
    return;
  }
  reply.code(response.statusCode ?? 502);
  for (const [name, value] of Object.entries(response.headers)) {
    if (!hopByHop.has(name) && value !== undefined) reply.header(name, value);
  }
  reply.header("x-marathon-via", viaOf(options.own));
  await reply.send(response);
}

/** The leader took the request, but said nothing for as long as `--leader_proxy_read_timeout`. */
class ReadTimeout extends MesosError {
  constructor() {
    super("MESOS_SIMULATOR_PROXY", "the leader said nothing");
  }
}

/** Marathon's words, also where the connection broke later; what is wrong with a certificate is said, too. */
function refusedBecause(error: unknown): string {
  const refused = "Connection to leader refused.";
  return error instanceof MesosError && error.code === "MESOS_SIMULATOR_PROXY" && error.retryable
    ? `${refused} ${error.message}`
    : refused;
}

async function send(
  leader: string,
  path: string,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body: Buffer | undefined,
  options: ProxyOptions,
): Promise<http.IncomingMessage> {
  const { connectMs: timeoutMs, readMs, ignoreHostname = false, keystore } = options;
  const { hostname, port } = new URL(`https://${leader}`);
  const address = hostname.replace(/^\[(.*)\]$/, "$1");
  const secured =
    keystore === undefined
      ? undefined
      : await connectTls(address, Number(port || 443), keystore, { timeoutMs, ignoreHostname });
  return await new Promise((resolve, reject) => {
    const to = { method, headers: { ...headers, host: leader } };
    const request = http.request(`http://${leader}${path}`, {
      ...to,
      ...(secured === undefined ? { agent: options.dial ?? false } : { createConnection: () => secured }),
    });
    if (secured === undefined) {
      request.setTimeout(timeoutMs);
      request.once("socket", (socket) => {
        // A connection that is used again is open already.
        if (socket.connecting) socket.once("connect", () => request.setTimeout(readMs));
        else request.setTimeout(readMs);
      });
    } else {
      request.setTimeout(readMs);
    }
    request.once("timeout", () => {
      const open = request.socket?.connecting === false;
      request.destroy(open ? new ReadTimeout() : new MesosError("MESOS_SIMULATOR_PROXY", "timeout"));
    });
    request.once("error", reject);
    request.once("response", resolve);
    request.end(body);
  });
}

/** 502 as Jetty answers it: HTML. */
export async function refuse(request: FastifyRequest, reply: FastifyReply, message: string): Promise<void> {
  await sendHtmlError(request, reply, 502, message);
}
