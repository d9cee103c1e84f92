// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { taskLabels } from "@pulumi-mesos/model";
import { systemClock } from "../clock";
import {
  Fixture,
  fileIn,
  freePort,
  http,
  type TaskUpdate,
  type TestMaster,
  TestScheduler,
  until,
} from "../test-cluster.test";
import { Dockerd } from "./docker";
import { NoDockerd, TestDockerd } from "./test-dockerd.test";

const agentIp = "127.104.3.1";
const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });

interface Placed extends TaskUpdate {
  readonly healthy?: boolean;
  readonly container_status?: {
    network_infos: { ip_addresses: { ip_address: string }[] }[];
  };
}

describe("Docker tasks on a real dockerd (docs/docker-containerizer.md)", function () {
  this.timeout(240_000);
  let dockerd: TestDockerd | undefined;
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];

  before(async function () {
    try {
      dockerd = await TestDockerd.start();
    } catch (error) {
      if (!(error instanceof NoDockerd)) throw error;
      for (const test of this.test?.parent?.tests ?? [])
        test.title += ` (not on this machine: ${error.message})`;
      this.skip();
    }
  });
  after(async () => await dockerd?.end());
  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.104.3.9");
    await until("a leader", () => master.program.leader);
    argv = [
      `--master=${master.address}`,
      `--ip=${agentIp}`,
      `--port=${await freePort(agentIp)}`,
      `--work_dir=${fixture.directory}/a`,
      "--resources=cpus:2;mem:1024;disk:1024;ports:[1024-65535]",
      "--containerizers=docker,mesos",
      "--registration_backoff_factor=100ms",
      `--docker_socket=${dockerd?.socket}`,
    ];
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
  });
  afterEach(async () => {
    await dockerd?.removeTasks();
    scheduler.disconnect();
    await fixture.end();
  });

  const launch = async (
    id: string,
    value: string | undefined,
    docker: Record<string, unknown> = {},
    more: Record<string, unknown> = {},
  ) =>
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: id },
      command: value === undefined ? { shell: false } : { value },
      container: { type: "DOCKER", docker: { image: dockerd?.image, network: "BRIDGE", ...docker } },
      ...more,
    });
  const grace = (seconds: number) => ({ kill_policy: { grace_period: { nanoseconds: seconds * 1e9 } } });
  const page = async (url: string) =>
    await until(`a page at ${url}`, async () => {
      const answer = await http("GET", url).catch(() => undefined);
      return answer?.status === 200 ? answer.text : undefined;
    });

  it("publishes a bridge's ports on the agent's own address, tells the container's, and keeps its output", async () => {
    await fixture.agent("a", argv);
    const port = await freePort(agentIp);
    await launch(
      "web",
      "echo begun; exec httpd -f -p 80 -h /www",
      { port_mappings: [{ host_port: port, container_port: 80, protocol: "tcp" }] },
      grace(0.1),
    );
    const running: Placed = await scheduler.state("web", "TASK_RUNNING");
    const address = running.container_status?.network_infos[0]?.ip_addresses[0]?.ip_address;
    assert.equal(await page(`http://${agentIp}:${port}/`), "served from a container\n");
    assert.equal(await page(`http://${address}/`), "served from a container\n");
    await assert.rejects(http("GET", `http://127.104.3.2:${port}/`));
    await until("its output", () => {
      const file = fileIn(join(fixture.directory, "a", "slaves"), "stdout");
      return file !== undefined && readFileSync(file, "utf8") === "begun\n";
    });
    await scheduler.call("KILL", { task_id: { value: "web" } });
    await scheduler.state("web", "TASK_KILLED");
    await assert.rejects(http("GET", `http://${agentIp}:${port}/`));
  });

  it("runs tasks of an agent in a container beside it: on its network, or with its own, found by its labels", async () => {
    const { client } = dockerd ?? assert.fail();
    const made = await dockerd?.agentContainer("10.127.107.0/24");
    const own = made?.id ?? assert.fail();
    const beside = new Dockerd({
      host: undefined,
      socket: dockerd?.socket ?? "",
      clock: systemClock,
      ip: "127.104.3.3",
      enableCfs: false,
      container: own,
    });
    const { signal } = new AbortController();
    const sandbox = mkdtempSync(join(fixture.directory, "beside-"));
    const port = await freePort("127.104.3.3");
    const task = (id: string, network: "BRIDGE" | "HOST", command: string, mapped: boolean) => ({
      name: `${own.slice(0, 12)}-${id}`,
      info: {
        name: id,
        task_id: { value: id },
        agent_id: { value: "S0" },
        resources: [],
        command: { value: command },
        container: {
          type: "DOCKER" as const,
          docker: {
            image: dockerd?.image ?? "",
            network,
            port_mappings: mapped ? [{ host_port: port, container_port: 80, protocol: "tcp" }] : [],
          },
        },
      },
      env: {},
      sandbox,
      mappedSandbox: "/mnt/mesos/sandbox",
      mounts: [],
      limits: { cpus: 0.1, memBytes: 33_554_432, memLimitBytes: 33_554_432 },
      labels: { MESOS_TASK_ID: id },
    });
    const bridge = task("bridge", "BRIDGE", "exec httpd -f -p 80 -h /www", true);
    const { ip } = await beside.run(bridge, signal);
    assert.match(ip ?? "", /^10\.127\.107\.\d+$/);
    assert.equal(await page(`http://127.104.3.3:${port}/`), "served from a container\n");
    const host = task("host", "HOST", "exec sleep 1000", false);
    assert.deepEqual(await beside.run(host, signal), { ip: undefined });
    const shown = await dockerd?.containerOf("host");
    assert.equal(shown?.HostConfig.NetworkMode, `container:${own}`);
    const { Labels } = shown?.Config ?? assert.fail();
    assert.deepEqual(Labels, { ...taskLabels(made?.labels ?? {}), MESOS_TASK_ID: "host" });

    const before = { stdout: 0, stderr: 0 };
    const ended = beside.wait(bridge.name, signal);
    await beside.stop(bridge.name, 0);
    assert.equal(await ended, 137);
    await assert.rejects(
      http("GET", `http://127.104.3.3:${port}/`),
      "nobody listens for a task that has ended",
    );
    await client.getContainer(own).restart({ t: 0 });
    await assert.rejects(
      beside.adopt(host.name, host.info, sandbox, before, signal),
      /started anew, and with it/,
    );
    await assert.rejects(client.getContainer(host.name).inspect(), { statusCode: 404 });
  });

  it("gives a task the host's network, its limits, its environment and its sandbox", async () => {
    await fixture.agent("a", argv);
    const port = await freePort(agentIp);
    await launch(
      "web",
      undefined,
      { network: "HOST" },
      {
        command: {
          value: `echo "$GREETING" > $MESOS_SANDBOX/said; exec httpd -f -p ${agentIp}:${port} -h /www`,
          environment: { variables: [{ name: "GREETING", value: "hello" }] },
        },
        resources: [scalar("cpus", 0.5), scalar("mem", 64)],
        limits: { cpus: { value: 1 }, mem: { value: "Infinity" } },
      },
    );
    await scheduler.state("web", "TASK_RUNNING");
    assert.equal(await page(`http://${agentIp}:${port}/`), "served from a container\n");
    const { HostConfig } = (await dockerd?.containerOf("web")) ?? assert.fail();
    const { CpuShares, CpuQuota, Memory, MemoryReservation, NetworkMode } = HostConfig;
    assert.deepEqual([CpuShares, CpuQuota, Memory, MemoryReservation], [512, 100_000, 0, 67_108_864]);
    assert.equal(NetworkMode, "host");
    const said = await until("its file", () => fileIn(join(fixture.directory, "a", "slaves"), "said"));
    assert.equal(readFileSync(said, "utf8"), "hello\n");
  });

  it("fails a task that uses more memory than it may, or ends with another code than 0", async () => {
    await fixture.agent("a", argv);
    await launch("greedy", "data=$(head -c 268435456 /dev/zero | tr '\\0' x); sleep 1000");
    assert.equal(
      (await scheduler.state("greedy", "TASK_FAILED")).message,
      "Container exited with status 137",
    );
    await launch("code", "exit 3");
    assert.equal((await scheduler.state("code", "TASK_FAILED")).message, "Container exited with status 3");
    await until("both containers are gone", async () => {
      const all = await dockerd?.client.listContainers({ all: true, filters: { label: ["MESOS_TASK_ID"] } });
      return all?.length === 0;
    });
  });

  it("checks health inside the container, by its address and by a command", async () => {
    await fixture.agent("a", argv);
    const times = { delay_seconds: 0, interval_seconds: 0.2, timeout_seconds: 60, consecutive_failures: 1 };
    await launch(
      "web",
      "touch /tmp/well; exec httpd -f -p 80 -h /www",
      {},
      {
        health_check: {
          type: "HTTP",
          http: { port: 80, path: "/", scheme: "http" },
          ...times,
          grace_period_seconds: 60,
        },
      },
    );
    await launch(
      "file",
      "touch /tmp/well; exec sleep 1000",
      {},
      {
        health_check: {
          type: "COMMAND",
          command: { value: "test -e /tmp/well" },
          ...times,
          grace_period_seconds: 60,
        },
      },
    );
    await launch(
      "ill",
      "exec sleep 1000",
      {},
      {
        health_check: { type: "COMMAND", command: { value: "false" }, ...times, grace_period_seconds: 0 },
      },
    );
    const healthy = (id: string) =>
      scheduler.updates.some((u: Placed) => u.task_id.value === id && u.healthy === true);
    await until("both are healthy", () => healthy("web") && healthy("file"));
    const killed: Placed = await scheduler.state("ill", "TASK_KILLED");
    assert.equal(killed.healthy, false);
  });

  it("lets a container end in peace within its grace period, and no longer", async () => {
    await fixture.agent("a", argv);
    await launch("polite", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done", {}, grace(60));
    await launch("deaf", "trap '' TERM; echo ready; while :; do sleep 0.1; done", {}, grace(1));
    for (const id of ["polite", "deaf"]) {
      await scheduler.state(id, "TASK_RUNNING");
      await until(`${id} is ready`, () => {
        const file = fileIn(join(fixture.directory, "a", "slaves", ...under(id)), "stdout");
        return file !== undefined && readFileSync(file, "utf8") === "ready\n";
      });
      await scheduler.call("KILL", { task_id: { value: id } });
    }
    assert.equal((await scheduler.state("polite", "TASK_KILLED")).message, "Container exited with status 0");
    assert.equal((await scheduler.state("deaf", "TASK_KILLED")).message, "Container exited with status 137");
  });
  const under = (id: string): string[] => {
    const agent = [...(master.program.leader?.context.state.agents.keys() ?? [])][0] ?? "";
    return [agent, "frameworks", scheduler.frameworkId, "executors", id];
  };

  it("takes running containers up again after kill -9 of the agent, and starts new ones", async () => {
    const first = fixture.agentProcess(argv);
    await launch("old", "trap 'exit 0' TERM; n=0; while :; do n=$((n+1)); echo $n; sleep 0.2; done");
    await launch("short", "sleep 3; echo late; exit 5");
    const { agent_id } = await scheduler.state("old", "TASK_RUNNING");
    await scheduler.state("short", "TASK_RUNNING");
    const before = await dockerd?.containerOf("old");
    first.kill("SIGKILL");
    await until("it is gone", () => first.signalCode !== null);
    const old = fileIn(join(fixture.directory, "a", "slaves", ...under("old")), "stdout") ?? "";
    const written = readFileSync(old, "utf8").split("\n").length;
    await until(
      "one container ended meanwhile",
      async () => (await dockerd?.containerOf("short"))?.State.Running === false,
    );
    const { events } = scheduler; // what the killed agent offered was taken back
    events.splice(0, events.length, ...events.filter((e) => e.type !== "OFFERS"));
    const kept = fileIn(join(fixture.directory, "a", "meta", "slaves", ...under("old")), "task.json") ?? "";
    const { address, ...record } = JSON.parse(readFileSync(kept, "utf8"));
    writeFileSync(kept, JSON.stringify(record)); // as if it had been killed before it knew the address
    fixture.agentProcess(argv);
    assert.equal((await scheduler.state("short", "TASK_FAILED")).message, "Container exited with status 5");
    await until("its address is known", () => JSON.parse(readFileSync(kept, "utf8")).address === address);
    const late = fileIn(join(fixture.directory, "a", "slaves", ...under("short")), "stdout") ?? "";
    assert.equal(readFileSync(late, "utf8"), "late\n");
    const lines = (): string[] => readFileSync(old, "utf8").split("\n").slice(0, -1);
    await until("its output goes on", () => lines().length > written + 10);
    const said = lines();
    assert.deepEqual(
      said,
      said.map((_line, i) => String(i + 1)),
      "nothing is missing or doubled",
    );
    await launch("new", "trap 'exit 0' TERM; while :; do sleep 0.2; done");
    assert.equal((await scheduler.state("new", "TASK_RUNNING")).agent_id.value, agent_id.value);
    const after = await dockerd?.containerOf("old");
    assert.deepEqual([after?.Id, after?.State.Running], [before?.Id, true]);
    for (const id of ["old", "new"]) {
      await scheduler.call("KILL", { task_id: { value: id } });
      await scheduler.state(id, "TASK_KILLED");
    }
  });
});
