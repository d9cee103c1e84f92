// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { within } from "@pulumi-mesos/model";
import { delay } from "./clock";
import { fourLetterWord } from "./four-letter-word";

/** A real ZooKeeper server for tests, on a loopback address of its own. */
export interface TestZooKeeper {
  readonly servers: string;
  start(): Promise<void>;
  /** SIGKILL by default. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  pause(): void;
  resume(): void;
  remove(): Promise<void>;
}

/** Makes a server on `host`:2181 that is not started yet. */
export async function testZooKeeper(host: string): Promise<TestZooKeeper> {
  const directory = await mkdtemp(join(tmpdir(), "client-zookeeper-"));
  const config = join(directory, "zoo.cfg");
  await writeFile(
    config,
    `tickTime=500\ndataDir=${directory}/data\nclientPort=2181\nclientPortAddress=${host}\nadmin.enableServer=false\nminSessionTimeout=1000\nmaxSessionTimeout=60000\n`,
  );
  let child: ChildProcess | undefined;
  const server: TestZooKeeper = {
    servers: `${host}:2181`,
    async start() {
      child = spawn(findProgram("zookeeper-server"), [config], { stdio: "ignore", detached: true });
      const signal = AbortSignal.timeout(30_000);
      while (!(await answers(host, signal))) await delay(50, signal);
    },
    async stop(signal = "SIGKILL") {
      const running = child;
      child = undefined;
      if (running?.pid === undefined || running.exitCode !== null) return;
      const exited = once(running, "exit");
      process.kill(-running.pid, signal);
      await exited;
    },
    pause: () => child?.pid !== undefined && process.kill(-child.pid, "SIGSTOP"),
    resume: () => child?.pid !== undefined && process.kill(-child.pid, "SIGCONT"),
    async remove() {
      server.resume();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return server;
}

async function answers(host: string, signal: AbortSignal): Promise<boolean> {
  const attempt = within(signal, 500);
  try {
    return (await fourLetterWord({ host, port: 2181 }, "srvr", attempt)).includes("Mode:");
  } catch (error) {
    if (signal.aborted) throw error;
    return false;
  }
}

function findProgram(name: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "pulumi-mesos", "bin")];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name;
}
