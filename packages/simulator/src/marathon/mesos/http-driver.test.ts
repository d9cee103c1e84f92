// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { encodeRecord } from "../../recordio";
import { until } from "../../test-cluster.test";
import { HttpSchedulerDriver } from "./http-driver";
import { FixedMaster } from "./master-detector";
import type { SchedulerListener } from "./messages";

interface Call {
  readonly type: string;
  readonly acknowledge?: { readonly uuid: string };
}

/** SPEC-marathon.md, "Mesos": ACKNOWLEDGE. */
describe("marathon: acknowledgements to a master that takes its time", function () {
  this.timeout(60_000);
  let server: Server;
  let subscribed: number;
  let held: { uuid: string; answer: ServerResponse }[];
  let driver: HttpSchedulerDriver;
  let running: Promise<void>;
  const stop = { controller: new AbortController() };

  beforeEach(async () => {
    subscribed = 0;
    held = [];
    stop.controller = new AbortController();
    server = createServer((request, answer) => {
      let text = "";
      request.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      request.on("end", () => {
        const call = JSON.parse(text) as Call;
        if (call.type === "SUBSCRIBE") {
          answer.writeHead(200, { "content-type": "application/json", "mesos-stream-id": "s" });
          const event = { framework_id: { value: "f" }, heartbeat_interval_seconds: 15 };
          answer.write(encodeRecord(JSON.stringify({ type: "SUBSCRIBED", subscribed: event })));
        } else if (call.acknowledge === undefined) answer.writeHead(202).end();
        else held.push({ uuid: call.acknowledge.uuid, answer });
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.106.3.1", resolve));
    const address = `127.106.3.1:${(server.address() as AddressInfo).port}`;
    const nothing = (): void => undefined;
    driver = new HttpSchedulerDriver({
      detector: new FixedMaster(address),
      framework: {
        name: "marathon",
        user: "root",
        hostname: "h",
        webui_url: "http://h",
        failover_timeout: 1,
        checkpoint: true,
      },
      log: nothing,
      fatal: nothing,
    });
    const listener: SchedulerListener = {
      subscribed: () => {
        subscribed++;
      },
      disconnected: nothing,
      offers: nothing,
      update: nothing,
    };
    running = driver.run(listener, undefined, stop.controller.signal);
    await until("subscribed", () => subscribed === 1);
  });
  afterEach(async () => {
    stop.controller.abort();
    await running;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const acknowledge = (count: number): void => {
    for (let n = 0; n < count; n++) driver.acknowledge("S", `t${n}`, String(n));
  };
  const uuids = (): number[] => held.map(({ uuid }) => Number(uuid)).sort((a, b) => a - b);

  it("has eight on their way at a time, and the rest follow in order", async () => {
    acknowledge(20);
    await until("eight", () => held.length === 8);
    assert.deepEqual(uuids(), [0, 1, 2, 3, 4, 5, 6, 7]);
    held
      .find(({ uuid }) => uuid === "3")
      ?.answer.writeHead(202)
      .end();
    await until("one more", () => held.length === 9);
    assert.equal(held.at(-1)?.uuid, "11", "the next of the same lane");
    for (let n = 0; n < 20; n++) {
      await until(`number ${n}`, () => held.length > n);
      if (held[n]?.answer.headersSent === false) held[n]?.answer.writeHead(202).end();
    }
    assert.deepEqual(uuids(), [...Array(20).keys()]);
  });

  it("subscribes again when one cannot be delivered, so that the statuses come again", async () => {
    acknowledge(3);
    await until("three", () => held.length === 3);
    held[1]?.answer.destroy();
    await until("the second subscription", () => subscribed === 2);
    acknowledge(1);
    await until("another", () => held.length === 4);
  });
});
