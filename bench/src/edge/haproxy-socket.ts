// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";

/** One command to the newest worker of the HAProxy in `directory`. */
export function haproxy(directory: string, command: string): Promise<string> {
  const generations = readdirSync(directory).flatMap((name) => /^worker-(\d+)\.sock$/.exec(name)?.[1] ?? []);
  const newest = Math.max(...generations.map(Number));
  return new Promise((resolve, reject) => {
    const socket = connect(path.join(directory, `worker-${newest}.sock`));
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.once("error", reject);
    socket.once("end", () => resolve(answer));
    socket.once("connect", () => socket.write(`${command}\n`));
  });
}

/** Pid of the worker that takes connections now. */
export async function workerPid(directory: string): Promise<number> {
  return Number(/^Pid: (\d+)$/m.exec(await haproxy(directory, "show info"))?.[1]);
}

/** A server as `show servers state` tells of it. */
export interface Server {
  readonly backend: string;
  readonly name: string;
  /** Address and port. */
  readonly at: string;
  /** Whether no task has it. */
  readonly isFree: boolean;
  /** Whether it takes requests. */
  readonly isUp: boolean;
}

/** The servers of a backend, or of all. */
export async function servers(directory: string, backend = ""): Promise<Server[]> {
  const lines = (await haproxy(directory, `show servers state ${backend}`)).split("\n");
  const columns =
    lines
      .find((line) => line.startsWith("# "))
      ?.slice(2)
      .split(" ") ?? [];
  return lines
    .filter((line) => /^\d+ /.test(line))
    .map((line) => {
      const row = line.split(" ");
      const column = (name: string): string => row[columns.indexOf(name)] ?? "";
      return {
        backend: column("be_name"),
        name: column("srv_name"),
        at: `${column("srv_addr")}:${column("srv_port")}`,
        isFree: (Number(column("srv_admin_state")) & 1) !== 0,
        isUp: column("srv_op_state") === "2" && column("srv_admin_state") === "0",
      };
    });
}

/** Names of the backends with a server that `isMeant`. */
export async function serversThat(
  directory: string,
  isMeant: (server: Server) => boolean,
): Promise<string[]> {
  return (await servers(directory)).filter(isMeant).map((server) => server.backend);
}
