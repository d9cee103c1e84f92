// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { type Agent, request } from "node:https";
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { type Answer, type AskOptions, exchange } from "./edge-bench.test.support";

/** What a handshake found. */
export interface Handshake {
  /** Common name of the certificate. */
  readonly name: string | undefined;
  readonly fingerprint: string;
  readonly protocol: string | null;
  /** Chosen by ALPN. */
  readonly alpn: string | false | null;
}

/** Shakes hands with `host:port`; `servername` is sent as SNI, none when it is empty. */
export async function handshake(
  host: string,
  port: number,
  servername = "",
  more: ConnectionOptions = {},
): Promise<Handshake> {
  const options = { host, port, servername, rejectUnauthorized: false, ...more };
  const socket = connect({ ALPNProtocols: ["h2", "http/1.1"], ...options });
  await once(socket, "secureConnect");
  const { subject, fingerprint256 } = socket.getPeerCertificate() as PeerCertificate;
  const found = {
    name: subject?.CN === undefined ? undefined : String(subject.CN),
    fingerprint: fingerprint256,
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol,
  };
  socket.destroy();
  return found;
}

/** One request over TLS; `Host` and SNI are `name`. On a connection of its own without an `agent`. */
export function askTls(
  at: { host: string; port: number },
  name: string,
  path: string,
  { method = "GET", headers = {}, agent }: AskOptions & { readonly agent?: Agent } = {},
): Promise<Answer> {
  const tls = { servername: name, agent: agent ?? (false as const), rejectUnauthorized: false };
  return exchange(request, { ...at, path, method, headers: { host: name, ...headers }, ...tls });
}
