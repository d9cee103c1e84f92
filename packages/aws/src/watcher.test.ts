// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { watchScript } from "./watcher";

const heartbeat =
  "autoscaling record-lifecycle-action-heartbeat --region eu-central-1 --lifecycle-hook-name pulumi-mesos-drained --auto-scaling-group-name p-s-web --instance-id i-1";
const said = (notice: string): string =>
  `ec2 create-tags --region eu-central-1 --resources i-1 --tags Key=pulumi-mesos.notice,Value=${notice}`;

/** The script itself, with metadata that a test gives it, and an `aws` that prints what it was asked. */
class Machine {
  readonly data = new Map([["instance-id", "i-1"]]);
  /** How often the metadata were asked for, and how often without a session. */
  looks = 0;
  strangers = 0;
  /** How many more calls of `aws` fail. */
  readonly #directory = mkdtempSync(join(tmpdir(), "watch-test-"));
  readonly #server: Server;
  #script: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor() {
    this.#server = createServer((request, response) => {
      const path = request.url?.replace("/latest/", "") ?? "";
      if (request.method === "PUT" && path === "api/token") {
        response.end("a-token");
        return;
      }
      if (request.headers["x-aws-ec2-metadata-token"] !== "a-token") this.strangers++;
      this.looks++;
      const value = this.data.get(path.replace("meta-data/", ""));
      response.writeHead(value === undefined ? 404 : 200);
      response.end(value);
    });
  }

  /** `aws` fails the first time when `fails`. */
  async start({ fails = false } = {}): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const { port } = this.#server.address() as AddressInfo;
    const once = fails
      ? `[ -e ${this.#directory}/failed ] || { touch ${this.#directory}/failed; exit 1; }\n`
      : "";
    writeFileSync(join(this.#directory, "aws"), `#!/bin/sh\n${once}echo "$*"\n`, { mode: 0o700 });
    const script = watchScript({ region: "eu-central-1", group: "p-s-web" })
      .replace("http://169.254.169.254", `http://127.0.0.1:${port}`)
      .replace("sleep 5", "sleep 0.02");
    this.#script = spawn("bash", ["-c", script], {
      env: { PATH: `${this.#directory}:/usr/bin:/bin` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    assert.ok(this.#script.stdout);
    this.#lines = createInterface({ input: this.#script.stdout })[Symbol.asyncIterator]();
  }

  /** The next call of `aws`. */
  async next(): Promise<string> {
    return (await this.#lines?.next())?.value ?? "nothing more";
  }

  /** Resolves when it has looked through everything twice more. */
  async looked(): Promise<void> {
    const until = this.looks + 16;
    while (this.looks < until) await once(this.#server, "request");
  }

  async close(): Promise<void> {
    if (this.#script !== undefined) {
      const ended = once(this.#script, "exit");
      this.#script.kill("SIGKILL");
      await ended;
    }
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    rmSync(this.#directory, { recursive: true });
  }
}

describe("the watcher of an agent's machine", function () {
  this.timeout(60_000);
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => machine.close());

  it("says when a spot machine is interrupted, once, by a session of IMDSv2, and first that it may be", async () => {
    machine.data.set("autoscaling/target-lifecycle-state", "InService");
    machine.data.set("events/recommendations/rebalance", '{"noticeTime":"2026-01-31T09:28:00Z"}');
    await machine.start();
    assert.equal(await machine.next(), said("rebalance"));
    await machine.looked();
    const action = '{"action": "terminate", "time": "2026-01-31T09:30:00Z"}';
    machine.data.set("spot/instance-action", action);
    assert.equal(await machine.next(), said("interruption 2026-01-31T09:30:00Z"));
    // What the group does with it then is nothing new.
    machine.data.set("autoscaling/target-lifecycle-state", "Terminated");
    await machine.looked();
    machine.data.delete("spot/instance-action");
    assert.equal(await machine.next(), heartbeat);
    assert.equal(machine.strangers, 0);
  });

  it("says that somebody ends it, and has its end wait", async () => {
    await machine.start();
    await machine.looked();
    machine.data.set("autoscaling/target-lifecycle-state", "Terminated");
    assert.equal(await machine.next(), heartbeat);
    assert.equal(await machine.next(), said("termination"));
  });

  it("says it again where that failed", async () => {
    machine.data.set("events/recommendations/rebalance", "{}");
    await machine.start({ fails: true });
    assert.equal(await machine.next(), said("rebalance"));
  });
});
