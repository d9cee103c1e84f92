// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BambooService } from "@pulumi-mesos/model";
import fc from "fast-check";
import { decodeApp } from "../discovery/apps";
import { place } from "../discovery/rotation";
import { CertificateStore, withDefault } from "../haproxy/certificate-store";
import { findHaproxy } from "../haproxy/find-haproxy";
import { type Check, haproxyCheck } from "../haproxy/validate";
import { pemFor } from "../testing/certificate.test.support";
import { readLabels } from "./labels";
import { mapFile, mapNames } from "./maps";
import { quote } from "./quote";
import { render, shapeOf } from "./render";
import type { Routes } from "./route";
import { routesOf } from "./routes";
import { planSlots } from "./slots";

/** As with certificates, of which a label may name one. */
const https = {
  https: { appId: "https", mode: "http" as const, port: 8443 },
  certificateOf: (name: string) => (name === "leastconn" ? "default.pem" : undefined),
};

const settings = {
  frontendBind: "127.86.0.9:8888",
  mapDirectory: "",
  nbthread: 2,
  maxconn: 1000,
  hardStopAfter: "60s",
};

let mapDirectory = "";

function configOf(routes: Routes, statsPassword?: string): string {
  const all = { ...settings, mapDirectory, ...(statsPassword !== undefined && { statsPassword }) };
  const { table } = planSlots(new Map(), routes.backends);
  return render(routes, table, all, { number: 1, shape: shapeOf(routes, table, all) });
}

const id = fc.oneof(
  fc.string({ unit: fc.constantFrom("a", "b", "1", "-", ".", "/"), maxLength: 20 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.string({ unit: fc.constantFrom("'", '"', "\\", " ", "#", "$", "{", "}", "a", "%"), maxLength: 20 }),
);
const port = fc.integer({ min: -1, max: 70000 });
const task = fc.record({
  id: fc.uuid(),
  host: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant("no-such-host")),
  ports: fc.array(port, { maxLength: 2 }),
  state: fc.constantFrom("TASK_RUNNING", "TASK_KILLING", "TASK_STAGING"),
  ipAddresses: fc.array(fc.record({ ipAddress: fc.ipV4() }), { maxLength: 1 }),
});
const labelValue = fc.oneof(
  fc.constantFrom(
    "a.example",
    "a.example,b.example",
    "/x",
    "-i /x /y",
    "tcp",
    "http",
    "true",
    "10000",
    "7",
    "-3",
  ),
  fc.constantFrom(
    "10.0.0.0/8 ::1",
    "10.0.0.0/99",
    "realm:user:$5$x$y",
    "a:b",
    "leastconn",
    "/a%20b",
    "/a'b",
    "::1",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const group = fc.constantFrom(
  {},
  {},
  { HAPROXY_GROUP: "a" },
  { HAPROXY_DEPLOYMENT_GROUP: "a" },
  { HAPROXY_DEPLOYMENT_GROUP: "/ä b" },
);
const portLabels = fc.dictionary(
  fc
    .tuple(fc.constantFrom("0", "1"), fc.constantFrom(...[...readLabels, "SSL_CERT", "BACKEND_HEAD"]))
    .map(([n, name]) => `HAPROXY_${n}_${name}`),
  labelValue,
  { maxKeys: 8 },
);
const labels = fc.tuple(portLabels, group).map(([all, joins]) => ({ ...all, ...joins }));
const document = fc.record({
  id,
  labels,
  tasks: fc.array(task, { maxLength: 6 }),
  networks: fc.constantFrom([{ mode: "host" }], [{ mode: "container/bridge" }], [{ mode: "container" }]),
  container: fc.record({ portMappings: fc.array(fc.record({ containerPort: port }), { maxLength: 2 }) }),
  env: fc.constantFrom({}, { BAMBOO_TCP_PORT: "1080" }, { BAMBOO_TCP_PORT: "x" }),
  portDefinitions: fc.array(fc.record({ port })),
  healthChecks: fc.array(
    fc.record({
      protocol: fc.constantFrom("HTTP", "HTTPS", "TCP", "COMMAND"),
      path: fc.string({ unit: "grapheme" }),
      timeoutSeconds: fc.oneof(fc.nat(100), fc.double(), fc.constant(null)),
    }),
    { maxLength: 2 },
  ),
});
const acl = fc.constantFrom(
  "path_beg /",
  "path_beg -i /a /b",
  'hdr(host) -i "a b.example"',
  "path_reg ^/x/\\d+$",
  "path_beg /a\nbind :1",
  "",
);

describe("the configuration", function () {
  this.timeout(600_000);
  let directory: string;
  let check: Check;
  const { signal } = new AbortController();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "edge-render-"));
    mapDirectory = directory;
    for (const name of mapNames) await writeFile(join(directory, mapFile(name)), "");
    const store = new CertificateStore(directory);
    await store.write(withDefault([{ source: "/a", file: "a.pem", text: pemFor("a.example"), digest: "" }]));
    check = haproxyCheck(await findHaproxy(process.env), directory);
  });
  after(() => rm(directory, { recursive: true }));

  it("is accepted by HAProxy for any apps and rules", async () => {
    const sample = fc.tuple(fc.array(document, { maxLength: 40 }), fc.dictionary(id, acl, { maxKeys: 15 }));
    await fc.assert(
      fc.asyncProperty(sample, fc.string({ unit: "grapheme-ascii" }), async ([documents, acls], password) => {
        const apps = documents.flatMap((d) => decodeApp(d) ?? []).map((a) => place(a, undefined, new Set()));
        const byId = new Map(apps.map((a) => [a.id, a]));
        const Weights = [...byId.keys()].map((k, i) => `${k}=${i * 20}`);
        const rules = new Map<string, BambooService>(
          [
            ...Object.entries(acls),
            ...[...byId.keys()].slice(0, 5).map((k) => [k, "path_beg /x"] as const),
          ].map(([k, Acl], i) => [
            `/${k}`.replace(/^\/\//, "/"),
            { Id: k, Acl, Config: { Acl, ...(i % 2 === 1 && { Weights: Weights.slice(i).join(" ") }) } },
          ]),
        );
        for (const routing of [{}, https]) {
          const routes = routesOf(byId.values(), rules, () => undefined, undefined, routing);
          assert.equal(await check(configOf(routes, password), signal), undefined);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("checks as Marathon does: by HTTP/1.1, with the task's address, and with its patience", () => {
    const backend = (checkSeconds?: number): string =>
      configOf({
        ...{ routes: [], ports: [], leftOut: new Map() },
        backends: [
          {
            name: "b",
            checkPath: "/x?y=%20z",
            tls: false,
            servers: [],
            ...(checkSeconds && { checkSeconds }),
          },
        ],
      }).split("\nbackend b\n")[1] ?? "";
    assert.match(backend(), /^ {2}http-check send meth GET uri \/x\?y=%20z ver HTTP\/1\.1 hdr Host /m);
    const patience = (seconds?: number) => /^ {2}timeout check (\S+)$/m.exec(backend(seconds))?.[1];
    assert.deepEqual([undefined, 3, 5, 20, 7.5, 900].map(patience), [
      undefined,
      undefined,
      undefined,
      "20s",
      "8s",
      "60s",
    ]);
  });

  it("has a statistics page only with a password", () => {
    const none = { routes: [], backends: [], ports: [], leftOut: new Map() };
    assert.doesNotMatch(configOf(none), /stats (uri|auth)/);
    assert.match(configOf(none, "it's"), /stats auth 'admin:it'\\''s'/);
  });

  it("keeps its shape when only tasks come and go", () => {
    const routes = (ports: number[]): Routes =>
      routesOf(
        [
          place(
            decodeApp({
              id: "/a",
              tasks: ports.map((p) => ({ id: `${p}`, host: "10.0.0.1", ports: [p], state: "TASK_RUNNING" })),
            }) ?? assert.fail(),
            undefined,
            new Set(),
          ),
        ],
        new Map(),
        () => undefined,
      );
    const one = planSlots(new Map(), routes([1]).backends).table;
    const two = planSlots(one, routes([2]).backends).table;
    assert.equal(shapeOf(routes([1]), one, settings), shapeOf(routes([2]), two, settings));
  });
});

describe("quote", () => {
  it("keeps quotes within one word", () => {
    assert.equal(quote("a'b"), "'a'\\''b'");
  });
});
