// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { list, listVolumes, makeVolume, read, type Scope, scopeOf } from "@pulumi-mesos/supervisor";
import { systemClock } from "../clock";
import { declarationOf } from "../small-world.test.support";
import { ofKind } from "./backend";
import { type BackendUnderTest, backendContract } from "./backend-contract.test.support";
import { capacity, localBackend, memberSpec } from "./local";

const never = new AbortController().signal;
const declaration = declarationOf(2);
const backend = ofKind(declaration.backend, "local");

describe("the local backend", function () {
  this.timeout(60_000);

  it("gives each member an address, a volume and task ports of its own", () => {
    const template = { ...declaration.template, ready: { http: "http://{address}:5051/health" } };
    const spec = memberSpec("web", 3, template, backend);
    assert.deepEqual(spec, {
      name: "web-3",
      command: ["mesos-agent", "--ip=127.81.9.3", "--resources=cpus:2;mem:1024;ports:[31200-31299]"],
      ready: { http: "http://127.81.9.3:5051/health" },
      volume: "web-3",
      listen: [{ host: "127.81.9.3", port: 5051 }],
    });
    assert.equal(capacity(backend), 10);
    assert.equal(capacity({ ...backend, taskPorts: [31000, 31098] }), 0);
  });

  let root = "";
  let test: BackendUnderTest | undefined;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "groups-test-"));
    test = localUnderTest(scopeOf(root, "project", "stack"));
  });
  after(() => rm(root, { recursive: true, force: true }));
  describe("as every backend", () => backendContract(() => test));
});

function localUnderTest(scope: Scope): BackendUnderTest {
  const pidOf = async (name: string): Promise<number> => {
    const pid = (await read(scope, name))?.pid;
    assert.ok(pid, `${name} runs`);
    return pid;
  };
  return {
    backend: localBackend(scope, "/usr/bin:/bin"),
    applied: { ...declaration, template: { command: ["sleep", "1000"] } },
    lifeOf: async (name) => String(await pidOf(name)),
    kill: async (name) => {
      const pid = await pidOf(name);
      const [, supervisor] = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      for (const each of [Number(supervisor), pid]) {
        process.kill(each, "SIGKILL");
        while (existsSync(`/proc/${each}`)) await systemClock.pause(5, never);
      }
    },
    say: async (name, notice) => writeFile(join(await makeVolume(scope, name), "notice"), notice),
    beginStart: (_pool, name) => makeVolume(scope, name),
    left: async () => [...(await list(scope)).map(({ name }) => name), ...(await listVolumes(scope))],
  };
}
