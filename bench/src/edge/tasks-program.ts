// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { monotonicMs, serve } from "./child";

/** One task: its name is `<app>.<number>`. */
export interface TaskPlace {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** When a task got requests since it was last watched. */
export interface Seen {
  readonly first?: number;
  readonly last?: number;
}

interface Task {
  readonly server: Server;
  /** Open connections, and whether each is in the middle of a request. */
  readonly sockets: Map<Socket, boolean>;
  ending: boolean;
}

/** How long a task takes for one request. */
const serviceMs = 25;

const tasks = new Map<string, Task>();
const owners = new WeakMap<Socket, string>();
const seen = new Map<string, { first?: number; last?: number }>();

/** All tasks share one HTTP server behind their own listeners. */
const http = createHttpServer((request, response) => {
  const name = owners.get(request.socket) ?? "";
  const task = tasks.get(name);
  if (request.url === "/health") {
    response.end("ok");
    return;
  }
  const watched = seen.get(name);
  if (watched) {
    watched.last = monotonicMs();
    watched.first ??= watched.last;
  }
  task?.sockets.set(request.socket, true);
  setTimeout(() => {
    if (task?.ending) response.setHeader("connection", "close");
    response.end(name, () => {
      if (task?.sockets.has(request.socket)) task.sockets.set(request.socket, false);
    });
  }, serviceMs);
});

async function start(places: readonly TaskPlace[]): Promise<void> {
  for (const { name, host, port } of places) {
    const sockets = new Map<Socket, boolean>();
    const server = createServer((socket) => {
      owners.set(socket, name);
      sockets.set(socket, false);
      socket.once("close", () => sockets.delete(socket));
      http.emit("connection", socket);
    });
    tasks.set(name, { server, sockets, ending: false });
    server.listen(port, host, 511);
    await once(server, "listening");
  }
}

/** Ends a task as a good program does on SIGTERM: no new connections, idle ones closed, requests finished. */
function end(name: string): void {
  const task = tasks.get(name);
  if (!task) return;
  task.ending = true;
  task.server.close();
  for (const [socket, isBusy] of task.sockets) if (!isBusy) socket.end();
}

/** Ends a task as kill -9 does. */
function kill(name: string): void {
  const task = tasks.get(name);
  if (!task) return;
  task.server.close();
  for (const socket of task.sockets.keys()) socket.resetAndDestroy();
  tasks.delete(name);
}

const handlers = {
  start,
  end,
  kill,
  watch: (name: string): void => void seen.set(name, {}),
  seen: (name: string): Seen => seen.get(name) ?? {},
};
export type TasksCalls = typeof handlers;

serve(handlers);
