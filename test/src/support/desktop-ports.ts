// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";

/** The way out of the network, which paths of the file system are common to. */
export function socketOf(directory: string, port: number): string {
  return path.join(directory, `${port}.sock`);
}

/** Hands on what each side says, until either ends. */
export function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on("error", () => to.destroy()).on("close", () => to.destroy());
    from.pipe(to);
  }
}

function handOut(socket: Socket, way: string): void {
  const out = connect(way);
  // Nobody has published the port, or what is behind it does not run.
  out.on("close", () => out.bytesRead === 0 && socket.resetAndDestroy());
  join(socket, out);
}

/** Run as a program in the network: takes connections to each port on loopback and hands them out. */
async function main(directory: string, ports: readonly number[]): Promise<void> {
  const servers = ports.map((port) =>
    createServer((socket) => handOut(socket, socketOf(directory, port))).listen(port, "127.0.0.1"),
  );
  await Promise.all(servers.map((server) => once(server, "listening")));
  process.stdout.write("ready\n");
}

if (require.main === module) {
  const [directory = "", ...ports] = process.argv.slice(2);
  main(directory, ports.map(Number)).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  });
}
