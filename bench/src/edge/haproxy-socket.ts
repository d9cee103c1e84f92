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

/** The servers of a backend: name, address with port, and whether it takes requests. */
export async function servers(
  directory: string,
  backend: string,
): Promise<{ name: string; at: string; isFree: boolean }[]> {
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
      const isFree = (Number(column("srv_admin_state")) & 1) !== 0;
      return { name: column("srv_name"), at: `${column("srv_addr")}:${column("srv_port")}`, isFree };
    });
}
