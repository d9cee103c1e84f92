// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BambooService } from "@pulumi-mesos/model";
import fc from "fast-check";
import { findHaproxy } from "../haproxy/find-haproxy";
import { aclProbe, type Check, haproxyCheck } from "../haproxy/validate";
import { mapFile, mapNames } from "../routing/maps";
import { render, shapeOf } from "../routing/render";
import { routesOf } from "../routing/routes";
import { planSlots } from "../routing/slots";
import { rulesIn } from "../testing/rules-in.test.support";
import { type ApiBackend, createApi } from "./api";

const bodies = 10_000;
/** After so many bodies HAProxy is asked about the whole file. */
const everyBodies = 500;

const fetches = [
  "path",
  "path_beg",
  "path_end",
  "hdr(host)",
  "hdr_beg(host)",
  "src",
  "method",
  "url_param(a)",
  "query",
];
const flags = ["", " -i", " -m beg", " -m reg", " -f", " --", " -u 1", " -n"];
const values = [
  "/a",
  "/b c",
  "'",
  '"',
  "\\",
  "#",
  "$",
  `$${"{HOME}"}`,
  "%[src]",
  "{",
  "}",
  "!",
  "10.0.0.0/8",
  "GET",
  "[",
  "é",
  "\t",
  "\n",
  "\0",
  "if",
  "/x\n  bind :1",
];
const acl = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...fetches), fc.constantFrom(...flags), fc.constantFrom(...values))
      .map(([f, flag, v]) => `${f}${flag} ${v}`),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("", " ", "always_true", "always_false", "a".repeat(2_000), "path_beg"),
  },
);
const id = fc.oneof(
  fc.constantFrom("/a", "a/b", "/a b!(c)", "", "/", "//", "/é", "/a\n", "/' \"", `/${"x".repeat(600)}`),
  fc.string({ maxLength: 20 }),
);
const config = fc.option(
  fc.dictionary(
    fc.constantFrom("Acl", "PortIndex", "k", "__proto__"),
    fc.oneof(fc.string({ maxLength: 8 }), fc.integer(), fc.constant(null)),
  ),
);
const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ id, acl, config }, { requiredKeys: [] }).map((o) => JSON.stringify(o)),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.record({ id, acl, config }).map((o) => JSON.stringify(o).slice(0, -3)) },
);
const request = fc.record({
  method: fc.constantFrom("POST" as const, "POST" as const, "PUT" as const, "DELETE" as const),
  at: fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight: 1, arbitrary: id }),
  body,
});

/** HAProxy's judgement, asked for once a condition; a client's patience is not what is asked here. */
function judging(check: Check): ApiBackend["judge"] {
  const verdicts = new Map<string, Promise<string | undefined>>();
  return (text) => {
    const verdict = verdicts.get(text) ?? check(aclProbe([text]), AbortSignal.timeout(60_000));
    verdicts.set(text, verdict);
    return verdict;
  };
}

describe("the API under random requests", function () {
  this.timeout(600_000);
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "edge-fuzz-"));
  });
  after(() => rm(directory, { recursive: true, force: true }));

  it(`answers ${bodies} of them without an error of its own, and HAProxy takes what it has accepted`, async () => {
    const check = haproxyCheck(await findHaproxy(process.env), directory);
    const rules = new Map<string, BambooService>();
    const api = createApi({ backend: rulesIn(rules, judging(check)), advertised: new Set() });
    for (const name of mapNames) await writeFile(join(directory, mapFile(name)), "");
    const settings = {
      mapDirectory: directory,
      frontendBind: "127.0.0.1:1",
      nbthread: 1,
      maxconn: 100,
      hardStopAfter: "1s",
    };
    const whole = async (): Promise<string | undefined> => {
      const apps = [...rules.keys()].map((ruleId) => appNamed(ruleId));
      const routes = routesOf(apps, rules, (host) => host);
      const { table } = planSlots(new Map(), routes.backends);
      const generation = { number: 1, shape: shapeOf(routes, table, settings) };
      return check(render(routes, table, settings, generation), AbortSignal.timeout(60_000));
    };
    let accepted = 0;
    for (const [i, sent] of fc.sample(request, { numRuns: bodies, seed: 6 }).entries()) {
      const url = sent.method === "POST" ? "/api/services" : `/api/services/${encodeURIComponent(sent.at)}`;
      const headers = { host: "127.0.0.1" };
      const { statusCode } = await api.inject({ method: sent.method, url, payload: sent.body, headers });
      assert.ok(statusCode < 500, `${statusCode} for ${sent.method} ${url} ${sent.body}`);
      if (statusCode === 200) accepted++;
      if ((i + 1) % everyBodies === 0) assert.equal(await whole(), undefined);
    }
    assert.ok(accepted > bodies / 50, `only ${accepted} were accepted`);
    await api.close();
  });
});

/** An app without tasks, which a rule of its name serves. */
function appNamed(appId: string) {
  return {
    ...{ id: appId, network: "host" as const, containerPorts: [], servicePorts: [], healthChecks: [] },
    ...{ env: {}, labels: {}, discoveryPorts: [], tasks: [] },
  };
}
