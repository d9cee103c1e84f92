// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { searchPath, until } from "../test-cluster.test";
import { findProgram } from "./nginx";

/** What docker's tests stand on: a real dockerd, one that runs or one of their own, and an image that needs no registry. */

/** Of a machine without one, or a user who may not start one. */
export class NoDockerd extends Error {}

const image = "pulumi-mesos-tests/busybox:1";
const usual = "/var/run/docker.sock";
const applets = [
  "cat",
  "echo",
  "false",
  "head",
  "httpd",
  "id",
  "sh",
  "sleep",
  "test",
  "touch",
  "tr",
  "true",
  "wget",
];

export class TestDockerd {
  readonly socket: string;
  readonly image = image;
  readonly client: Docker;
  readonly #end: () => Promise<void>;

  constructor(socket: string, end: () => Promise<void>) {
    this.socket = socket;
    this.client = new Docker({ socketPath: socket });
    this.#end = end;
  }

  /** Throws {@link NoDockerd} with the reason where there is none. */
  static async start(): Promise<TestDockerd> {
    const busybox = findProgram("busybox", searchPath);
    if (busybox === undefined || !isStatic(busybox)) throw new NoDockerd("no static busybox for an image");
    const running = await answers(usual);
    const dockerd = running ? new TestDockerd(usual, async () => undefined) : await own();
    try {
      await dockerd.#makeImage(busybox);
      return dockerd;
    } catch (error) {
      await dockerd.end();
      throw error;
    }
  }

  async end(): Promise<void> {
    await this.client
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined); // it was never made
    await this.#end();
  }

  /** Nothing that a test started goes on; what is being removed already may take a moment. */
  async removeTasks(): Promise<void> {
    await until("no container of a task is left", async () => {
      const all = await this.client.listContainers({ all: true, filters: { label: ["MESOS_TASK_ID"] } });
      for (const { Id } of all) {
        await this.client
          .getContainer(Id)
          .remove({ force: true })
          .catch((error: { statusCode?: number }) => {
            if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
          });
      }
      return all.length === 0;
    });
  }

  /** The containers that an agent of this process made, by the task's id. */
  async containerOf(taskId: string): Promise<Docker.ContainerInspectInfo> {
    return await until(`a container of ${taskId}`, async () => {
      const [one] = await this.client.listContainers({
        all: true,
        filters: { label: [`MESOS_TASK_ID=${taskId}`] },
      });
      return one === undefined ? undefined : await this.client.getContainer(one.Id).inspect();
    });
  }

  async #makeImage(busybox: string): Promise<void> {
    const root = mkdtempSync(join(tmpdir(), "busybox-"));
    try {
      for (const name of ["bin", "etc", "tmp", "www"]) mkdirSync(join(root, name));
      copyFileSync(busybox, join(root, "bin/busybox"));
      for (const name of applets) symlinkSync("busybox", join(root, "bin", name));
      writeFileSync(join(root, "www/index.html"), "served from a container\n");
      writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\n");
      const archive = `${root}.tar`;
      execFileSync("tar", ["-C", root, "-cf", archive, "."]);
      try {
        const [repo, tag] = image.split(":");
        const stream = await this.client.importImage(archive, { repo, tag });
        await new Promise<void>((resolve, reject) =>
          this.client.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
        );
      } finally {
        rmSync(archive, { force: true });
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
}

function isStatic(program: string): boolean {
  const { length } = readFileSync(program)
    .subarray(0, 1 << 24)
    .toString("latin1")
    .split("/ld-linux");
  return length === 1;
}

async function answers(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false;
  return await new Docker({ socketPath, timeout: 10_000 }).ping().then(
    () => true,
    () => false,
  );
}

/** A dockerd with a folder and a bridge of its own, which changes neither the machine's packet filter nor its settings. */
async function own(): Promise<TestDockerd> {
  const program = findProgram("dockerd", searchPath);
  const ip = findProgram("ip", searchPath);
  if (process.getuid?.() !== 0)
    throw new NoDockerd(`nothing answers at ${usual}, and only root can start dockerd`);
  if (program === undefined)
    throw new NoDockerd(`nothing answers at ${usual}, and there is no dockerd to start`);
  if (ip === undefined) throw new NoDockerd("there is no 'ip' to make a bridge with");
  const directory = mkdtempSync(join(tmpdir(), "dockerd-"));
  const bridge = `pm${process.pid}`;
  const parent = `pulumi-mesos-${process.pid}`;
  const socket = join(directory, "docker.sock");
  let child: ChildProcess | undefined;
  const end = async (): Promise<void> => {
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child?.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
    }
    execFileSync(ip, ["link", "delete", bridge], { stdio: "ignore" });
    removeCgroups(parent);
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    execFileSync(ip, ["link", "add", "name", bridge, "type", "bridge"], { stdio: "pipe" });
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw new NoDockerd(`this machine lets nobody make a bridge (${String(error).split("\n")[1] ?? error})`);
  }
  try {
    execFileSync(ip, ["address", "add", "10.127.104.1/24", "dev", bridge]);
    execFileSync(ip, ["link", "set", bridge, "up"]);
    let said = "";
    child = spawn(
      program,
      [
        `--data-root=${directory}/data`,
        `--exec-root=${directory}/exec`,
        `--pidfile=${directory}/pid`,
        `--host=unix://${socket}`,
        `--bridge=${bridge}`,
        `--cgroup-parent=/${parent}`,
        "--storage-driver=vfs",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-masq=false",
        "--ip-forward=false",
      ],
      { env: { PATH: searchPath }, stdio: ["ignore", "ignore", "pipe"] },
    );
    child.stderr?.on("data", (text: Buffer) => {
      said = `${said}${text.toString()}`.slice(-2_000);
    });
    await until("dockerd answers", async () => {
      if (child?.exitCode !== null || child.signalCode !== null)
        throw new NoDockerd(`dockerd ended at once: ${said.trim().split("\n").at(-1)}`);
      return await answers(socket);
    });
    return new TestDockerd(socket, end);
  } catch (error) {
    await end();
    throw error;
  }
}

/** The network of containers on the host's stays mounted. */
function unmountBelow(directory: string): void {
  const mounted = readFileSync("/proc/self/mounts", "utf8").split("\n");
  for (const line of mounted.reverse()) {
    const path = line.split(" ")[1] ?? "";
    if (path.startsWith(`${directory}/`)) execFileSync("umount", [path]);
  }
}

/** Containers leave the cgroup above theirs behind. */
function removeCgroups(parent: string): void {
  const names = [
    "",
    "blkio",
    "cpu",
    "cpuacct",
    "cpuset",
    "devices",
    "freezer",
    "hugetlb",
    "memory",
    "pids",
    "systemd",
    "unified",
  ];
  for (const name of names) {
    const directory = join("/sys/fs/cgroup", name, parent);
    if (existsSync(directory)) rmdirSync(directory);
  }
}
