// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import type { BambooService } from "@pulumi-mesos/model";
import type { FastifyInstance } from "fastify";
import { rulesIn } from "../testing/rules-in.test.support";
import { createApi } from "./api";

/** What scripts, balancers and old clients do that no library of ours would. */
describe("Bamboo's API and its clients", function () {
  this.timeout(60_000);
  const rules = new Map<string, BambooService>();
  let api: FastifyInstance;
  let port = 0;

  before(async () => {
    api = createApi({ backend: rulesIn(rules, async () => undefined), advertised: new Set() });
    await api.listen({ host: "127.0.0.1", port: 0 });
    port = (api.server.address() as AddressInfo).port;
  });
  beforeEach(() => rules.clear());
  after(() => api.close());

  /** Everything that comes back for bytes, until the other side closes. */
  async function raw(...texts: string[]): Promise<string> {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      answer += chunk;
    });
    for (const text of texts) socket.write(text);
    await once(socket, "close");
    return answer;
  }

  /** The status of an answer to one request, and its body. */
  async function send(
    method: string,
    path: string,
    body = "",
    headers: string[] = [],
  ): Promise<[number, string]> {
    const lines = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...headers];
    if (!headers.some((line) => /^transfer-encoding/i.test(line)))
      lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
    const answer = await raw(`${lines.join("\r\n")}\r\n\r\n${body}`);
    return [Number(answer.slice(9, 12)), answer.slice(answer.indexOf("\r\n\r\n") + 4)];
  }

  const rule = JSON.stringify({ id: "/x", acl: "path_beg /x" });

  it("take a rule whatever its media type is called", async () => {
    for (const type of [
      ...["application/json;charset=utf-8", "application/json; charset=UTF-8", "text/json"],
      ...["application/x-www-form-urlencoded", "json", "", "a/b/c", ";", "application/json;;="],
    ]) {
      const [status] = await send("POST", "/api/services", rule, [`Content-Type: ${type}`]);
      assert.equal(status, 200, type);
    }
    assert.equal((await send("POST", "/api/services", rule))[0], 200);
  });

  it("take a rule in chunks, and one whose client waits to be told to go on", async () => {
    const chunked = `5\r\n${rule.slice(0, 5)}\r\n${(rule.length - 5).toString(16)}\r\n${rule.slice(5)}\r\n0\r\n\r\n`;
    assert.equal((await send("PUT", "/api/services//x", chunked, ["Transfer-Encoding: chunked"]))[0], 200);
    const answer = await raw(
      `POST /api/services HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${rule.length}\r\n\r\n`,
      rule,
    );
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  });

  it("read keys as Go does: of any case, the last one wins, and null is none", async () => {
    for (const [body, id] of [
      ['{"ID":"/a","aCl":"path_beg /","CONFIG":null}', "/a"],
      ['{"id":"/a","Id":"/b","acl":"path_beg /"}', "/b"],
      ['{"id":"/a","Id":null,"acl":"path_beg /","ACL":null}', "/a"],
      ['{"id":"a","acl":"path_beg /","more":{"x":[1]},"config":{"k":null}}', "/a"],
    ] as const) {
      const [status, text] = await send("POST", "/api/services", body);
      assert.deepEqual([status, JSON.parse(text).Id, JSON.parse(text).Acl], [200, id, "path_beg /"], body);
    }
  });

  it("name rules in the path in every way that means the same", async () => {
    for (const path of ["/a/b", "//a/b", "/%2Fa%2Fb", "/%2fa%2fb", "/a%2Fb", "//a/b?x=1"]) {
      const [status, text] = await send("PUT", `/api/services${path}`, '{"acl":"path_beg /"}');
      assert.deepEqual([status, JSON.parse(text).Id], [200, "/a/b"], path);
      assert.deepEqual([...rules.keys()], ["/a/b"]);
      assert.deepEqual(await send("DELETE", `/api/services${path}`), [200, "null"], path);
    }
    await send("PUT", "/api/services/a%20b%25%C3%A9", '{"acl":"path_beg /"}');
    assert.deepEqual([...rules.keys()], ["/a b%é"]);
  });

  it("are told what is wrong with a path that cannot be decoded, and that there is none", async () => {
    for (const path of ["/api/services/%zz", "/api/services/%", "/%c3%28"]) {
      const [status, text] = await send("DELETE", path);
      assert.ok(status === 400 || status === 404, `${status} for ${path}`);
      assert.match(text, /\n$/, path);
    }
    for (const method of ["PATCH", "OPTIONS", "TRACE", "PROPFIND", "PUT"])
      assert.deepEqual(await send(method, "/api/services"), [404, "404 page not found\n"], method);
    assert.deepEqual(await send("POST", "/status"), [404, "404 page not found\n"]);
  });

  it("may end a path with a slash and ask for the head alone", async () => {
    for (const path of ["/status", "/api/state", "/api/services"]) {
      const whole = await send("GET", path);
      assert.equal(whole[0], 200);
      assert.deepEqual(await send("GET", `${path}/`), whole, path);
      for (const end of ["", "/"]) assert.deepEqual(await send("HEAD", path + end), [200, ""], path);
    }
    assert.deepEqual(await send("POST", "/api/marathon/event_callback/", "{"), [200, "Got it!"]);
    assert.equal((await send("POST", "/api/services/", rule))[0], 200);
  });

  it("of HTTP/1.0 need not name the edge, and for its status any name will do", async () => {
    for (const path of ["/status", "/api/services"])
      assert.match(await raw(`GET ${path} HTTP/1.0\r\n\r\n`), /^HTTP\/1\.[01] 200 OK\r\n/, path);
    const named = (path: string) => raw(`GET ${path} HTTP/1.0\r\nHost: edge.example\r\n\r\n`);
    assert.match(await named("/status"), / 200 OK\r\n/);
    assert.match(await named("/api/services"), / 403 Forbidden\r\n/);
  });

  it("ask again on the connection that they have", async () => {
    const get = (more = "") => `GET /status HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
    const answer = await raw(get(), get(), get("Connection: close\r\n"));
    assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 3);
  });

  it("are refused what is too much for the API or for ZooKeeper", async () => {
    const large = (size: number) =>
      JSON.stringify({ id: "/x", acl: "path_beg /", config: { k: "x".repeat(size) } });
    const [status, text] = await send("POST", "/api/services", large(600_000));
    assert.deepEqual([status, /^config: must be at most/.test(text)], [400, true]);
    assert.equal((await send("POST", "/api/services", large(500_000)))[0], 200);
    assert.match(
      await raw("POST /api/services HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n"),
      /^HTTP\/1\.1 413 /,
    );
  });
});
