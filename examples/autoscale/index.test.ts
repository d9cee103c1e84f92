// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { type Recorded, record } from "pulumi-mesos/testing";

const folder = path.join(__dirname, "..");
/** Below those that the machine gives out by itself. */
const port = 20_480;

interface Bounds {
  readonly min: number;
  readonly max: number;
}

describe("the example autoscale", function () {
  // A bound against hanging: it loads everything.
  this.timeout(60_000);
  let all: Recorded[] = [];
  before(async () => {
    all = await record(() => {
      const config = { "project:clusterSecret": "a-secret-of-thirty-two-characters" };
      pulumi.runtime.setAllConfig(config, ["project:clusterSecret"]);
      require("./index");
    });
  });

  /** The inputs of the one resource of a type. */
  function inputs<T>(type: string): T {
    const [one, ...others] = all.filter((resource) => resource.type === type);
    assert.deepEqual(others, []);
    return one?.inputs as T;
  }

  it("grows to the instances and agents that its README names, within its bounds", () => {
    const readme = readFileSync(path.join(folder, "README.md"), "utf8");
    const numbers = /from (\d+) instances to (\d+), .* from (\d+) agent to (\d+)\./.exec(readme) ?? [];
    const [fewest, instances, fewestAgents, agents] = numbers.slice(1).map(Number);
    const loads = [...readme.matchAll(/load\.mjs "\$\(pulumi stack output url\)" (\d+)/g)];
    const requests = loads.reduce((sum, [, rate]) => sum + Number(rate), 0);
    const shop = inputs<{ autoscale: Bounds & { targetRps: number } }>("mesos:marathon:App");
    const web = inputs<{ declaration: { autoscale: Bounds } }>("mesos:index:AgentPool");
    assert.equal(instances, Math.ceil(requests / shop.autoscale.targetRps));
    assert.equal(fewest, shop.autoscale.min);
    assert.ok(requests / shop.autoscale.targetRps <= shop.autoscale.max);
    const { min, max } = web.declaration.autoscale;
    assert.equal(fewestAgents, min);
    // Four of the shop's fit on one.
    assert.equal(agents, Math.ceil(requests / shop.autoscale.targetRps / 4));
    assert.ok(shop.autoscale.max <= 4 * max);
  });

  it("has a server that answers whoever is there when it is told to end, and a load that counts the answers", async () => {
    const server = spawn(process.execPath, [path.join(folder, "server.mjs")], {
      env: { PORT0: String(port) },
      stdio: ["ignore", "ignore", "inherit"],
    });
    try {
      await answering(server);
      const load = await outputOf([path.join(folder, "load.mjs"), `http://127.0.0.1:${port}/`, "50", "1"]);
      const told = [...load.matchAll(/^(\d+) answered, (\d+) failed, /gm)];
      const sum = (at: number) => told.reduce((n, line) => n + Number(line[at]), 0);
      assert.ok(sum(1) > 0 && sum(1) <= 51, load);
      assert.equal(sum(2), 0, load);
      const answers = await begun(25);
      const ended = once(server, "exit");
      server.kill("SIGTERM");
      assert.deepEqual(
        await Promise.all(answers),
        Array.from({ length: 25 }, () => 200),
      );
      assert.deepEqual(await ended, [0, null]);
    } finally {
      server.kill("SIGKILL");
    }
  });
});

/** Waits until the server serves; fails when it ends before. */
async function answering(server: ChildProcess): Promise<void> {
  for (;;) {
    assert.equal(server.exitCode, null, "it ended");
    const found = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (found?.ok) return;
    await delay(20);
  }
}

async function outputOf(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  assert.deepEqual(await once(child, "close"), [0, null]);
  return text;
}

/** The statuses to come of requests that the server has: it has said of each that it may go on. */
async function begun(count: number): Promise<Promise<number | undefined>[]> {
  const agent = new Agent();
  const asked = Array.from({ length: count }, () => {
    const headers = { Expect: "100-continue" };
    const sent = request(`http://127.0.0.1:${port}/`, { agent, headers });
    const answered = once(sent, "response").then(([response]: IncomingMessage[]) => {
      response?.resume();
      return response?.statusCode;
    });
    const heard = once(sent, "continue");
    sent.end();
    return { answered, heard };
  });
  await Promise.all(asked.map(({ heard }) => heard));
  return asked.map(({ answered }) => answered);
}
