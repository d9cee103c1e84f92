// SPDX-License-Identifier: Apache-2.0
import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCli } from "./cli";

describe("pulumi-mesos", function () {
  this.timeout(60_000);
  let directory: string;
  let server: Server;
  let url: string;
  let answers: Record<string, { status: number; body: unknown }>;

  beforeEach(async () => {
    directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-cli-"));
    const app = { id: "/shop/web", cmd: "exec sleep 1", env: { DB_PASSWORD: "hunter2" } };
    answers = {
      "/v2/info": { status: 200, body: { version: "1.10.26" } },
      "/v2/apps": { status: 200, body: { apps: [app] } },
      "/v2/pods": { status: 200, body: [] },
      "/v2/groups": { status: 200, body: { id: "/", groups: [] } },
      "/v2/deployments": { status: 200, body: [] },
    };
    server = createServer((request, response) => {
      const { status, body } = answers[(request.url ?? "").replace(/\?.*/, "")] ?? { status: 404, body: {} };
      response.writeHead(status, { "Content-Type": "application/json", Connection: "close" });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.122.2.1", resolve));
    url = `http://127.122.2.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true, force: true });
  });

  async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const lines = { out: "", err: "" };
    const code = await runCli(argv, {
      directory,
      environment: {},
      out: (line) => {
        lines.out += `${line}\n`;
      },
      err: (line) => {
        lines.err += `${line}\n`;
      },
      signal: new AbortController().signal,
    });
    return { code, ...lines };
  }

  it("writes program, import file and project, says what comes next, and never shows a secret", async () => {
    const { code, out, err } = await run("import", "--marathon", url);
    deepEqual([code, err], [0, ""]);
    const files = readdirSync(directory).sort();
    deepEqual(files, ["Pulumi.yaml", "index.ts", "package.json", "resources.json", "tsconfig.json"]);
    const texts = files.map((file) => readFileSync(path.join(directory, file), "utf8")).join("");
    match(texts, /DB_PASSWORD: config\.requireSecret\("shop\/web\.env\.DB_PASSWORD"\)/);
    match(out, /npx pulumi-mesos configure --marathon http/);
    match(
      out,
      /pulumi import --file resources\.json --generate-code=false --protect=false && pulumi preview/,
    );
    equal(`${texts}${out}`.includes("hunter2"), false);
  });

  it("keeps the files that are there, and overwrites only its own by --force", async () => {
    writeFileSync(path.join(directory, "package.json"), '{"name":"mine"}');
    equal((await run("import", "--marathon", url)).code, 0);
    equal(readFileSync(path.join(directory, "package.json"), "utf8"), '{"name":"mine"}');
    writeFileSync(path.join(directory, "index.ts"), "mine");
    const refused = await run("import", "--marathon", url);
    equal(refused.code, 1);
    match(refused.err, /^error: index\.ts, resources\.json: exists in .*--force\n$/);
    equal(readFileSync(path.join(directory, "index.ts"), "utf8"), "mine");
    equal((await run("import", "--marathon", url, "--force")).code, 0);
    match(readFileSync(path.join(directory, "index.ts"), "utf8"), /marathon\.App/);
  });

  it("fails in one line when there is no Marathon, no permission or nothing to import, and writes nothing", async () => {
    const failing: [string, { status: number; body: unknown }, RegExp][] = [
      ["/v2/info", { status: 401, body: "" }, /wants credentials, give --user/],
      ["/v2/info", { status: 404, body: "<html>" }, /is no Marathon/],
      ["/v2/info", { status: 200, body: "<html>" }, /is no Marathon/],
      ["/v2/apps", { status: 200, body: { apps: [] } }, /nothing to import/],
    ];
    for (const [route, answer, words] of failing) {
      const before = answers[route];
      answers[route] = answer;
      const { code, err } = await run("import", "--marathon", url);
      equal(code, 1, err);
      match(err, words);
      equal(err.trim().split("\n").length, 1);
      if (before !== undefined) answers[route] = before;
    }
    const unreachable = await run("import", "--marathon", "http://127.122.2.9:1");
    equal(unreachable.code, 1);
    match(unreachable.err, /^error: .*127\.122\.2\.9:1.*\n$/);
    equal(existsSync(path.join(directory, "index.ts")), false);
  });

  it("fails when the folder cannot be written", async () => {
    writeFileSync(path.join(directory, "file"), "");
    const { code, err } = await run("import", "--marathon", url, "--out", "file/below");
    equal(code, 1);
    match(err, /^error: .*cannot be written.*\n$/);
  });

  it("fails with 2 when it is used wrongly", async () => {
    const wrong = [
      [],
      ["import"],
      ["frobnicate"],
      ["import", "--marathon", "marathon"],
      ["import", "--marathon", "http://u:p@x"],
      ["import", "--marathon", url, "--user", "me"],
      ["import", "--marathon", url, "--ca", "missing.pem"],
    ];
    for (const argv of wrong) equal((await run(...argv)).code, 2, argv.join(" "));
    equal((await run("import", "--help")).code, 0);
  });

  it("repeats no password of an address, whatever is in it", async () => {
    for (const flag of ["--marathon", "--masters", "--edge", "--zk"]) {
      for (const address of [
        "http://me:hush,hush@x",
        "https://me:hush@x:1",
        "me:hush@x",
        "http://me:hu/sh@x:y",
      ]) {
        const { code, err } = await run("status", flag, address);
        equal(code, 2, address);
        match(err, /^error: --/);
        doesNotMatch(err, /hu.?sh|me:/, `${flag} ${address}`);
      }
    }
  });

  it("leaves out what the check refuses, and warns of what is deployed or not known", async () => {
    const fine = { id: "/ok", cmd: "exec sleep 1", novelty: 1 };
    answers["/v2/apps"] = { status: 200, body: { apps: [fine, { id: "/short", cmd: "x" }] } };
    answers["/v2/deployments"] = { status: 200, body: [{ id: "d", affectedApps: ["/ok"] }] };
    const { code, err } = await run("import", "--marathon", url);
    equal(code, 0);
    match(err, /\/short is left out, because Pulumi's check refuses it: cmd: /);
    match(err, /\/ok is being deployed/);
    match(err, /\/ok has fields that this version does not know, which are left out: novelty/);
  });

  describe("a group that says what its apps cannot", () => {
    const web = { id: "/shop/web", cmd: "exec sleep 1", env: { DB_PASSWORD: "hunter2" } };
    const db = { id: "/shop/back/db", cmd: "exec sleep 1" };
    const alone = { id: "/other/alone", cmd: "exec sleep 1" };
    const group = (id: string, apps: object[], more: object = {}) => ({ id, apps, groups: [], ...more });

    /** Answers these groups and the apps in them; gives the program and the import file. */
    async function imported(shop: object, ...argv: string[]) {
      const groups = [shop, group("/other", [alone])];
      answers["/v2/groups"] = { status: 200, body: { id: "/", apps: [], groups } };
      answers["/v2/apps"] = { status: 200, body: { apps: [alone, db, web] } };
      const { code, err, out } = await run("import", "--marathon", url, "--force", ...argv);
      equal(code, 0, err);
      const read = (file: string) => readFileSync(path.join(directory, file), "utf8");
      const { resources } = JSON.parse(read("resources.json")) as {
        resources: { type: string; id: string }[];
      };
      const entries = resources.map(({ type, id }) => `${type.replace("mesos:marathon:", "")} ${id}`);
      return { entries, program: read("index.ts"), err, out };
    }

    it("is one resource with all that is in it when a group in it has dependencies", async () => {
      const shop = group("/shop", [web], {
        groups: [group("/shop/back", [db], { dependencies: ["/shop/web"] })],
      });
      const { entries, program, out, err } = await imported(shop);
      deepEqual([entries, err], [["Group /shop", "App /other/alone"], ""]);
      match(out, /1 group, 1 app$/m);
      match(program, /new mesos\.marathon\.Group\("shop", \{/);
      match(
        program,
        /groups: \[\{ id: "back", dependencies: \["\/shop\/web"\], apps: \[\{ id: "db", cmd: "exec sleep 1" \}\] \}\]/,
      );
      match(program, /DB_PASSWORD: config\.requireSecret\("shop\.apps\[0\]\.env\.DB_PASSWORD"\)/);
      equal(`${program}${out}`.includes("hunter2"), false);
    });

    it("is one resource when its name is the role of its apps, and else its apps are resources of their own", async () => {
      const enforced = await imported(
        group("/shop", [web], { groups: [group("/shop/back", [db])], enforceRole: true }),
      );
      deepEqual(enforced.entries, ["Group /shop", "App /other/alone"]);
      match(enforced.program, /enforceRole: true/);
      const plain = await imported(group("/shop", [web], { groups: [group("/shop/back", [db])] }));
      deepEqual(plain.entries, ["App /other/alone", "App /shop/back/db", "App /shop/web"]);
    });

    it("is the one that was asked for by --group", async () => {
      const back = group("/shop/back", [db], { dependencies: ["/shop/web"] });
      const { entries } = await imported(group("/shop", [web], { groups: [back] }), "--group", "shop/back");
      deepEqual(entries, ["Group /shop/back"]);
    });

    it("is taken over app by app when the check refuses it, with a warning", async () => {
      const { entries, err } = await imported(
        group("/shop", [web, { ...web, id: "/shop/web2", cmd: "x" }], { dependencies: ["/other"] }),
      );
      match(
        err,
        /\/shop is imported app by app, because Pulumi's check refuses it as a group: apps\[1\]\.cmd: /,
      );
      deepEqual(entries, ["App /other/alone", "App /shop/back/db", "App /shop/web"]);
    });
  });
});
