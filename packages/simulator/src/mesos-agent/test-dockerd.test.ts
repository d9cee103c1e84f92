// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memberLabel, stackLabels } from "@pulumi-mesos/model";
import Docker from "dockerode";
import { searchPath, until } from "../test-cluster.test";
import { findProgram } from "./nginx";

/** What docker's tests stand on: a real dockerd, the machine's or one that `npm test` starts, and an image that needs no registry. */

/** Of a machine without one, or a user who may not start one. */
export class NoDockerd extends Error {}

const image = "pulumi-mesos-tests/busybox:1";
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
  readonly #made: (Docker.Container | Docker.Network)[] = [];

  constructor(socket: string) {
    this.socket = socket;
    this.client = new Docker({ socketPath: socket });
  }

  /** Throws {@link NoDockerd} with the reason where there is none. */
  static async start(): Promise<TestDockerd> {
    const busybox = findProgram("busybox", searchPath);
    if (busybox === undefined || !isStatic(busybox)) throw new NoDockerd("no static busybox for an image");
    const socket = process.env["TEST_DOCKER_SOCKET"];
    if (socket === undefined)
      throw new NoDockerd(process.env["TEST_DOCKER_MISSING"] ?? "only npm test starts a dockerd");
    const dockerd = new TestDockerd(socket);
    await dockerd.#makeImage(busybox);
    return dockerd;
  }

  async end(): Promise<void> {
    for (const one of this.#made) await one.remove({ force: true });
    await this.client
      .getImage(image)
      .remove({ force: true })
      .catch(() => undefined); // it was never made
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

  /** A container as an agent could be in, on a network of its own. */
  async agentContainer(
    subnet: string,
  ): Promise<{ readonly id: string; readonly labels: Readonly<Record<string, string>> }> {
    const name = `pulumi-mesos-beside-${process.pid}`;
    const labels = { ...stackLabels({ project: "beside", stack: "test" }), [memberLabel]: "web-1" };
    await this.client.createNetwork({ Name: name, Internal: true, IPAM: { Config: [{ Subnet: subnet }] } });
    const agent = await this.client.createContainer({
      name,
      Image: image,
      Cmd: ["sleep", "1000"],
      Labels: labels,
      HostConfig: { NetworkMode: name },
    });
    this.#made.push(agent, this.client.getNetwork(name));
    await agent.start();
    return { id: agent.id, labels };
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
