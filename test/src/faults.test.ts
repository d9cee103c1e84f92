// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";
import type { ProcessEntry } from "./support/processes";
import { repository } from "./support/repository";
import { type Outcome, run } from "./support/run";
import { TestStack } from "./support/test-stack";

const octet = 97;
const masters = 5;

/** The quickstart with five masters: what it does when much of it fails at once. */
describe("the quickstart with five masters", function () {
  this.timeout(1_200_000);
  const cluster = new ClusterView(`127.${octet}`);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.create({
      program: { directory: path.join(repository, "examples/quickstart") },
      config: { network: `127.${octet}.0.0/16`, masters: String(masters), zookeepers: "3", agents: "2" },
      secrets: { clusterSecret: "a-secret-of-thirty-two-characters" },
    });
    await stack.up();
  });

  after(() => stack.close());

  const programs = (name: string): ProcessEntry[] =>
    stack.processes().filter(({ argv }) => argv.slice(0, 3).some((word) => path.basename(word) === name));

  async function answers(): Promise<void> {
    const answer = await request(`${cluster.edgeUrl}/`);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /nginx/);
  }

  /** The command `pulumi-mesos` in the stack's project. */
  function pulumiMesos(...args: string[]): Promise<Outcome> {
    const program = path.join(repository, "packages/cli/bin/pulumi-mesos");
    return run(process.execPath, [program, ...args], { cwd: stack.directory, env: stack.env });
  }

  async function says(code: number, words: RegExp, ...args: string[]): Promise<void> {
    const outcome = await pulumiMesos(...args);
    assert.equal(outcome.code, code, outcome.output);
    assert.match(outcome.output, words);
  }

  async function taskIds(): Promise<string[]> {
    return (await cluster.app("/demo-nginx")).tasks.map(({ id }) => id).sort();
  }

  /** Every member is there, each kind has its leader, and the agents are active. */
  async function allBack(): Promise<void> {
    const leading = await cluster.leadingMasters(masters);
    assert.equal(leading.length, 1, "one master leads");
    for (const host of cluster.hosts("masters", masters)) {
      const answer = await request(`http://${host}:5050/redirect`);
      assert.equal(answer.headers.location, `//${leading[0]}:5050`, `${host} knows the leader`);
    }
    const marathon = await cluster.marathonLeader();
    for (const host of cluster.hosts("marathon", 2)) {
      const answer = await request(`http://${host}:8080/v2/leader`);
      assert.equal(JSON.parse(answer.body).leader, marathon, `${host} knows Marathon's leader`);
    }
    const slaves = JSON.parse((await request(`http://${leading[0]}:5050/slaves`)).body) as {
      slaves: { active: boolean }[];
    };
    assert.equal(slaves.slaves.filter(({ active }) => active).length, 2, "both agents are active");
    await answers();
  }

  it("is all well and safe to change by pulumi-mesos, which shows logs and pages, too", async () => {
    const { code, output } = await pulumiMesos("status");
    assert.equal(code, 0, output);
    for (const words of [
      /^stack dev of quickstart: all well$/m,
      /^ZooKeeper demo-zookeeper: 3 of 3, quorum 2$/m,
      /^Masters demo-masters: 5 of 5, quorum 3$/m,
      /^ {2}leads +demo-masters-\d /m,
      /^Agents: 2 active; cpus 0\.2 of 4 used, mem 128 of 2048 used$/m,
      /^Apps: 1; 2 of 2 tasks run; deployments: 0$/m,
      /^ {2}demo-edge-1 +apps: 1 +rules: 1$/m,
      /2 of 2 agents active/,
    ]) {
      assert.match(output, words);
    }
    const seen = JSON.parse((await pulumiMesos("status", "--json")).output) as { findings: unknown[] };
    assert.deepEqual(seen.findings, []);
    await says(0, /^stack dev of quickstart: safe to change$/m, "validate");
    await says(0, /\S/, "logs", "demo-masters-1");
    await says(0, /\S/, "logs", "demo-web-1", "-n", "5");
    await says(1, /did you mean demo-masters-1\?/, "logs", "demo-master-1");
    const [leader] = await cluster.leadingMasters(masters);
    await says(0, new RegExp(`^mesos +http://${leader}:5050/$`, "m"), "ui");
  });

  describe("of which some were killed and their addresses taken", () => {
    const holders: Server[] = [];
    let tasks: string[];

    /** Kills the master at `host` and listens there before its supervisor has it back. */
    async function takeOver(host: string): Promise<void> {
      const [master] = programs("mesos-master").filter(({ argv }) => argv.includes(`--ip=${host}`));
      assert.ok(master, `a master runs at ${host}`);
      await eventually(hangMs, async () => {
        for (const { pid, argv } of programs("mesos-master"))
          if (argv.includes(`--ip=${host}`)) process.kill(pid, "SIGKILL");
        const server = createServer((socket) => socket.destroy());
        server.listen(5050, host);
        await once(server, "listening");
        holders.push(server);
      });
    }

    before(async () => {
      tasks = await taskIds();
    });

    after(() => {
      for (const server of holders) server.close();
    });

    it("works without two of them", async () => {
      const [leader = ""] = await cluster.leadingMasters(masters);
      const other = cluster.hosts("masters", masters).find((host) => host !== leader) ?? "";
      for (const host of [leader, other]) await takeOver(host);
      await eventually(hangMs, async () => {
        const [now] = await cluster.leadingMasters(masters);
        assert.ok(now !== undefined && now !== leader, "another leads");
      });
      await eventually(hangMs, () => says(1, /^ {2}DOWN +demo-masters-\d /m, "status"));
      await eventually(hangMs, () =>
        says(1, /3 of 5 have joined and 3 must stay, so none may leave/, "validate"),
      );
      const url = `${await cluster.marathonUrl()}/v2/apps`;
      const app = { id: "/meanwhile", cmd: "exec sleep 1000", cpus: 0.1, mem: 32 };
      assert.equal((await request(url, { method: "POST", json: app })).status, 201);
      await eventually(hangMs, async () => assert.equal((await cluster.app("/meanwhile")).tasksRunning, 1));
      assert.equal((await request(`${url}/meanwhile`, { method: "DELETE" })).status, 200);
    });

    it("serves its apps without three of them, and up fails in one line that names who holds the addresses", async () => {
      const [leader = ""] = await cluster.leadingMasters(masters);
      await takeOver(leader);
      await eventually(hangMs, async () => assert.deepEqual(await cluster.leadingMasters(masters), []));
      await says(1, /^! masters demo-masters: no quorum: \d of 5 have joined, 3 are needed$/m, "status");
      await answers();
      const outcome = await stack.pulumi(["up", "--yes", "--skip-preview"]);
      assert.notEqual(outcome.code, 0, outcome.output);
      const taken = holders.map((server) => (server.address() as AddressInfo).address);
      const named = outcome.output
        .split("\n")
        .filter((line) => taken.every((host) => line.includes(`${host}:5050 is held by`)));
      assert.ok(named.length > 0, outcome.output);
      await answers();
      assert.deepEqual(await taskIds(), tasks);
    });

    it("heals when the addresses are free", async () => {
      for (const server of holders.splice(0)) server.close();
      await stack.up();
      await eventually(hangMs, allBack);
      await eventually(hangMs, () => says(0, /all well/, "status"));
      await stack.unchanged();
      assert.deepEqual(await taskIds(), tasks);
    });
  });

  it("has all members back after its ZooKeepers slept, and restarts no task", async () => {
    const before = await taskIds();
    const servers = stack
      .processes()
      .filter(({ argv }) => argv.some((word) => word.includes("QuorumPeerMain")));
    assert.equal(servers.length, 3);
    for (const { pid } of servers) process.kill(pid, "SIGSTOP");
    try {
      // Three times as long as a session lives: this is how long the fault lasts, not a wait for something.
      await delay(30_000);
      await answers();
    } finally {
      for (const { pid } of servers) process.kill(pid, "SIGCONT");
    }
    const began = performance.now();
    await eventually(hangMs, allBack);
    console.log(`      all back after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    await eventually(hangMs, async () => assert.deepEqual(await taskIds(), before));
  });
});
