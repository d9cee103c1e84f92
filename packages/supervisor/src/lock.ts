// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { delay } from "./clock";

/**
 * Runs `action` while no other process of this machine does so for the same directory.
 *
 * The lock is a listening socket in Linux's abstract namespace: the kernel frees it with its holder, however that one
 * dies, so it is never stale and never held by a recycled pid. Its holder tells its pid to whoever connects.
 */
export async function withLock<T>(
  directory: string,
  o: { readonly signal: AbortSignal; readonly progress?: (line: string) => void },
  action: () => Promise<T>,
): Promise<T> {
  const digest = createHash("sha256").update(directory).digest("hex").slice(0, 40);
  const path = `\0pulumi-mesos/${process.getuid?.() ?? 0}/${digest}`;
  let told = false;
  for (;;) {
    o.signal.throwIfAborted();
    const server = await hold(path);
    if (server !== undefined) {
      try {
        return await action();
      } finally {
        await release(server);
      }
    }
    const say = told ? undefined : o.progress;
    told = true;
    await holderLeaves(path, o.signal, (pid) => say?.(`waiting for pid ${pid}, which works on ${directory}`));
  }
}

const waiting = new WeakMap<Server, Set<{ destroy(): void }>>();

function hold(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const sockets = new Set<{ destroy(): void }>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.resume();
      socket.write(`${process.pid}\n`);
    });
    waiting.set(server, sockets);
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else {
        reject(
          new MesosError("MESOS_PROCESS_LOCK", `cannot take a lock: ${messageOf(error)}`, { cause: error }),
        );
      }
    });
    server.listen({ path }, () => resolve(server));
  });
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of waiting.get(server) ?? []) socket.destroy();
  });
}

/** Resolves when the holder closes our connection, which its death does too. */
async function holderLeaves(path: string, signal: AbortSignal, told: (pid: string) => void): Promise<void> {
  const reached = await new Promise<boolean>((resolve, reject) => {
    let connected = false;
    const socket = connect({ path });
    const abort = (): void => {
      socket.destroy();
      reject(signal.reason);
    };
    signal.addEventListener("abort", abort, { once: true });
    socket.on("connect", () => {
      connected = true;
    });
    socket.on("data", (data) => told(String(data).trim()));
    // A refused or reset connection means that the holder has just left: the close that follows ends the wait.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      signal.removeEventListener("abort", abort);
      resolve(connected);
    });
  });
  if (!reached) await delay(10, signal);
}
