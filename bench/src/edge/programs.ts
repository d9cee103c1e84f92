// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const root = path.resolve(__dirname, "../../..");

/** A real program that the bench started. */
export interface Program {
  readonly pid: number;
  stop(): Promise<void>;
}

function started(child: ChildProcess, signal: NodeJS.Signals): Program {
  const ended = once(child, "exit");
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill(signal);
      await ended;
    },
  };
}

/** Asks until `isThere` says so, for at most `ms`. */
export async function until(what: string, isThere: () => Promise<boolean>, ms = 60_000): Promise<void> {
  for (const end = performance.now() + ms; !(await isThere()); await delay(2)) {
    if (performance.now() > end) throw new Error(`${what} did not happen within ${ms} ms`);
  }
}

/** One ZooKeeper at `host:2181`, which keeps its data in `directory`. */
export async function startZookeeper(host: string, directory: string): Promise<Program> {
  const config = path.join(directory, "zoo.cfg");
  const lines = ["tickTime=1000", `dataDir=${directory}`, "clientPort=2181", `clientPortAddress=${host}`];
  writeFileSync(config, [...lines, "admin.enableServer=false", ""].join("\n"));
  const child = spawn("zookeeper-server", [config], { stdio: "ignore" });
  await once(child, "spawn");
  await until("zookeeper's start", () => accepts(host, 2181));
  return started(child, "SIGKILL");
}

export interface EdgePlace {
  readonly host: string;
  readonly dataDir: string;
  readonly marathon: string;
  readonly zookeeper: string;
}

/** Starts `mesos-edge`: API on port 8000 of `host`, traffic on 8888. */
export function startEdge(o: EdgePlace, more: readonly string[] = []): Program {
  const child = spawn(
    process.execPath,
    [
      path.join(root, "packages/edge/bin/mesos-edge"),
      `--bind=${o.host}:8000`,
      `--frontend-bind=${o.host}:8888`,
      `--data-dir=${o.dataDir}`,
      `--marathon=${o.marathon}`,
      `--zookeeper=${o.zookeeper}:2181`,
      ...more,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
  return started(child, "SIGTERM");
}

/** What an edge says of itself. */
export async function healthOf(
  host: string,
): Promise<{ serving: boolean; haproxy: { reloads: number }; leftOut: Record<string, string> }> {
  return (await fetch(`http://${host}:8000/api/health`)).json() as ReturnType<typeof healthOf>;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** The status of one answer; 0 when there is none. */
export function statusOf(url: string): Promise<number> {
  return new Promise((resolve) => {
    const asked = request(url, { agent: false, timeout: 5_000 }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", () => resolve(0));
    });
    asked.once("timeout", () => asked.destroy());
    asked.once("error", () => resolve(0));
    asked.end();
  });
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}

const ticksASecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** Seconds of processor time that a process has used. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksASecond;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (value: boolean) => (): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once("connect", answer(true));
    socket.once("error", answer(false));
  });
}
