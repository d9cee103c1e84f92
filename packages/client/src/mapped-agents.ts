// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent, type AgentOptions as HttpAgentOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsAgentOptions } from "node:https";
import { checkServerIdentity } from "node:tls";
import { type AddressMap, type MemberAddress, mapOfMembers, throughMap } from "@pulumi-mesos/model";
import type { Agents } from "./http";

/** Connects through an address map, where there is one: requests, their names and certificates know nothing of it. */
export function agentsThrough(map: AddressMap | undefined, o: HttpsAgentOptions = {}): Agents {
  if (map === undefined) return { httpAgent: new HttpAgent(o), httpsAgent: new HttpsAgent(o) };
  return { httpAgent: new MappedHttpAgent(map, o), httpsAgent: new MappedHttpsAgent(map, o) };
}

/** Connects to one member, where this machine reaches it elsewhere; undefined where it is reached at its own address. */
export function agentsOf(member: MemberAddress): Agents | undefined {
  const map = mapOfMembers([member]);
  return map && agentsThrough(map);
}

/** What an agent is asked to connect to. */
interface Destination {
  readonly host?: string | null | undefined;
  readonly port?: string | number | null | undefined;
}

function moved({ host, port }: Destination, map: AddressMap): { host: string; port: number } {
  return throughMap({ host: host ?? "localhost", port: Number(port) }, map);
}

class MappedHttpAgent extends HttpAgent {
  readonly #map: AddressMap;

  constructor(map: AddressMap, o: HttpAgentOptions) {
    super(o);
    this.#map = map;
  }

  override createConnection(...[o, done]: Parameters<HttpAgent["createConnection"]>) {
    return super.createConnection({ ...o, ...moved(o, this.#map) }, done);
  }
}

class MappedHttpsAgent extends HttpsAgent {
  readonly #map: AddressMap;

  constructor(map: AddressMap, o: HttpsAgentOptions) {
    super(o);
    this.#map = map;
  }

  override createConnection(...[o, done]: Parameters<HttpsAgent["createConnection"]>) {
    const name = o.host ?? "localhost";
    return super.createConnection(
      {
        ...o,
        ...moved(o, this.#map),
        checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
      },
      done,
    );
  }
}
