// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { join as joined, socketOf } from "./desktop-ports";

/**
 * A machine as one with Docker Desktop: a network of its own with nothing but a loopback, on which the ports answer that are published on
 * the Docker host's. What runs there reaches no container at its address.
 */
export class Desktop {
  readonly #directory: string;
  readonly #servers: readonly Server[];
  readonly #machine: ChildProcess;

  private constructor(directory: string, servers: readonly Server[], machine: ChildProcess) {
    this.#directory = directory;
    this.#servers = servers;
    this.#machine = machine;
  }

  /** Makes it; only root can. */
  static async create(ports: readonly number[]): Promise<Desktop> {
    const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-desktop-"));
    const servers = ports.map((port) =>
      createServer((socket) => joined(socket, connect({ host: "127.0.0.1", port }))).listen(
        socketOf(directory, port),
      ),
    );
    await Promise.all(servers.map((server) => once(server, "listening")));
    const inside = [
      process.execPath,
      path.join(__dirname, "desktop-ports.js"),
      directory,
      ...ports.map(String),
    ];
    const script = 'PATH="$PATH:/usr/sbin:/sbin"; ip link set lo up && exec "$@"';
    const machine = spawn("unshare", ["--net", "sh", "-c", script, "sh", ...inside], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const desktop = new Desktop(directory, servers, machine);
    const ended = once(machine, "exit").then(([code]) => {
      throw new Error(`a network of its own cannot be had: unshare exited with ${code}`);
    });
    await Promise.race([once(machine.stdout ?? machine, "data"), ended]);
    // What comes later is the end that close asks for.
    ended.catch(() => undefined);
    return desktop;
  }

  /** The words before a command that is to run there. */
  get enter(): readonly string[] {
    return ["nsenter", `--net=/proc/${this.#machine.pid}/ns/net`, "--"];
  }

  async close(): Promise<void> {
    if (this.#machine.exitCode === null && this.#machine.signalCode === null) {
      const ended = once(this.#machine, "exit");
      this.#machine.kill();
      await ended;
    }
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
