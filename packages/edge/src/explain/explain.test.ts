// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BambooService } from "@pulumi-mesos/model";
import fc from "fast-check";
import { decodeApp } from "../discovery/apps";
import { place } from "../discovery/rotation";
import { findHaproxy } from "../haproxy/find-haproxy";
import type { HaproxyProgram } from "../haproxy/validate";
import { mapFile, mapNames, mapText, tablesOf } from "../routing/maps";
import { render, shapeOf } from "../routing/render";
import type { Routes } from "../routing/route";
import { routesOf } from "../routing/routes";
import { planSlots } from "../routing/slots";
import { until } from "../testing/edge-bench.test.support";
import { type AskedRequest, type Question, readQuestion } from "./asked";
import { type Explanation, explain } from "./explain";

const paths = ["/", "/a", "/A", "/a/b", "/ab", "/b", "/a/b/c", "/shop", "/shop/cart", "/x.php", "/é"];
const hosts = ["a.test", "b.test", "www.a.test", "A.TEST", "c.test"];
const path = fc.oneof(
  fc.constantFrom(...paths),
  fc
    .array(fc.constantFrom("/", "a", "b", "A", ".", "%41", "//", "c"), { maxLength: 6 })
    .map((p) => `/${p.join("")}`),
);
const values = fc.array(fc.constantFrom(...paths, "a", "b", ".php", "/b/", "cart"), {
  minLength: 1,
  maxLength: 3,
});
const acl = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom("path", "path_beg", "path_end", "path_sub", "path_dir", "path -m beg", "path -m dir"),
        fc.constantFrom("", " -i"),
        values,
      )
      .map(([fetch, flag, v]) => `${fetch}${flag} ${v.join(" ")}`),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          "hdr(host)",
          "hdr_beg(host)",
          "hdr_end(host)",
          "hdr_dom(host)",
          "req.hdr(Host) -m sub",
        ),
        fc.constantFrom("", " -i"),
        fc.constantFrom(...hosts, "www.", ".test", "a"),
      )
      .map(([fetch, flag, v]) => `${fetch}${flag} ${v}`),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "method GET",
      "method POST PUT",
      "hdr(x-v) 1 2",
      "hdr(x-v) -m found",
      "hdr_cnt(x-v) 1",
      "always_false",
      "ssl_fc",
      "hdr(x-forwarded-proto) http",
      "path_beg -- -i",
      "src 10.0.0.0/8",
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("path_reg ^/a.*c$", "path_beg '/a'", "path,lower -m beg /a", "path_len 2"),
  },
);
const rule = fc.record({ acl, priority: fc.constantFrom(undefined, "1", "-1", "10") });
const app = fc.record({
  name: fc.constantFrom("a", "A", "b", "a/b", "shop", "shop/cart", "é", "ab", "c", "d", "e"),
  rule: fc.option(rule, { nil: undefined }),
  labels: fc.option(
    fc.record(
      {
        HAPROXY_0_VHOST: fc.constantFrom(...hosts, "a.test,b.test"),
        HAPROXY_0_PATH: fc.constantFrom("/a", "/a /b", "-i /A", "/shop/cart"),
        HAPROXY_0_BACKEND_WEIGHT: fc.constantFrom("0", "1", "5", "-2"),
      },
      { requiredKeys: ["HAPROXY_0_VHOST"] },
    ),
    { nil: undefined },
  ),
});
const question: fc.Arbitrary<Question> = fc.record(
  {
    url: fc
      .tuple(fc.constantFrom(...hosts, "a.test:8888"), path)
      .map(([host, p]) => `http://${host}${p}?q=/a`),
    method: fc.constantFrom("GET", "POST", "DELETE"),
    headers: fc.constantFrom<string[]>(
      [],
      ["X-V: 1"],
      ["X-V: 3, 2"],
      ["X-V: 3", "x-v: 1"],
      ["X-Forwarded-Proto: https"],
    ),
  },
  { requiredKeys: ["url"] },
);

interface RoutedApp {
  readonly name: string;
  readonly rule?: { readonly acl: string; readonly priority?: string | undefined } | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

function routesFor(apps: readonly RoutedApp[]): Routes {
  const placed = new Map(
    apps.map(({ name, labels }) => {
      const decoded = decodeApp({ id: `/${name}`, labels, tasks: [] }) ?? assert.fail();
      return [decoded.id, place(decoded, undefined, new Set())];
    }),
  );
  const rules = new Map<string, BambooService>(
    apps.flatMap(({ name, rule: r }) => {
      if (!r) return [];
      const Config = { Acl: r.acl, ...(r.priority !== undefined && { Priority: r.priority }) };
      return [[`/${name}`, { Id: `/${name}`, Acl: r.acl, Config }]];
    }),
  );
  return routesOf(placed.values(), rules, () => undefined);
}

/** HAProxy with `routes` at a socket; every backend answers with its own name. */
class Haproxy {
  readonly #directory: string;
  readonly #program: HaproxyProgram;
  readonly socket: string;
  #child: ChildProcess | undefined;

  constructor(directory: string, program: HaproxyProgram) {
    this.#directory = directory;
    this.#program = program;
    this.socket = join(directory, "in.sock");
  }

  async start(routes: Routes): Promise<void> {
    const settings = {
      frontendBind: `unix@${this.socket}`,
      mapDirectory: this.#directory,
      nbthread: 1,
      httpsPort: 8443,
      maxconn: 100,
      hardStopAfter: "1s",
    };
    const { table } = planSlots(new Map(), routes.backends);
    const text = render(routes, table, settings, { number: 1, shape: shapeOf(routes, table, settings) })
      .replaceAll(/^ {2}stats socket .*$/gm, "")
      .replaceAll(
        /^backend .*$/gm,
        "$&\n  http-request return status 200 content-type text/plain lf-string '%[be_name]'",
      );
    const { maps } = tablesOf(routes.routes);
    for (const name of mapNames) await writeFile(join(this.#directory, mapFile(name)), mapText(maps[name]));
    const file = join(this.#directory, "haproxy.cfg");
    await writeFile(file, text);
    const child = spawn(this.#program.file, ["-db", "-f", file], { env: this.#program.env, stdio: "ignore" });
    this.#child = child;
    await until("HAProxy's socket", async () => child.exitCode !== null || (await accepts(this.socket)));
    assert.equal(child.exitCode, null, text);
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    await rm(this.socket, { force: true });
  }

  /** Name of the backend that gets the request; undefined for HAProxy's 503. */
  choose({ host, port, path: asked, method, headers }: AskedRequest): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const all = { host: port === undefined ? host : `${host}:${port}`, ...Object.fromEntries(headers) };
      const options = { socketPath: this.socket, path: `${asked}?q=/a`, method, headers: all, agent: false };
      httpRequest(options as object, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => resolve(response.statusCode === 503 ? undefined : body));
      })
        .once("error", reject)
        .end();
    });
  }
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

const asked = (q: Question): AskedRequest => {
  const read = readQuestion(q);
  return read.ok ? read.request : assert.fail(read.message);
};
const none = { hasStatistics: false, tellsScheme: false };

/** The backends that HAProxy may choose by what `said` says. */
function allowed({ steps }: Explanation): (string | undefined)[] {
  const first = steps.findIndex(({ verdict }) => verdict === "takes");
  const before = first < 0 ? steps : steps.slice(0, first);
  const might = before.filter(({ verdict }) => verdict === "might take").map(({ backend }) => backend);
  return [...might, steps[first]?.backend];
}

describe("the explanation of a route", function () {
  this.timeout(600_000);
  let directory: string;
  let haproxy: Haproxy;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "edge-explain-"));
    haproxy = new Haproxy(directory, await findHaproxy(process.env));
  });
  afterEach(() => haproxy.stop());
  after(() => rm(directory, { recursive: true, force: true }));

  it("names what HAProxy itself chooses, for any rules, labels and requests", async () => {
    const apps = fc.uniqueArray(app, { selector: ({ name }) => name, maxLength: 9 });
    let decided = 0;
    await fc.assert(
      fc.asyncProperty(
        apps,
        fc.array(question, { minLength: 20, maxLength: 20 }),
        async (some, questions) => {
          const routes = routesFor(some);
          try {
            await haproxy.start(routes);
            for (const q of questions) {
              const said = explain(routes, asked(q), { hasStatistics: false, tellsScheme: true });
              const chosen = await haproxy.choose(asked(q));
              const expected = allowed(said);
              assert.ok(
                expected.includes(chosen),
                `haproxy chose ${chosen}, of ${JSON.stringify([q, said], null, 1)}`,
              );
              if (expected.length === 1) decided++;
            }
          } finally {
            await haproxy.stop();
          }
        },
      ),
      { numRuns: 40 },
    );
    assert.ok(decided > 200, `only ${decided} of 800 were decided`);
  });

  const shop = (rules: Record<string, string>, labels: Record<string, Record<string, string>> = {}): Routes =>
    routesFor(
      [...new Set([...Object.keys(rules), ...Object.keys(labels)])].map((name) => ({
        name,
        ...(rules[name] !== undefined && { rule: { acl: rules[name] } }),
        ...(labels[name] !== undefined && { labels: labels[name] }),
      })),
    );
  const told = (routes: Routes, url: string, more: object = {}): string[] =>
    explain(routes, asked({ url, ...more }), none).steps.map(
      ({ verdict, appId = "", reason }) => `${verdict} ${appId}: ${reason}`,
    );

  it("says of each that comes before why it does not take the request, and of others that they would", () => {
    const routes = shop(
      { a: "hdr(host) -i a.test", b: "path_beg /shop", c: "path_beg /shop/cart", d: "path_beg /" },
      { e: { HAPROXY_0_VHOST: "b.test" } },
    );
    assert.deepEqual(told(routes, "http://b.test/shop/cart/1"), [
      "passes /a: the host b.test is not a.test",
      "takes /c: /shop/cart is the longest prefix of /shop/cart/1 in its map",
      "passes /b: /shop fits, but /c's /shop/cart is longer",
      "would take /e: b.test/ is the longest prefix of b.test/shop/cart/1 in its map",
      "would take /d: the path /shop/cart/1 begins with /",
    ]);
    assert.deepEqual(told(shop({ a: "path_beg /x" }), "/y"), [
      "passes : none of its prefixes begins /y",
      "passes : it is empty",
      "passes : it is empty",
      "passes : it is empty",
    ]);
  });

  it("does not guess what only HAProxy can judge", () => {
    const routes = shop({ a: "path_reg ^/(a+)+$", b: "src 10.0.0.0/8", c: "path_beg /" });
    const [reg, src, ...rest] = told(routes, "/aaaa");
    assert.equal(reg, "might take /a: only HAProxy itself can judge path_reg ^/(a+)+$");
    assert.equal(src, "might take /b: the client's address is not given");
    assert.match(rest.join(), /takes \/c/);
    assert.match(
      told(routes, "/", { client: "10.1.2.3" })[1] ?? "",
      /^takes \/b: the client 10\.1\.2\.3 is in/,
    );
    assert.match(told(routes, "/", { client: "11.1.2.3" })[1] ?? "", /^passes \/b: .* is not in 10/);
  });

  it("knows ports of apps and HAProxy's statistics", () => {
    const routes = {
      ...shop({ a: "path_beg /" }),
      ports: [
        { appId: "the edge", mode: "http", port: 8443 },
        { appId: "/p", backend: "p", mode: "http", port: 9001 },
      ],
    };
    const settings = { hasStatistics: true, tellsScheme: true };
    const at = (url: string) => explain(routes as Routes, asked({ url }), settings).taken;
    assert.equal(at("http://a.test:9001/x")?.appId, "/p");
    assert.equal(at("http://a.test:9002/x")?.appId, "/a");
    assert.equal(at("https://a.test:8443/x")?.appId, "/a");
    assert.equal(at("/haproxy_stats;csv")?.by, "statistics");
  });

  it("knows how the client came, whatever the client says of it", () => {
    const routes = shop({ a: "ssl_fc", b: "hdr(x-forwarded-proto) http", c: "hdr(x-forwarded-proto) https" });
    const headers = ["X-Forwarded-Proto: https"];
    const taken = (url: string, tellsScheme: boolean) =>
      explain(routes, asked({ url, headers }), { hasStatistics: false, tellsScheme }).taken?.appId;
    assert.equal(taken("https://a.test/", true), "/a");
    assert.equal(taken("http://a.test/", true), "/b");
    assert.equal(taken("http://a.test/", false), "/c");
  });

  it("fails when the question is none, and says what one is", () => {
    const refused = (q: Question): string => {
      const read = readQuestion(q);
      return read.ok ? "" : read.message;
    };
    assert.match(refused({ url: "shop" }), /^url: must be a URL such as/);
    assert.match(refused({ url: "" }), /^url: /);
    assert.match(refused({ url: "http://a b/x" }), /^host: must be a host name/);
    assert.match(refused({ url: "/", host: "[::" }), /^host: /);
    assert.match(refused({ url: "/", method: "get it" }), /^method: /);
    assert.match(refused({ url: "/", client: "far" }), /^client: /);
    assert.match(refused({ url: "/", headers: ["X-V"] }), /^header: must be one such as X-Version: 2/);
    assert.match(refused({ url: "/", headers: ["Host: a"] }), /^header: give the host by itself/);
    assert.match(refused({ url: `/${"x".repeat(5000)}` }), /4096/);
    const { path, host, port, tls } = asked({ url: "https://[::1]:8443/a b/é?q#f" });
    assert.deepEqual([path, host, port, tls], ["/a%20b/%C3%A9", "[::1]", 8443, true]);
  });
});
