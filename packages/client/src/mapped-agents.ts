// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions, type RequestOptions } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import { type HostPort, type MemberAddress, mapOfMembers, throughMap } from "@pulumi-mesos/model";
import type { Agents } from "./http";
import type { Reach, Way } from "./way/way";

/** Connects as `reach` says: requests, their names and certificates know nothing of it. */
export function agentsThrough(reach: Reach, o: HttpsAgentOptions = {}): Agents {
  if (reach.addressMap === undefined && reach.way === undefined) {
    return { httpAgent: new HttpAgent(o), httpsAgent: new HttpsAgent(o) };
  }
  return { httpAgent: new ReachingHttpAgent(reach, o), httpsAgent: new ReachingHttpsAgent(reach, o) };
}

/** Connects to one member; undefined where it is reached straight at its own address. */
export function agentsOf(member: MemberAddress, way: Way | undefined): Agents | undefined {
  const reach = { addressMap: mapOfMembers([member]), way };
  return reach.addressMap === undefined && way === undefined ? undefined : agentsThrough(reach);
}

/** What an agent is asked to connect to. */
interface Destination {
  readonly host?: string | null | undefined;
  readonly port?: string | number | null | undefined;
}
type Done = Parameters<HttpAgent["createConnection"]>[1];

function moved({ host, port }: Destination, { addressMap }: Reach): HostPort {
  return throughMap({ host: host ?? "localhost", port: Number(port) }, addressMap);
}

/** Hands over the connection by the way once it stands, as agents may. */
function byWay(way: Way, to: HostPort, use: (socket: Socket) => Duplex, done: Done): undefined {
  // Whoever fails hands over no stream.
  const failed = (error: Error): void => done?.(error, undefined as unknown as Duplex);
  way.connect(to).then((socket) => done?.(null, use(socket)), failed);
}

class ReachingHttpAgent extends HttpAgent {
  readonly #reach: Reach;

  constructor(reach: Reach, o: HttpAgentOptions) {
    super(o);
    this.#reach = reach;
  }

  override createConnection(...[o, done]: Parameters<HttpAgent["createConnection"]>) {
    const to = moved(o, this.#reach);
    if (this.#reach.way !== undefined) return byWay(this.#reach.way, to, (socket) => socket, done);
    return super.createConnection({ ...o, ...to }, done);
  }
}

class ReachingHttpsAgent extends HttpsAgent {
  readonly #reach: Reach;

  constructor(reach: Reach, o: HttpsAgentOptions) {
    super(o);
    this.#reach = reach;
  }

  override createConnection(...[o, done]: Parameters<HttpAgent["createConnection"]>) {
    const name = o.host ?? "localhost";
    const to = moved(o, this.#reach);
    const named = {
      ...o,
      checkServerIdentity: (_: string, certificate: PeerCertificate) =>
        checkServerIdentity(name, certificate),
    };
    if (this.#reach.way !== undefined) {
      // TLS takes the connection that is there.
      const over = (socket: Socket): RequestOptions & { socket: Socket } => ({ ...named, socket });
      const secure = (socket: Socket): Duplex => super.createConnection(over(socket)) as Duplex;
      return byWay(this.#reach.way, to, secure, done);
    }
    return super.createConnection({ ...named, ...to }, done);
  }
}
