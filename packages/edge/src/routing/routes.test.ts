// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { BambooService } from "@pulumi-mesos/model";
import { decodeApp } from "../discovery/apps";
import { place } from "../discovery/rotation";
import { backendName } from "./app-routes";
import { routesOf } from "./routes";

function app(id: string, more: object = {}, tasks: object[] = []) {
  const decoded = decodeApp({ id, tasks, ...more });
  assert.ok(decoded);
  return place(decoded, undefined, new Set());
}

function rules(acls: Record<string, string>, config: Record<string, string> = {}) {
  return new Map<string, BambooService>(
    Object.entries(acls).map(([id, Acl]) => [id, { Id: id, Acl, Config: { ...config, Acl } }]),
  );
}

const resolve = (host: string): string | undefined => (host === "agent.example" ? "10.0.0.9" : undefined);

describe("routes", () => {
  it("try explicit rules first, then default prefixes by length, then a rule that matches everything", () => {
    const apps = ["/foo", "/foo/bar", "/web", "/api"].map((id) => app(id));
    const { routes } = routesOf(apps, rules({ "/web": "path_beg /", "/api": "hdr(host) -i api" }), resolve);
    assert.deepEqual(
      routes.map((route) => route.appId),
      ["/api", "/foo/bar", "/foo", "/web"],
    );
  });

  it("try rules by priority, then conditions by id, then the longest prefix", () => {
    const acls = {
      "/a": "path_beg /x",
      "/b": "path_beg /x/y",
      "/c": "hdr(host) -i c",
      "/d": "path_beg /",
      "/e": "path /e",
    };
    const all = rules(acls);
    all.set("/d", { Id: "/d", Acl: "path_beg /", Config: { Acl: "path_beg /", Priority: "5" } });
    all.set("/e", { Id: "/e", Acl: "path /e", Config: { Acl: "path /e", Priority: "-1" } });
    const { routes } = routesOf(
      Object.keys(acls).map((id) => app(id)),
      all,
      resolve,
    );
    assert.deepEqual(
      routes.map((route) => route.appId),
      ["/d", "/c", "/b", "/a", "/e"],
    );
  });

  it("leave out a rule with several lines and keep the others", () => {
    const { routes, leftOut } = routesOf(
      [app("/a"), app("/b")],
      rules({ "/a": "path_beg /\n  bind :81" }),
      resolve,
    );
    assert.deepEqual(
      routes.map((route) => route.appId),
      ["/b"],
    );
    assert.match(leftOut.get("/a") ?? "", /one line/);
  });

  it("reach bridge tasks at the agent's port, host tasks likewise, container tasks at their own address", () => {
    const task = {
      id: "t",
      host: "127.0.0.3",
      ports: [31000, 31001],
      state: "TASK_RUNNING",
      ipAddresses: [{ ipAddress: "9.0.0.5" }],
    };
    const servers = (more: object, config: Record<string, string> = {}) =>
      routesOf(
        [app("/a", more, [task])],
        rules({ "/a": "path_beg /" }, config),
        resolve,
      ).backends[0]?.servers.map((s) => `${s.address}:${s.port}`);
    const mappings = { container: { portMappings: [{ containerPort: 80 }, { containerPort: 81 }] } };
    assert.deepEqual(servers({ networks: [{ mode: "host" }] }), ["127.0.0.3:31000"]);
    assert.deepEqual(servers({ networks: [{ mode: "container/bridge" }], ...mappings }), ["127.0.0.3:31000"]);
    assert.deepEqual(servers({ networks: [{ mode: "container/bridge" }], ...mappings }, { PortIndex: "1" }), [
      "127.0.0.3:31001",
    ]);
    assert.deepEqual(servers({ networks: [{ mode: "container", name: "x" }], ...mappings }), ["9.0.0.5:80"]);
    assert.deepEqual(servers({ ipAddress: { discovery: { ports: [{ number: 8080 }] } } }), ["9.0.0.5:8080"]);
  });

  it("name an agent by its address and leave out one without", () => {
    const task = (host: string) => ({ id: host, host, ports: [31000], state: "TASK_RUNNING" });
    const { backends, leftOut } = routesOf(
      [app("/a", {}, [task("agent.example"), task("unknown.example")])],
      new Map(),
      resolve,
    );
    assert.deepEqual(backends[0]?.servers, [{ address: "10.0.0.9", port: 31000, state: "ready" }]);
    assert.match(leftOut.get("unknown.example") ?? "", /no known address/);
  });

  it("check the first HTTP check of the port that is served", () => {
    const checks = (healthChecks: object[]) =>
      routesOf([app("/a", { healthChecks })], new Map(), resolve).backends[0];
    assert.equal(checks([{ protocol: "TCP" }, { protocol: "HTTP", path: "/ok a" }])?.checkPath, "/ok%20a");
    assert.equal(checks([{ protocol: "HTTP", path: "/", portIndex: 1 }])?.checkPath, undefined);
    assert.equal(checks([{ protocol: "HTTPS", path: "/" }])?.tls, true);
  });

  it("give a check the patience of Marathon's, and of several apps the largest", () => {
    const checked = (timeoutSeconds: number) => ({
      healthChecks: [{ protocol: "HTTP", path: "/", timeoutSeconds }],
    });
    const apps = [app("/a", checked(20)), app("/b", checked(30))];
    const all = rules({ "/both": "path_beg /" }, { Weights: "/a=1 /b=1" });
    assert.deepEqual(
      routesOf(apps, all, resolve).backends.map((backend) => backend.checkSeconds),
      [20, 30, 30],
    );
  });

  it("open the TCP port that an app asks for in its environment, beside its other routes", () => {
    const healthCheckResults = [{ alive: true }];
    const task = { id: "t", host: "127.0.0.3", ports: [31000], state: "TASK_RUNNING", healthCheckResults };
    const more = (port: string) => ({
      env: { BAMBOO_TCP_PORT: port },
      healthChecks: [{ protocol: "HTTPS", path: "/" }],
    });
    const { routes, backends, ports } = routesOf([app("/a", more("1080"), [task])], new Map(), resolve);
    assert.deepEqual(ports, [{ appId: "/a", backend: "::a-cluster-tcp", mode: "tcp", port: 1080 }]);
    assert.deepEqual(
      routes.map((route) => route.backend),
      ["::a-cluster"],
    );
    const servers = [{ address: "127.0.0.3", port: 31000, state: "ready" }];
    const options = { mode: "tcp", balance: "roundrobin" };
    assert.deepEqual(backends[1], { name: "::a-cluster-tcp", tls: false, options, servers });
    for (const bad of ["0", "70000", "http", "-1"]) {
      const wrong = routesOf([app("/a", more(bad), [task])], new Map(), resolve);
      assert.deepEqual([wrong.ports, wrong.backends.length], [[], 1]);
      assert.match(wrong.leftOut.get("/a BAMBOO_TCP_PORT") ?? "", /^must be a port, got/);
    }
  });

  it("leave TLS to those who speak it through a port that is TCP for the edge", () => {
    const labels = { HAPROXY_0_MODE: "tcp", HAPROXY_0_PORT: "9443", HAPROXY_1_VHOST: "a.example" };
    const healthChecks = [0, 1].map((portIndex) => ({ protocol: "HTTPS", path: "/", portIndex }));
    const { backends } = routesOf([app("/a", { labels, healthChecks })], new Map(), resolve);
    assert.deepEqual(
      backends.map(({ tls, options }) => [options?.mode, tls]),
      [
        ["tcp", false],
        ["http", true],
      ],
    );
  });

  it("give backends Bamboo's names, and others where those are impossible", () => {
    assert.equal(backendName("/a/b"), "::a::b-cluster");
    assert.match(backendName("/ä b"), /^[A-Za-z0-9._:-]+-cluster$/);
    assert.notEqual(backendName("/ä"), backendName("/ö"));
  });
});
