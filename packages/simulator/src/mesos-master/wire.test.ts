// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, type TestMaster, TestScheduler, until } from "../test-cluster.test";
import { decode, encode, type Json, strayFields, type V1Type } from "../v1";
import type { MessageType } from "../v1/descriptor";
import { messageType } from "../v1/schema";
import { operatorCall } from "./operator-api";
import { type Answer, formats, json, protobuf, Stream, send } from "./wire-client.test";

/** JSON of a message: the same for equal messages, whatever format they came in. */
function canonical(type: V1Type, message: Json): string {
  return encode(type, json, message).toString("utf8");
}

const text = ({ status, body }: Answer): [number, string] => [status, body.toString("utf8")];

/** The least that a message must have. */
function least(type: MessageType): Json {
  const required = type.fields.filter((f) => f.label === "required");
  return Object.fromEntries(
    required.map(({ name, type: sub }) => {
      if (typeof sub === "object")
        return [name, sub.kind === "message" ? least(sub) : [...sub.byName.keys()][0]];
      return [name, sub === "string" ? "none" : sub === "bytes" ? "" : sub === "bool" ? false : 1];
    }),
  );
}

describe("the v1 APIs of a master on the wire (mesos.md 2.2, 2.3)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let streams: Stream[] = [];
  /** What the protocol does not know, in events to the scheduler. */
  const told: string[] = [];

  before(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.101.1.1");
    await until("a leader", () => master.program.leader);
    await fixture.agent("a", [
      `--master=${master.address}`,
      "--attributes=rack:r1;size:2",
      "--ip=127.101.2.1",
    ]);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe({ labels: { labels: [{ key: "a", value: "b" }] } });
    const link = master.program.leader?.context.state.frameworks.get(scheduler.frameworkId)?.link;
    assert.ok(link !== undefined);
    const write = link.send;
    link.send = (event) => {
      told.push(...strayFields("mesos.v1.scheduler.Event", event));
      write.call(link, event);
    };
    const task = { task_id: { value: "t1" }, command: { value: "exec sleep 1000" } };
    const offer = await scheduler.offer();
    await scheduler.call("SUPPRESS"); // so that others get what it does not use
    await scheduler.launch(offer, task);
    await scheduler.state("t1", "TASK_RUNNING");
  });
  afterEach(() => {
    for (const stream of streams) stream.close();
    streams = [];
  });
  after(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const operator = (headers: Record<string, string>, body: string | Buffer): Promise<Answer> =>
    send(`${master.url}/api/v1`, headers, body);
  const framework = (headers: Record<string, string>, body: unknown): Promise<Answer> =>
    send(
      `${master.url}/api/v1/scheduler`,
      headers,
      Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body),
    );
  const asJson = { "content-type": json };

  const types = messageType("mesos.v1.master.Call").byName.get("type")?.type;
  const calls = typeof types === "object" && types.kind === "enum" ? [...types.byName.keys()] : [];
  const readers = calls.filter((name) => name.startsWith("GET_"));

  for (const type of readers) {
    it(`answers ${type} completely in both formats and without fields that the protocol does not know`, async () => {
      const leader = master.program.leader;
      assert.ok(leader !== undefined);
      const { metrics, texts, startedAt } = {
        metrics: () => ({ "master/uptime_secs": 1.5 }),
        texts: { quorum: "1" },
        startedAt: 1.7e12,
      };
      const { status, body } = await operatorCall(
        { leader, seen: leader, texts, startedAt, metrics },
        { type },
      );
      const call = { type };
      const plain = await operator({ "content-type": json, accept: json }, JSON.stringify(call));
      const bytes = encode("mesos.v1.master.Call", protobuf, call);
      const wire = await operator({ "content-type": protobuf, accept: protobuf }, bytes);
      assert.deepEqual([plain.status, wire.status], [status, status]);
      if (status === 501) return;
      assert.deepEqual([plain.headers["content-type"], wire.headers["content-type"]], [json, protobuf]);
      const response = "mesos.v1.master.Response";
      assert.deepEqual(strayFields(response, body as Json), []);
      const read = formats.map((f) => decode(response, f, encode(response, f, body as Json)));
      assert.equal(canonical(response, read[0] ?? {}), canonical(response, read[1] ?? {}));
      const read2 = [decode(response, json, plain.body), decode(response, protobuf, wire.body)];
      assert.deepEqual(
        read2.map((r) => r["type"]),
        [type, type],
      );
      if (type !== "GET_METRICS") {
        assert.equal(canonical(response, read2[0] ?? {}), canonical(response, read2[1] ?? {}));
      }
    });
  }

  const changers = calls.filter((name) => !readers.includes(name) && name !== "SUBSCRIBE");
  it(`answers ${changers.join(" ")} alike in both formats`, async () => {
    const call = "mesos.v1.master.Call";
    for (const type of changers) {
      const own = messageType(call).byName.get(type.toLowerCase())?.type;
      const args =
        typeof own === "object" && own.kind === "message" ? { [type.toLowerCase()]: least(own) } : {};
      const answers: [number, string][] = [];
      for (const f of formats) {
        const headers = { "content-type": f, accept: json };
        answers.push(text(await operator(headers, encode(call, f, { type, ...args }))));
      }
      assert.deepEqual(answers[0], answers[1], type);
      assert.ok((answers[0]?.[0] ?? 500) !== 500, `${type}: ${String(answers[0])}`);
    }
  });

  it("takes one format and answers in the other, JSON where all are welcome", async () => {
    const body = '{"type":"GET_HEALTH"}';
    const bytes = Buffer.from([8, 1]);
    const healthy = '{"type":"GET_HEALTH","get_health":{"healthy":true}}';
    const other = await operator({ ...asJson, accept: protobuf }, body);
    assert.deepEqual([other.headers["content-type"], [...other.body]], [protobuf, [8, 1, 18, 2, 8, 1]]);
    for (const accept of [undefined, "*/*", `${protobuf}, ${json}`, "application/*"]) {
      const answer = await operator(
        { "content-type": protobuf, ...(accept === undefined ? {} : { accept }) },
        bytes,
      );
      assert.deepEqual([answer.headers["content-type"], ...text(answer)], [json, 200, healthy]);
    }
    const longer = await send(`${master.url}/api/v1/operator`, asJson, body);
    assert.deepEqual(text(longer), [200, healthy]);
    const charset = { "content-type": "application/json; charset=utf-8" };
    assert.deepEqual(text(await operator(charset, body)), [200, healthy]);
  });

  it("refuses what it cannot read or answer, in Mesos's words", async () => {
    const validate = "Failed to validate master::Call: ";
    const convert = "Failed to convert JSON into Call protobuf: ";
    const cases: [Record<string, string>, string | Buffer, number, string][] = [
      [{}, "{}", 400, "Expecting 'Content-Type' to be present"],
      [
        { "content-type": "application/recordio", "message-content-type": json },
        "{}",
        415,
        "Expecting 'Content-Type' of application/json or application/x-protobuf",
      ],
      [
        { ...asJson, accept: "application/recordio", "message-accept": json },
        '{"type":"SUBSCRIBE"}',
        406,
        "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
      ],
      [asJson, "{", 400, "Failed to parse body into JSON: syntax error at line 1 near: "],
      [asJson, "[]", 400, `${convert}Expecting a JSON object`],
      [{ "content-type": protobuf }, "{", 400, "Failed to parse body into Call protobuf"],
      [asJson, "{}", 400, `${validate}Expecting 'type' to be present`],
      [asJson, '{"type":"MAKE_COFFEE"}', 400, `${validate}Expecting 'type' to be present`],
      [{ "content-type": protobuf }, Buffer.from([8, 100]), 400, `${validate}Expecting 'type' to be present`],
      [{ ...asJson, accept: "text/html" }, "{}", 400, `${validate}Expecting 'type' to be present`],
      [asJson, '{"type":"UNKNOWN"}', 501, "501 Not Implemented."],
      [{ "content-type": protobuf }, Buffer.from([8, 0]), 501, "501 Not Implemented."],
      [asJson, '{"type":"DRAIN_AGENT"}', 400, `${validate}Expecting 'drain_agent' to be present`],
      [
        asJson,
        '{"type":"DRAIN_AGENT","drain_agent":{"mark_gone":true}}',
        400,
        `${convert}Missing required fields: drain_agent.agent_id`,
      ],
      [
        asJson,
        '{"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"x"},"max_grace_period":"10mins"}}',
        400,
        `${convert}Not expecting a JSON string for field 'max_grace_period'`,
      ],
    ];
    for (const [headers, body, status, message] of cases) {
      assert.deepEqual(text(await operator(headers, body)), [status, message], JSON.stringify(headers));
    }
    const get = await send(`${master.url}/master/api/v1`, {}, "", "GET");
    assert.deepEqual(
      [...text(get), get.headers["allow"]],
      [405, "Expecting one of { 'POST' }, but received 'GET'", "POST"],
    );
    const big = await operator(asJson, `{"type":"GET_HEALTH","pad":"${"x".repeat(17 * 1024 * 1024)}"}`).catch(
      (error: unknown) => error as { code: string },
    );
    assert.ok(
      ("status" in big && big.status === 413) || ("code" in big && /EPIPE|ECONNRESET/.test(big.code)),
    );
  });

  it("streams the same events to subscribers in JSON and protobuf", async () => {
    const event = "mesos.v1.master.Event";
    const strange: string[] = [];
    const off = master.program.leader?.context.state.onEvent((e) => strange.push(...strayFields(event, e)));
    streams = formats.map(
      (f) => new Stream(`${master.url}/api/v1`, f, "mesos.v1.master.Call", event, { type: "SUBSCRIBE" }),
    );
    for (const [i, stream] of streams.entries()) {
      await stream.next("SUBSCRIBED");
      assert.equal(stream.headers["content-type"], formats[i]);
    }
    const other = new TestScheduler(master.url);
    await other.subscribe({ name: "other", failover_timeout: 0 });
    const task = { task_id: { value: "t2" }, command: { value: "exit 0" } };
    await other.launch(await other.offer(), task);
    await other.state("t2", "TASK_FINISHED");
    await other.call("TEARDOWN");
    await fixture.agent("b", [`--master=${master.address}`, "--ip=127.101.2.2"]);
    const [plain, wire] = streams as [Stream, Stream];
    for (const stream of streams) {
      await stream.next("AGENT_ADDED");
      await stream.next("FRAMEWORK_REMOVED");
    }
    const seen = (stream: Stream): string[] => stream.records.slice(1).map((r) => canonical(event, r));
    assert.deepEqual(seen(wire), seen(plain));
    const types = plain.records.map((r) => r["type"]);
    for (const type of ["FRAMEWORK_ADDED", "TASK_ADDED", "TASK_UPDATED"])
      assert.ok(types.includes(type), type);
    assert.deepEqual(new Set(strange.filter((s) => !s.startsWith("agent_added."))), new Set());
    off?.();
    other.disconnect();
  });

  it("serves a scheduler that speaks protobuf from SUBSCRIBE to TASK_KILLED", async () => {
    const url = `${master.url}/api/v1/scheduler`;
    const call = "mesos.v1.scheduler.Call";
    const info = {
      user: "root",
      name: "binary",
      failover_timeout: 60,
      roles: ["*"],
      capabilities: [{ type: "MULTI_ROLE" }],
    };
    const stream = new Stream(url, protobuf, call, "mesos.v1.scheduler.Event", {
      type: "SUBSCRIBE",
      subscribe: { framework_info: info },
    });
    streams = [stream];
    const subscribed = (await stream.next("SUBSCRIBED"))["subscribed"] as Json;
    assert.equal(stream.headers["content-type"], protobuf);
    assert.equal(subscribed["heartbeat_interval_seconds"], 15);
    assert.equal((subscribed["master_info"] as Json)["id"], master.id);
    const headers = {
      "content-type": protobuf,
      "mesos-stream-id": String(stream.headers["mesos-stream-id"]),
    };
    const say = async (type: string, own?: Json): Promise<[number, string]> =>
      text(
        await framework(
          headers,
          encode(call, protobuf, {
            type,
            framework_id: subscribed["framework_id"],
            ...(own === undefined ? {} : { [type.toLowerCase()]: own }),
          }),
        ),
      );
    const update = async (state: string): Promise<Json> => {
      const found = await stream.next("UPDATE", (r) => statusOf(r)["state"] === state);
      return statusOf(found);
    };
    const statusOf = (r: Json): Json => (r["update"] as { status: Json }).status;
    const offers = (await stream.next("OFFERS"))["offers"] as { offers: Json[] };
    const offer = offers.offers[0] ?? {};
    const cpus = { name: "cpus", type: "SCALAR", scalar: { value: 0.1 } };
    const task = {
      name: "b1",
      task_id: { value: "b1" },
      agent_id: offer["agent_id"],
      resources: [cpus],
      command: { value: "exec sleep 1000" },
    };
    const operations = [{ type: "LAUNCH", launch: { task_infos: [task] } }];
    assert.deepEqual(await say("ACCEPT", { offer_ids: [offer["id"]], operations }), [202, ""]);
    const { agent_id, task_id } = task;
    for (const state of ["TASK_STARTING", "TASK_RUNNING"]) {
      const { uuid } = await update(state);
      assert.deepEqual(await say("ACKNOWLEDGE", { agent_id, task_id, uuid }), [202, ""]);
    }
    assert.deepEqual(await say("RECONCILE", {}), [202, ""]);
    await stream.next("UPDATE", (r) => statusOf(r)["reason"] === "REASON_RECONCILIATION");
    assert.deepEqual(await say("KILL", { task_id }), [202, ""]);
    await update("TASK_KILLED");
    assert.deepEqual(await say("ACKNOWLEDGE", { agent_id, task_id, uuid: "AAAA" }), [
      400,
      "Failed to validate scheduler::Call: Not a valid UUID",
    ]);
    assert.deepEqual(await say("TEARDOWN"), [202, ""]);
  });

  it("tells only schedulers of several roles to which role an offer is allocated", async () => {
    const infos: [Record<string, unknown>, unknown][] = [
      [{ role: "*", roles: undefined, capabilities: [] }, undefined],
      [{}, { role: "*" }],
    ];
    for (const [info, allocation] of infos) {
      const other = new TestScheduler(master.url);
      await other.subscribe({ name: "other", failover_timeout: 0, ...info });
      const offer = (await other.offer()) as unknown as { allocation_info?: unknown; resources: Json[] };
      assert.deepEqual(offer.allocation_info, allocation);
      for (const resource of offer.resources) assert.deepEqual(resource["allocation_info"], allocation);
      await other.call("TEARDOWN");
      other.disconnect();
    }
  });

  it("tells schedulers nothing that the protocol does not know", async () => {
    await scheduler.call("REVIVE");
    await scheduler.offer();
    await scheduler.call("RECONCILE", {});
    await until("an answer", () => scheduler.updates.some((u) => u.reason === "REASON_RECONCILIATION"));
    assert.deepEqual(told, []);
  });

  it("refuses calls of schedulers in Mesos's words", async () => {
    const validate = "Failed to validate scheduler::Call: ";
    const id = { value: scheduler.frameworkId };
    const info = { user: "u", name: "n" };
    const own = { ...asJson, "mesos-stream-id": scheduler.streamId };
    const stale = { ...asJson, "mesos-stream-id": "stale" };
    const cases: [Record<string, string>, unknown, number, string][] = [
      [{}, "{}", 400, "Expecting 'Content-Type' to be present"],
      [
        { "content-type": "text/html" },
        "{}",
        415,
        "Expecting 'Content-Type' of application/json or application/x-protobuf",
      ],
      [own, {}, 400, `${validate}Expecting 'type' to be present`],
      [own, { type: "NEW_CALL" }, 400, `${validate}Expecting 'type' to be present`],
      [asJson, { type: "SUBSCRIBE" }, 400, `${validate}Expecting 'subscribe' to be present`],
      [
        asJson,
        { type: "SUBSCRIBE", subscribe: { framework_info: { user: "u" } } },
        400,
        "Failed to convert JSON into Call protobuf: Missing required fields: subscribe.framework_info.name",
      ],
      [
        asJson,
        { type: "SUBSCRIBE", framework_id: id, subscribe: { framework_info: info } },
        400,
        `${validate}'framework_id' differs from 'subscribe.framework_info.id'`,
      ],
      [
        { ...asJson, accept: "application/recordio" },
        { type: "SUBSCRIBE", subscribe: { framework_info: info } },
        406,
        "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
      ],
      [
        own,
        { type: "SUBSCRIBE", subscribe: { framework_info: info } },
        400,
        "Subscribe calls should not include the 'Mesos-Stream-Id' header",
      ],
      [own, { type: "REVIVE" }, 400, `${validate}Expecting 'framework_id' to be present`],
      [own, { type: "ACCEPT", framework_id: id }, 400, `${validate}Expecting 'accept' to be present`],
      [own, { type: "REVIVE", framework_id: { value: "no" } }, 400, "Framework cannot be found"],
      [
        asJson,
        { type: "REVIVE", framework_id: id },
        400,
        "All non-subscribe calls should include the 'Mesos-Stream-Id' header",
      ],
      [
        stale,
        { type: "REVIVE", framework_id: id },
        400,
        `The stream ID 'stale' included in this request didn't match the stream ID currently associated with framework ID ${id.value}`,
      ],
      [own, { type: "UNKNOWN", framework_id: id }, 501, "501 Not Implemented."],
      [{ ...own, accept: "text/html" }, { type: "REVIVE", framework_id: id }, 202, ""],
    ];
    for (const [headers, body, status, message] of cases) {
      assert.deepEqual(text(await framework(headers, body)), [status, message], JSON.stringify(body));
    }
    const put = await send(`${master.url}/master/api/v1/scheduler`, asJson, "{}", "PUT");
    assert.deepEqual(text(put), [405, "Expecting one of { 'POST' }, but received 'PUT'"]);
  });
});
