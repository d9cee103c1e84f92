// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { Agent } from "node:https";
import { join } from "node:path";
import { setInterval as ticks } from "node:timers/promises";
import { inspect } from "node:util";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { certificateFile } from "./haproxy/certificate-store";
import { pemFor } from "./testing/certificate.test.support";
import { ask, haproxies, masterPid, reloaded, until } from "./testing/edge-bench.test.support";
import { TestEdge } from "./testing/test-edge.test.support";
import { askTls, type Handshake, handshake } from "./testing/tls-client.test.support";

const at = { host: "127.86.40.2", port: 8443 };

/** The front for HTTPS with real handshakes. */
describe("an edge with certificates", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.40");
  const said: unknown[] = [];
  const keys: string[] = [];
  let source = "";
  let port = 32_100;

  const say = (fields: object, message: string): void => void said.push([fields, message]);
  const start = () =>
    edge.start({
      raw: { sslCerts: source, httpsBind: `${at.host}:${at.port}` },
      log: { info: say, warn: say, error: say },
    });

  /** Puts a certificate where it is looked for, in one step; answers its fingerprint. */
  async function put(file: string, pem: string): Promise<string> {
    const key = /PRIVATE KEY-----\n([\s\S]{60})/.exec(pem)?.[1];
    if (key !== undefined) keys.push(key);
    await writeFile(join(source, `.${file}.new`), pem);
    await rename(join(source, `.${file}.new`), join(source, file));
    return /-END CERTIFICATE-/.test(pem) ? new X509Certificate(pem).fingerprint256 : "";
  }

  const shown = (name: string): Promise<Handshake> => handshake(at.host, at.port, name);
  const shows = (name: string, fingerprint: string): Promise<boolean> =>
    until(`${fingerprint} for ${name}`, async () => (await shown(name)).fingerprint === fingerprint);

  async function app(id: string, labels: Record<string, string>): Promise<void> {
    const named = Object.fromEntries(Object.entries(labels).map(([n, v]) => [`HAPROXY_${n}`, v]));
    edge.marathon.put({
      id,
      labels: { HAPROXY_GROUP: "external", ...named },
      tasks: [await edge.task(id.slice(1), port++)],
    });
  }

  /** Waits until `name` answers `path` over TLS, and nobody who does not know of it any more. */
  async function answers(host: string, path: string, name: string): Promise<void> {
    await until(`${name} for ${host}${path}`, async () => (await askTls(at, host, path)).body === name);
    await reloaded(edge.directory);
  }

  /** Master and worker, once the old workers have ended: a reload changes them. */
  function processes(): Promise<number[]> {
    return until("the old workers' end", async () => {
      const pids = await haproxies(edge.directory);
      return pids.length === 2 && pids;
    });
  }

  before(async () => {
    await edge.prepare();
    source = join(edge.directory, "source");
    await mkdir(source);
    await put("a.pem", pemFor("a.example"));
    await put("b.pem", pemFor("b.example"));
    await start();
    await app("/a", { "0_VHOST": "a.example,b.example,other.example" });
    await until("HTTPS", async () => (await edge.health()).https?.open);
    await edge.answers("/", "a", { headers: { host: "a.example" } });
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed")
      process.stderr.write(`${said.map((line) => inspect(line)).join("\n")}\n`);
    assert.equal((await edge.health()).haproxy.problem, null);
  });
  after(() => edge.remove());

  it("shows a client the certificate of the host that it names, the first one otherwise", async () => {
    const asked = ["a.example", "b.example", "other.example", ""];
    const names = await Promise.all(asked.map(async (name) => (await shown(name)).name));
    assert.deepEqual(names, ["a.example", "b.example", "a.example", "a.example"]);
    const { certificates } = (await edge.health()).https ?? assert.fail();
    assert.deepEqual(
      Object.values(certificates).map(({ names: hosts }) => hosts),
      [["a.example"], ["b.example"]],
    );
  });

  it("speaks HTTP/2 and TLS from 1.2 on", async () => {
    assert.deepEqual(
      await Promise.all(
        (["TLSv1.2", "TLSv1.3"] as const).map(async (version) => {
          const more = { minVersion: version, maxVersion: version };
          const { protocol, alpn } = await handshake(at.host, at.port, "a.example", more);
          return [protocol, alpn];
        }),
      ),
      [
        ["TLSv1.2", "h2"],
        ["TLSv1.3", "h2"],
      ],
    );
    const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    await assert.rejects(handshake(at.host, at.port, "a.example", old));
    const session = connectHttp2(`https://${at.host}:${at.port}`, {
      servername: "b.example",
      rejectUnauthorized: false,
    });
    const stream = session.request({ ":path": "/", ":authority": "b.example" });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    session.close();
    assert.equal(Buffer.concat(chunks).toString(), "a");
  });

  it("routes as plain HTTP does and tells apps how the client came", async () => {
    const echo = createServer(({ headers }, response) =>
      response.end(`${headers["x-forwarded-proto"]} at ${headers["x-forwarded-port"]}`),
    );
    echo.listen(32_500, edge.host);
    const tasks = [{ id: "echo", host: edge.host, ports: [32_500], state: "TASK_RUNNING" }];
    edge.marathon.put({ id: "/echo", tasks });
    await answers("x.example", "/echo", "https at 8443");
    const forged = { headers: { "x-forwarded-proto": "https", "x-forwarded-port": "443" } };
    assert.equal((await ask(edge.traffic, "/echo", forged)).body, "http at 8888");
    assert.equal((await askTls(at, "unknown.example", "/nothing")).status, 503);
    echo.close();
    echo.closeAllConnections();
  });

  it("sends those to HTTPS whose app asks for it, and nobody else", async () => {
    await app("/safe", { "0_VHOST": "safe.example", "0_REDIRECT_TO_HTTPS": "true", "0_USE_HSTS": "true" });
    await answers("safe.example", "/", "safe");
    const sent = await ask(edge.traffic, "/x?y=%20z", { headers: { host: "safe.example:8888" } });
    assert.deepEqual([sent.status, sent.headers["location"]], [301, "https://safe.example:8443/x?y=%20z"]);
    const hsts = "strict-transport-security";
    assert.equal(sent.headers[hsts], undefined);
    assert.equal((await askTls(at, "safe.example", "/")).headers[hsts], "max-age=15768000");
    assert.equal((await askTls(at, "a.example", "/")).headers[hsts], undefined);
    assert.equal(await edge.who("/", { headers: { host: "a.example" } }), "a");
    // A rule of one's own asks for it by its config.
    const config = { RedirectToHttps: "true", UseHsts: "true", AllowedNetworks: "127.0.0.0/8" };
    const node = `/bamboo/${goQueryEscape("/safe")}`;
    await edge.client.put(node, encodeBambooNode("path_beg /by-rule", config));
    await answers("x.example", "/by-rule", "safe");
    assert.equal((await askTls(at, "x.example", "/by-rule")).headers[hsts], "max-age=15768000");
    assert.equal((await ask(edge.traffic, "/by-rule")).status, 301);
    await edge.client.put(node, encodeBambooNode("path_beg /by-rule", { AllowedNetworks: "192.0.2.1" }));
    await until("the list", async () => (await askTls(at, "x.example", "/by-rule")).status === 403);
  });

  it("changes a certificate under load without a lost request, another worker or a reload", async () => {
    const before = await processes();
    const agent = new Agent({ keepAlive: true });
    const answers: Promise<string>[] = [];
    const stop = new AbortController();
    const asking = (async () => {
      // As many a second whatever becomes of those before: half on connections that are kept, half on new ones.
      for await (const _ of ticks(10, undefined, { signal: stop.signal })) {
        const kept = answers.length % 2 === 0 ? { agent } : {};
        answers.push(
          askTls(at, "a.example", "/", kept).then(
            ({ status, body }) => `${status} ${body}`,
            (error: unknown) => String(error),
          ),
        );
      }
    })().catch((error: Error) => assert.equal(error.name, "AbortError"));
    for (let round = 0; round < 3; round++) {
      const fingerprint = await put("a.pem", pemFor("a.example"));
      await shows("a.example", fingerprint);
      // It is the default as well.
      await shows("", fingerprint);
    }
    stop.abort();
    await asking;
    const failed = (await Promise.all(answers)).filter((answer) => answer !== "200 a");
    agent.destroy();
    assert.deepEqual(failed, [], `of ${answers.length}`);
    assert.ok(answers.length >= 10, `${answers.length} requests`);
    assert.deepEqual(await processes(), before);
  });

  it("takes a new file in and a removed one out without a reload", async () => {
    const before = await processes();
    const fingerprint = await put("c.pem", pemFor("c.example"));
    await shows("c.example", fingerprint);
    assert.equal((await shown("c.example")).alpn, "h2");
    await rm(join(source, "c.pem"));
    await until("its end", async () => (await shown("c.example")).name === "a.example");
    await shows("c.example", (await shown("")).fingerprint);
    assert.deepEqual(await processes(), before);
    const store = join(edge.directory, "certificates");
    const kept = ["a.pem", "b.pem"].map((file) => certificateFile(join(source, file)));
    await until("the removal of its key", async () => {
      const files = (await readdir(store)).sort();
      return files.join() === [...kept, "default.pem", "list"].sort().join();
    });
    assert.equal((await stat(store)).mode & 0o777, 0o700);
    for (const file of await readdir(store))
      assert.equal((await stat(join(store, file))).mode & 0o777, 0o600);
  });

  it("keeps the last good certificate of a file that is none, names it, and goes on with the others", async () => {
    const { fingerprint } = await shown("b.example");
    const good = pemFor("b.example");
    const bad: [string, RegExp][] = [
      ["nonsense", /no certificate/],
      [good.slice(0, good.indexOf("-----BEGIN RSA")), /no private key/],
      [good.slice(0, 200), /no certificate/],
      [
        good.replace(/-----BEGIN RSA[\s\S]*/, "") +
          pemFor("c.example").replace(/^[\s\S]*?-----END CERTIFICATE-----/, ""),
        /not that of/,
      ],
      [pemFor("b.example", { validForMs: -1_000 }), /expired/],
      [pemFor("b.example", { bits: 1024 }), /haproxy: /],
      [`${good}${good.slice(good.indexOf("-----BEGIN RSA"))}`, /2 private keys/],
    ];
    for (const [i, [pem, reason]] of bad.entries()) {
      await put("b.pem", pem);
      // What stands beside it changes all the same.
      const other = await put("z.pem", pemFor(`z${i}.example`));
      await shows(`z${i}.example`, other);
      const { leftOut } = await edge.health();
      assert.match(leftOut[`certificate ${join(source, "b.pem")}`] ?? "", reason);
      assert.equal((await shown("b.example")).fingerprint, fingerprint);
    }
    // HAProxy starts with what it served, not with what stands in the file.
    const master = await masterPid(edge.directory);
    process.kill(master, "SIGKILL");
    await until("another HAProxy", async () => (await masterPid(edge.directory)) !== master);
    await until("HTTPS again", async () => {
      try {
        return (await shown("b.example")).fingerprint === fingerprint;
      } catch (error) {
        assert.match(String(error), /ECONNREFUSED|ECONNRESET|disconnected/);
        return false;
      }
    });
    await shows("b.example", await put("b.pem", good));
    await rm(join(source, "z.pem"));
    await until("a clean report", async () => Object.keys((await edge.health()).leftOut).length === 0);
  });

  it("keeps the last certificates when all files are gone", async () => {
    const { fingerprint } = await shown("a.example");
    await rename(source, `${source}.away`);
    await until("the report", async () =>
      /ENOENT/.test((await edge.health()).leftOut[`certificate ${source}`] ?? ""),
    );
    await mkdir(source);
    await until("the report", async () =>
      /no certificate is left/.test((await edge.health()).leftOut[`certificate ${source}`] ?? ""),
    );
    assert.equal((await shown("a.example")).fingerprint, fingerprint);
    await rm(source, { recursive: true });
    await rename(`${source}.away`, source);
    await until("a clean report", async () => Object.keys((await edge.health()).leftOut).length === 0);
  });

  it("gives an app's own port the certificate that its label names, and no port instead of a plain one", async () => {
    await app("/own", { "0_PORT": "9443", "0_MODE": "http", "0_SSL_CERT": "/etc/ssl/b.pem" });
    await app("/file", { "0_PORT": "9444", "0_SSL_CERT": "/etc/passwd" });
    await until("the report", async () => "/own port 9443" in (await edge.health()).leftOut);
    await app("/own", { "0_PORT": "9443", "0_MODE": "http", "0_SSL_CERT": "b.pem" });
    const own = { ...at, port: 9443 };
    await until("the port", async () => {
      try {
        return (await askTls(own, "x", "/")).body === "own";
      } catch (error) {
        assert.match(String(error), /ECONNREFUSED/);
        return false;
      }
    });
    assert.equal((await handshake(own.host, own.port)).name, "b.example");
    assert.match((await edge.health()).leftOut["/file port 9444"] ?? "", /no good certificate of the name/);
    await assert.rejects(ask(`http://${at.host}:9444`, "/"), /ECONNREFUSED/);
    const before = await processes();
    const fingerprint = await put("b.pem", pemFor("b.example"));
    await until("the new one", async () => (await handshake(own.host, own.port)).fingerprint === fingerprint);
    assert.deepEqual(await processes(), before);
  });

  it("leaves HTTPS open while the controller is away, and catches up with what changed meanwhile", async () => {
    const pids = await processes();
    await edge.stop();
    const { fingerprint } = await shown("b.example");
    const next = await put("a.pem", pemFor("a.example"));
    await start();
    await shows("a.example", next);
    assert.equal((await shown("b.example")).fingerprint, fingerprint);
    await edge.serving();
    assert.equal((await handshake(at.host, 9443)).name, "b.example");
    assert.deepEqual(await processes(), pids);
  });

  it("shows keys to nobody", async () => {
    const texts = [
      JSON.stringify(said),
      (await ask(edge.api, "/api/health")).body,
      (await ask(edge.api, "/metrics")).body,
    ];
    for (const file of ["haproxy.cfg", "haproxy.log", "haproxy.json", "routes.json", "certificates/list"])
      texts.push(await readFile(join(edge.directory, file), "latin1"));
    for (const pid of await haproxies(edge.directory))
      texts.push(
        await readFile(`/proc/${pid}/cmdline`, "latin1"),
        await readFile(`/proc/${pid}/environ`, "latin1"),
      );
    assert.ok(keys.length > 10);
    for (const text of texts) {
      assert.doesNotMatch(text, /PRIVATE KEY/);
      for (const key of keys) assert.ok(!text.includes(key));
    }
    assert.ok(texts.some((text) => text.includes("mesos_edge_certificate_expiry_seconds{certificate=")));
    const left = (await readdir(edge.directory)).filter((name) => name.startsWith("check-"));
    assert.deepEqual(left, []);
  });
});
