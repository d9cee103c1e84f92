// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { parseFlags } from "../../flags";
import { systemClock } from "../clock";
import { marathonFlags, validateMarathonFlags } from "../flags";
import { Logging } from "../logging";
import { selfSigned } from "../testing/keystore";
import { raw } from "../testing/raw";
import { TestMarathon } from "../testing/test-marathon";
import { createMarathonServer } from "./server";
import { readKeystore } from "./tls";

const passphrase = "changeit";
const credentials = "admin:geheim";
const basic = `Basic ${Buffer.from(credentials).toString("base64")}`;

const secure = (
  port: number,
  path: string,
  ca: string,
  headers: Record<string, string> = {},
  method = "GET",
  body?: string,
) => raw(`https://127.0.0.1:${port}`, method, path, headers, body, ca);

describe("marathon: HTTPS", function () {
  this.timeout(60_000);
  let own: { cert: string; pfx: Buffer };
  let directory: string;
  let marathon: TestMarathon;
  const standbys: FastifyInstance[] = [];

  before(() => {
    own = selfSigned(["127.0.0.1"], passphrase);
    directory = mkdtempSync(join(tmpdir(), "marathon-tls-"));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  beforeEach(async () => {
    const keystore = { pfx: own.pfx, passphrase };
    marathon = await TestMarathon.start({ server: { tls: keystore, keystore, credentials } });
  });
  afterEach(async () => {
    for (const standby of standbys.splice(0)) await standby.close();
    await marathon.close();
  });

  const port = () => Number(new URL(marathon.url).port);

  async function standby(pfx: Buffer, ignoreHostname = false): Promise<number> {
    const keystore = { pfx, passphrase };
    const leader = `127.0.0.1:${port()}`;
    const server = createMarathonServer(
      { core: undefined, leader, abdicate: () => undefined, info: () => ({}) },
      {
        own: "standby:8443",
        connectMs: 2000,
        readMs: 2000,
        names: [],
        realm: "Mesosphere",
        credentials,
        compress: true,
        prometheus: true,
        clock: systemClock,
        logging: new Logging(systemClock, () => undefined),
        tls: { pfx: own.pfx, passphrase },
        keystore,
        ignoreHostname,
      },
    );
    standbys.push(server);
    await server.listen({ host: "127.0.0.1", port: 0 });
    return (server.server.address() as AddressInfo).port;
  }

  it("serves with the keystore's certificate, names the leader by https, and asks for the password", async () => {
    const answer = await secure(port(), "/v2/apps", own.cert, { authorization: basic });
    assert.deepEqual([answer.status, answer.text], [200, '{"apps":[]}']);
    assert.equal(answer.headers["x-marathon-leader"], "https://leader:8080");
    for (const path of ["/ping", "/v2/info", "/metrics", "/", "/ui/", "/v2/events", "/nothing"]) {
      const refused = await secure(port(), path, own.cert, { authorization: "Basic eDp5" });
      assert.equal(refused.status, 401, path);
      assert.equal(refused.headers["www-authenticate"], 'Basic realm="Mesosphere"');
      assert.match(String(refused.headers["content-type"]), /^text\/html/);
      assert.match(refused.text, /HTTP ERROR 401/);
    }
  });

  it("hands requests on over TLS to a leader with the same certificate, and sends events there", async () => {
    const from = await standby(own.pfx);
    const body = JSON.stringify({ id: "/a", cmd: "sleep 5", instances: 0 });
    const headers = { authorization: basic, "content-type": "application/json" };
    const made = await secure(from, "/v2/apps", own.cert, headers, "POST", body);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers["x-marathon-via"], "1.1 standby:8443");
    const events = await secure(from, "/v2/events", own.cert, { ...headers, accept: "text/event-stream" });
    assert.deepEqual(
      [events.status, events.headers["location"]],
      [302, `https://127.0.0.1:${port()}/v2/events`],
    );
  });

  it("fails when the leader's certificate is not trusted", async () => {
    const from = await standby(selfSigned(["127.0.0.1"], passphrase).pfx);
    const answer = await secure(from, "/v2/apps", own.cert, { authorization: basic });
    assert.equal(answer.status, 502);
    assert.match(answer.text, /certificate is not trusted/);
  });

  it("fails when the keystore is JKS, has another password, or is not there, in one line", () => {
    const path = join(directory, "store");
    writeFileSync(path, Buffer.from("feedfeed00000002", "hex"));
    assert.throws(() => readKeystore(path, passphrase), /JKS.*keytool -importkeystore.*PKCS12/);
    writeFileSync(path, own.pfx);
    assert.equal(readKeystore(path, passphrase).pfx.length, own.pfx.length);
    assert.throws(() => readKeystore(path, "wrong"), /cannot be opened as PKCS12 with the given password/);
    assert.throws(() => readKeystore(join(directory, "none"), passphrase), /ENOENT/);
  });
});

describe("marathon: HTTP flags", function () {
  this.timeout(60_000);
  let marathon: TestMarathon | undefined;
  afterEach(async () => {
    await marathon?.close();
    marathon = undefined;
  });

  function wrongWith(argv: string[], env: Record<string, string> = {}): string[] {
    const parsed = parseFlags(marathonFlags, {
      program: "marathon",
      version: "",
      argv: ["--master=127.0.0.1:5050", ...argv],
      env,
      envPrefix: "MARATHON_",
      style: "marathon",
    });
    return parsed.kind === "run" ? validateMarathonFlags(parsed.values) : assert.fail(JSON.stringify(parsed));
  }

  it("needs a keystore for --disable_http, and a password for a keystore", () => {
    assert.match(wrongWith(["--disable_http"])[0] ?? "", /Neither HTTP nor HTTPS/);
    assert.match(wrongWith([], { MARATHON_DISABLE_HTTP: "" })[0] ?? "", /Neither HTTP nor HTTPS/);
    assert.match(wrongWith(["--ssl_keystore_path=x"])[0] ?? "", /need each other/);
    assert.deepEqual(wrongWith(["--ssl_keystore_path=x", "--ssl_keystore_password=y", "--disable_http"]), []);
  });

  it("takes switches from the environment by an empty value", () => {
    assert.match(wrongWith([], { MARATHON_DISABLE_HA: "" })[0] ?? "", /--disable_ha/);
    assert.deepEqual(wrongWith([], { MARATHON_HA: "" }), []);
  });

  it("compresses answers for clients that take it, unless told not to", async () => {
    marathon = await TestMarathon.start();
    const gzip = { "accept-encoding": "gzip, deflate" };
    const answer = await raw(marathon.url, "GET", "/v2/info", gzip);
    assert.deepEqual(
      [answer.headers["content-encoding"], answer.headers["vary"]],
      ["gzip", "Accept-Encoding"],
    );
    assert.equal((await raw(marathon.url, "GET", "/v2/info")).headers["content-encoding"], undefined);
    const missing = await raw(marathon.url, "GET", "/v2/apps/none-of-this-name", gzip);
    assert.deepEqual(
      [missing.status, missing.headers["content-encoding"], missing.headers["vary"]],
      [404, undefined, undefined],
    );
    const refused = await raw(marathon.url, "GET", "/v2/info", { "accept-encoding": "gzip;q=0" });
    assert.equal(refused.headers["vary"], "Accept-Encoding");
    assert.equal(refused.headers["content-encoding"], undefined);
    await marathon.close();
    marathon = await TestMarathon.start({ server: { compress: false } });
    assert.equal((await raw(marathon.url, "GET", "/v2/info", gzip)).headers["content-encoding"], undefined);
  });

  it("answers 503 to more requests than --http_max_concurrent_requests", async () => {
    marathon = await TestMarathon.start({ server: { maxRequests: 2 } });
    const { url } = marathon;
    const store = marathon.store;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const durable = store.durable.bind(store);
    let waiting = 0;
    store.durable = async () => {
      waiting += 1;
      await held;
      await durable();
    };
    const put = (id: string) =>
      raw(url, "PUT", `/v2/apps/${id}`, {}, JSON.stringify({ cmd: "sleep 9", instances: 0 }));
    const slow = put("a");
    await marathon.until(() => waiting === 1, "the first waits");
    const second = put("b");
    await marathon.until(async () => (await raw(url, "GET", "/ping")).status === 503, "two at work");
    const refused = await raw(url, "GET", "/ping");
    assert.match(refused.text, /Too many concurrent requests! Allowed: 2\./);
    release();
    assert.deepEqual([(await slow).status, (await second).status], [201, 201]);
    assert.equal((await raw(url, "GET", "/ping")).status, 200);
  });

  it("lets pages of --access_control_allow_origin read, and fails when they change something", async () => {
    const page = "http://page.example";
    marathon = await TestMarathon.start({ server: { origins: ["http://other.example", page] } });
    const read = await raw(marathon.url, "GET", "/v2/apps", { origin: page });
    assert.equal(read.status, 200);
    assert.equal(read.headers["access-control-allow-origin"], page);
    assert.equal(read.headers["access-control-allow-methods"], "GET, HEAD, OPTIONS");
    assert.equal(read.headers["access-control-max-age"], "86400");
    const preflight = await raw(marathon.url, "OPTIONS", "/v2/apps", {
      origin: page,
      "access-control-request-headers": "content-type,authorization",
    });
    assert.equal(preflight.headers["access-control-allow-headers"], "content-type, authorization");
    assert.equal((await raw(marathon.url, "DELETE", "/v2/apps/a", { origin: page })).status, 403);
    assert.equal((await raw(marathon.url, "GET", "/v2/apps", { origin: "http://evil.example" })).status, 403);
    const plain = await raw(marathon.url, "GET", "/v2/apps");
    assert.equal(plain.headers["access-control-allow-origin"], page);
  });
});
