// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type App, decodeApp } from "../discovery/apps";
import { labelled } from "./labels";

function app(labels: Record<string, string>, more: object = {}): App {
  const named = Object.fromEntries(Object.entries(labels).map(([name, value]) => [`HAPROXY_${name}`, value]));
  return decodeApp({ id: "/a", tasks: [], labels: named, ...more }) ?? assert.fail();
}

const read = (labels: Record<string, string>, groups = ["*"], more: object = {}) =>
  labelled(app(labels, more), groups);

describe("marathon-lb's labels", () => {
  it("give each port its hosts and paths", () => {
    const { ports, problems } = read({
      "0_VHOST": "A.example, my_app.b.example",
      "0_PATH": "-i /x /y",
      "1_VHOST": "c.example",
      "1_BACKEND_WEIGHT": "-5",
    });
    assert.deepEqual(
      ports.map((p) => [p.portIndex, p.hosts, p.paths, p.ignoreCase, p.weight]),
      [
        [0, ["a.example", "my_app.b.example"], ["/x", "/y"], true, undefined],
        [1, ["c.example"], [], false, -5],
      ],
    );
    assert.equal(problems.size, 0);
  });

  it("ask for redirects, HSTS, stickiness, a password, networks, rewriting and an algorithm", () => {
    const { ports } = read({
      "0_VHOST": "a.example",
      "0_REDIRECT_TO_HTTPS": "true",
      "0_USE_HSTS": "True",
      "0_STICKY": "1",
      "0_AUTH": "my realm:me:$5$salt$hash",
      "0_BACKEND_NETWORK_ALLOWED_ACL": "10.0.0.0/8 ::1",
      "0_HTTP_BACKEND_PROXYPASS_PATH": "/api",
      "0_HTTP_BACKEND_REDIR": "/start",
      "0_BALANCE": "roundrobin",
    });
    assert.deepEqual(ports[0]?.options, {
      mode: "http",
      balance: "roundrobin",
      allowed: ["10.0.0.0/8", "::1"],
      sticky: true,
      redirectToHttps: true,
      hsts: true,
      auth: { realm: "my realm", user: "me", hash: "$5$salt$hash" },
      stripPath: "/api",
      rootRedirect: "/start",
    });
  });

  it("open a port, TCP unless it is said or checked otherwise", () => {
    const mode = (labels: Record<string, string>, more: object = {}) => {
      const [port] = read(labels, ["*"], more).ports;
      return port && [port.options.mode, port.bind?.port];
    };
    const service = { portDefinitions: [{ port: 10_005 }] };
    assert.deepEqual(mode({ "0_PORT": "9000" }), ["tcp", 9000]);
    assert.deepEqual(mode({ "0_MODE": "tcp" }, service), ["tcp", 10_005]);
    assert.deepEqual(mode({ "0_PORT": "9000" }, { healthChecks: [{ protocol: "HTTP" }] }), ["http", 9000]);
    assert.equal(mode({ "0_STICKY": "true" }, service), undefined);
  });

  it("open the service ports of an app that names no more than its group, as marathon-lb does", () => {
    const ports = (labels: Record<string, string>, more: object = {}) =>
      read(labels, ["external"], {
        portDefinitions: [{ port: 10_005 }, { port: 0 }, { port: 10_007 }],
        ...more,
      }).ports.map((p) => [p.portIndex, p.options.mode, p.bind?.port, p.hosts.length]);
    assert.deepEqual(ports({ GROUP: "external" }), [
      [0, "tcp", 10_005, 0],
      [2, "tcp", 10_007, 0],
    ]);
    const checked = { healthChecks: [{ protocol: "HTTP", portIndex: 2 }] };
    assert.deepEqual(ports({ GROUP: "other,external", "0_VHOST": "a.example" }, checked), [
      [0, "http", undefined, 1],
      [2, "http", 10_007, 0],
    ]);
    assert.deepEqual(ports({ "2_GROUP": "external" }), [[2, "tcp", 10_007, 0]]);
    assert.deepEqual(ports({ GROUP: "internal" }), []);
    assert.deepEqual(ports({ GROUP: "external", "0_ENABLED": "false", "2_PORT": "9000" }), [
      [2, "tcp", 9000, 0],
    ]);
    assert.deepEqual(read({}, ["*"], { portDefinitions: [{ port: 10_005 }] }).ports, []);
  });

  it("count for the groups that the edge serves, a port's own group first", () => {
    const host = { "0_VHOST": "a.example" };
    assert.equal(read({ ...host, GROUP: "internal,external" }, ["external"]).ports.length, 1);
    assert.equal(read({ ...host, GROUP: "internal" }, ["external"]).ports.length, 0);
    assert.equal(read({ ...host, GROUP: "external", "0_GROUP": "internal" }, ["external"]).ports.length, 0);
    assert.equal(read(host, ["external"]).ports.length, 0);
    assert.equal(read({ ...host, "0_ENABLED": "false" }).ports.length, 0);
  });

  it("are named when they are wrong or not read, and the others count", () => {
    const { ports, problems } = read({
      "0_VHOST": "good.example,bad host",
      "0_PATH": "relative",
      "0_PORT": "99999",
      "0_BACKEND_HEAD": "backend x",
      "1_PATH": "/alone",
    });
    assert.deepEqual(
      ports.map((p) => [p.hosts, p.bind]),
      [[["good.example"], undefined]],
    );
    assert.deepEqual(Object.fromEntries(problems), {
      HAPROXY_0_VHOST: 'must be a host name, got "bad host"',
      HAPROXY_0_PATH: 'must be a path, got "relative"',
      HAPROXY_0_PORT: 'must be a number from 1 to 65535, got "99999"',
      HAPROXY_0_BACKEND_HEAD: "is not read by this edge",
      HAPROXY_1_PATH: "needs a VHOST beside it",
    });
  });

  it("close an app rather than open it when what protects it is wrong", () => {
    const host = { "0_VHOST": "a.example" };
    const auth = read({ ...host, "0_AUTH": "only:two" });
    assert.deepEqual(auth.ports[0]?.options.auth, { realm: "closed", user: "nobody", hash: "*" });
    assert.doesNotMatch(auth.problems.get("HAPROXY_0_AUTH") ?? "", /two/);
    const networks = read({ ...host, "0_BACKEND_NETWORK_ALLOWED_ACL": "10.0.0.0/99" });
    assert.deepEqual(networks.ports[0]?.options.allowed, ["0.0.0.0/32"]);
    assert.equal(read({ "0_PORT": "9000", "0_BIND_ADDR": "nowhere" }).ports.length, 0);
  });
});
