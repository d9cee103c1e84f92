// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { until } from "./clock";
import { dropScope, hangMs, makeScope, testPath } from "./fixture.test";
import { identityOf } from "./identity";
import { parseSockets, takenOf } from "./ports";
import { readRecord } from "./record";
import type { Scope } from "./scope";
import { start } from "./start";

const path = `${process.execPath.replace(/\/[^/]+$/, "")}:${testPath}`;

function listen(host: string): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen({ host, port: 0 }, () => resolve(server));
  });
}

describe("listen addresses", function () {
  this.timeout(3 * hangMs);
  let scope: Scope;
  let signal: AbortSignal;
  const servers: Server[] = [];
  const portOf = async (host: string): Promise<number> => {
    const server = await listen(host);
    servers.push(server);
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  beforeEach(async () => {
    scope = await makeScope();
    signal = AbortSignal.timeout(3 * hangMs);
  });
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close();
    await dropScope(scope);
  });

  it("fails when an address is taken, naming the holder", async () => {
    const port = await portOf("127.81.1.1");
    const spec = { name: "late", command: ["sleep", "1000"], listen: [{ host: "127.81.1.1", port }] };
    await assert.rejects(start(scope, spec, { searchPath: path, signal }), {
      code: "MESOS_PROCESS_ADDRESS_TAKEN",
      message: `127.81.1.1:${port} is held by ${readComm()} (pid ${process.pid})`,
    });
    assert.deepEqual(await takenOf([{ host: "127.81.1.2", port }]), []);
  });

  it("names the holders of its peers' addresses, too, so that all can be freed at once", async () => {
    // One peer is down; the other runs without listening yet, as a program does that is about to fail of it.
    const peers = { down: ["127.81.1.6", "false"], early: ["127.81.1.7", "sleep", "1000"] };
    const held: string[] = [];
    for (const [name, [host = "", ...command]] of Object.entries(peers)) {
      const port = await portOf(host);
      servers.pop()?.close();
      await start(scope, { name, command, listen: [{ host, port }] }, { searchPath: path, signal });
      servers.push(createServer().listen({ host, port }));
      held.push(`${host}:${port}`);
    }
    const port = await portOf("127.81.1.1");
    const spec = { name: "late", command: ["sleep", "1000"], listen: [{ host: "127.81.1.1", port }] };
    const by = `is held by ${readComm()} (pid ${process.pid})`;
    await assert.rejects(start(scope, spec, { searchPath: path, signal }), {
      message: [`127.81.1.1:${port}`, ...held].map((address) => `${address} ${by}`).join(", "),
    });
  });

  it("fails when somebody listens on the port at every address", async () => {
    const port = await portOf("0.0.0.0");
    const [taken = ""] = await takenOf([{ host: "127.81.1.3", port }]);
    assert.match(taken, /is held by .* \(pid \d+\)$/);
  });

  it("names the process and stack of a holder that is supervised", async () => {
    const port = await portOf("127.81.1.4");
    for (const server of servers.splice(0)) server.close();
    const script = `require("node:net").createServer().listen(${port}, "127.81.1.4")`;
    await start(
      scope,
      { name: "early", command: ["node", "-e", script], ready: { tcp: `127.81.1.4:${port}` } },
      { searchPath: path, signal },
    );
    const [taken = ""] = await takenOf([{ host: "127.81.1.4", port }]);
    assert.match(taken, /is held by node \(pid \d+, process early of stack project\/stack\)$/);
  });

  it("may be held by what a dead program left for its next start to find", async () => {
    const port = await portOf("127.81.1.5");
    for (const server of servers.splice(0)) server.close();
    const server = `require("node:net").createServer().listen(${port}, "127.81.1.5")`;
    const script = `require("node:child_process").spawn("node", ["-e", ${JSON.stringify(server)}], { detached: true }); setInterval(() => {}, 1000)`;
    const spec = {
      name: "edge",
      command: ["node", "-e", script],
      listen: [{ host: "127.81.1.5", port }],
      ready: { tcp: `127.81.1.5:${port}` },
    };
    const first = await start(scope, spec, { searchPath: path, signal });
    const record = readRecord(first.directory) ?? assert.fail("no record");
    const pids = [record.supervisor?.pid ?? 0, record.child?.pid ?? 0];
    for (const pid of pids) process.kill(pid, "SIGKILL");
    assert.ok(await until(async () => pids.every((pid) => identityOf(pid) === undefined), hangMs));
    const second = await start(scope, spec, { searchPath: path, signal });
    assert.equal(second.running, true);
    assert.notEqual(second.pid, first.pid);
    const [taken = ""] = await takenOf(spec.listen, `${first.directory}-other`);
    assert.match(taken, /is held by node/);
  });

  it("fails when the address is not this machine's", async () => {
    await assert.rejects(takenOf([{ host: "192.0.2.1", port: 5050 }]), { code: "MESOS_PROCESS_ADDRESS" });
  });

  it("reads listening sockets of both families from the kernel's tables", () => {
    const text = [
      "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode",
      "   0: 0101517F:13BA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 42 1 0",
      "   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 43 1 0",
      "   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 44 1 0",
      "   3: 0101517F:13BA 0101517F:9999 01 00000000:00000000 00:00000000 00000000     0        0 45 1 0",
    ];
    assert.deepEqual(parseSockets(text.join("\n")), [
      { host: "127.81.1.1", port: 5050, inode: "42" },
      { host: "127.0.0.1", port: 8080, inode: "43" },
      { host: "::", port: 80, inode: "44" },
    ]);
  });
});

function readComm(): string {
  return readFileSync("/proc/self/comm", "utf8").trim();
}
