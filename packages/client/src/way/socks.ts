// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { type HostPort, messageOf } from "@pulumi-mesos/model";
import { unlessAborted } from "../clock";
import { AccessError, isAccessFault } from "../errors";
import type { Way } from "./way";

/** What a proxy answers about an address, as a connection of this machine's own would fail. */
const failures: Readonly<Record<string, string>> = {
  ConnectionRefused: "ECONNREFUSED",
  HostUnreachable: "EHOSTUNREACH",
  NetworkUnreachable: "ENETUNREACH",
};

/** Through a SOCKS 5 proxy that runs already. */
export class SocksWay implements Way {
  readonly #proxy: HostPort;

  constructor({ host, port }: HostPort) {
    this.#proxy = { host, port };
  }

  async open(signal: AbortSignal): Promise<void> {
    const socket = await unlessAborted(connected(this.#proxy), signal);
    socket.destroy();
  }

  async connect(to: HostPort): Promise<Socket> {
    try {
      return await throughSocks(this.#proxy, to);
    } catch (error) {
      if (isAccessFault(error)) throw error;
      const answer = / - (\w+)$/.exec(messageOf(error))?.[1] ?? "";
      const code = failures[answer];
      const [where, via] = [to, this.#proxy].map(({ host, port }) => `${host}:${port}`);
      if (code === undefined) {
        const why = `opens no connection to ${where} (${messageOf(error)})`;
        throw new AccessError(`access: the SOCKS proxy at ${via} ${why}`, true, error);
      }
      throw Object.assign(new Error(`connect ${code} ${where} through ${via}`), { code });
    }
  }
}

/**
 * A connection to `to` through the proxy that listens at `proxy`, which may be a path. Fails with `MESOS_CLIENT_ACCESS` where
 * nothing listens, and as the library does where the proxy makes no connection.
 */
export async function throughSocks(proxy: NetConnectOpts, to: HostPort): Promise<Socket> {
  const socket = await connected(proxy);
  const { SocksClient } = require("socks") as typeof import("socks");
  try {
    await SocksClient.createConnection({
      // Where it is says nothing, because the connection to it stands.
      proxy: { host: "proxy", port: 1, type: 5 },
      command: "connect",
      destination: { host: to.host, port: to.port },
      existing_socket: socket,
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function connected(proxy: NetConnectOpts): Promise<Socket> {
  const socket = connect(proxy);
  try {
    await once(socket, "connect");
    return socket;
  } catch (error) {
    socket.destroy();
    throw new AccessError(
      `access: no SOCKS proxy listens at ${at(proxy)} (${messageOf(error)})`,
      true,
      error,
    );
  }
}

function at(proxy: NetConnectOpts): string {
  return "path" in proxy ? proxy.path : `${proxy.host}:${proxy.port}`;
}
