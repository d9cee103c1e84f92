// SPDX-License-Identifier: Apache-2.0
import { Agent, type ClientRequestArgs } from "node:http";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isMesosError, MesosError } from "@pulumi-mesos/model";

interface Connection {
  readonly from: string;
  readonly to: string | undefined;
  readonly socket: Socket;
}

/** The connections between the members of a cluster in one process: who calls whom, and who may not. */
export class Network {
  readonly #members = new Map<string, string>();
  readonly #connections = new Set<Connection>();
  readonly #cuts = new Set<string>();

  /** `address` (host:port) is `member`'s from now on. */
  name(address: string, member: string): void {
    this.#members.set(address, member);
  }

  /** A member's own way out. */
  dialOf(member: string): Agent {
    return new MemberDial(this, member);
  }

  /** Ends what is open between `a` and `b` and refuses it from now on; without `b`: between `a` and everybody. */
  cut(a: string, b: string | undefined): void {
    this.#cuts.add(keyOf(a, b));
    this.#drop(({ from, to }) => to !== undefined && this.#isCut(from, to));
  }

  heal(): void {
    this.#cuts.clear();
  }

  /** Ends every connection from and to a member, as its death does. */
  drop(member: string): void {
    this.#drop(({ from, to }) => from === member || to === member);
  }

  /** Holds, or lets go again, what a member receives on the connections that it made. */
  hold(member: string, held: boolean): void {
    for (const { from, socket } of this.#connections) {
      if (from !== member) continue;
      if (held) socket.pause();
      else socket.resume();
    }
  }

  /** Bytes that have gone over all connections that are open: when it stands still, nothing is under way. */
  get traffic(): number {
    let bytes = this.#connections.size;
    for (const { socket } of this.#connections) bytes += socket.bytesRead + socket.bytesWritten;
    return bytes;
  }

  open(from: string, host: string, port: number): Socket {
    const to = this.#members.get(`${host}:${port}`);
    if (to !== undefined && this.#isCut(from, to)) {
      throw new MesosError("MESOS_SIMULATOR_KIT_PARTED", `${from} and ${to} are parted`, { retryable: true });
    }
    const socket = connect({ host, port, noDelay: true });
    const connection = { from, to, socket };
    this.#connections.add(connection);
    socket.once("close", () => this.#connections.delete(connection));
    return socket;
  }

  #isCut(a: string, b: string): boolean {
    if (a === b) return false;
    return [keyOf(a, b), keyOf(a, undefined), keyOf(b, undefined)].some((key) => this.#cuts.has(key));
  }

  #drop(which: (connection: Connection) => boolean): void {
    for (const connection of [...this.#connections]) if (which(connection)) connection.socket.destroy();
  }
}

function keyOf(a: string, b: string | undefined): string {
  return b === undefined ? a : [a, b].sort().join("|");
}

type Created = (error: Error | null, socket: Duplex) => void;

class MemberDial extends Agent {
  readonly #network: Network;
  readonly #member: string;

  constructor(network: Network, member: string) {
    super({ keepAlive: true, maxSockets: 16, scheduling: "lifo" });
    this.#network = network;
    this.#member = member;
  }

  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | undefined {
    try {
      return this.#network.open(this.#member, options.host ?? "127.0.0.1", Number(options.port));
    } catch (error) {
      if (!isMesosError(error) || created === undefined) throw error;
      created(error, undefined as unknown as Duplex); // as node does: the second argument counts without the first alone
      return undefined;
    }
  }
}
