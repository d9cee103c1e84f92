// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer, isIP } from "node:net";
import { basename, dirname, join } from "node:path";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { isGone, type Stat, statOf } from "./identity";
import { markOf, processes } from "./marked";

/** A TCP address that must be free. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

/**
 * Says of every address that cannot be listened on who holds it: `127.0.0.1:80 is held by nginx (pid 7)`. `own` is the
 * directory of a record: what carries its mark may hold them, because it was left running for the program to find
 * again, as HAProxy is for the edge.
 *
 * @throws MesosError `MESOS_PROCESS_ADDRESS` for an address that this machine does not have.
 */
export async function takenOf(listens: readonly Listen[], own?: string): Promise<string[]> {
  const taken: string[] = [];
  for (const listen of listens) {
    const code = await tryListen(listen);
    if (code === undefined) continue;
    if (code.code === "EADDRINUSE") {
      taken.push(...holderInWords(listen, listeningSockets(listen), own));
      continue;
    }
    if (code.code === "EACCES") continue; // A privileged port: the program may be allowed what we are not.
    throw new MesosError(
      "MESOS_PROCESS_ADDRESS",
      `${listen.host}:${listen.port}: this machine cannot listen there: ${messageOf(code)}`,
      { cause: code },
    );
  }
  return taken;
}

/**
 * Says the same of the addresses that somebody listens on now. Nothing is tried, so a program that is just about to
 * listen there is not disturbed.
 */
export function heldOf(listens: readonly Listen[], own: string): string[] {
  return listens.flatMap((listen) => {
    const inodes = listeningSockets(listen);
    return inodes.size === 0 ? [] : holderInWords(listen, inodes, own);
  });
}

function holderInWords(listen: Listen, inodes: ReadonlySet<string>, own: string | undefined): string[] {
  const holder = processes().find((p) => holdsOneOf(p.pid, inodes));
  if (own !== undefined && holder !== undefined && markOf(holder.pid) === own) return [];
  return [`${listen.host}:${listen.port} is held by ${describe(holder)}`];
}

function tryListen(listen: Listen): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error));
    server.listen({ host: listen.host, port: listen.port, exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

/** A holder in words: `java (pid 123)`, with the record's name when it is a process of ours. */
function describe(holder: Stat | undefined): string {
  if (holder === undefined)
    return "a process that cannot be seen from here (another user's, or it has just ended)";
  // The name may have come since the list was made: a program that has just been started still bears its parent's.
  return `${statOf(holder.pid)?.comm ?? holder.comm} (pid ${holder.pid}${ownerOf(markOf(holder.pid))})`;
}

/** `, process zk-1 of demo/dev` for a mark `…/demo/dev/processes/zk-1`. */
function ownerOf(mark: string): string {
  if (basename(dirname(mark)) !== "processes") return "";
  const stack = dirname(dirname(mark));
  return `, process ${basename(mark)} of stack ${basename(dirname(stack))}/${basename(stack)}`;
}

function listeningSockets(listen: Listen): Set<string> {
  const inodes = new Set<string>();
  for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const socket of parseSockets(readOrEmpty(file))) {
      const anywhere = socket.host === "0.0.0.0" || socket.host === "::" || listen.host === "0.0.0.0";
      const same = socket.host === listen.host || anywhere || isIP(listen.host) === 0;
      if (socket.port === listen.port && same) inodes.add(socket.inode);
    }
  }
  return inodes;
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (isGone(error)) return ""; // A kernel without IPv6 has no /proc/net/tcp6.
    throw error;
  }
}

/** The listening sockets of `/proc/net/tcp` or `tcp6`; an IPv4 address mapped into IPv6 counts as IPv4. */
export function parseSockets(text: string): { host: string; port: number; inode: string }[] {
  return text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === "0A")
    .map((fields) => {
      const [host = "", port = ""] = (fields[1] ?? "").split(":");
      return { host: hostOf(host), port: Number.parseInt(port, 16), inode: fields[9] ?? "" };
    });
}

/** Words of 32 bits in the machine's order, which is little-endian wherever Node runs on Linux but s390x. */
function hostOf(hex: string): string {
  const bytes = [...hex.matchAll(/.{8}/g)].flatMap(([word]) => [...Buffer.from(word, "hex")].reverse());
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.every((b) => b === 0)) return "::";
  const mapped = bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  if (mapped) return bytes.slice(12).join(".");
  return [...Buffer.from(bytes).toString("hex").matchAll(/.{4}/g)].map(([group]) => group).join(":");
}

function holdsOneOf(pid: number, inodes: ReadonlySet<string>): boolean {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).some((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(join(directory, fd)))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch (error) {
    if (isGone(error)) return false;
    throw error;
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isGone(error)) return "";
    throw error;
  }
}
