// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SteppedTime } from "../kit/clocks";
import { freePort, until } from "../test-cluster.test";
import { Dockerd } from "./docker";

/** Answers as the Docker Engine API's reference shows them (API 1.41). */
class EngineTranscript {
  readonly calls: string[] = [];
  created: Record<string, unknown> = {};
  readonly server: Server;
  /** Called before a ping is answered. */
  beforePong: () => Promise<void> = async () => undefined;

  constructor() {
    this.server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on("end", () => this.#answer(request, text, response));
    });
  }

  #answer(request: IncomingMessage, body: string, response: ServerResponse): void {
    const path = (request.url ?? "").replace(/^\/v[\d.]+/, "").split("?")[0] ?? "";
    this.calls.push(`${request.method} ${path}`);
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(value));
    };
    if (path === "/_ping") void this.beforePong().then(() => response.end("OK"));
    else if (path === "/images/here:1/json") json(200, { Id: "sha256:1" });
    else if (path.startsWith("/images/create")) response.writeHead(200).flushHeaders();
    else if (path === "/containers/create") {
      this.created = JSON.parse(body) as Record<string, unknown>;
      json(201, { Id: "c1", Warnings: [] });
    } else if (path === "/containers/c1/start") response.writeHead(204).end();
    else if (path.endsWith("/logs")) {
      const line = Buffer.from("hello\n");
      response.end(Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, line.length]), line]));
    } else if (path === "/containers/c1/json")
      json(200, { NetworkSettings: { Networks: { bridge: { IPAddress: "172.17.0.2" } } } });
    else if (path === "/containers/mesos-new/json")
      json(200, { State: { Status: "created" }, NetworkSettings: { Networks: {} } });
    else if (path === "/containers/mesos-new") response.writeHead(204).end();
    else if (path === "/containers/mesos-1/json")
      json(200, {
        State: { Status: "running" },
        NetworkSettings: { Networks: { bridge: { IPAddress: "172.17.0.2" } } },
      });
    else if (path === "/containers/mesos-1/wait") json(200, { StatusCode: 137 });
    else json(404, { message: "No such thing" });
  }
}

describe("Docker tasks through dockerd", function () {
  const info = { name: "t", task_id: { value: "t" }, agent_id: { value: "S0" }, resources: [] };
  this.timeout(60_000);
  let directory: string;
  let engine: EngineTranscript;
  let dockerd: Dockerd;
  let clock: SteppedTime;
  const { signal } = new AbortController();

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "dockerd-"));
    engine = new EngineTranscript();
    const socket = join(directory, "docker.sock");
    await new Promise<void>((resolve) => engine.server.listen(socket, resolve));
    clock = new SteppedTime(0, async () => undefined); // stands still however busy the machine is
    dockerd = new Dockerd({ host: undefined, socket, clock, ip: "127.84.2.1", enableCfs: true });
  });
  after(async () => {
    engine.server.closeAllConnections();
    await new Promise((resolve) => engine.server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });

  it("publishes ports on the agent's own address and keeps secrets out of the command line", async () => {
    assert.equal(await dockerd.prepare("here:1", false, signal), undefined);
    const started = await dockerd.run(
      {
        name: "mesos-1",
        info: {
          name: "t",
          task_id: { value: "t" },
          agent_id: { value: "S0" },
          resources: [
            { name: "cpus", type: "SCALAR", scalar: { value: 0.5 } },
            { name: "mem", type: "SCALAR", scalar: { value: 64 } },
          ],
          container: {
            type: "DOCKER",
            docker: {
              image: "here:1",
              network: "BRIDGE",
              port_mappings: [{ host_port: 31000, container_port: 80, protocol: "tcp" }],
            },
          },
        },
        env: { SECRET: "s" },
        sandbox: directory,
        mappedSandbox: "/mnt/mesos/sandbox",
        mounts: [],
        limits: { cpus: 0.5, memBytes: 67_108_864, memLimitBytes: 134_217_728 },
        labels: { MESOS_TASK_ID: "t" },
      },
      signal,
    );
    assert.equal(started.ip, "172.17.0.2");
    assert.deepEqual(engine.created["Env"], ["SECRET=s"]);
    assert.equal(engine.created["Cmd"], undefined);
    const host = engine.created["HostConfig"] as Record<string, unknown>;
    assert.deepEqual(host["PortBindings"], { "80/tcp": [{ HostIp: "127.84.2.1", HostPort: "31000" }] });
    const limits = ["CpuShares", "CpuQuota", "MemoryReservation", "Memory"].map((name) => host[name]);
    assert.deepEqual([host["NetworkMode"], ...limits], ["bridge", 512, 50_000, 67_108_864, 134_217_728]);
    await until("output", () => {
      const file = join(directory, "stdout");
      return existsSync(file) && readFileSync(file, "utf8") === "hello\n";
    });
    assert.equal(await dockerd.wait("mesos-1", signal), 137);
    assert.equal(await dockerd.wait("mesos-2", signal), undefined);
  });

  it("takes a container up again with its address, and removes one that was never started", async () => {
    const none = { stdout: 0, stderr: 0 };
    assert.deepEqual(await dockerd.adopt("mesos-1", info, directory, none, signal), { ip: "172.17.0.2" });
    await assert.rejects(
      dockerd.adopt("mesos-new", info, directory, none, signal),
      /ended while it started the task/,
    );
    assert.equal(engine.calls.at(-1), "DELETE /containers/mesos-new");
    await assert.rejects(
      dockerd.adopt("mesos-none", info, directory, none, signal),
      /the task's container is gone/,
    );
  });

  it("copies what a container said while nobody copied, once, and before its end is told", async () => {
    const sandbox = mkdtempSync(join(directory, "sandbox-"));
    writeFileSync(join(sandbox, "stdout"), "Fetched\nhel");
    await dockerd.adopt("mesos-1", info, sandbox, { stdout: "Fetched\n".length, stderr: 0 }, signal);
    assert.equal(await dockerd.wait("mesos-1", signal), 137);
    assert.equal(readFileSync(join(sandbox, "stdout"), "utf8"), "Fetched\nhello\n");
  });

  const pulls = () => engine.calls.filter((c) => c.includes("/images/create")).length;

  it("fails when a pull receives nothing for two seconds, and remembers it for five minutes", async () => {
    const asked = dockerd.prepare("missing:1", false, signal);
    await until("the pull", () => pulls() === 1);
    await clock.step(2_000);
    const why = await asked;
    assert.match(why ?? "", /cannot pull it: nothing received within 2 s/);
    assert.equal(await dockerd.prepare("missing:1", false, signal), why);
    assert.equal(pulls(), 1);
    await clock.step(300_000);
    const again = dockerd.prepare("missing:1", false, signal);
    await until("the next pull", () => pulls() === 2);
    await clock.step(2_000);
    assert.equal(await again, why);
  });

  it("waits for a slow dockerd, up to 30 s", async () => {
    try {
      engine.beforePong = () => clock.step(29_000);
      assert.equal(await dockerd.prepare("here:1", false, signal), undefined);
      engine.beforePong = () => clock.step(30_000);
      assert.match((await dockerd.prepare("here:1", false, signal)) ?? "", /^no dockerd answers at unix:/);
    } finally {
      engine.beforePong = async () => undefined;
    }
  });

  it("fails when there is no socket or nobody listens, without waiting", async () => {
    const nobody = await freePort("127.115.1.1");
    for (const host of [`unix://${directory}/none.sock`, `tcp://127.115.1.1:${nobody}`]) {
      const other = new Dockerd({ host, socket: "", clock, ip: "127.115.1.1", enableCfs: false });
      assert.equal(await other.prepare("here:1", false, signal), `no dockerd answers at ${host}`);
    }
  });
});
