// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { statsd } from "./stats";

const log = { info: () => {}, warn: () => {}, error: () => {} };

describe("StatsD", () => {
  it("gets Bamboo's counts and times under the prefix", async () => {
    const server = createSocket("udp4");
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    const stats = statsd({ host: "127.0.0.1", port: server.address().port, prefix: "bamboo.test." }, log);
    try {
      const first = once(server, "message");
      stats.increment("haproxy.reload.marathon.reloaded");
      assert.equal(String((await first)[0]), "bamboo.test.haproxy.reload.marathon.reloaded:1|c");
      const second = once(server, "message");
      stats.timing("haproxy.reload.marathon.duration", 12.4);
      assert.equal(String((await second)[0]), "bamboo.test.haproxy.reload.marathon.duration:12|ms");
    } finally {
      stats.close();
      server.close();
    }
  });

  it("takes counts after its end without a word", () => {
    const stats = statsd({ host: "127.0.0.1", port: 9, prefix: "" }, log);
    stats.close();
    stats.increment("restart");
  });
});
