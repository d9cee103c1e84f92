// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, getJson, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

type Json = Record<string, unknown>;

describe("maintenance (docs/maintenance.md): /maintenance/schedule, /maintenance/status, /machine/down, /machine/up", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  const machine = { hostname: "127.84.2.1", ip: "127.84.2.1" };
  const unavailability = {
    start: { nanoseconds: 1_800_000_000_000_000_000 },
    duration: { nanoseconds: 3_600_000_000_000 },
  };
  const schedule = (ids: Json[] = [machine]) => ({ windows: [{ machine_ids: ids, unavailability }] });

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", []);
    await until("a leader", () => master.program.leader);
    await fixture.agent("a", [`--master=${master.address}`]);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe({ capabilities: [{ type: "MULTI_ROLE" }, { type: "PARTITION_AWARE" }] });
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const post = (path: string, body: unknown) => http("POST", master.url + path, body);
  const get = (path: string) => getJson<Json>(master.url + path);
  const operator = async (type: string, args?: Json) => {
    const { status, text } = await post("/api/v1", {
      type,
      ...(args === undefined ? {} : { [type.toLowerCase()]: args }),
    });
    return { status, text };
  };
  const inverse = async () =>
    await until("an inverse offer", () => {
      const at = scheduler.events.findIndex((e) => e.type === "INVERSE_OFFERS");
      const [event] = at < 0 ? [] : scheduler.events.splice(at, 1);
      return (
        event?.["inverse_offers"] as
          | { inverse_offers: { id: { value: string }; unavailability: Json }[] }
          | undefined
      )?.inverse_offers[0];
    });

  it("asks frameworks to leave, says so in offers, brings the machine down and up again", async () => {
    const offer = await scheduler.offer();
    await scheduler.launch(offer, { task_id: { value: "t" }, command: { value: "exec sleep 1000" } });
    await scheduler.state("t", "TASK_RUNNING");
    assert.deepEqual(await get("/maintenance/schedule"), {});
    assert.deepEqual(await get("/maintenance/status"), {});
    assert.equal((await post("/maintenance/schedule", schedule())).status, 200);
    assert.deepEqual(await get("/master/maintenance/schedule"), schedule());
    assert.deepEqual(await get("/maintenance/status"), { draining_machines: [{ id: machine }] });

    const asked = await inverse();
    assert.deepEqual(asked.unavailability, unavailability);
    await until("an offer with its end", () =>
      scheduler.events.some((e) =>
        e.offers?.offers.some(
          (o) => JSON.stringify((o as unknown as Json)["unavailability"]) === JSON.stringify(unavailability),
        ),
      ),
    );
    const answer = { inverse_offer_ids: [asked.id], filters: { refuse_seconds: 0 } };
    assert.equal((await scheduler.call("DECLINE_INVERSE_OFFERS", answer)).status, 202);
    const again = await inverse();
    assert.notEqual(again.id.value, asked.id.value);
    const accepted = { inverse_offer_ids: [again.id], filters: { refuse_seconds: 3600 } };
    assert.equal((await scheduler.call("ACCEPT_INVERSE_OFFERS", accepted)).status, 202);
    const status = await until("the answer", async () => {
      const { draining_machines } = (await get("/maintenance/status")) as {
        draining_machines: { statuses?: Json[] }[];
      };
      return draining_machines[0]?.statuses?.[0];
    });
    assert.deepEqual(
      [status["status"], status["framework_id"]],
      ["ACCEPT", { value: scheduler.frameworkId }],
    );

    const drain = await operator("DRAIN_AGENT", { agent_id: offer.agent_id });
    assert.deepEqual(
      [drain.status, drain.text],
      [
        400,
        `Agent ${offer.agent_id.value} is part of a maintenance schedule under Machine 127.84.2.1 (127.84.2.1)`,
      ],
    );

    assert.equal((await post("/machine/down", [machine])).status, 200);
    await scheduler.state("t", "TASK_GONE_BY_OPERATOR");
    assert.deepEqual(await get("/maintenance/status"), { down_machines: [machine] });
    assert.deepEqual((await get("/slaves"))["slaves"], []);
    const down = await post("/maintenance/schedule", { windows: [] });
    assert.deepEqual(
      [down.status, down.text],
      [
        400,
        'Machine \'hostname: "127.84.2.1"\nip: "127.84.2.1"\n\' is deactivated and cannot be removed from the schedule',
      ],
    );
    await fixture.agent("b", [`--master=${master.address}`]);
    await until("a refusal", () => master.lines.some((l) => l.includes("it is told to shut down")));
    assert.deepEqual((await get("/slaves"))["slaves"], []);

    assert.equal((await operator("STOP_MAINTENANCE", { machines: [machine] })).status, 200);
    assert.deepEqual(await get("/maintenance/status"), {});
    assert.deepEqual(await get("/maintenance/schedule"), { windows: [] });
    await fixture.agent("c", [`--master=${master.address}`]);
    await until("an agent again", async () => ((await get("/slaves"))["slaves"] as Json[]).length === 1);
  });

  it("takes inverse offers back when the schedule changes, and keeps the schedule over a new leader", async () => {
    await scheduler.offer();
    assert.equal((await operator("UPDATE_MAINTENANCE_SCHEDULE", { schedule: schedule() })).status, 200);
    assert.deepEqual(JSON.parse((await operator("GET_MAINTENANCE_SCHEDULE")).text), {
      type: "GET_MAINTENANCE_SCHEDULE",
      get_maintenance_schedule: { schedule: schedule() },
    });
    const { id } = await inverse();
    assert.equal((await post("/maintenance/schedule", { windows: [] })).status, 200);
    const event = await until("a rescind", () =>
      scheduler.events.find((e) => e.type === "RESCIND_INVERSE_OFFER"),
    );
    assert.deepEqual(event["rescind_inverse_offer"], { inverse_offer_id: id });
    await post("/maintenance/schedule", schedule());
    await operator("START_MAINTENANCE", { machines: [machine] });
    await master.program.close();
    const next = await fixture.master("m", []);
    await until("a leader", () => next.program.leader);
    assert.deepEqual(await getJson(`${next.url}/maintenance/status`), { down_machines: [machine] });
  });

  it("fails when machines or windows are wrong, in Mesos's words", async () => {
    const said = async (path: string, body: unknown) => {
      const { status, text } = await post(path, body);
      assert.equal(status, 400);
      return text;
    };
    assert.equal(
      await said("/maintenance/schedule", schedule([])),
      "List of machines in the maintenance window is empty",
    );
    assert.equal(
      await said("/maintenance/schedule", schedule([{}])),
      "Both 'hostname' and 'ip' for a machine are empty",
    );
    assert.match(
      await said("/maintenance/schedule", schedule([machine, machine])),
      /appears more than once in the schedule/,
    );
    assert.match(await said("/maintenance/schedule", schedule([{ ip: "x" }])), /Failed to parse IP 'x'/);
    const negative = {
      windows: [
        {
          machine_ids: [machine],
          unavailability: { start: { nanoseconds: 1 }, duration: { nanoseconds: -1 } },
        },
      ],
    };
    assert.equal(await said("/maintenance/schedule", negative), "Unavailability 'duration' is negative");
    assert.match(await said("/maintenance/schedule", []), /^Failed to parse/);
    assert.equal(await said("/machine/down", []), "List of machines is empty");
    assert.equal(
      await said("/machine/down", [machine]),
      `Machine '${JSON.stringify(machine)}' is not part of a maintenance schedule`,
    );
    await post("/maintenance/schedule", schedule());
    assert.equal(
      await said("/machine/up", [machine]),
      `Machine '${JSON.stringify(machine)}' is not in DOWN mode and cannot be brought up`,
    );
    assert.equal((await http("GET", `${master.url}/machine/down`)).status, 405);
  });
});
