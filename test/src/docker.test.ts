// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { containerName, PublishedPorts, privateBlock } from "@pulumi-mesos/model";
import { ClusterKeys } from "./support/cluster-keys";
import { ClusterView } from "./support/cluster-view";
import { Desktop } from "./support/desktop";
import { dockerFaults, dockerRolls, type FaultyStack } from "./support/docker-faults";
import { DockerHost, quickstart, whyNoDocker } from "./support/docker-host";
import { listenersOf, refusesStrangers } from "./support/docker-listeners";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";
import { OwnApp, removeImages } from "./support/own-app";
import { type PlatformUnderTest, platformContract } from "./support/platform-contract";
import { QuorumWatch } from "./support/quorum-watch";
import { repository } from "./support/repository";
import { run } from "./support/run";
import { TestStack } from "./support/test-stack";
import { walk } from "./support/walk";

const owner = { project: "quickstart", stack: "dev" };
const secret = "a-cluster-secret-of-this-test-alone";
const keys = new ClusterKeys(owner, secret);
const { ca } = keys;
const imageRegistry = "127.133.0.1:5000";
const nodes = [
  ...[1, 2, 3].flatMap((n) => [`demo-zookeeper-${n}`, `demo-masters-${n}`]),
  "demo-marathon-1",
  "demo-marathon-2",
  "demo-edge-1",
  "demo-groups-1",
];

/** Says in the titles of a suite's tests why they cannot run here. */
function isMissing(suite: Mocha.Suite | undefined): boolean {
  const missing = whyNoDocker();
  if (missing === undefined) return false;
  for (const test of suite?.tests ?? []) test.title += ` (not on this machine: ${missing})`;
  return true;
}

/** The quickstart's program with the one line of its platform changed. */
function onDocker(program: string): string {
  const changed = program.replace(
    /platform: new mesos\.LocalPlatform\(.*\)/,
    'platform: new DockerPlatform({ socket: config.get("socket"), reach: "published" })',
  );
  assert.notEqual(changed, program);
  return `import { DockerPlatform } from "@pulumi-mesos/docker";\n${changed}`;
}

describe("the Docker platform, as every platform", function () {
  this.timeout(1_200_000);
  const host = new DockerHost();
  let underTest: PlatformUnderTest | undefined;

  before(function () {
    if (isMissing(this.test?.parent)) return;
    const container = (node: string): string => containerName(owner, node);
    underTest = {
      expression: 'new (require("@pulumi-mesos/docker").DockerPlatform)()',
      stack: { plugins: { docker: host.plugin }, env: host.env },
      kill: (_stack, node) =>
        host.docker("exec", container(node), "/bin/bash", "-c", "kill -9 $(pidof -s java)"),
      killForGood: (_stack, node) => host.docker("kill", container(node)),
      left: () => host.everythingOf(owner),
    };
  });

  platformContract(() => underTest);
});

describe("the quickstart on Docker, for a machine that reaches published ports alone", function () {
  this.timeout(1_200_000);
  const host = new DockerHost();
  const block = privateBlock(owner.project, owner.stack);
  const cluster = new ClusterView(block, "demo", 80, keys);
  const firstPort = new PublishedPorts(block).of(`${block}.1.1`, 1);
  const program = onDocker(readFileSync(path.join(quickstart, "index.ts"), "utf8"));
  let directory = "";
  let stack: TestStack | undefined;
  let desktop: Desktop | undefined;

  function write(text: string): void {
    writeFileSync(path.join(directory, "index.ts"), text);
  }

  function running(): TestStack {
    assert.ok(stack);
    return stack;
  }

  async function nginxAnswers(): Promise<void> {
    const answer = await request(`${cluster.edgeUrl}/`);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /Welcome to nginx/);
  }

  function idsOf(names: readonly string[]): Promise<string[]> {
    const containers = names.map((name) => containerName(owner, name));
    return host.docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", ...containers);
  }

  before(async function () {
    if (isMissing(this.test?.parent)) this.skip();
    directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-docker-"));
    symlinkSync(path.join(repository, "node_modules"), path.join(directory, "node_modules"));
    writeFileSync(path.join(directory, "package.json"), '{"name":"quickstart","main":"index.ts"}');
    write(program);
    // Others than root have no network of their own: there the engine reaches the containers, too.
    if (process.getuid?.() === 0) {
      desktop = await Desktop.create(Array.from({ length: 85 }, (_, i) => firstPort + i));
    }
    stack = await TestStack.create({
      ...{ program: { directory }, enter: desktop?.enter },
      plugins: { docker: host.plugin },
      env: host.env,
      config: { socket: host.socket, agents: "2", masters: "3", zookeepers: "3" },
      secrets: { clusterSecret: secret },
    });
    const began = performance.now();
    await stack.up();
    await eventually(hangMs, nginxAnswers);
    console.log(`      first answer after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  });

  after(async () => {
    await stack?.close();
    await desktop?.close();
    if (stack !== undefined) await removeImages(host, imageRegistry);
    if (directory !== "") rmSync(directory, { recursive: true, force: true });
  });

  it("answers with nginx's page through the edge, from two healthy instances, three masters and two agents", async () => {
    const app = await cluster.app("/demo-nginx");
    assert.equal(app.tasksHealthy, 2);
    assert.equal((await cluster.leadingMasters()).length, 1);
    assert.equal((await cluster.activeAgents()).length, 2);
  });

  it("is reached by its outputs and by pulumi-mesos from where its network is not", async () => {
    const [command = "", ...enter] = desktop?.enter ?? ["env"];
    const there = (...words: string[]) =>
      run(command, [...enter, process.execPath, ...words], {
        cwd: running().directory,
        env: { ...running().env, PATH: host.path },
      });
    const { url = "", mesosUi = "" } = await running().outputs();
    assert.match(`${url} ${mesosUi}`, /^http:\/\/127\.0\.0\.1:\d+ https:\/\/127\.0\.0\.1:\d+$/);
    const page = await there("-e", `fetch("${url}").then(async (r) => console.log(await r.text()))`);
    assert.match(page.output, /Welcome to nginx/);
    const believing = `require("https").get("${mesosUi}/health", { ca: process.argv[1] }, (r) => console.log(r.statusCode))`;
    assert.equal((await there("-e", believing, "--", keys.ca)).output, "200\n");
    const master = cluster.hosts("masters", 1)[0];
    const direct = await there(
      "-e",
      `require("net").connect(5050, "${master}").on("error", (e) => console.log(e.code))`,
    );
    if (desktop !== undefined) assert.equal(direct.output, "ENETUNREACH\n");
    const status = await there(path.join(repository, "packages/cli/bin/pulumi-mesos"), "status");
    assert.equal(status.code, 0, status.output);
    for (const words of [/all well/, /3 of 3/, /Agents: 2 active/]) assert.match(status.output, words);
    for (const node of ["demo-masters-1", "demo-web-1"]) {
      const logs = await there(
        path.join(repository, "packages/cli/bin/pulumi-mesos"),
        "logs",
        node,
        "-n",
        "5",
      );
      assert.equal(logs.code, 0, logs.output);
      assert.ok(logs.output.trim().split("\n").length <= 5 && logs.output.trim() !== "", logs.output);
    }
  });

  it("changes nothing at a second up and sees no drift", async () => {
    await running().unchanged();
    await running().ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("is found by its labels, publishes ports on loopback alone, limits its programs and rotates their logs", async () => {
    const expected = [...nodes, "demo-web-1", "demo-web-2"].map((name) => containerName(owner, name));
    const withData = expected.filter((name) => !/marathon|groups/.test(name));
    const all = [...expected, ...withData, `${owner.project}-${owner.stack}`];
    const everything = await host.everythingOf(owner);
    // Where nginx can be pulled, its tasks are containers beside their agents.
    const isTask = (name: string): boolean => /^mesos-[0-9a-f-]{36}$/.test(name);
    assert.deepEqual(
      everything.filter((name) => !isTask(name)),
      [...new Set(all)].sort(),
    );
    const bound = new Set<string>();
    const format = "{{json .HostConfig}}";
    for (const line of await host.docker("inspect", "--format", format, ...expected)) {
      const config = JSON.parse(line) as {
        PortBindings: Record<string, { HostIp: string; HostPort: string }[]>;
        RestartPolicy: { Name: string };
        LogConfig: { Config: Record<string, string> };
      };
      for (const { HostIp, HostPort } of Object.values(config.PortBindings ?? {}).flat()) {
        assert.equal(HostIp, "127.0.0.1");
        assert.ok(!bound.has(HostPort) && Number(HostPort) < firstPort + 85, HostPort);
        bound.add(HostPort);
      }
      assert.equal(config.RestartPolicy.Name, "always");
      assert.deepEqual(config.LogConfig.Config, { "max-file": "3", "max-size": "10m" });
    }
    // Three ZooKeepers and masters, two Marathons, one controller, and one edge with its API and its traffic.
    assert.equal(bound.size, 11);
    const limits = "{{.HostConfig.Memory}} {{.HostConfig.CpuQuota}}";
    for (const line of await host.docker(
      "inspect",
      "--format",
      limits,
      ...nodes.map((n) => containerName(owner, n)),
    ))
      assert.match(line, /^[1-9]\d+ 200000$/);
  });

  it("shows no secret to whoever can inspect its containers", async () => {
    const edge = containerName(owner, "demo-edge-1");
    const told = await host.docker("exec", edge, "cat", "/etc/pulumi-mesos/.environment");
    assert.ok(
      keys.shownIn(told.join("\n")).includes("demo/edge/stats"),
      "the edge got its password in a file",
    );
    const containers = (await host.docker("ps", "--quiet")).join(" ").split(" ");
    const shown = (await host.docker("inspect", ...containers)).join("\n");
    assert.deepEqual(keys.shownIn(shown), []);
    assert.ok(!shown.includes(secret));
    assert.doesNotMatch(shown, /PULUMI_|AWS_|PRIVATE KEY-----/);
  });

  it("is closed to strangers at every port that listens, who are told health by TLS and get traffic alone", async () => {
    const strangers: Record<string, string>[] = [{}, { Authorization: "Basic b3BlcmF0b3I6Z3Vlc3NlZA==" }];
    const closed: Readonly<Record<string, string>> = {
      5050: "/state",
      5051: "/state",
      8000: "/api/services",
      8010: "/status",
      8080: "/v2/apps",
    };
    // ZooKeeper's clients, its servers among themselves, traffic of the edge, and of tasks.
    const others = /^(2181|2888|3888|80|31\d{3})$/;
    const containers = [...nodes, "demo-web-1", "demo-web-2"].map((name) => containerName(owner, name));
    const all = (await listenersOf(host, containers)).map((at) => at.split(":") as [string, string]);
    assert.deepEqual(
      all.filter(([, port]) => closed[port] === undefined && !others.test(port)),
      [],
    );
    for (const port of [...Object.keys(closed), "2181", "3888", "80"])
      assert.ok(
        all.some(([, each]) => each === port),
        `${port} listens`,
      );
    for (const [at, port] of all) {
      const where = closed[port];
      if (where === undefined) continue;
      const place = `${at}:${port}${where}`;
      for (const headers of strangers) {
        assert.equal((await request(`https://${place}`, { headers, ca })).status, 401, place);
      }
      await assert.rejects(request(`http://${place}`), /ECONNRESET|EPIPE|socket hang up/, place);
    }
    const servers = all.filter(([, port]) => port === "2181").map((server) => server.join(":"));
    assert.equal(servers.length, 3);
    for (const server of servers) await refusesStrangers(server);
    assert.equal(
      (await request(`https://${cluster.hosts("masters", 1)[0]}:5050/health`, { ca })).status,
      200,
    );
  });

  it("adds an agent by config and takes the emptiest away again, with both instances healthy", async () => {
    await running().up("--config", "agents=3");
    assert.equal((await cluster.activeAgents()).length, 3);
    await running().up("--config", "agents=2");
    assert.equal((await cluster.activeAgents()).length, 2);
    assert.equal((await cluster.healthy("/demo-nginx")).length, 2);
    await nginxAnswers();
    const agents = (await host.everythingOf(owner)).filter((name) => name.includes("demo-web"));
    assert.equal(agents.length, 2);
  });

  it("starts a program again that was killed, and one that was killed by hand at the next up", async () => {
    const [leader = ""] = await cluster.leadingMasters();
    const name = `demo-masters-${cluster.hosts("masters", 3).indexOf(leader) + 1}`;
    const before = await idsOf(nodes);
    await host.docker("exec", containerName(owner, name), "/bin/bash", "-c", "kill -9 $(pidof -s node)");
    await eventually(hangMs, async () => {
      assert.equal((await request(`https://${leader}:5050/health`, { ca })).status, 200);
      assert.notDeepEqual(await idsOf([name]), [before[nodes.indexOf(name)]]);
    });
    await host.docker("kill", containerName(owner, name));
    assert.deepEqual(
      await host.docker("inspect", "--format", "{{.State.Running}}", containerName(owner, name)),
      ["false"],
    );
    await running().up("--refresh");
    assert.equal((await request(`https://${leader}:5050/health`, { ca })).status, 200);
    const after = await idsOf(nodes);
    assert.deepEqual(
      nodes.filter((_, i) => after[i] !== before[i]),
      [name],
      "nothing else was touched",
    );
  });

  it("rolls a flag of the masters through them one by one without losing the quorum", async () => {
    const hosts = cluster.hosts("masters", 3);
    const before = await idsOf(nodes);
    const watch = new QuorumWatch(hosts, 2, keys);
    write(
      program.replace(
        /masters: \{ size: ([^}]*) \},/,
        'masters: { size: $1, flags: { offer_timeout: "2mins" } },',
      ),
    );
    await running().up();
    await watch.stop();
    assert.deepEqual(watch.losses, []);
    assert.ok(watch.polls > 10);
    console.log(`      at most ${watch.longestWithoutLeaderMs} ms without a leader`);
    const after = await idsOf(nodes);
    assert.deepEqual(
      nodes.filter((_, i) => after[i] !== before[i]),
      [1, 2, 3].map((n) => `demo-masters-${n}`),
      "nothing else had changed or was touched",
    );
    for (const each of hosts) {
      const { flags } = await cluster.master<{ flags: Record<string, string> }>(each, "/flags");
      assert.match(flags["offer_timeout"] ?? "", /^2mins$/);
    }
    assert.equal((await cluster.activeAgents()).length, 2);
    await nginxAnswers();
    await running().unchanged();
  });

  it("builds an app of one's own, runs it by digest beside its agents, and rolls an edited line with nothing lost", async function () {
    if (process.env["TEST_DOCKER_REGISTRY"] === undefined) {
      if (this.test !== undefined) this.test.title += " (not on this machine: no registry of images)";
      this.skip();
    }
    const [[commands = ""] = []] = walk();
    const [place, registry = "", up = "", edit = "", again = "", ...more] = commands.trim().split("\n");
    assert.deepEqual([place, more], ["cd examples/own-app", []]);
    const app = await OwnApp.create({ host, registry: imageRegistry, cluster, keys });
    try {
      await app.type(registry);
      await app.type(up);
      await app.says("Hello from version 1");
      const [before, load] = [await app.image(), app.load()];
      await app.type(edit);
      await app.type(again);
      await app.says("Hello from version 2");
      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.ok(load.sent > 10);
      assert.match(before, /^127\.133\.0\.1:5000\/own-app@sha256:[0-9a-f]{64}$/);
      assert.notEqual(await app.image(), before);
      await app.unchanged();
      await app.runsByHand("/by-hand");
    } finally {
      await app.close();
    }
  });

  it("leaves nothing on the Docker host when it is destroyed", async () => {
    await running().ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await host.everythingOf(owner), []);
  });

  const faulty = (): FaultyStack => {
    const [zookeeper = ""] = cluster.hosts("zookeeper", 1);
    return { ...{ host, owner, write, zookeeper }, stack: running(), port: firstPort };
  };
  dockerFaults(faulty);
  dockerRolls(faulty);
});
