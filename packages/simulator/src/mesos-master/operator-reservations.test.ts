// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  Fixture,
  getJson,
  type HttpAnswer,
  http,
  type TestMaster,
  TestScheduler,
  until,
} from "../test-cluster.test";

type Json = Record<string, unknown>;

const disk = { name: "disk", type: "SCALAR", scalar: { value: 64 }, role: "web", reservation: {} };
const volume = {
  ...disk,
  disk: { persistence: { id: "v" }, volume: { container_path: "data", mode: "RW" } },
};

describe("reservations by operators: /reserve /unreserve /create-volumes /destroy-volumes /teardown and their calls (docs/reservation.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let id: string;

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", []);
    await until("a leader", () => master.program.leader);
    await fixture.agent("a", [`--master=${master.address}`]);
    id = await until("an agent", () => [...(master.program.leader?.context.state.agents.keys() ?? [])][0]);
  });
  afterEach(() => fixture.end());

  const form = async (
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> =>
    await http("POST", master.url + path, new URLSearchParams(fields), {
      "content-type": "application/x-www-form-urlencoded",
      ...headers,
    });
  const operator = async (type: string, args: Json) => {
    const { status, text } = await http("POST", `${master.url}/api/v1`, {
      type,
      [type.toLowerCase()]: { agent_id: { value: id }, ...args },
    });
    return { status, text };
  };
  const reserved = async () =>
    (await getJson<{ slaves: { reserved_resources: Json }[] }>(`${master.url}/slaves`)).slaves[0]
      ?.reserved_resources ?? {};

  it("reserve, create, destroy and unreserve by forms, and answer 202", async () => {
    assert.equal(
      (await form("/master/reserve", { slaveId: id, resources: JSON.stringify([disk]) })).status,
      202,
    );
    assert.deepEqual(Object.keys(await reserved()), ["web"]);
    assert.equal(
      (await form("/create-volumes", { slaveId: id, volumes: JSON.stringify([volume]) })).status,
      202,
    );
    const directory = join(fixture.directory, "a", "volumes", "roles", "web", "v");
    await until("its directory", () => existsSync(directory));
    const used = await form("/unreserve", { slaveId: id, resources: JSON.stringify([disk]) });
    assert.equal(used.status, 409);
    assert.equal(
      (await form("/destroy-volumes", { slaveId: id, volumes: JSON.stringify([volume]) })).status,
      202,
    );
    await until("its end", () => !existsSync(directory));
    assert.equal((await form("/unreserve", { slaveId: id, resources: JSON.stringify([disk]) })).status, 202);
    assert.deepEqual(await reserved(), {});
  });

  it("take offers back for what an operator wants, and grow and shrink volumes", async () => {
    const scheduler = new TestScheduler(master.url);
    try {
      await scheduler.subscribe();
      await scheduler.offer();
      assert.equal(
        (await operator("RESERVE_RESOURCES", { resources: [{ ...disk, scalar: { value: 100 } }] })).status,
        202,
      );
      await until("a rescind", () => scheduler.events.some((e) => e.type === "RESCIND"));
      assert.equal((await operator("CREATE_VOLUMES", { volumes: [volume] })).status, 202);
      const addition = { ...disk, scalar: { value: 36 } };
      assert.equal((await operator("GROW_VOLUME", { volume, addition })).status, 202);
      const grown = { ...volume, scalar: { value: 100 } };
      assert.equal((await operator("SHRINK_VOLUME", { volume: grown, subtract: { value: 99 } })).status, 202);
      const shrunk = { ...volume, scalar: { value: 1 } };
      assert.equal((await operator("DESTROY_VOLUMES", { volumes: [shrunk] })).status, 202);
      const all = [{ ...disk, scalar: { value: 100 } }];
      assert.equal((await operator("UNRESERVE_RESOURCES", { resources: all })).status, 202);
      assert.deepEqual(await reserved(), {});
    } finally {
      scheduler.disconnect();
    }
  });

  it("fails when fields are missing or the operation is wrong, in Mesos's words", async () => {
    const said = async (path: string, fields: Record<string, string>) => {
      const { status, text } = await form(path, fields);
      assert.equal(status, 400);
      return text;
    };
    assert.equal(await said("/reserve", {}), "Missing 'slaveId' query parameter in the request body");
    assert.equal(
      await said("/reserve", { slaveId: id }),
      "Missing 'resources' query parameter in the request body",
    );
    assert.match(await said("/reserve", { slaveId: id, resources: "{" }), /^Error in parsing 'resources'/);
    assert.equal(
      await said("/reserve", { slaveId: "x", resources: "[]" }),
      "No agent found with specified ID",
    );
    assert.equal(await said("/teardown", { frameworkId: "x" }), "No framework found with specified ID");
    const plain = [{ name: "cpus", type: "SCALAR", scalar: { value: 1 } }];
    assert.equal(
      await said("/unreserve", { slaveId: id, resources: JSON.stringify(plain) }),
      "Invalid UNRESERVE operation: Resource cpus:1 is not dynamically reserved",
    );
    const { status, text } = await operator("DESTROY_VOLUMES", { volumes: [volume] });
    assert.deepEqual([status, /Persistent volumes not found$/.test(text)], [400, true]);
    assert.equal((await http("GET", `${master.url}/reserve`)).status, 405);
  });

  it("fails when a browser sends the form", async () => {
    const fields = { slaveId: id, resources: JSON.stringify([disk]) };
    assert.equal((await form("/reserve", fields, { "sec-fetch-site": "cross-site" })).status, 415);
    assert.equal((await form("/reserve", fields, { origin: "http://evil.example" })).status, 403);
  });

  it("tears a framework down", async () => {
    const scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
    assert.equal((await form("/teardown", { frameworkId: scheduler.frameworkId })).status, 200);
    await until("the end", () => scheduler.closed);
  });
});
