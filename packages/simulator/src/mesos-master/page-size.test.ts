// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { TestBrowser } from "@pulumi-mesos/pages/testing";
import type { FastifyInstance } from "fastify";
import { addPageFiles, createHttpServer, pageOf, ResponseStream, sendFile } from "../http";
import { encodeRecord } from "../recordio";

const tasks = 10_000;
const agents = 1_000;

const amounts = { cpus: 8, mem: 8192, disk: 10_240, ports: "[31000-32000]" };
const taskJson = (n: number): Record<string, unknown> => ({
  name: `app-${n % 100}`,
  task_id: { value: `task-${n}` },
  framework_id: { value: "f" },
  agent_id: { value: `S${n % agents}` },
  state: "TASK_RUNNING",
  resources: [{ name: "cpus", type: "SCALAR", scalar: { value: 0.1 } }],
  statuses: [{ state: "TASK_RUNNING", timestamp: 1_700_000_000 + n }],
});

/** A master as the page sees it, with so much in it that no test could start it all. */
function bigMaster(send: { event?: (event: unknown) => void }): FastifyInstance {
  const server = createHttpServer();
  const own = pageOf("master");
  addPageFiles(server, own);
  server.get("/", async (_request, reply) => await sendFile(reply, own.get("index.html")));
  server.get("/state-summary", async () => ({ cluster: "big" }));
  server.get("/metrics/snapshot", async () => ({}));
  server.get("/simulator/masters", async () => ({ masters: [] }));
  server.get("/slaves", async () => ({
    slaves: Array.from({ length: agents }, (_, n) => ({
      id: `S${n}`,
      hostname: `agent-${n}`,
      pid: `slave(1)@10.0.0.1:${n + 1}`,
      active: true,
      resources: amounts,
      used_resources: { ...amounts, ports: "" },
      offered_resources: { cpus: 0, mem: 0, disk: 0 },
    })),
  }));
  server.post("/api/v1", async (request, reply) => {
    if ((request.body as { type: string }).type !== "SUBSCRIBE") return { get_frameworks: {} };
    const stream = new ResponseStream(reply, { "content-type": "application/json" });
    send.event = (event) => stream.write(encodeRecord(JSON.stringify(event)));
    const all = Array.from({ length: tasks }, (_, n) => taskJson(n));
    send.event({ type: "SUBSCRIBED", subscribed: { get_state: { get_tasks: { tasks: all } } } });
    return reply;
  });
  return server;
}

describe("GET / of a master with 10,000 tasks (SPEC: Pages)", function () {
  this.timeout(240_000);
  const send: { event?: (event: unknown) => void } = {};
  let server: FastifyInstance;
  let browser: TestBrowser;

  before(async () => {
    browser = await TestBrowser.open();
    server = bigMaster(send);
    await server.listen({ host: "127.107.4.1", port: 0 });
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it("draws a window of them, finds any by the filter, and shows what changes", async () => {
    const seen = await browser.page();
    const { port } = server.server.address() as AddressInfo;
    await seen.page.goto(`http://127.107.4.1:${port}/`);
    await seen.sees("#tasks .count", /^10,000$/);
    await seen.sees("#tasks tbody", /^app-99running/);
    const rows = async (): Promise<number> => (await seen.page.$$("#tasks tbody tr")).length;
    assert.equal(await rows(), 100);
    assert.match(await seen.text("#tasks .more"), /100 of 10,000 shown/);
    await seen.press("Show more", "#tasks");
    assert.equal(await rows(), 200);
    await seen.page.type("#tasks input", "task-7777");
    await seen.sees("#tasks .count", /^1 of 10,000$/);
    for (let n = 0; n < 2000; n++) {
      const status = { task_id: { value: `task-${n}` }, state: "TASK_FINISHED", timestamp: 1_700_100_000 };
      send.event?.({ type: "TASK_UPDATED", task_updated: { framework_id: { value: "f" }, status } });
    }
    await seen.sees("#tasks .count", /^1 of 8,000$/);
    await seen.sees("#completed .count", /^1,000$/);
    assert.deepEqual(seen.errors, []);
  });
});
