// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseResources, toJson } from "../protocol/resources";
import { Fixture, type TestMaster, until } from "../test-cluster.test";
import { resourcesOf } from "./agent-info";

describe("--resources and --default_role (docs/attributes-resources.md)", () => {
  it("take what is not named from the machine, and reserve what has no role", () => {
    const all = toJson(resourcesOf(parseResources("cpus:2;mem(web):64"), "/", "ads"));
    const roles = Object.fromEntries(all.map((r) => [r.name, r.reservations?.at(-1)?.role ?? r.role]));
    assert.equal(roles["mem"], "web");
    assert.deepEqual([roles["cpus"], roles["disk"], roles["ports"]], ["ads", "ads", "ads"]);
  });
});

describe("what an agent keeps in --work_dir (mesos.md 2.6)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.113.7.1");
    await until("a leader", () => master.program.leader);
  });
  afterEach(() => fixture.end());

  it("meta has boot_id and latest, which leads to slave.info; after a reboot with another port the agent is a new one", async () => {
    const meta = join(fixture.directory, "a", "meta");
    const argv = [`--master=${master.address}`, "--ip=127.113.7.2"];
    const registered = () => [...(master.program.leader?.context.state.agents.keys() ?? [])];
    const first = await fixture.agent("a", argv);
    await until("an agent", () => registered().length === 1);
    const id = registered()[0] ?? assert.fail();
    const latest = join(meta, "slaves", "latest");
    await until("slave.info", () => existsSync(join(latest, "slave.info")));
    assert.ok(readlinkSync(latest).endsWith(id));
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    assert.equal(readFileSync(join(meta, "boot_id"), "utf8").trim(), boot);
    await first.close();
    writeFileSync(join(meta, "boot_id"), "00000000-0000-0000-0000-000000000000");
    await fixture.agent("a", argv);
    await until("another agent", () => registered().some((other) => other !== id));
    await until("latest leads to it", () => existsSync(latest) && !readlinkSync(latest).endsWith(id));
  });
});
