// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { isMesosError } from "@pulumi-mesos/model";
import { json, servers, type TestServer } from "./http-server.test.support";
import {
  isConflict,
  isRefused,
  isUncertain,
  isUnreachable,
  MarathonClient,
  type MarathonEvent,
} from "./index";

const signal = new AbortController().signal;
const refusing = "http://127.83.2.9:8080";

describe("MarathonClient", function () {
  this.timeout(60_000);
  const serve = servers();

  it("answers nothing for an app that Marathon itself does not know", async () => {
    const { url } = await serve((_, r) => json(r, 404, { message: "App '/x' does not exist" }));
    assert.equal(await new MarathonClient({ urls: [url] }).getApp("/x", signal), undefined);
  });

  it("takes that there is no leader for nothing but a missing leader", async () => {
    const { url } = await serve((_, r) => json(r, 404, { message: "There is no leader" }));
    const client = new MarathonClient({ urls: [url] });
    assert.equal(await client.leader(signal), undefined);
    await assert.rejects(client.getApp("/x", signal), { code: "MESOS_CLIENT_STATUS" });
    await assert.rejects(client.deleteApp("/x", signal), { code: "MESOS_CLIENT_STATUS" });
  });

  it("fails when somebody else answers 404", async () => {
    const { url } = await serve((_, r) =>
      r.writeHead(404, { "Content-Type": "text/html" }).end("<h1>nginx</h1>"),
    );
    const client = new MarathonClient({ urls: [url], user: "u", password: "geheim" });
    await assert.rejects(client.getApp("/x", signal), (error) => {
      assert.ok(isMesosError(error));
      assert.equal(error.code, "MESOS_CLIENT_STATUS");
      assert.match(error.message, /^GET http:\/\/127.83.2.1:\d+\/v2\/apps\/x answered 404: nginx$/);
      assert.doesNotMatch(JSON.stringify(error) + error.message, /geheim/);
      return true;
    });
  });

  it("fails when a success is cut off or is a page of a proxy", async () => {
    for (const body of ['{"app":{"id":"/x","ins', "<html>welcome</html>", '{"apps":[]}', ""]) {
      const { url } = await serve((_, r) => r.writeHead(200).end(body));
      const client = new MarathonClient({ urls: [url] });
      await assert.rejects(client.getApp("/x", signal), { code: "MESOS_CLIENT_DECODE" });
    }
  });

  it("takes what older Marathons answer: null for what is unset", async () => {
    const app = { id: "/x", cmd: null, instances: 1, tasks: [{ id: "t", startedAt: null, ports: null }] };
    const { url } = await serve((_, r) => json(r, 200, { app: { ...app, lastTaskFailure: null } }));
    const found = await new MarathonClient({ urls: [url] }).getApp("/x", signal);
    assert.deepEqual(found?.tasks, [{ id: "t" }]);
  });

  it("takes a task whose checks have no result yet, which is null in older Marathons", async () => {
    const results = [[null], [{ alive: null, lastFailure: null }]];
    const tasks = results.map((healthCheckResults, i) => ({ id: `${i}`, healthCheckResults }));
    const { url } = await serve((_, r) => json(r, 200, { apps: [{ id: "/x", tasks }] }));
    const [found] = await new MarathonClient({ urls: [url] }).getApps(signal);
    assert.deepEqual(
      found?.tasks?.map((task) => task.healthCheckResults),
      [[], [{}]],
    );
  });

  it("hands documents on as they are, where one odd app must not hide the others", async () => {
    const odd = { id: 1, tasks: "none" };
    const { url } = await serve((q, r) =>
      q.url?.includes("/v2/apps?") ? json(r, 200, { apps: [odd, null] }) : json(r, 200, { app: odd }),
    );
    const client = new MarathonClient({ urls: [url] });
    assert.deepEqual(await client.getAppDocuments(signal), [odd, null]);
    assert.deepEqual(await client.getAppDocument("/x", signal), odd);
    await assert.rejects(client.getApps(signal), { code: "MESOS_CLIENT_DECODE" });
  });

  it("waits out an election and goes to the address that answered last", async () => {
    const standby = await serve((_, r) => r.writeHead(502).end("Could not determine the current leader"));
    const other: TestServer = await serve((_, r) => {
      if (other.received.length > 1) json(r, 200, []);
      else r.writeHead(503).end();
    });
    const client = new MarathonClient({ urls: [refusing, standby.url, other.url] });
    assert.deepEqual(await client.getDeployments(signal), []);
    const before = standby.received.length;
    assert.deepEqual(await client.getDeployments(signal), []);
    assert.equal(standby.received.length, before);
  });

  it("fails when an election does not end within its bound", async () => {
    const { url } = await serve((_, r) => r.writeHead(503).end());
    const client = new MarathonClient({ urls: [url], electionMs: 300 });
    await assert.rejects(client.getInfo(signal), { code: "MESOS_CLIENT_STATUS", retryable: true });
  });

  it("fails when every address refuses, and says so", async () => {
    const client = new MarathonClient({ urls: [refusing, "http://127.83.2.8:8080"] });
    await assert.rejects(client.getApp("/x", signal), (e) => isRefused(e) && !isUncertain(e));
    const { url } = await serve((_, r) => r.destroy());
    const half = new MarathonClient({ urls: [refusing, url] });
    await assert.rejects(half.getApp("/x", signal), (error) => isUnreachable(error) && !isRefused(error));
  });

  it("fails when the caller stops waiting, and when a server is silent", async () => {
    const { url } = await serve(() => {});
    const stop = AbortSignal.timeout(100);
    await assert.rejects(new MarathonClient({ urls: [url] }).getInfo(stop), { code: "MESOS_CLIENT_ABORTED" });
    const impatient = new MarathonClient({ urls: [url], timeoutMs: 50 });
    await assert.rejects(impatient.getInfo(signal), {
      message: /^GET \/v2\/info: no answer from 127.83.2.1:\d+ within 0.05 s$/,
    });
  });

  it("creates an app once: a refused address is passed over, a lost answer is not repeated", async () => {
    const made = await serve((_, r) => json(r, 201, { id: "/x" }, { "Marathon-Deployment-Id": "d1" }));
    const client = new MarathonClient({ urls: [refusing, made.url] });
    assert.equal((await client.createApp({ id: "/x" }, signal)).deploymentId, "d1");
    const lost = await serve((_, r) => r.destroy());
    const unlucky = new MarathonClient({ urls: [lost.url, made.url] });
    await assert.rejects(unlucky.createApp({ id: "/x" }, signal), (e) => isUnreachable(e) && isUncertain(e));
    assert.equal(lost.received.length, 1);
    assert.equal(made.received.length, 1);
  });

  it("replaces the whole app, and repeats that over a lost answer", async () => {
    let calls = 0;
    const server = await serve((_, r) => {
      calls += 1;
      if (calls === 1) r.destroy();
      else json(r, 200, { version: "v2", deploymentId: "d2" });
    });
    const client = new MarathonClient({ urls: [server.url] });
    const change = await client.replaceApp("/shop/web", { id: "/shop/web" }, signal);
    assert.deepEqual(change, { version: "v2", deploymentId: "d2", repeated: true });
    assert.equal(server.received[1]?.url, "/v2/apps/shop/web?partialUpdate=false&force=false");
  });

  it("tells a locked app from one that exists", async () => {
    const { url } = await serve((q, r) =>
      q.method === "POST"
        ? json(r, 409, { message: "An app with id [/x] already exists." })
        : json(r, 409, { message: "App is locked", deployments: [{ id: "d7" }] }),
    );
    const client = new MarathonClient({ urls: [url] });
    const isEmpty = (error: unknown) => isConflict(error) && error.deployments.length === 0;
    await assert.rejects(client.createApp({ id: "/x" }, signal), isEmpty);
    const isLocked = (error: unknown) => isConflict(error) && error.deployments[0] === "d7";
    await assert.rejects(client.replaceApp("/x", {}, signal), isLocked);
  });

  it("deletes without force, and an app that is gone is deleted", async () => {
    const server = await serve((_, r) => json(r, 404, { message: "App '/x' does not exist" }));
    assert.equal(await new MarathonClient({ urls: [server.url] }).deleteApp("/x", signal), undefined);
    assert.equal(server.received[0]?.url, "/v2/apps/x?force=false");
  });

  it("follows a standby to the leader's events, with credentials for configured hosts only", async () => {
    const stop = new AbortController();
    const leader = await serve((_, r) => {
      r.writeHead(200, { "Content-Type": "text/event-stream" });
      r.write('event: deployment_success\ndata: {"id":"d1"}\n\n');
    });
    const standby = await serve((q, r) => r.writeHead(302, { Location: leader.url + q.url }).end());
    const client = new MarathonClient({ urls: [standby.url], user: "u", password: "p" });
    const seen: string[] = [];
    for await (const event of client.events({ types: ["deployment_success"], signal: stop.signal })) {
      seen.push("data" in event ? `${event.type} ${String(event.data["id"])}` : event.type);
      if (seen.length === 2) stop.abort();
    }
    assert.deepEqual(seen, ["connected", "deployment_success d1"]);
    assert.match(standby.received[0]?.headers.authorization ?? "", /^Basic /);
    assert.equal(leader.received[0]?.headers.authorization, undefined);
    assert.match(leader.received[0]?.url ?? "", /event_type=deployment_success/);
  });

  it("connects anew when the stream is silent, ends, or answers nonsense", async () => {
    let calls = 0;
    const stop = new AbortController();
    const server = await serve((_, r) => {
      calls += 1;
      if (calls === 2) return void r.writeHead(500).end("<html>");
      r.writeHead(200, { "Content-Type": "text/event-stream" });
      r.write("event: a\ndata: no json\n\n");
      if (calls === 3) r.end();
      else r.write('event: status_update_event\ndata: {"appId":"/x"}\n\n');
    });
    const events = new MarathonClient({ urls: [server.url] }).events({ signal: stop.signal, stallMs: 100 });
    const seen: MarathonEvent["type"][] = [];
    for await (const event of events) {
      seen.push(event.type);
      if (calls === 4 && event.type === "status_update_event") stop.abort();
    }
    assert.deepEqual(seen, [
      ...["connected", "status_update_event", "disconnected"],
      "disconnected",
      "connected",
      ...["connected", "status_update_event"],
    ]);
  });

  it("reads a stream with comments, other line ends, several lines an event, and events of megabytes", async () => {
    const long = "x".repeat(3 << 20);
    const text = [
      "retry: 10\r\n: hello\r\n\r\n\r\n",
      'id: 1\r\nevent: status_update_event\r\ndata: {"appId":\r\ndata: "/é"}\r\n\r\n',
      `event: deployment_info\ndata: ${JSON.stringify({ long })}\n\n`,
    ].join("");
    const stop = new AbortController();
    const { url } = await serve((_, r) => {
      r.writeHead(200, { "Content-Type": "text/event-stream;charset=UTF-8" });
      const bytes = Buffer.from(text);
      // Also between the bytes of one letter, and between those of one line end.
      for (let at = 0; at < 200; at++) r.write(bytes.subarray(at, at + 1));
      r.write(bytes.subarray(200));
    });
    const seen: MarathonEvent[] = [];
    for await (const event of new MarathonClient({ urls: [url] }).events({ signal: stop.signal })) {
      seen.push(event);
      if (seen.length === 3) stop.abort();
    }
    assert.deepEqual(seen, [
      { type: "connected", url: seen[0] && "url" in seen[0] && seen[0].url },
      { type: "status_update_event", data: { appId: "/é" } },
      { type: "deployment_info", data: { long } },
    ]);
  });

  it("takes what came while this process stood still before a stream counts as silent", async () => {
    const stop = new AbortController();
    let tell = (): void => {};
    const { url } = await serve((_, r) => {
      r.writeHead(200, { "Content-Type": "text/event-stream" });
      r.flushHeaders();
      tell = () => void r.write("event: status_update_event\ndata: {}\n\n");
    });
    const options = { signal: stop.signal, stallMs: 200 };
    const seen: MarathonEvent["type"][] = [];
    for await (const { type } of new MarathonClient({ urls: [url] }).events(options)) {
      seen.push(type);
      if (seen.length === 2) stop.abort();
      // Once the stream is waited for.
      else
        setImmediate(() => {
          tell();
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        });
    }
    assert.deepEqual(seen, ["connected", "status_update_event"]);
  });
});
