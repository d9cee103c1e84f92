// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { appendFile, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock";
import type { Slot, SlotTable } from "../routing/slots";
import { until } from "../testing/edge-bench.test.support";
import { silent as noLog } from "../testing/test-edge.test.support";
import { answers } from "./answers";
import { LogTail } from "./log-tail";
import { SilentHosts } from "./silent-hosts";

const slot = (address: string, port: number, state: Slot["state"] = "ready"): Slot => ({
  address,
  port,
  state,
});
const table: SlotTable = new Map([
  ["a", [slot("10.0.0.1", 80), slot("10.0.0.2", 80)]],
  [
    "b",
    [
      slot("127.0.0.1", 1, "maint"),
      slot("10.0.0.1", 81),
      slot("10.0.0.1", 82, "drain"),
      slot("10.0.0.1", 83, "maint"),
    ],
  ],
]);

describe("hosts that fall silent", () => {
  /** Hears that a server is down while `isThere` says who answers; what HAProxy is told, in order. */
  async function told(
    lines: readonly string[],
    isThere: (port: number, pauses: number) => boolean,
  ): Promise<string[]> {
    const words: string[] = [];
    let pauses = 0;
    const hosts = new SilentHosts({
      runtime: {
        markDown: async (generation, servers) => void words.push(`${generation} down ${servers.join(" ")}`),
        endSessions: async (generation, servers) => void words.push(`${generation} end ${servers.join(" ")}`),
      },
      running: () => ({ generation: 7, table }),
      answers: async (_, port) => isThere(port, pauses),
      clock: {
        ...systemClock,
        pause: async () => {
          pauses++;
        },
      },
      log: noLog,
    });
    for (const line of lines) hosts.heard(line, new AbortController().signal);
    await hosts.ended();
    return words;
  }
  const down = "[WARNING]  (12) : Server a/s1 is DOWN, reason: Health analyze.";

  it("take no requests on any of their tasks, and what waits for them is ended once they are still silent", async () => {
    assert.deepEqual(await told([down], () => false), ["7 down a/s1 b/s2", "7 end a/s1 b/s2 b/s3"]);
  });

  it("are left alone when one of their tasks answers", async () => {
    assert.deepEqual(await told([down], (port) => port === 82), []);
  });

  it("are not known by a single task: it may be too busy to take connections", async () => {
    assert.deepEqual(await told(["Server a/s2 is DOWN"], () => false), []);
  });

  it("keep their requests when they answer again in time", async () => {
    assert.deepEqual(await told([down], (_, pauses) => pauses > 0), ["7 down a/s1 b/s2"]);
  });

  it("are looked at once at a time, and only for servers that there are", async () => {
    const lines = [down, down, "Server a/s9 is DOWN", "Server none/s1 is DOWN", "Server a/s2 is UP", ""];
    assert.deepEqual(await told(lines, () => false), ["7 down a/s1 b/s2", "7 end a/s1 b/s2 b/s3"]);
  });
});

describe("an address", () => {
  it("answers by taking a connection and by refusing it", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    assert.equal(await answers("127.0.0.1", port), true);
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await answers("127.0.0.1", port), true);
  });
});

describe("a log that is followed", () => {
  it("tells what is appended, line by line, also after it was made or cut", async () => {
    const directory = await mkdtemp(join(tmpdir(), "edge-log-"));
    const file = join(directory, "haproxy.log");
    const lines: string[] = [];
    const tail = new LogTail(file, (line) => lines.push(line), noLog);
    try {
      await tail.start();
      await writeFile(file, "one\ntw");
      await until("the first line", async () => lines.length === 1);
      await appendFile(file, "o\n");
      await until("the second line", async () => lines.length === 2);
      await truncate(file);
      await appendFile(file, "3\n");
      await until("the third line", async () => lines.length === 3);
      assert.deepEqual(lines, ["one", "two", "3"]);
    } finally {
      await tail.close();
      await rm(directory, { recursive: true });
    }
  });

  it("begins behind what is there already", async () => {
    const directory = await mkdtemp(join(tmpdir(), "edge-log-"));
    const file = join(directory, "haproxy.log");
    const lines: string[] = [];
    const tail = new LogTail(file, (line) => lines.push(line), noLog);
    try {
      await writeFile(file, "old\n");
      await tail.start();
      await appendFile(file, "new\n");
      await until("the line", async () => lines.length === 1);
      assert.deepEqual(lines, ["new"]);
    } finally {
      await tail.close();
      await rm(directory, { recursive: true });
    }
  });
});
