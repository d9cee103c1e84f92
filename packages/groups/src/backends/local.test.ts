// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { list, makeVolume, scopeOf } from "@pulumi-mesos/supervisor";
import { declarationOf } from "../small-world.test.support";
import { capacity, localBackend, memberSpec } from "./local";

const declaration = declarationOf(2);

describe("the local backend", function () {
  this.timeout(20_000);

  it("gives each member an address, a volume and task ports of its own", () => {
    const template = { ...declaration.template, ready: { http: "http://{address}:5051/health" } };
    const spec = memberSpec("web", 3, { ...declaration, template });
    assert.deepEqual(spec, {
      name: "web-3",
      command: ["mesos-agent", "--ip=127.81.9.3", "--resources=ports:[31200-31299]"],
      ready: { http: "http://127.81.9.3:5051/health" },
      volume: "web-3",
      listen: [{ host: "127.81.9.3", port: 5051 }],
    });
    assert.equal(capacity(declaration.backend), 10);
    assert.equal(capacity({ ...declaration.backend, taskPorts: [31000, 31098] }), 0);
  });

  it("starts a member, takes one whose start was cut short for a member, and ends both with their data", async () => {
    const root = await mkdtemp(join(tmpdir(), "groups-test-"));
    try {
      const scope = scopeOf(root, "project", "stack");
      const backend = localBackend(scope, "/usr/bin:/bin");
      const signal = AbortSignal.timeout(20_000);
      await backend.start("web", 1, { ...declaration, template: { command: ["sleep", "1000"] } }, signal);
      await makeVolume(scope, "web-2");
      await makeVolume(scope, "other-1");
      assert.deepEqual(await backend.members("web"), [
        { index: 1, name: "web-1", running: true },
        { index: 2, name: "web-2", running: false },
      ]);
      for (const name of ["web-1", "web-2"]) await backend.terminate(name, signal);
      assert.deepEqual(await backend.members("web"), []);
      assert.deepEqual(await list(scope), []);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
