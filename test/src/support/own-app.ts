// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ClusterKeys } from "./cluster-keys";
import type { ClusterView } from "./cluster-view";
import type { DockerHost } from "./docker-host";
import { eventually, hangMs } from "./eventually";
import { request } from "./http";
import { SteadyLoad } from "./load";
import { repository } from "./repository";
import { run } from "./run";
import { TestStack } from "./test-stack";

/** Where the example runs: on a cluster of a Docker host, with a registry that it starts. */
export interface OwnAppPlace {
  readonly host: DockerHost;
  /** host:port of the registry. */
  readonly registry: string;
  readonly cluster: ClusterView;
  readonly keys: ClusterKeys;
}

/** What asks the edge for the example's app. */
const headers = { Host: "own-app.test" };

/** Removes what was built, once no container runs it. */
export async function removeImages(host: DockerHost, registry: string): Promise<void> {
  const images = await host.docker("image", "ls", "--quiet", `${registry}/own-app`);
  if (images.length > 0) await host.docker("image", "rm", "--force", ...new Set(images));
}

/** A copy of examples/own-app that can be edited, in a stack of its own, with a registry of images. */
export class OwnApp {
  readonly #place: OwnAppPlace;
  readonly #directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-own-app-"));
  #registry: ChildProcess | undefined;
  #stack: TestStack | undefined;

  private constructor(place: OwnAppPlace) {
    this.#place = place;
  }

  static async create(place: OwnAppPlace): Promise<OwnApp> {
    const app = new OwnApp(place);
    try {
      await app.#startRegistry();
      app.#stack = await app.#makeStack();
      return app;
    } catch (error) {
      await app.close();
      throw error;
    }
  }

  async unchanged(): Promise<void> {
    await this.#running.unchanged();
  }

  /** A line as somebody types it in the example's folder, whose registry is another one here. */
  async type(line: string): Promise<void> {
    const [command, ...args] = line.replace("registry.example:5000", this.#place.registry).split(" ");
    if (command === "pulumi") {
      await this.#running.ok(...args);
      return;
    }
    const cwd = path.join(this.#directory, "program");
    const { code, output } = await run("bash", ["-e", "-c", line], { cwd, env: process.env });
    assert.equal(code, 0, `${line}\n${output}`);
  }

  /** Waits until the edge has the app. */
  async says(greeting: string): Promise<void> {
    await eventually(hangMs, async () => {
      const { status, body } = await request(`${this.#place.cluster.edgeUrl}/`, { headers });
      assert.deepEqual([status, body], [200, `${greeting}\n`]);
    });
  }

  load(): SteadyLoad {
    return new SteadyLoad(`${this.#place.cluster.edgeUrl}/`, 20, headers);
  }

  /** What Marathon runs. */
  async image(): Promise<string> {
    return (await this.#place.cluster.app("/own-app")).container?.docker?.image ?? "";
  }

  /** Runs the same image by Marathon's own API with its agent's network, until it has answered at the agent's address. */
  async runsByHand(id: string): Promise<void> {
    const { cluster, keys } = this.#place;
    const app = {
      id,
      cpus: 0.1,
      mem: 64,
      container: { type: "DOCKER", docker: { image: await this.image() } },
      networks: [{ mode: "host" }],
    };
    const url = `https://${cluster.hosts("marathon", 1)[0]}:8080/v2/apps`;
    const own = { headers: { Authorization: keys.basic("marathon", "operator") }, ca: keys.ca };
    const made = await request(url, { method: "POST", json: app, ...own });
    assert.equal(made.status, 201, made.body);
    await eventually(hangMs, async () => {
      const [task] = (await cluster.app(id)).tasks;
      assert.ok(task);
      assert.equal((await request(`http://${task.host}:8080/health`)).status, 200);
    });
    const gone = await request(`${url}${id}`, { method: "DELETE", ...own });
    assert.equal(gone.status, 200, gone.body);
    await eventually(hangMs, async () => {
      assert.equal((await request(`${url}${id}`, own)).status, 404);
    });
  }

  /** Takes away the stack and the registry; never fails on what is gone. */
  async close(): Promise<void> {
    await this.#stack?.close();
    if (this.#registry !== undefined && this.#registry.exitCode === null) {
      const ended = once(this.#registry, "exit");
      this.#registry.kill();
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #running(): TestStack {
    assert.ok(this.#stack);
    return this.#stack;
  }

  async #startRegistry(): Promise<void> {
    const command = process.env["TEST_DOCKER_REGISTRY"];
    assert.ok(command, "npm test brings a registry");
    const { registry } = this.#place;
    const file = path.join(this.#directory, "registry.json");
    const storage = { filesystem: { rootdirectory: path.join(this.#directory, "registry") } };
    writeFileSync(file, JSON.stringify({ version: 0.1, storage, http: { addr: registry } }));
    this.#registry = spawn(command, ["serve", file], { stdio: "ignore" });
    await once(this.#registry, "spawn");
    await eventually(hangMs, async () => assert.equal((await request(`http://${registry}/v2/`)).status, 200));
  }

  async #makeStack(): Promise<TestStack> {
    const { host, registry, cluster, keys } = this.#place;
    const directory = path.join(this.#directory, "program");
    mkdirSync(directory);
    for (const part of ["index.ts", "package.json", "app"])
      cpSync(path.join(repository, "examples/own-app", part), path.join(directory, part), {
        recursive: true,
      });
    symlinkSync(path.join(repository, "node_modules"), path.join(directory, "node_modules"));
    const own = "pulumi-mesos/node:20";
    const [hasOwn] = await host.docker("image", "ls", "--quiet", own);
    return await TestStack.create({
      program: { directory },
      plugins: { docker: host.plugin },
      env: host.env,
      config: {
        registryAddress: `http://${registry}`,
        ...(hasOwn === undefined ? {} : { base: own }),
        marathonUrls: JSON.stringify(cluster.hosts("marathon", 2).map((ip) => `https://${ip}:8080`)),
        marathonUser: "operator",
        bambooUrls: JSON.stringify([cluster.edgeApiUrl]),
        ca: keys.ca,
      },
      secrets: {
        marathonPassword: keys.password("marathon", "operator"),
        bambooToken: keys.password("edge", "operator"),
      },
    });
  }
}
