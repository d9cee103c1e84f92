// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { runCli } from "./cli";

/** Nobody listens there. */
const dead = { name: "demo-masters-1", host: "127.122.3.9", port: 1 };

/** The commands against an engine that prints a state, and members that are all dead. */
describe("pulumi-mesos status, validate, explain, logs and ui", function () {
  this.timeout(60_000);
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-cli-"));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const lines = { out: "", err: "" };
    const code = await runCli(argv, {
      directory,
      environment: { PATH: `${directory}/bin:/usr/bin:/bin` },
      out: (line) => {
        lines.out += `${line}\n`;
      },
      err: (line) => {
        lines.err += `${line}\n`;
      },
      signal: new AbortController().signal,
    });
    return { code, ...lines };
  }

  /** Puts a `pulumi` on PATH. */
  function engine(script: string): void {
    mkdirSync(path.join(directory, "bin"), { recursive: true });
    writeFileSync(path.join(directory, "bin/pulumi"), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(directory, "bin/pulumi"), 0o755);
  }

  function stateWith(...resources: object[]): void {
    writeFileSync(path.join(directory, "state"), JSON.stringify({ deployment: { resources } }));
    engine('test "$1 $2" = "stack export" && cat state');
  }

  const urn = (type: string, name: string) => `urn:pulumi:dev::shop::${type}::${name}`;
  const stack = {
    urn: urn("pulumi:pulumi:Stack", "shop-dev"),
    type: "pulumi:pulumi:Stack",
    outputs: { shop: "http://shop.example" },
  };
  const gate = {
    urn: urn("mesos:index:Ready", "demo-masters-1-ready"),
    type: "mesos:index:Ready",
    parent: urn("mesos:index:Masters", "demo-masters"),
    inputs: { kind: "mesos-master", member: dead, peers: [] },
  };
  const node = (logFile: string) => ({
    urn: urn("mesos:local:Process", "demo-masters-1"),
    type: "mesos:local:Process",
    id: "demo-masters-1",
    outputs: { logFile },
  });

  it("cannot tell with 2 where nobody answers, in words and as JSON", async () => {
    stateWith(stack, gate);
    const { code, out, err } = await run("status");
    deepEqual([code, err], [2, ""]);
    match(out, /^stack dev of shop: cannot tell\n/);
    match(out, /DOWN +demo-masters-1 +127\.122\.3\.9:1 +connect ECONNREFUSED/);
    match(out, /\? stack dev of shop: nobody answers/);
    const json = await run("validate", "--json");
    equal(json.code, 2);
    const said = JSON.parse(json.out) as { code: number; findings: { level: string }[] };
    deepEqual([said.code, said.findings[0]?.level], [2, "unknown"]);
    equal((await run("status", "--zk", "127.122.3.9:1", "--edge", "127.122.3.9:2")).code, 2);
  });

  it("says who one is at masters and edges that are given by address, by files and the environment alone", async () => {
    const asked = new Map<string, string | undefined>();
    const server = createServer((request, response) => {
      asked.set(request.url ?? "", request.headers.authorization);
      response.writeHead(request.headers.authorization === undefined ? 401 : 200).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.122.3.1", resolve));
    try {
      const bound = server.address();
      const at = `127.122.3.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
      writeFileSync(path.join(directory, "secret"), "s3cret\n");
      writeFileSync(path.join(directory, "token"), "t0ken\n");
      const said = [
        "--mesos-user",
        "operator",
        "--mesos-password-file",
        "secret",
        "--edge-token-file",
        "token",
      ];
      const { out, err } = await run("status", "--masters", at, "--edge", at, ...said);
      equal(err, "");
      const basic = `Basic ${Buffer.from("operator:s3cret").toString("base64")}`;
      deepEqual([asked.get("/metrics/snapshot"), asked.get("/status")], [basic, "Bearer t0ken"]);
      for (const secret of ["s3cret", "t0ken"]) equal(out.includes(secret), false);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("fails with 2 where a principal, its secret or an authority is missing or no good", async () => {
    const masters = ["--masters", "127.122.3.9:1"];
    const cases: [readonly string[], RegExp][] = [
      [["--mesos-user", "operator"], /--mesos-user: goes with MESOS_PASSWORD or --mesos-password-file/],
      [["--mesos-password-file", "secret"], /--mesos-password-file: (goes with --mesos-user|cannot be read)/],
      [["--edge-token-file", "none"], /--edge-token-file: cannot be read/],
      [["--edge", "https://127.122.3.9:1"], /--ca: is needed for https:\/\/127\.122\.3\.9:1/],
      [["--ca", "secret"], /--ca: cannot be read/],
      [["--ca", "pem"], /--ca: (must be PEM|has no use)/],
    ];
    writeFileSync(path.join(directory, "pem"), "no certificate");
    for (const [argv, words] of cases) {
      const { code, err } = await run("status", ...masters, ...argv);
      equal(code, 2);
      match(err, words);
    }
  });

  it("cannot tell with 2 without engine, stack or installation, and says so in one line", async () => {
    const cases: [() => void, RegExp][] = [
      [() => {}, /^error: pulumi stack export: the program pulumi is not on PATH; .*--zk/],
      [
        () => engine("echo 'error: no stack selected' >&2; exit 255"),
        /^error: pulumi stack export: no stack selected; /,
      ],
      [() => engine("echo '{}'"), /^error: pulumi stack export: printed no state of a stack/],
      [() => stateWith(stack), /^error: stack dev of shop has no part of a Mesos installation/],
    ];
    for (const [prepare, words] of cases) {
      prepare();
      for (const command of ["status", "validate"]) {
        const { code, out, err } = await run(command);
        deepEqual([code, out], [2, ""], err);
        match(err, words);
        equal(err.trim().split("\n").length, 1);
      }
    }
  });

  it("fails with a way out that the command has: addresses where it takes them, else the folder", async () => {
    const commands = [["logs", "demo-masters-1"], ["ui"], ["explain", "web"]];
    for (const command of commands) {
      const { code, err } = await run(...command);
      equal(code, 1);
      match(err, /^error: pulumi stack export: .* not on PATH; run this in .* \(--cwd, --stack\)\n$/);
    }
    engine("true");
    match((await run("ui", "--cwd", "gone")).err, /export: --cwd: there is no folder \/.*\/gone; /);
  });

  it("prints a node's log, and names those that there are for another", async () => {
    const log = path.join(directory, "log");
    stateWith(stack, gate, node(log));
    match((await run("logs", "demo-masters-1")).err, /^error: demo-masters-1: there is no log at /);
    writeFileSync(log, "one\ntwo\nthree");
    deepEqual(await run("logs", "demo-masters-1", "-n", "1"), { code: 0, out: "two\nthree\n", err: "" });
    const other = await run("logs", "demo-master-1");
    equal(other.code, 1);
    match(other.err, /has no such node; did you mean demo-masters-1\?/);
    equal((await run("logs", "demo-masters-1", "--lines", "some")).code, 2);
    stateWith(stack, gate);
    match(
      (await run("logs", "demo-masters-1")).err,
      /has no node on this machine or on Docker; on AWS .*journal/,
    );
  });

  it("ends without a word when whoever reads a log that it follows has gone", async () => {
    const log = path.join(directory, "log");
    stateWith(stack, gate, node(log));
    writeFileSync(log, "one\n");
    const main = path.join(__dirname, "main.js");
    const child = spawn(process.execPath, [main, "logs", "demo-masters-1", "--follow"], {
      cwd: directory,
      env: { PATH: `${directory}/bin:/usr/bin:/bin` },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "close");
    const said = text(child.stderr);
    await once(child.stdout, "data");
    child.stdout.destroy();
    await once(child.stdout, "close");
    appendFileSync(log, "two\n");
    const [code] = await ended;
    deepEqual([code, await said], [141, ""]);
  });

  it("prints the log of a node or agent on Docker, and fails in one line without docker or the container", async () => {
    const labels = { project: "shop", stack: "dev", member: "demo-masters-1" };
    const container = {
      urn: urn("docker:index/container:Container", "demo-masters-1"),
      type: "docker:index/container:Container",
      id: "c0ffee",
      provider: `${urn("pulumi:providers:docker", "far")}::p1`,
      outputs: {
        name: "shop-dev-demo-masters-1",
        labels: Object.entries(labels).map(([key, value]) => ({ label: `pulumi-mesos.${key}`, value })),
      },
    };
    const provider = {
      urn: urn("pulumi:providers:docker", "far"),
      type: "pulumi:providers:docker",
      id: "p1",
      inputs: { host: "ssh://far" },
    };
    const pool = {
      urn: urn("mesos:index:AgentPool", "demo-web"),
      type: "mesos:index:AgentPool",
      inputs: { declaration: { name: "web", size: 1, backend: { kind: "docker" } } },
    };
    stateWith(stack, gate, provider, container, pool);
    const missing = await run("logs", "demo-masters-1");
    equal(missing.code, 1);
    match(
      missing.err,
      /^error: demo-masters-1: cannot read the log of container shop-dev-demo-masters-1: .+; set DOCKER_HOST to /,
    );
    const docker = path.join(directory, "bin/docker");
    const there = 'case "$*" in *gone*) echo "No such container" >&2; exit 1;; *inspect*) echo .;;';
    writeFileSync(docker, `#!/bin/sh\n${there} *) echo "$@"; echo to-stderr >&2;; esac\n`);
    chmodSync(docker, 0o755);
    const told = await run("logs", "demo-masters-1", "-n", "7");
    deepEqual([told.code, told.err], [0, ""]);
    deepEqual(told.out.trim().split("\n").sort(), [
      "--host ssh://far logs --tail 7 shop-dev-demo-masters-1",
      "to-stderr",
    ]);
    match(
      (await run("logs", "web-1", "-f")).out,
      /--host ssh:\/\/far logs --tail 100 --follow shop-dev-web-1/,
    );
    match((await run("logs", "demo-master-1")).err, /has no such node; did you mean demo-masters-1\?/);
    const gone = { ...container, outputs: { ...container.outputs, name: "gone" } };
    stateWith(stack, gate, provider, gone);
    match(
      (await run("logs", "demo-masters-1")).err,
      /log of container gone: No such container; set DOCKER_HOST/,
    );
  });

  it("prints where pages are, and opens one", async () => {
    const edge = {
      ...gate,
      urn: urn("mesos:index:Ready", "demo-edge-1-ready"),
      parent: urn("mesos:index:BambooEdge", "demo-edge"),
      inputs: {
        kind: "edge",
        member: { ...dead, name: "demo-edge-1", port: 2, via: "127.122.3.9:3" },
        peers: [],
      },
    };
    stateWith(stack, gate, edge);
    const { code, out } = await run("ui");
    const pages = [
      "mesos  http://127.122.3.9:1/",
      "edge   http://127.122.3.9:3/",
      "shop   http://shop.example",
    ];
    deepEqual([code, out], [0, `${pages.join("\n")}\n`]);
    equal((await run("ui", "shop")).out, "shop  http://shop.example\n");
    match((await run("ui", "shopp")).err, /did you mean shop\?/);
    for (const opener of ["xdg-open", "open"]) {
      writeFileSync(
        path.join(directory, "bin", opener),
        `#!/bin/sh\necho "$1" > ${directory}/opened; exit 3\n`,
      );
      chmodSync(path.join(directory, "bin", opener), 0o755);
    }
    const opened = await run("ui", "shop", "--open");
    equal(opened.code, 1);
    match(opened.err, /ended with 3; open it by hand/);
  });

  it("explains a group by its name or the end of it, and names what there is otherwise", async () => {
    const pool = (name: string) => ({
      urn: urn("mesos:index:AgentPool", name),
      type: "mesos:index:AgentPool",
      inputs: {
        declaration: { name, size: 0, autoscale: { min: 1, max: 3 }, backend: { kind: "docker" } },
      },
    });
    stateWith(stack, gate, pool("demo-web"), pool("demo-api"));
    for (const name of ["demo-web", "web"]) {
      const { code, err } = await run("explain", name);
      deepEqual([code, err], [1, "error: no controller of agent groups answers: none of them leads\n"]);
    }
    const { code, err } = await run("explain", "demo-wep");
    deepEqual([code, err], [2, "error: demo-wep: no such agent group; did you mean demo-web?\n"]);
    equal((await run("explain", "web", "-n", "none")).code, 2);
  });
});
