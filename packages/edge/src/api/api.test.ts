// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZooKeeper } from "@pulumi-mesos/client";
import { systemClock } from "../clock";
import { marathonSource } from "../discovery/marathon-source";
import { createEdge, type Edge } from "../edge";
import { findHaproxy } from "../haproxy/find-haproxy";
import type { Log } from "../log";
import { gather, parseOptions } from "../options";
import {
  type Answer,
  type AskOptions,
  ask,
  removeData,
  type TestZooKeeper,
  until,
  zooKeeper,
} from "../testing/edge-bench.test.support";
import { FakeMarathon } from "../testing/fake-marathon.test.support";

const api = "http://127.86.1.2:8000";
const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body);
  const options: AskOptions = { method, headers: { "content-type": "application/json", ...headers } };
  return ask(api, path, text === undefined ? options : { ...options, body: text });
}

async function services(): Promise<
  Record<string, { Id: string; Acl: string; Config: Record<string, string> }>
> {
  return JSON.parse((await ask(api, "/api/services")).body);
}

/** The rows of Bamboo's conformance table; what differs on purpose says "refuses" and is listed in the README. */
describe("Bamboo's API", function () {
  this.timeout(240_000);
  let server: TestZooKeeper;
  let client: ZooKeeper;
  let edge: Edge;
  let directory: string;
  const marathon = new FakeMarathon();
  const over = new AbortController();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "edge-api-"));
    server = await zooKeeper("127.86.1.1");
    await Promise.all([server.start(), marathon.listen()]);
    client = await ZooKeeper.connect({ servers: server.servers }, over.signal);
    marathon.put({
      id: "app1WithoutSlash",
      tasks: ["task2", "task1"].map((id) => ({
        id,
        host: "127.0.0.1",
        ports: [31001],
        state: "TASK_RUNNING",
      })),
    });
    marathon.put({ id: "/app2WithSlash", tasks: [] });
    marathon.put({
      id: "/app3WithIpAddress",
      ipAddress: { discovery: { ports: [{ number: 80, name: "http", protocol: "tcp" }] } },
      tasks: [
        {
          id: "task",
          host: "agent",
          ports: [],
          state: "TASK_RUNNING",
          ...{ ipAddresses: [{ ipAddress: "127.0.0.1" }] },
        },
      ],
    });
    const raw = {
      bind: "127.86.1.2:8000",
      frontendBind: "127.86.1.2:8888",
      dataDir: directory,
      zookeeper: server.servers,
    };
    // The first endpoint is dead.
    const env = {
      MARATHON_ENDPOINT: `http://127.86.1.9:1,${marathon.url}`,
      BAMBOO_ENDPOINT: "http://edge.example:8000",
    };
    const options = parseOptions(gather(raw, env, undefined));
    const dependencies = {
      source: marathonSource(options, { log: silent }),
      clock: systemClock,
      log: silent,
    };
    edge = createEdge(options, { ...dependencies, program: await findHaproxy(process.env) });
    await edge.listen();
    await until("health", async () => (await ask(api, "/api/health")).status === 200);
  });

  afterEach(async () => {
    for (const name of await client.children("/bamboo")) await client.remove(`/bamboo/${name}`);
  });

  after(async () => {
    await edge?.close();
    await client?.close();
    over.abort();
    await Promise.all([server?.remove(), marathon.close()]);
    await removeData(directory);
  });

  it("answers OK on /status to GET and HEAD, with and without a slash", async () => {
    const { status, body, headers } = await ask(api, "/status");
    assert.deepEqual([status, body], [200, "OK"]);
    assert.match(String(headers["content-type"]), /^text\/plain/);
    assert.deepEqual(await ask(api, "/status", { method: "HEAD" }).then((a) => [a.status, a.body]), [
      200,
      "",
    ]);
    assert.equal((await ask(api, "/status/")).status, 200);
  });

  it("lists no services as an empty object", async () => {
    const { status, body, headers } = await ask(api, "/api/services");
    assert.deepEqual([status, body, headers["content-type"]], [200, "{}", "application/json"]);
  });

  it("refuses what is no JSON object of texts", async () => {
    for (const body of ["", "[]", "{", '{"id":"a","config":{"k":1}}', '{"id":1}']) {
      const answer = await send("POST", "/api/services", body);
      assert.deepEqual([answer.status, answer.body], [400, "Unable to decode JSON request\n"], body);
      assert.equal(answer.headers["content-type"], "text/plain; charset=utf-8");
    }
  });

  it("refuses a rule without id", async () => {
    for (const body of ["{}", "null", '{"id":""}']) {
      const answer = await send("POST", "/api/services", body);
      assert.deepEqual([answer.status, answer.body], [400, "can not use empty ID\n"], body);
    }
  });

  it("stores a rule in Bamboo's layout, echoes it and lists it", async () => {
    const answer = await send("POST", "/api/services", { id: "some/service", acl: "path_beg /s" });
    assert.deepEqual(
      [answer.status, answer.body],
      [200, '{"Id":"/some/service","Acl":"path_beg /s","Config":null}'],
    );
    const node = await client.get("/bamboo/%2Fsome%2Fservice");
    assert.equal(node?.data.toString(), '{"version":"2","config":{"Acl":"path_beg /s"}}');
    assert.deepEqual(await services(), {
      "/some/service": { Id: "/some/service", Acl: "path_beg /s", Config: { Acl: "path_beg /s" } },
    });
  });

  it("takes keys in any case and lets the acl win over the config's", async () => {
    const body = { ID: "/x", acl: "path_beg /A", config: { Acl: "path_beg /B", k: "v" } };
    const echo = JSON.parse((await send("POST", "/api/services", body)).body);
    assert.deepEqual(echo, { Id: "/x", Acl: "path_beg /A", Config: { Acl: "path_beg /B", k: "v" } });
    assert.deepEqual((await services())["/x"]?.Config, { Acl: "path_beg /A", k: "v" });
  });

  it("takes a second POST as an update and wakes those who watch the root", async () => {
    const rule = { id: "/twice", acl: "path_beg /t" };
    assert.equal((await send("POST", "/api/services", rule)).status, 200);
    let woken = false;
    await client.watch("/bamboo", () => {
      woken = true;
    });
    assert.equal((await send("POST", "/api/services", rule)).status, 200);
    await until("the root's change", async () => woken);
    assert.deepEqual(await client.children("/bamboo"), ["%2Ftwice"]);
  });

  it("creates by PUT, and refuses a PUT whose URL and body name different rules", async () => {
    assert.equal((await send("PUT", "/api/services//new", { id: "/new", acl: "path_beg /n" })).status, 200);
    const answer = await send("PUT", "/api/services//foo", { id: "/bar", acl: "path_beg /b" });
    assert.deepEqual([answer.status, answer.body], [400, "id: the URL says /foo, the body says /bar\n"]);
    assert.deepEqual(Object.keys(await services()), ["/new"]);
  });

  it("deletes by an id with, without or with an escaped slash", async () => {
    for (const path of ["//a/b", "/a/b", "/%2Fa%2Fb"]) {
      await send("POST", "/api/services", { id: "/a/b", acl: "path_beg /" });
      const answer = await send("DELETE", `/api/services${path}`);
      assert.deepEqual(
        [answer.status, answer.body, answer.headers["content-type"]],
        [200, "null", "application/json"],
      );
      assert.deepEqual(await services(), {});
    }
  });

  it("refuses to delete no id and an unknown one as Bamboo does", async () => {
    const answers = await Promise.all(
      ["/api/services/", "/api/services", "/api/services/unknown"].map((path) => send("DELETE", path)),
    );
    assert.deepEqual(
      answers.map((a) => [a.status, a.body]),
      [
        [400, "can not use empty ID\n"],
        [404, "404 page not found\n"],
        [400, "zk: node does not exist\n"],
      ],
    );
  });

  it("names nodes as Go escapes and answers as Go escapes", async () => {
    const acl = "path_reg '^/<&>$'";
    const answer = await send("POST", "/api/services", { id: "/a b!(c)", acl });
    assert.match(answer.body, /\\u003c\\u0026\\u003e/);
    assert.deepEqual(await client.children("/bamboo"), ["%2Fa+b%21%28c%29"]);
    assert.equal((await services())["/a b!(c)"]?.Acl, acl);
  });

  it("shows rules that others wrote or removed", async () => {
    await client.put("/bamboo/%2Fold", Buffer.from("path_beg /old"));
    await client.put(
      "/bamboo/%2Fnew",
      Buffer.from('{"version":"2","config":{"Acl":"path_beg /new","x":"y"}}'),
    );
    const listed = await services();
    assert.deepEqual(listed["/old"], { Id: "/old", Acl: "path_beg /old", Config: { Acl: "path_beg /old" } });
    assert.deepEqual(listed["/new"]?.Config, { Acl: "path_beg /new", x: "y" });
    await client.remove("/bamboo/%2Fold");
    assert.deepEqual(Object.keys(await services()), ["/new"]);
  });

  it("asks Marathon anew after each callback, whatever it holds", async () => {
    for (const body of ['{"eventType":"x"}', "garbage"]) {
      const before = marathon.lists;
      const answer = await send("POST", "/api/marathon/event_callback", body);
      assert.deepEqual([answer.status, answer.body], [200, "Got it!"]);
      await until("a new list", async () => marathon.lists > before);
    }
  });

  it("shows the state of apps, also while Marathon is down", async () => {
    const check = async (): Promise<void> => {
      const state = JSON.parse((await ask(api, "/api/state")).body);
      assert.deepEqual(
        state.Apps.map((app: { Id: string }) => app.Id),
        ["/app1WithoutSlash", "/app2WithSlash", "/app3WithIpAddress"],
      );
      assert.deepEqual(
        state.Apps[0].Tasks.map((task: { Id: string }) => task.Id),
        ["task1", "task2"],
      );
      assert.deepEqual([state.Apps[2].Tasks[0].Host, state.Apps[2].Tasks[0].Port], ["127.0.0.1", 80]);
    };
    await check();
    marathon.broken = "status";
    try {
      const asked = marathon.lists;
      await send("POST", "/api/marathon/event_callback");
      await until("another question", async () => marathon.lists > asked);
      await check();
      await until("the report", async () => (await ask(api, "/api/health")).body.includes("500"));
    } finally {
      marathon.broken = "no";
    }
    await until(
      "recovery",
      async () => JSON.parse((await ask(api, "/api/health")).body).marathon.problem === null,
    );
  });

  it("refuses acls of several lines, none, and those that HAProxy does not understand", async () => {
    for (const [acl, reason] of [
      ["path_beg /\n  bind :81", /^acl: must be one line/],
      ["", /^acl: must not be empty/],
      ["no_such_fetch /", /^acl: haproxy refuses it: .*no_such_fetch/],
      ["path_beg -f /etc/hostname", /^acl: must not read a file/],
    ] as const) {
      const answer = await send("POST", "/api/services", { id: "/bad", acl });
      assert.equal(answer.status, 400, acl);
      assert.match(answer.body, reason);
    }
    assert.deepEqual(await services(), {});
  });

  it("refuses what a foreign web page could send", async () => {
    const rule = { id: "/x", acl: "path_beg /" };
    assert.equal((await send("POST", "/api/services", rule, { "sec-fetch-site": "cross-site" })).status, 403);
    assert.equal((await send("POST", "/api/services", rule, { origin: "http://evil.example" })).status, 403);
    assert.equal((await send("GET", "/api/services", undefined, { host: "evil.example" })).status, 403);
    for (const host of ["edge.example:8000", "localhost:8000", "127.86.1.2:8000", "[::1]:8000"]) {
      assert.equal((await send("GET", "/api/services", undefined, { host })).status, 200, host);
    }
    assert.equal((await send("POST", "/api/services", rule, { origin: api })).status, 200);
  });

  it("takes a rule of any media type from a client that is no browser, as Bamboo does", async () => {
    const rule = { id: "/x", acl: "path_beg /" };
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
      assert.equal((await send("POST", "/api/services", rule, { "content-type": type })).status, 200, type);
    }
  });

  it("answers unknown paths as Bamboo does", async () => {
    const answer = await ask(api, "/nothing/here");
    assert.deepEqual([answer.status, answer.body], [404, "404 page not found\n"]);
  });
});
