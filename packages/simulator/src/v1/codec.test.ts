// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import protobuf from "protobufjs";
import { decode, encode, strayFields } from "./codec";
import type { Field, MessageType } from "./descriptor";
import { messageType, protoFiles, protoRoot, type V1Type } from "./schema";

const json = "application/json";
const wire = "application/x-protobuf";

/** protobufjs's own reader of the same files: a codec that shares no line with ours. */
function otherRoot(): protobuf.Root {
  const root = new protobuf.Root();
  for (const file of protoFiles) {
    protobuf.parse(readFileSync(join(protoRoot, file), "utf8"), root, { keepCase: true });
  }
  root.resolveAll();
  return root;
}

const made = new Map<string, fc.Arbitrary<Record<string, unknown>>>();

/** Messages of a type, with optional parts down to a depth. */
function arbitraryMessage(type: MessageType, depth: number): fc.Arbitrary<Record<string, unknown>> {
  const key = `${type.name} ${depth}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const required = type.fields.filter((f) => f.label === "required");
  const fields = depth > 4 ? required : type.fields;
  const one = fc
    .record(Object.fromEntries(fields.map((f) => [f.name, arbitraryField(f, depth)])), {
      requiredKeys: required.map((f) => f.name),
    })
    .map((o) => ({ ...o }));
  made.set(key, one);
  return one;
}

function arbitraryField(field: Field, depth: number): fc.Arbitrary<unknown> {
  const value = arbitraryValue(field, depth);
  if (field.label === "repeated") return fc.array(value, { minLength: 1, maxLength: 2 });
  if (field.label === "map")
    return fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), value, { minKeys: 1, maxKeys: 2 });
  return value;
}

function arbitraryValue({ type }: Field, depth: number): fc.Arbitrary<unknown> {
  if (typeof type !== "string") {
    return type.kind === "enum" ? fc.constantFrom(...type.byName.keys()) : arbitraryMessage(type, depth + 1);
  }
  switch (type) {
    case "string":
      return fc.string({ maxLength: 5 });
    case "bytes":
      return fc.uint8Array({ maxLength: 5 }).map((b) => Buffer.from(b).toString("base64"));
    case "bool":
      return fc.boolean();
    case "double":
      return fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8);
    case "uint32":
      return fc.nat();
    case "int32":
      return fc.integer();
    default:
      return fc.oneof(fc.nat(), fc.bigInt(1n << 54n, (1n << 63n) - 1n).map(String));
  }
}

const call = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe("the codec of the v1 APIs", () => {
  const types: V1Type[] = [
    "mesos.v1.master.Call",
    "mesos.v1.master.Response",
    "mesos.v1.master.Event",
    "mesos.v1.scheduler.Call",
    "mesos.v1.scheduler.Event",
    "mesos.v1.executor.Call",
    "mesos.v1.executor.Event",
    "mesos.v1.agent.Call",
    "mesos.v1.agent.Response",
  ];

  for (const name of types) {
    it(`reads and writes ${name} as protobufjs does, and in JSON the same`, function () {
      this.timeout(60_000);
      const root = otherRoot();
      const other = root.lookupType(name);
      const options = { longs: String, enums: String, bytes: String };
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
      const longsAsText = (value: unknown): unknown =>
        other.toObject(other.fromObject(value as object), options);
      fc.assert(
        fc.property(arbitraryMessage(messageType(name), 0), (message) => {
          const theirs = other.encode(other.fromObject(message)).finish();
          const read = decode(name, wire, theirs);
          assert.deepEqual(plain(longsAsText(read)), plain(longsAsText(message)));
          const ours = other.toObject(other.decode(encode(name, wire, read)), options);
          assert.deepEqual(plain(ours), plain(longsAsText(message)));
          assert.deepEqual(strayFields(name, read), []);
          const again = decode(name, json, encode(name, json, read));
          assert.deepEqual(encode(name, json, again), encode(name, json, read));
          assert.deepEqual(decode(name, wire, encode(name, wire, again)), again);
        }),
        { numRuns: 20 },
      );
    });
  }

  it("knows every message, enum and number that protobufjs finds in the files", () => {
    const root = otherRoot();
    const look = (at: protobuf.NamespaceBase): void => {
      for (const one of at.nestedArray) {
        if (one instanceof protobuf.Type) {
          const ours = messageType(one.fullName.slice(1));
          assert.deepEqual(
            ours.fields.map((f) => [f.name, f.number]),
            one.fieldsArray.map((f) => [f.name, f.id]),
          );
        }
        if (one instanceof protobuf.Namespace) look(one);
      }
    };
    look(root);
  });

  it("keeps 64-bit numbers whole, as numbers in JSON and from numbers or text", () => {
    const text = '{"nanoseconds":1436515200123456789}';
    const body = `{"type":"UPDATE_MAINTENANCE_SCHEDULE","update_maintenance_schedule":{"schedule":{"windows":[
      {"machine_ids":[{"hostname":"a \\"1234567890123456789\\""}],"unavailability":{"start":${text},"duration":{"nanoseconds":"3600000000000"}}}]}}}`;
    const read = decode("mesos.v1.master.Call", json, Buffer.from(body));
    assert.match(
      encode("mesos.v1.master.Call", json, read).toString(),
      /"start":{"nanoseconds":1436515200123456789}/,
    );
    assert.match(
      encode("mesos.v1.master.Call", json, read).toString(),
      /"duration":{"nanoseconds":3600000000000}/,
    );
    assert.deepEqual(decode("mesos.v1.master.Call", wire, encode("mesos.v1.master.Call", wire, read)), read);
    assert.match(JSON.stringify(read), /"a \\"1234567890123456789\\""/);
  });

  it("writes what is not set and has a default, in the declared order, and doubles as doubles", () => {
    const event = {
      type: "SUBSCRIBED",
      subscribed: { framework_id: { value: "f" }, heartbeat_interval_seconds: 15 },
    };
    assert.equal(
      encode("mesos.v1.scheduler.Event", json, event).toString(),
      '{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"f"},"heartbeat_interval_seconds":15.0}}',
    );
    const added = {
      framework: {
        framework_info: { name: "n", user: "u" },
        active: true,
        connected: true,
        recovered: false,
      },
    };
    assert.equal(
      encode("mesos.v1.master.Event", json, { type: "FRAMEWORK_ADDED", framework_added: added }).toString(),
      '{"type":"FRAMEWORK_ADDED","framework_added":{"framework":{"framework_info":{"user":"u","name":"n",' +
        '"failover_timeout":0.0,"checkpoint":false},"active":true,"connected":true,"recovered":false}}}',
    );
  });

  it("drops unknown fields, unknown enum values and nulls", () => {
    const read = decode(
      "mesos.v1.scheduler.Call",
      json,
      call({
        type: "WHATEVER",
        colour: "red",
        framework_id: null,
        subscribe: {
          framework_info: { user: "u", name: "n", capabilities: [{ type: "NEW" }, { type: "MULTI_ROLE" }] },
        },
      }),
    );
    assert.deepEqual(read, {
      subscribe: { framework_info: { user: "u", name: "n", capabilities: [{}, { type: "MULTI_ROLE" }] } },
    });
    assert.deepEqual(
      decode("mesos.v1.master.Call", wire, Buffer.from([0x08, 0xc8, 0x01, 0xf8, 0x7f, 0x01])),
      {},
    );
  });

  it("fails when JSON is no such message, in Mesos's words", () => {
    const why = (value: unknown, type: V1Type = "mesos.v1.scheduler.Call"): string => {
      try {
        decode(type, json, typeof value === "string" ? Buffer.from(value) : call(value));
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    const convert = "Failed to convert JSON into Call protobuf: ";
    assert.equal(
      why("MALFORMED_CONTENT"),
      "Failed to parse body into JSON: syntax error at line 1 near: MALFORMED_CONTENT",
    );
    assert.equal(
      why('{"type":\n"SUBSCRIBE",}'),
      "Failed to parse body into JSON: syntax error at line 2 near: }",
    );
    assert.equal(why(""), "Failed to parse body into JSON: syntax error at line 1 near: ");
    assert.equal(why("[]"), `${convert}Expecting a JSON object`);
    assert.equal(
      why({ type: "SUBSCRIBE", subscribe: { framework_info: {} } }),
      `${convert}Missing required fields: subscribe.framework_info.user, subscribe.framework_info.name`,
    );
    assert.equal(
      why({
        accept: { operations: [{}, { launch: { task_infos: [{ name: "t", task_id: { value: "t" } }] } }] },
      }),
      `${convert}Missing required fields: accept.operations[1].launch.task_infos[0].agent_id`,
    );
    assert.equal(
      why({ framework_id: "f" }),
      `${convert}Not expecting a JSON string for field 'framework_id'`,
    );
    assert.equal(
      why({ framework_id: { value: 1 } }),
      `${convert}Not expecting a JSON number for field 'value'`,
    );
    assert.equal(why({ kill: [] }), `${convert}Not expecting a JSON array for field 'kill'`);
    assert.equal(
      why({ decline: { filters: { refuse_seconds: "x" } } }),
      `${convert}Failed to parse 'x' as a JSON number for field 'refuse_seconds': syntax error at line 1 near: x`,
    );
    assert.equal(
      why({ acknowledge: { uuid: "*" } }),
      `${convert}Failed to base64 decode bytes field 'uuid': Invalid character '*'`,
    );
    assert.equal(why({ type: 5 }, "mesos.v1.agent.Call"), "Not expecting a JSON number for field 'type'");
    const nested = `{"wait_container":{"container_id":${'{"value":"a","parent":'.repeat(150)}null${"}".repeat(150)}}}`;
    assert.match(why(nested, "mesos.v1.agent.Call"), /nest deeper than 100/);
  });

  it("fails when bytes are no such message", () => {
    const failed = { code: "MESOS_SIMULATOR_BODY", message: "Failed to parse body into Call protobuf" };
    for (const bytes of ["MALFORMED_CONTENT", "\x0a\x05", "\x1a\x00"]) {
      assert.throws(() => decode("mesos.v1.scheduler.Call", wire, Buffer.from(bytes, "latin1")), failed);
    }
    assert.throws(() => decode("mesos.v1.agent.Call", wire, Buffer.from([0x0a])), {
      message: "Failed to parse body into a protobuf object",
    });
  });

  it("says AGENT where older names say SLAVE, as Mesos does", () => {
    const status = { task_id: { value: "t" }, state: "TASK_LOST", reason: "REASON_SLAVE_REMOVED" };
    const event = { type: "UPDATE", update: { status } };
    for (const format of [json, wire] as const) {
      const read = decode(
        "mesos.v1.scheduler.Event",
        format,
        encode("mesos.v1.scheduler.Event", format, event),
      );
      assert.deepEqual(read["update"], { status: { ...status, reason: "REASON_AGENT_REMOVED" } });
    }
  });

  it("leaves out what the protocol does not know and names it", () => {
    const odd = {
      type: "GET_HEALTH",
      get_health: { healthy: true, mood: 1 },
      extra: {},
      get_state: undefined,
    };
    assert.equal(
      encode("mesos.v1.master.Response", json, odd).toString(),
      '{"type":"GET_HEALTH","get_health":{"healthy":true}}',
    );
    assert.deepEqual(strayFields("mesos.v1.master.Response", odd), ["get_health.mood", "extra"]);
  });
});
