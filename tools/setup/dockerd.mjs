// SPDX-License-Identifier: Apache-2.0

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheRoot } from "./cache.mjs";
import { dockerCommand, dockerdCommand } from "./docker.mjs";
import { withLock } from "./lock.mjs";
import { searchFolders } from "./programs.mjs";
import { findProgram, run, tail } from "./run.mjs";

const usual = "/var/run/docker.sock";
const startTimeoutMs = 60_000;

/** Whether a dockerd answers at a socket. */
function answers(socketPath) {
  if (!existsSync(socketPath)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: "/_ping", timeout: 10_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on("timeout", () => asked.destroy());
    asked.on("error", () => resolve(false));
    asked.end();
  });
}

/** The networks of containers that stay mounted. */
async function unmountBelow(directory) {
  const mounted = readFileSync("/proc/self/mounts", "utf8").split("\n");
  for (const line of mounted.reverse()) {
    const path = line.split(" ")[1] ?? "";
    if (path.startsWith(`${directory}/`)) await run("umount", [path]);
  }
}

/** Containers leave the cgroup above theirs behind; with version 1 there is one in each hierarchy. */
function removeCgroups(parent) {
  const hierarchies =
    "blkio cpu cpuacct cpuset devices freezer hugetlb memory net_cls perf_event pids rdma systemd unified";
  for (const name of ["", ...hierarchies.split(" ")]) {
    const directory = join("/sys/fs/cgroup", name, parent);
    if (existsSync(directory)) rmdirSync(directory);
  }
}

/** What a run that was cut left in a kept store: its containers start again with dockerd. */
async function tidy(socket) {
  const docker = (...args) => run(dockerCommand(), ["--host", `unix://${socket}`, ...args]);
  const { stdout } = await docker("ps", "--all", "--quiet");
  const containers = stdout.split("\n").filter((id) => id !== "");
  if (containers.length > 0) await docker("rm", "--force", ...containers);
  // Images without a name are builds of before.
  for (const kind of ["network", "volume", "image"]) await docker(kind, "prune", "--force");
}

/** Bridges of runs that were cut: their address would take the way of ours. */
async function removeAbandonedBridges(ip) {
  const { stdout } = await run(ip, ["-o", "link", "show", "type", "bridge"]);
  for (const [, name, pid] of stdout.matchAll(/^\d+: (pm(\d+)k?):/gm))
    if (!existsSync(`/proc/${pid}`)) await run(ip, ["link", "delete", name]);
}

function dockerdArguments(directory, data, socket, bridge, parent) {
  return [
    `--data-root=${data}`,
    `--exec-root=${directory}/exec`,
    `--pidfile=${directory}/pid`,
    `--host=unix://${socket}`,
    `--bridge=${bridge}`,
    `--cgroup-parent=/${parent}`,
    "--iptables=false",
    "--ip6tables=false",
    "--ip-masq=false",
    "--ip-forward=false",
  ];
}

/** Starts a dockerd with a bridge of its own, which changes neither the machine's packet filter nor its settings. */
async function startOwn(ip, data, address) {
  const directory = mkdtempSync(join(tmpdir(), "dockerd-"));
  const name = `pm${process.pid}${data === undefined ? "" : "k"}`;
  const parent = `pulumi-mesos-${name}`;
  const socket = join(directory, "docker.sock");
  const store = data ?? join(directory, "data");
  let child;
  let said = "";
  const end = async () => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
    }
    await run(ip, ["link", "delete", name]);
    await unmountBelow(directory);
    await unmountBelow(store);
    removeCgroups(parent);
    rmSync(directory, { recursive: true, force: true });
  };
  await removeAbandonedBridges(ip);
  const made = await run(ip, ["link", "add", "name", name, "type", "bridge"]);
  if (made.code !== 0) {
    rmSync(directory, { recursive: true, force: true });
    return { reason: `this machine lets nobody make a bridge (${tail(made.output, 1)})` };
  }
  await run(ip, ["address", "add", address, "dev", name]);
  await run(ip, ["link", "set", name, "up"]);
  child = spawn(dockerdCommand(), dockerdArguments(directory, store, socket, name, parent), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.on("error", (error) => {
    said += error.message;
  });
  child.stderr.on("data", (text) => {
    said = `${said}${text}`.slice(-2_000);
  });
  const deadline = Date.now() + startTimeoutMs;
  while (!(await answers(socket))) {
    const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
    if (ended || Date.now() > deadline) {
      await end();
      return { reason: `dockerd ${ended ? "ended at once" : "does not answer"}: ${tail(said, 1)}` };
    }
    await sleep(50);
  }
  return { socket, end };
}

async function start(keep) {
  if (await answers(usual)) return { socket: usual, end: async () => {} };
  const ip = findProgram("ip", searchFolders());
  if (process.getuid?.() !== 0)
    return { reason: `nothing answers at ${usual}, and only root can start dockerd` };
  if (dockerdCommand() === undefined)
    return { reason: `nothing answers at ${usual}, and there is no dockerd to start` };
  if (ip === undefined) return { reason: "there is no 'ip' to make a bridge with" };
  if (!keep) return startOwn(ip, undefined, "10.127.104.1/24");
  const store = join(cacheRoot(), "dockerd");
  mkdirSync(store, { recursive: true });
  const own = await startOwn(ip, store, "10.127.105.1/24");
  if (own.socket !== undefined) await tidy(own.socket);
  return own;
}

/**
 * Runs `work` beside a dockerd: the machine's own where one answers, otherwise one that ends with it.
 * @param {{ keep: boolean }} options keep: its images stay in the cache for the next time, for one user at a time
 * @param {(line: string) => void} note
 * @param {(docker: { socket?: string, reason?: string }) => Promise<T>} work reason: why there is none
 * @template T
 */
export async function withDockerd({ keep }, note, work) {
  const alone = async () => {
    const { socket, reason, end = async () => {} } = await start(keep);
    try {
      return await work({ socket, reason });
    } finally {
      await end();
    }
  };
  return keep ? withLock(join(cacheRoot(), "locks", "dockerd.lock"), note, alone) : alone();
}
