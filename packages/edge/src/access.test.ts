// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { BambooClient } from "@pulumi-mesos/client";
import { selfSigned } from "./testing/certificate.test.support";
import { ask, until } from "./testing/edge-bench.test.support";
import { TestEdge } from "./testing/test-edge.test.support";

const apiToken = "a-token-of-the-test";
const bearer = { headers: { authorization: `Bearer ${apiToken}` } };

describe("the API of an edge with a token", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.8");

  before(async () => {
    await edge.prepare();
    await edge.start({ raw: { apiToken } });
    edge.marathon.put({ id: "/counted", tasks: [await edge.task("counted", 21000)] });
    await edge.answers("/counted", "counted");
  });
  after(() => edge.remove());

  it("is closed without it, but for its status and Marathon's callback", async () => {
    for (const path of ["/api/services", "/api/state", "/api/health", "/metrics", "/api/services/x"]) {
      const { status, headers } = await ask(edge.api, path);
      assert.deepEqual([status, headers["www-authenticate"]], [401, "Bearer"], path);
    }
    for (const wrong of ["Bearer wrong", `Basic ${apiToken}`, `Bearer ${apiToken}x`, ""]) {
      assert.equal((await ask(edge.api, "/api/services", { headers: { authorization: wrong } })).status, 401);
    }
    const rule = JSON.stringify({ id: "/x", acl: "path_beg /x" });
    assert.equal((await ask(edge.api, "/api/services", { method: "POST", body: rule })).status, 401);
    assert.deepEqual(await edge.client.children("/bamboo"), []);
    assert.equal((await ask(edge.api, "/status")).status, 200);
    assert.equal((await ask(edge.api, "/api/marathon/event_callback", { method: "POST" })).status, 200);
    assert.equal((await ask(edge.api, "/api/services", bearer)).status, 200);
  });

  it("may be called by any name with it, which no foreign page knows", async () => {
    const named = (headers: Record<string, string>) =>
      ask(edge.api, "/metrics", { headers: { host: "edge-1.example:8000", ...headers } });
    assert.equal((await named(bearer.headers)).status, 200);
    const nameless = await named({});
    assert.equal(nameless.status, 403);
    assert.match(nameless.body, /"edge-1\.example:8000" is not a name of this edge; give it by --endpoint/);
  });

  it("counts for Prometheus: events, requests by app, reloads", async () => {
    for (let i = 0; i < 5; i++) assert.equal(await edge.who("/counted"), "counted");
    const value = (text: string, name: string): number =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")
          .at(-1),
      );
    await until("the requests", async () => {
      const { body } = await ask(edge.api, "/metrics", bearer);
      return value(body, 'mesos_edge_app_requests_total{app="/counted"}') >= 5;
    });
    const { body, headers } = await ask(edge.api, "/metrics", bearer);
    assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
    assert.ok(value(body, "mesos_edge_event_effective_seconds_count") >= 1);
    assert.ok(value(body, "mesos_edge_haproxy_reloads_total") >= 1);
    assert.equal(value(body, "mesos_edge_apps"), 1);
    assert.equal(value(body, "mesos_edge_serving"), 1);
  });
});

describe("the API of an edge with a certificate", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.9");

  before(() => edge.prepare());
  after(() => edge.remove());

  it("speaks TLS with it and nothing else", async () => {
    const { key, certificate } = selfSigned("127.86.9.2");
    const apiCertificate = join(edge.directory, "api.pem");
    await writeFile(apiCertificate, `${certificate}${key}`);
    await edge.start({ raw: { apiCertificate, apiToken } });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = {
        host: "127.86.9.2",
        port: 8000,
        path: "/status",
        ca: certificate,
        agent: false as const,
      };
      request(options, (response) => resolve(response.resume().statusCode))
        .once("error", reject)
        .end();
    });
    assert.equal(status, 200);
    await assert.rejects(ask(edge.api, "/status"));
    const { signal } = new AbortController();
    const urls = [edge.api.replace("http:", "https:")];
    await new BambooClient({ urls, ca: certificate, token: apiToken }).putService(
      { id: "/x", acl: "path /x" },
      signal,
    );
    assert.deepEqual(await edge.client.children("/bamboo"), ["%2Fx"]);
    const strange = new BambooClient({ urls, token: apiToken }).services(signal);
    await assert.rejects(strange, { code: "MESOS_CLIENT_TLS" });
  });

  it("fails to start when the file cannot be read", async () => {
    await edge.stop();
    await assert.rejects(edge.start({ raw: { apiCertificate: join(edge.directory, "none.pem") } }), {
      code: "MESOS_EDGE_OPTIONS",
      message: /--api-certificate: .*none\.pem cannot be read/,
    });
  });
});
