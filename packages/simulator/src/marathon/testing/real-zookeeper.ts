// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";

/** The real ZooKeeper that `tools/` sets up, where there is one. */
export function zookeeperServer(): string | undefined {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "pulumi-mesos", "bin")];
  return directories
    .filter((d) => d !== "")
    .map((directory) => join(directory, "zookeeper-server"))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  }
}

/** Waits, with a bound, until `condition` holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  withinMs: number,
): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new MesosError("MESOS_SIMULATOR_TEST", `never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** One ZooKeeper server on an address of its own, with a quick tick. */
export class RealZooKeeper {
  readonly servers: string;
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(servers: string, directory: string, child: ChildProcess) {
    this.servers = servers;
    this.#directory = directory;
    this.#process = child;
  }

  static async start(executable: string, host: string): Promise<RealZooKeeper> {
    const directory = mkdtempSync(join(tmpdir(), "marathon-zk-"));
    const port = await freePort(host);
    const config = join(directory, "zoo.cfg");
    writeFileSync(
      config,
      [
        "tickTime=200",
        `dataDir=${directory}`,
        `clientPort=${port}`,
        `clientPortAddress=${host}`,
        "admin.enableServer=false",
        "4lw.commands.whitelist=srvr",
        "",
      ].join("\n"),
    );
    const child = spawn(executable, [config], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"], JVMFLAGS: "-Xmx128m" },
    });
    const zookeeper = new RealZooKeeper(`${host}:${port}`, directory, child);
    await until(() => answers(host, port), "ZooKeeper", 60_000);
    return zookeeper;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export async function freePort(host: string): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, host, resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port }, () => socket.write("srvr"));
    socket.once("data", (data) => {
      socket.destroy();
      resolve(data.toString().includes("Mode:"));
    });
    socket.once("error", () => resolve(false));
    socket.once("end", () => resolve(false));
  });
}
