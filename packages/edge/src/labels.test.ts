// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { ask, until } from "./testing/edge-bench.test.support";
import type { FakeTask } from "./testing/fake-marathon.test.support";
import { TestEdge } from "./testing/test-edge.test.support";

const from = (host: string) => ({ headers: { host } });

/** marathon-lb's labels with real requests. */
describe("an edge that follows labels", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.7");
  let port = 21_000;

  async function app(id: string, labels: Record<string, string>, tasks?: FakeTask[]): Promise<void> {
    const named = Object.fromEntries(
      Object.entries(labels).map(([name, value]) => [`HAPROXY_${name}`, value]),
    );
    edge.marathon.put({ id, labels: named, tasks: tasks ?? [await edge.task(id.slice(1), port++)] });
  }

  before(async () => {
    await edge.prepare();
    await edge.start({ raw: { group: "external" } });
    await edge.serving();
  });
  after(() => edge.remove());

  it("sends hosts to their apps, the longest path first, and knows no default for them", async () => {
    await app("/shop", { GROUP: "external", "0_VHOST": "shop.example,www.example" });
    await app("/cart", { GROUP: "external", "0_VHOST": "shop.example", "0_PATH": "/cart" });
    await edge.answers("/x", "shop", from("shop.example"));
    await edge.answers("/cart/1", "cart", from("SHOP.example:8888"));
    assert.equal(await edge.who("/x", from("www.example")), "shop");
    assert.equal(await edge.who("/shop"), "503");
    assert.equal(await edge.who("/x", from("shop.example.evil")), "503");
  });

  it("tries larger weights first, whatever the paths", async () => {
    await app("/heavy", { GROUP: "external", "0_VHOST": "shop.example", "0_BACKEND_WEIGHT": "10" });
    await edge.answers("/cart/1", "heavy", from("shop.example"));
    edge.marathon.apps.delete("/heavy");
    edge.marathon.emit("app_terminated_event", { appId: "/heavy" });
    await edge.answers("/cart/1", "cart", from("shop.example"));
  });

  it("joins both colours of a deployment group as zdd has them, and drains as many old ones as are new", async () => {
    const labels = (colour: string, started: string) => ({
      HAPROXY_GROUP: "external",
      HAPROXY_0_VHOST: "zdd.example",
      HAPROXY_0_PORT: "10500",
      HAPROXY_DEPLOYMENT_GROUP: "zdd",
      HAPROXY_DEPLOYMENT_ALT_PORT: "10501",
      HAPROXY_DEPLOYMENT_COLOUR: colour,
      HAPROXY_DEPLOYMENT_STARTED_AT: started,
      HAPROXY_DEPLOYMENT_TARGET_INSTANCES: "2",
    });
    const names = ["old 1", "old 2", "new 1", "new 2"];
    const [old1, old2, new1, new2] = await Promise.all(names.map((name, i) => edge.task(name, 21_600 + i)));
    const put = (colour: string, started: string, tasks: (FakeTask | undefined)[]): void =>
      edge.marathon.put({
        id: `/zdd-${colour}`,
        labels: labels(colour, started),
        tasks: tasks.filter((task) => task !== undefined),
      });
    const answering = async (): Promise<string> => {
      const seen = new Set<string>();
      for (let i = 0; i < 12; i++) seen.add(await edge.who("/", from("zdd.example")));
      return [...seen].sort().join(", ");
    };
    const settles = (wanted: string): Promise<unknown> =>
      until(wanted, async () => (await answering()) === wanted);
    put("blue", "2026-01-01T00:00:00", [old1, old2]);
    await settles("old 1, old 2");
    put("green", "2026-01-02T00:00:00", [new1]);
    await settles("new 1, old 2");
    put("green", "2026-01-02T00:00:00", [new1, new2]);
    await settles("new 1, new 2");
    assert.equal((await ask(`http://${new URL(edge.traffic).hostname}:10500`, "/")).status, 200);
    edge.marathon.apps.delete("/zdd-blue");
    edge.marathon.emit("app_terminated_event", { appId: "/zdd-blue" });
    await settles("new 1, new 2");
    assert.equal(await edge.who("/zdd-green"), "503");
  });

  it("serves an app of another group by its id alone", async () => {
    await app("/inside", { GROUP: "internal", "0_VHOST": "inside.example" });
    await edge.answers("/inside", "inside");
    assert.equal(await edge.who("/x", from("inside.example")), "503");
  });

  it("asks for a password, lets networks in, redirects and rewrites", async () => {
    const labels = { GROUP: "external", "0_HTTP_BACKEND_PROXYPASS_PATH": "/api/v1" };
    const echo = createServer((request, response) => response.end(request.url));
    echo.listen(21_500, edge.host);
    await once(echo, "listening");
    const task = { id: "echo", host: edge.host, ports: [21_500], state: "TASK_RUNNING" };
    await app("/echo", { ...labels, "0_VHOST": "echo.example" }, [task]);
    await edge.answers("/api/v1/x?y=1", "/x?y=1", from("echo.example"));
    assert.equal(await edge.who("/api/v1", from("echo.example")), "/");
    assert.equal(await edge.who("/api/v10", from("echo.example")), "/api/v10");
    echo.close();
    echo.closeAllConnections();

    const external = { GROUP: "external" };
    // The text is the password's own hash, made by: openssl passwd -5 -salt salt secret
    const auth = "realm:me:$5$salt$kpa26zwgX83BPSR8d7w93OIXbFt/d3UOTZaAu5vsTM6";
    await app("/auth", { ...external, "0_VHOST": "auth.example", "0_AUTH": auth });
    await app("/far", {
      ...external,
      "0_VHOST": "far.example",
      "0_BACKEND_NETWORK_ALLOWED_ACL": "192.0.2.0/24",
    });
    await app("/tls", { ...external, "0_VHOST": "tls.example", "0_REDIRECT_TO_HTTPS": "true" });
    await app("/root", { ...external, "0_VHOST": "root.example", "0_HTTP_BACKEND_REDIR": "/start" });
    await edge.answers("/", "401", from("auth.example"));
    const authorization = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
    const asks = (text: string) => ({
      headers: { host: "auth.example", authorization: authorization(text) },
    });
    assert.equal(await edge.who("/", asks("me:wrong")), "401");
    assert.equal(await edge.who("/", asks("me:secret")), "auth");
    await edge.answers("/", "403", from("far.example"));
    await edge.answers("/x", "301", from("tls.example"));
    const { headers } = await ask(edge.traffic, "/x", from("tls.example"));
    assert.equal(headers["location"], "https://tls.example/x");
    await edge.answers("/", "301", from("root.example"));
    assert.equal(await edge.who("/start", from("root.example")), "root");
  });

  it("keeps a client with its task by a cookie until the task leaves", async () => {
    const tasks = [await edge.task("sticky-1", port++), await edge.task("sticky-2", port++)];
    await app("/sticky", { GROUP: "external", "0_VHOST": "sticky.example", "0_STICKY": "true" }, tasks);
    await edge.answers("/", "sticky-1", from("sticky.example"));
    const first = await ask(edge.traffic, "/", from("sticky.example"));
    const cookie = String(first.headers["set-cookie"]).split(";")[0] ?? "";
    const again = { headers: { host: "sticky.example", cookie } };
    for (let i = 0; i < 6; i++) assert.equal(await edge.who("/", again), first.body);
    const leaving = { appId: "/sticky", taskId: first.body, taskStatus: "TASK_KILLING" };
    edge.marathon.emit("status_update_event", leaving);
    const other = first.body === "sticky-1" ? "sticky-2" : "sticky-1";
    await edge.answers("/", other, again);
  });

  it("opens ports of their own, and one that is taken delays nobody else", async () => {
    const foreign = createTcpServer();
    foreign.listen(9_002, `127.86.7.2`);
    await once(foreign, "listening");
    await app("/taken", { GROUP: "external", "0_PORT": "9002" });
    await app("/own", { GROUP: "external", "0_PORT": "8888" });
    await app("/tcp", { GROUP: "external", "0_PORT": "9001" });
    await app("/twice", { GROUP: "external", "0_PORT": "9001" });
    await until("the port", async () => {
      try {
        return (await ask("http://127.86.7.2:9001", "/")).body === "tcp";
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
        return false;
      }
    });
    await until("the reasons", async () => {
      const { leftOut } = await edge.health();
      return (
        /EADDRINUSE/.test(leftOut["/taken port 9002"] ?? "") &&
        /taken by the edge itself/.test(leftOut["/own port 8888"] ?? "") &&
        /taken by \/tcp/.test(leftOut["/twice port 9001"] ?? "")
      );
    });
    foreign.close();
  });

  it("changes hosts and rules that are prefixes without a reload", async () => {
    await app("/moving", { GROUP: "external", "0_VHOST": "one.example" });
    await edge.answers("/", "moving", from("one.example"));
    const moving = edge.marathon.apps.get("/moving")?.tasks as FakeTask[];
    await app("/moving", { GROUP: "external", "0_VHOST": "two.example" }, moving);
    await edge.answers("/", "moving", from("two.example"));
    // The reload that brought the app has been counted by now.
    const { reloads } = (await edge.health()).haproxy;
    await app("/moving", { GROUP: "external", "0_VHOST": "two.example,three.example" }, moving);
    await edge.answers("/", "moving", from("three.example"));
    assert.equal(await edge.who("/", from("one.example")), "503");
    await edge.answers("/inside", "inside");
    const rule = (acl: string) =>
      edge.client.put(`/bamboo/${goQueryEscape("/inside")}`, encodeBambooNode(acl, null));
    await rule("path_beg -i /Other");
    await edge.answers("/oTher/x", "inside");
    await rule("path_beg /third /fourth");
    await edge.answers("/fourth", "inside");
    assert.equal(await edge.who("/other"), "503");
    assert.equal((await edge.health()).haproxy.reloads, reloads);
  });

  it("names a bad label and goes on with everything else", async () => {
    await app("/bad", {
      GROUP: "external",
      "0_VHOST": "bad.example",
      "0_PORT": "none",
      "0_PATH": "x'; bind :1",
    });
    await app("/good", { GROUP: "external", "0_VHOST": "good.example" });
    await edge.answers("/", "good", from("good.example"));
    assert.equal(await edge.who("/", from("bad.example")), "bad");
    const { leftOut } = await edge.health();
    assert.match(leftOut["/bad HAPROXY_0_PORT"] ?? "", /must be a number/);
    assert.match(leftOut["/bad HAPROXY_0_PATH"] ?? "", /must be a path/);
  });
});
