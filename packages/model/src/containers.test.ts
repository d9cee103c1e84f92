// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  containerPaths,
  environmentFile,
  fileInContainer,
  fileModeInContainer,
  healthTest,
  inContainer,
  startScript,
} from "./containers";

describe("the environment of a container's program", function () {
  this.timeout(60_000);

  it("comes through the start script as it was given, whatever its values hold", () => {
    const directory = mkdtempSync(join(tmpdir(), "containers-test-"));
    try {
      const file = join(directory, "environment");
      const script = startScript.replace(containerPaths.environment, file);
      const values = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
      fc.assert(
        fc.property(fc.dictionary(fc.constantFrom("A", "B_1", "_C"), values), (env) => {
          writeFileSync(file, environmentFile(env));
          const print = "process.stdout.write(JSON.stringify(process.env))";
          const said = execFileSync("/bin/sh", ["-c", script, "start", process.execPath, "-e", print], {
            env: {},
          });
          const { PWD: _pwd, OLDPWD: _old, SHLVL: _level, ...got } = JSON.parse(said.toString());
          assert.deepEqual({ ...got, ...(env["_"] === undefined ? {} : { _: env["_"] }) }, { ...env });
        }),
        { numRuns: 30 },
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe("files in a container", () => {
  it("lie below the configuration or the data, read by root alone unless the service says otherwise", () => {
    assert.equal(fileInContainer({ path: "zoo.cfg" }), "/etc/pulumi-mesos/zoo.cfg");
    assert.equal(fileInContainer({ path: "{data}/myid" }), "/var/lib/pulumi-mesos/myid");
    assert.equal(
      inContainer("{conf} {data} {address} {ports}", { address: "10.1.2.3" }),
      ["/etc/pulumi-mesos", "/var/lib/pulumi-mesos", "10.1.2.3", "{ports}"].join(" "),
    );
    assert.deepEqual([{}, { mode: "644" }, { mode: "0600" }].map(fileModeInContainer), [
      "0400",
      "0644",
      "0600",
    ]);
  });
});

describe("the health check of a container", () => {
  const codeOf = (test: readonly string[] | undefined): Promise<number | null> => {
    const [kind, program = "", ...args] = test ?? [];
    assert.equal(kind, "CMD");
    return new Promise((resolve) => spawn(program, args, { timeout: 5000 }).once("exit", resolve));
  };

  it("asks by HTTP and TCP as the probe says, and fails when an error or nobody answers", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      response.writeHead(request.url === "/ill" ? 503 : 204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const well = healthTest({ http: `http://127.0.0.1:${port}/well?a=%20b` });
    const tcp = healthTest({ tcp: `127.0.0.1:${port}` });
    assert.equal(await codeOf(well), 0);
    assert.equal(await codeOf(tcp), 0);
    assert.notEqual(await codeOf(healthTest({ http: `http://127.0.0.1:${port}/ill` })), 0);
    assert.deepEqual(asked, [`127.0.0.1:${port} /well?a=%20b`, `127.0.0.1:${port} /ill`]);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.notEqual(await codeOf(well), 0);
    assert.notEqual(await codeOf(tcp), 0);
  });

  it("is a command of the probe's own, and none for a probe that reads the log", () => {
    assert.deepEqual(healthTest({ command: ["test", "-e", "/x"] }), ["CMD", "test", "-e", "/x"]);
    assert.equal(healthTest({ logLine: "ready" }), undefined);
  });
});
