// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { unlessGone } from "@pulumi-mesos/model";

/** A process of this machine as /proc shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly argv: readonly string[];
  readonly environ: readonly string[];
}

function read(file: string): string | undefined {
  return unlessGone(() => readFileSync(file, "utf8"));
}

interface Relatives {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
}

/** Parent and session from /proc/PID/stat, whose second field may hold spaces and brackets. */
function relativesOf(pid: number): Relatives | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid, parent: Number(fields[1]), session: Number(fields[3]) };
}

/**
 * All processes whose arguments or environment mention `text`, with their children and the rest of their sessions
 * (nginx overwrites its environment), without this process and its own relatives.
 */
export function processesWith(text: string): ProcessEntry[] {
  const entries = new Map<number, ProcessEntry>();
  const relatives: Relatives[] = [];
  const found = new Set<number>();
  const own = relativesOf(process.pid)?.session;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const cmdline = read(`/proc/${pid}/cmdline`);
    const environ = read(`/proc/${pid}/environ`);
    const relative = relativesOf(pid);
    if (cmdline === undefined || environ === undefined || relative === undefined) continue;
    entries.set(pid, {
      pid,
      parent: relative.parent,
      argv: cmdline.split("\0").slice(0, -1),
      environ: environ.split("\0").slice(0, -1),
    });
    relatives.push(relative);
    if (cmdline.includes(text) || environ.includes(text)) found.add(pid);
  }
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    const sessions = new Set(
      relatives.filter((r) => found.has(r.pid) && r.session !== own).map((r) => r.session),
    );
    for (const { pid, parent, session } of relatives) {
      if (found.has(parent) || sessions.has(session)) found.add(pid);
    }
  }
  return [...entries.values()].filter(({ pid }) => found.has(pid));
}

/** Kills processes with SIGKILL; gone already is success. */
export function killAll(processes: readonly ProcessEntry[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Where something listens, by the lines of /proc/net/tcp and /proc/net/tcp6: the address as they write it, and the port. */
export function listening(lines: readonly string[]): { readonly address: string; readonly port: number }[] {
  return lines.flatMap((line) => {
    const [, address = "", port] = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A /.exec(line) ?? [];
    return port === undefined ? [] : [{ address, port: Number.parseInt(port, 16) }];
  });
}

/** The IPv4 address in a field of /proc/net/tcp or, mapped, of /proc/net/tcp6; undefined for any other. */
export function ipv4Of(hex: string): number[] | undefined {
  if (hex.length === 32 && !hex.startsWith("0000000000000000FFFF0000")) return undefined;
  return [...Buffer.from(hex.slice(-8), "hex")].reverse();
}

/** `host:port` of every TCP listener of this machine in 127.x/8 with the given second octet. */
export function listenersIn(octet: number): string[] {
  // Java listens on sockets that serve both families.
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => (read(file) ?? "").split("\n"));
  return listening(lines).flatMap(({ address, port }) => {
    const octets = ipv4Of(address);
    return octets?.[0] === 127 && octets[1] === octet ? [`${octets.join(".")}:${port}`] : [];
  });
}
