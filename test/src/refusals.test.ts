// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ZooKeeper } from "@pulumi-mesos/client";
import { smallDisk, whyNoSmallDisk } from "@pulumi-mesos/client/testing";
import { list, type ProcessStatus } from "@pulumi-mesos/supervisor";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { TestStack } from "./support/test-stack";

const octet = 94;
const never = new AbortController().signal;

/** A program with a provider whose endpoints are known, and one construct or resource. */
function program(body: string): string {
  return `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const platform = new mesos.LocalPlatform({ network: "127.${octet}.0.0/16" });
const provider = new mesos.Provider("p", { marathonUrls: ["http://127.${octet}.3.1:8080"], bambooUrls: ["http://127.${octet}.4.1:8000"] });
const zookeeper = { connectionString: "127.${octet}.1.1:2181", ready: [] };
${body}
`;
}

/** An agent group's arguments, with a controller whose cluster nobody asks at preview. */
const group = `
const endpoints = { zk: "zk://127.${octet}.1.1:2181/mesos", addresses: [], ready: [] };
const controller = new mesos.AgentController("c", { platform, zookeeper, masters: endpoints, marathon: { urls: [], ready: [] } });
const spec = { controller, groupName: "web", size: 1, resources: { cpus: 1, mem: 128 } };`;

interface Refusal {
  readonly title: string;
  readonly body: string;
  /** Every error of the output, in the order of the text, without what the engine puts before it. */
  readonly says: readonly string[];
}

/** The text of every error among the diagnostics; fails when one is longer than a line or something else stands there. */
function errorsOf(output: string): string[] {
  const diagnostics = output.split("\nDiagnostics:\n")[1]?.split("\nResources:\n")[0];
  assert.ok(diagnostics, output);
  const lines = diagnostics.split("\n").filter((line) => line !== "" && !/^ {2}\S+ \(\S+\):$/.test(line));
  return lines.map((line) => {
    const [, text] = /^ {4}error: (.*)$/.exec(line) ?? [];
    assert.ok(text, `one line an error, without a stack trace, got ${JSON.stringify(line)} in\n${output}`);
    return text.replace(/^mesos:\S+ resource '\S+' has a problem: /, "");
  });
}

/** The errors of an `up`, where a log's last lines may follow; no stack trace is among them. */
function failure(output: string): string {
  const diagnostics = output.split("\nDiagnostics:\n")[1] ?? "";
  assert.notEqual(diagnostics, "", output);
  assert.doesNotMatch(diagnostics, /unhandled exception|^\s+at .*:\d+:\d+/m);
  return diagnostics;
}

const refusals: readonly Refusal[] = [
  {
    title: "an even number of masters",
    body: `new mesos.Masters("m", { platform, zookeeper, size: 4 });`,
    says: ["masters.size: must be 3 or 5 so that a majority survives one loss, got 4"],
  },
  {
    title: "a number of masters that is an Output",
    body: `new mesos.Masters("m", { platform, zookeeper, size: pulumi.output(3) });`,
    says: [
      "masters.size: must be 3 or 5 so that a majority survives one loss, got an Output, whose value a preview may not know",
    ],
  },
  {
    title: "a ZooKeeper of two",
    body: `new mesos.ZooKeeper("z", { platform, size: 2 });`,
    says: [
      "zookeeper.size: must be 1, 3 or 5, because an even number survives no more losses than one server less, got 2",
    ],
  },
  {
    title: "every wrong size of a cluster's parts at once",
    body: `new mesos.Cluster("demo", { platform, secret: "x".repeat(32), zookeeper: { size: 2 }, masters: { size: 4 }, agents: { web: { size: -1, resources: { cpus: 1, mem: 128 } } } });`,
    says: [
      "zookeeper.size: must be 1, 3 or 5, because an even number survives no more losses than one server less, got 2; masters.size: must be 3 or 5 so that a majority survives one loss, got 4; agents.web.size: must be a whole number, 0 or more, got -1",
    ],
  },
  {
    title: "a secret that is too short, without showing it",
    body: `new mesos.Cluster("demo", { platform, secret: "hunter2", zookeeper: { size: 1 }, masters: { size: 3 } });`,
    says: [
      "secret: must be a text of 16 characters or more, because every credential derives from it, got 7; make one by: openssl rand -base64 32",
    ],
  },
  {
    title: "such a secret once where it is known later, for all that derives from it",
    body: `
const sizes = { zookeeper: { size: 1 }, masters: { size: 3 }, agents: { web: { size: 1, resources: { cpus: 1, mem: 128 } } }, marathon: { size: 1 }, edge: { size: 1 } };
new mesos.Cluster("demo", { platform, secret: pulumi.secret("hunter2"), security: { authentication: true, tls: true }, ...sizes });`,
    says: [
      "secret: must be a text of 16 characters or more, because every credential derives from it, got 7; make one by: openssl rand -base64 32",
    ],
  },
  {
    title: "a quorum set by hand",
    body: `new mesos.Masters("m", { platform, zookeeper, size: 3, flags: { quorum: 1 } });`,
    says: ["masters.flags.quorum: follows from the program and cannot be set, got 1; leave it out"],
  },
  {
    title: "an unknown field of an app, with the one that was meant",
    body: `new mesos.marathon.App("a", { cmd: "sleep 1", healthCheks: [] }, { provider });`,
    says: ['healthCheks: unknown field, did you mean "healthChecks"?'],
  },
  {
    title: "ill-typed fields of an app, all at once",
    body: `new mesos.marathon.App("a", { cmd: "sleep 1", instances: -1, cpus: "many" }, { provider });`,
    says: ['cpus: must be a number, got "many"', "instances: must be 0 or more, got -1"],
  },
  {
    title: "a port out of range",
    body: `new mesos.marathon.App("a", { cmd: "sleep 1", portDefinitions: [{ port: 70000 }] }, { provider });`,
    says: ["portDefinitions[0].port: must be between 0 and 65535, got 70000"],
  },
  {
    title: "an ACL with a newline",
    body: `new mesos.bamboo.Service("s", { appId: "/a", acl: "path_beg /\\nserver evil 1.2.3.4" }, { provider });`,
    says: [
      'acl: must be one line, because HAProxy reads what follows as a directive of its own, got "path_beg /\\nserver evil 1.2.3.4"',
    ],
  },
  {
    title: "two groups of one name in a cluster",
    body: `${group}
new mesos.AgentGroup("one", spec);
new mesos.AgentGroup("two", spec);`,
    says: ['groupName: must be unique in cluster "c", got a second "web"; give one of them another name'],
  },
  {
    title: "a group without resources",
    body: `${group}
new mesos.AgentGroup("one", { ...spec, resources: undefined });`,
    says: [
      "agents.web.resources.cpus: must be a number, 0 or more, got nothing; agents.web.resources.mem: must be a number, 0 or more, got nothing",
    ],
  },
  {
    title: "a group that this machine has no task ports for",
    body: `${group}
new mesos.AgentGroup("one", { ...spec, size: 26 });`,
    says: [
      "agents.web.size: must be 25 or less, because the groups of this machine share the task ports 31000 to 32000 and this one has 31000 to 31499, got 26; declare the largest group first",
    ],
  },
  {
    title:
      "one resource while members are asked for their state, without a word of the calls that this cuts short",
    body: `
const members = [{ name: "m-1", host: "127.${octet}.2.1", port: 5050 }];
const ask = (left) => mesos.getEnsemble({ kind: "mesos-master", members }, { provider: platform.provider })
  .apply(() => { if (left > 0) ask(left - 1); });
ask(200);
new mesos.marathon.App("a", { cmd: "sleep 1", instances: -1 }, { provider });`,
    says: ["instances: must be 0 or more, got -1"],
  },
  {
    title: "a network that is not a loopback /16",
    body: `new mesos.LocalPlatform({ network: "10.0.0.0/16", name: "other" });`,
    says: ['network: must be a /16 of the loopback network such as "127.77.0.0/16", got "10.0.0.0/16"'],
  },
];

describe("bad input", function () {
  this.timeout(1_200_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.create({ program: { source: "" } });
  });

  after(() => stack.close());

  for (const { title, body, says } of refusals) {
    it(`fails at preview in a clear line: ${title}`, async () => {
      writeFileSync(path.join(stack.directory, "index.js"), program(body));
      const outcome = await stack.pulumi(["preview"]);
      assert.notEqual(outcome.code, 0, outcome.output);
      assert.deepEqual(errorsOf(outcome.output).sort(), [...says]);
    });
  }
});

describe("a resource that cannot start", function () {
  this.timeout(1_200_000);
  let stack: TestStack | undefined;

  async function open(body: string, env: NodeJS.ProcessEnv = {}): Promise<TestStack> {
    stack = await TestStack.create({ program: { source: program(body) }, env });
    return stack;
  }

  afterEach(async () => {
    await stack?.close();
    stack = undefined;
  });

  it("fails with the holder's name when an address is taken, and the next up goes on", async () => {
    const opened = await open(`new mesos.ZooKeeper("demo-zookeeper", { platform, size: 1 });`);
    const host = new ClusterView(`127.${octet}`).hosts("zookeeper", 1)[0] ?? "";
    const server: Server = createServer().listen(2181, host);
    try {
      const outcome = await opened.pulumi(["up", "--yes", "--skip-preview"]);
      assert.notEqual(outcome.code, 0);
      assert.match(failure(outcome.output), new RegExp(`${host}:2181 is held by .*pid ${process.pid}\\b`));
    } finally {
      server.close();
    }
    await opened.up();
    await opened.unchanged();
  });

  it("fails with the way to get it when a program is missing, and the next up goes on", async () => {
    const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-programs-"));
    try {
      const opened = await open(
        `new mesos.Process("late", { command: ["a-program-that-comes-late"] }, { provider });`,
        { PATH: `${process.env.PATH}:${directory}` },
      );
      const outcome = await opened.pulumi(["up", "--yes", "--skip-preview"]);
      assert.notEqual(outcome.code, 0);
      assert.match(failure(outcome.output), /a-program-that-comes-late.*not found.*install/);
      const late = path.join(directory, "a-program-that-comes-late");
      writeFileSync(late, "#!/bin/sh\nexec sleep 1000\n");
      chmodSync(late, 0o755);
      await opened.up();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("fails in one line on a disk without room, goes on once there is some, and looks after its program without any", async function () {
    const why = await whyNoSmallDisk();
    if (why !== undefined) {
      if (this.test !== undefined) this.test.title += ` (not on this machine: ${why})`;
      return this.skip();
    }
    const disk = await smallDisk();
    try {
      const opened = await open(
        `new mesos.Process("sleeper", { command: ["sleep", "100000"] }, { provider });`,
      );
      symlinkSync(disk.directory, path.join(opened.directory, "xdg"));
      await disk.fill();
      const outcome = await opened.pulumi(["up", "--yes", "--skip-preview"]);
      assert.notEqual(outcome.code, 0);
      assert.match(failure(outcome.output), /error: .*sleeper: cannot write its files in .*: ENOSPC/);
      await disk.free();
      await opened.up();
      const status = async (): Promise<ProcessStatus> => {
        const [sleeper] = await list({ root: opened.state });
        assert.ok(sleeper?.running && sleeper.pid !== undefined);
        return sleeper;
      };
      const first = await status();
      await disk.fill();
      process.kill(first.pid ?? 0, "SIGKILL");
      const isSleeping = ({ argv, pid }: ReturnType<typeof opened.processes>[number]): boolean =>
        argv.at(-1) === "100000" && pid !== first.pid;
      await eventually(hangMs, () => assert.equal(opened.processes().filter(isSleeping).length, 1));
      await disk.free();
      await eventually(hangMs, async () => assert.notEqual((await status()).pid, first.pid));
      await opened.unchanged();
      await opened.ok("destroy", "--yes", "--skip-preview");
    } finally {
      await stack?.close();
      stack = undefined;
      await disk.remove();
    }
  });

  it("fails with the log's last lines when a program does not start", async () => {
    const opened = await open(
      `new mesos.Process("bad", { command: ["sh", "-c", "echo the reason is here; exit 3"], ready: { tcp: "127.${octet}.9.9:1", timeoutSeconds: 5 } }, { provider });`,
    );
    const outcome = await opened.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(outcome.code, 0);
    assert.match(failure(outcome.output), /bad: .*exit code 3.*\n\s+the reason is here/);
  });

  it("fails with the log's last lines when ZooKeeper does not start, and the next up goes on, on the way to three with what the one holds", async () => {
    const opened = await open(
      `const config = new pulumi.Config();
new mesos.ZooKeeper("demo-zookeeper", { platform, size: config.getNumber("size") ?? 1, heapMiB: config.getNumber("heap") });`,
    );
    const fails = async (): Promise<void> => {
      await opened.ok("config", "set", "heap", "1000000000");
      const outcome = await opened.pulumi(["up", "--yes", "--skip-preview"]);
      await opened.ok("config", "rm", "heap");
      assert.notEqual(outcome.code, 0);
      assert.match(
        failure(outcome.output),
        /demo-zookeeper-1: it died \d times, last exit code 1; the last lines of its log:/,
      );
      assert.match(failure(outcome.output), /Invalid maximum heap size|Could not reserve enough space/);
    };
    await fails();
    await opened.up();
    const hosts = new ClusterView(`127.${octet}`).hosts("zookeeper", 3);
    const session = await ZooKeeper.connect({ servers: `${hosts[0]}:2181` }, never);
    await session.put("/kept", Buffer.from("from one"));
    await session.close();
    await opened.ok("config", "set", "size", "3");
    await fails();
    await opened.up();
    const started = (await list({ root: opened.state })).map(({ startedAt = "" }) => startedAt);
    assert.deepEqual([...started].sort(), started, "the new ones, empty, came after the one with the data");
    for (const host of hosts) {
      const there = await ZooKeeper.connect({ servers: `${host}:2181` }, never);
      assert.equal((await there.get("/kept"))?.data.toString(), "from one", host);
      await there.close();
    }
  });
});

describe("a change that a running cluster cannot take", function () {
  this.timeout(1_200_000);
  const sizes = { zookeepers: 1, masters: 5 };
  const source = ({ zookeepers, masters }: typeof sizes): string => `
const mesos = require("pulumi-mesos");
new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: "127.${octet}.0.0/16" }),
  secret: "a-secret-of-thirty-two-characters",
  zookeeper: { size: ${zookeepers} },
  masters: { size: ${masters} },
  agents: { web: { size: 1, resources: { cpus: 1, mem: 128 } } },
  marathon: { size: 1 },
  edge: { size: 1 },
});`;
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.create({ program: { source: source(sizes) } });
    await stack.up();
  });

  after(() => stack.close());

  const changes: readonly { title: string; change: Partial<typeof sizes>; says: string }[] = [
    {
      title: "five ZooKeeper servers where fewer run",
      change: { zookeepers: 5 },
      says: "size: must not go from 1 to 5 in one step: first size: 3 alone, then size: 5 with quorumOf: 3, then size: 5 with quorumOf: 4, then size: 5 alone",
    },
    {
      title: "fewer masters at once",
      change: { masters: 3 },
      says: "size: must not go from 5 to 3 in one step: first size: 3 with quorumOf: 5, then size: 3 alone",
    },
  ];

  for (const { title, change, says } of changes) {
    it(`fails at preview in one line: ${title}`, async () => {
      const running = (): number[] => stack.processes().map(({ pid }) => pid);
      const before = running();
      writeFileSync(path.join(stack.directory, "index.js"), source({ ...sizes, ...change }));
      const outcome = await stack.pulumi(["preview"]);
      assert.notEqual(outcome.code, 0);
      assert.deepEqual(errorsOf(outcome.output), [says]);
      assert.deepEqual(running(), before);
    });
  }
});
