// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { isMesosError, MesosError } from "@pulumi-mesos/model";
import { type MapChange, type MapName, mapFile, mapNames, noMaps, type RouteMaps } from "../routing/maps";
import { socketName } from "../routing/render";
import { type Slot, type SlotChange, type SlotTable, slotName } from "../routing/slots";
import { parseStat, type StatRow } from "./stat";

/** What a worker says about itself. */
export interface WorkerInfo {
  readonly pid: number;
  readonly stopping: boolean;
  /** Empty when the worker is none of ours. */
  readonly shape: string;
}

/** The longest text sent at once; HAProxy's buffer has 16 KiB. */
const maxBatch = 8 << 10;

/**
 * Speaks with the workers of one HAProxy through the sockets in its directory.
 *
 * The directory is held open and sockets are reached through it, because a socket's path may have 107 bytes only.
 */
export class Runtime {
  readonly #directory: string;
  readonly #fd: number;
  /** Connections on which an answer is overdue, by generation. */
  readonly #owed = new Map<number, Set<Socket>>();

  constructor(directory: string) {
    this.#directory = directory;
    this.#fd = openSync(directory, "r");
  }

  close(): void {
    for (const generation of this.#owed.keys()) this.#giveUp(generation);
    closeSync(this.#fd);
  }

  /** Whether an answer is overdue: what became of its command is not known yet. */
  owes(generation: number): boolean {
    return this.#owed.has(generation);
  }

  /** Sends one line and returns the whole answer; fails at once while the worker {@link owes} an earlier one. */
  command(generation: number, line: string, timeoutMs = 2_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(
          new MesosError("MESOS_EDGE_RUNTIME_FAILED", `haproxy's worker ${generation} did not answer`, {
            cause,
            retryable: true,
          }),
        );
      if (this.owes(generation)) {
        return fail(new MesosError("MESOS_EDGE_TIMEOUT", "an earlier answer is overdue"));
      }
      const socket = connect(`/proc/self/fd/${this.#fd}/${socketName(generation)}`);
      const chunks: Buffer[] = [];
      socket.setTimeout(timeoutMs, () => {
        this.#overdue(generation, socket);
        fail(new MesosError("MESOS_EDGE_TIMEOUT", `no answer in ${timeoutMs} ms`));
      });
      socket.on("error", fail);
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      socket.on("connect", () => socket.write(`${line}\n`));
    });
  }

  /** A worker that wakes carries out what it was told, and one that has ended closes the connection. */
  #overdue(generation: number, socket: Socket): void {
    const owed = this.#owed.get(generation) ?? new Set();
    this.#owed.set(generation, owed.add(socket));
    socket.setTimeout(0);
    socket.once("close", () => {
      owed.delete(socket);
      if (owed.size === 0) this.#owed.delete(generation);
    });
  }

  #giveUp(generation: number): void {
    for (const socket of this.#owed.get(generation) ?? []) socket.destroy();
  }

  /** What the worker of a generation says, or nothing when it does not answer. */
  async info(generation: number): Promise<WorkerInfo | undefined> {
    try {
      return parseInfo(await this.command(generation, "show info"));
    } catch (error) {
      if (isMesosError(error)) return undefined;
      throw error;
    }
  }

  /** Pid of the worker of a generation when it runs with `shape` and takes connections. */
  async serving(generation: number, shape: string): Promise<number | undefined> {
    const info = await this.info(generation);
    return info?.shape === shape && !info.stopping ? info.pid : undefined;
  }

  /** Generations whose sockets exist, the newest first. */
  generations(): number[] {
    return readdirSync(this.#directory)
      .flatMap((name) => /^worker-(\d+)\.sock$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => b - a);
  }

  /** Removes the sockets of older generations, which no worker listens on any more. */
  async forget(current: number): Promise<void> {
    for (const generation of this.#owed.keys()) if (generation !== current) this.#giveUp(generation);
    for (const generation of this.generations().filter((g) => g !== current)) {
      await rm(join(this.#directory, socketName(generation)), { force: true });
    }
  }

  /** The slots as the worker has them. */
  async slots(generation: number): Promise<SlotTable> {
    return parseServers(await this.command(generation, "show servers state", 10_000));
  }

  /** The maps as the worker has them, in files below `directory`. */
  async maps(generation: number, directory: string): Promise<RouteMaps> {
    const read = async (name: MapName): Promise<[MapName, ReadonlyMap<string, string>]> => [
      name,
      parseMap(await this.command(generation, `show map ${join(directory, mapFile(name))}`, 10_000)),
    ];
    return { ...noMaps, ...Object.fromEntries(await Promise.all(mapNames.map(read))) };
  }

  /** What the worker has counted: of all backends, and of `shared` ones by server, too. */
  async stat(generation: number, shared: readonly string[]): Promise<StatRow[]> {
    const rows: StatRow[] = [];
    for (const line of batches(["show stat -1 2 -1", ...shared.map((name) => `show stat ${name} 4 -1`)]))
      rows.push(...parseStat(await this.command(generation, line, 10_000)));
    return rows;
  }

  /** Changes maps; returns what HAProxy refused. */
  async applyMaps(
    generation: number,
    directory: string,
    changes: readonly MapChange[],
  ): Promise<string | undefined> {
    return this.#send(
      generation,
      changes.map((change) => mapCommand(directory, change)),
    );
  }

  /** Makes `changes`; returns what HAProxy refused. */
  async apply(generation: number, changes: readonly SlotChange[]): Promise<string | undefined> {
    return this.#send(generation, changes.flatMap(commandsFor));
  }

  /** Has servers, given as `backend/server`, get no requests until their next check that succeeds. */
  async markDown(generation: number, servers: readonly string[]): Promise<void> {
    await this.#send(
      generation,
      servers.map((server) => `set server ${server} health down`),
    );
  }

  /** Ends whatever is under way with servers; what may be sent twice is sent elsewhere. */
  async endSessions(generation: number, servers: readonly string[]): Promise<void> {
    await this.#send(
      generation,
      servers.map((server) => `shutdown sessions server ${server}`),
    );
  }

  async #send(generation: number, commands: readonly string[]): Promise<string | undefined> {
    for (const batch of batches(commands)) {
      const refused =
        /^(No such|Invalid|Unknown|entry not|unable|Require|Permission|Can't|Error|'.*' expects).*$/m.exec(
          await this.command(generation, batch),
        );
      if (refused) return refused[0];
    }
    return undefined;
  }
}

/** The commands of one change. A slot is closed before it gets another address and opened after. */
export function commandsFor(change: SlotChange): string[] {
  const server = `${change.backend}/${slotName(change.slot)}`;
  return [
    ...(change.address
      ? [`set server ${server} addr ${change.address.address} port ${change.address.port}`]
      : []),
    ...(change.weight === undefined ? [] : [`set server ${server} weight ${change.weight}`]),
    `set server ${server} state ${change.state}`,
  ];
}

function mapCommand(directory: string, { map, key, backend, isNew }: MapChange): string {
  const file = join(directory, mapFile(map));
  if (backend === undefined) return `del map ${file} ${escaped(key)}`;
  return `${isNew ? "add" : "set"} map ${file} ${escaped(key)} ${backend}`;
}

/** One word of HAProxy's runtime language. */
function escaped(text: string): string {
  return text.replace(/[\\;<\s]/g, "\\$&");
}

/** Answer of `show map`: one line an entry, its address first. */
export function parseMap(text: string): ReadonlyMap<string, string> {
  const entries = text.split("\n").flatMap((line): [string, string][] => {
    const [, key, backend] = /^0x[0-9a-f]+ (\S+) (\S+)$/.exec(line) ?? [];
    return key !== undefined && backend !== undefined ? [[key, backend]] : [];
  });
  return new Map(entries);
}

/** Joins commands to lines of at most 8 KiB. */
export function batches(commands: readonly string[]): string[] {
  const lines: string[] = [];
  for (const command of commands) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + command.length < maxBatch)
      lines[lines.length - 1] = `${last};${command}`;
    else lines.push(command);
  }
  return lines;
}

export function parseInfo(text: string): WorkerInfo | undefined {
  const value = (key: string): string | undefined => new RegExp(`^${key}: (.*)$`, "m").exec(text)?.[1];
  const pid = Number(value("Pid"));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  const [, shape = ""] = /^mesos-edge (\S+) \d+$/.exec(value("description") ?? "") ?? [];
  return { pid, stopping: value("Stopping") === "1", shape };
}

export function parseServers(text: string): SlotTable {
  const lines = text.split("\n");
  const columns =
    lines
      .find((line) => line.startsWith("# "))
      ?.slice(2)
      .split(" ") ?? [];
  const column = (row: readonly string[], name: string): string => row[columns.indexOf(name)] ?? "";
  const table = new Map<string, Slot[]>();
  for (const line of lines) {
    const row = line.split(" ");
    const index = /^s(\d+)$/.exec(column(row, "srv_name"))?.[1];
    if (line.startsWith("#") || index === undefined) continue;
    const admin = Number(column(row, "srv_admin_state"));
    const slots = table.get(column(row, "be_name")) ?? [];
    const weight = Number(column(row, "srv_uweight"));
    slots[Number(index) - 1] = {
      address: column(row, "srv_addr"),
      port: Number(column(row, "srv_port")),
      state: (admin & 1) !== 0 ? "maint" : (admin & 8) !== 0 ? "drain" : "ready",
      ...(weight !== 1 && { weight }),
    };
    table.set(column(row, "be_name"), slots);
  }
  return table;
}
