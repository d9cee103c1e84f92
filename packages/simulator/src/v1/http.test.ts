// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { agentMedia } from "./agent-media";
import { acceptsMediaType, answerFormat, readCall } from "./http";

describe("media types of the v1 APIs", () => {
  it("accept what libprocess accepts", () => {
    for (const header of [
      undefined,
      "*/*",
      "application/*",
      "text/html, application/json;q=0.5",
      "Application/JSON",
    ]) {
      assert.equal(acceptsMediaType(header, "application/json"), true, header);
    }
    for (const header of ["text/html", "application/json;q=0, */*", "application/x-protobuf", ""]) {
      assert.equal(acceptsMediaType(header, "application/json"), false, header);
    }
  });

  it("answer in JSON where both are welcome", () => {
    assert.equal(answerFormat({}), "application/json");
    assert.equal(answerFormat({ accept: "application/x-protobuf, application/json" }), "application/json");
    assert.equal(answerFormat({ accept: "application/x-protobuf" }), "application/x-protobuf");
    assert.deepEqual(answerFormat({ accept: "text/html" }), {
      status: 406,
      message: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
    });
  });

  it("name the format of a call", () => {
    const read = (contentType: string | undefined, body: Buffer): unknown =>
      readCall("mesos.v1.master.Call", { "content-type": contentType }, body);
    assert.deepEqual(read("application/json; charset=utf-8", Buffer.from('{"type":"GET_HEALTH"}')), {
      type: "GET_HEALTH",
    });
    assert.deepEqual(read("application/x-protobuf", Buffer.from([8, 1])), { type: "GET_HEALTH" });
    assert.deepEqual(read(undefined, Buffer.alloc(0)), {
      status: 400,
      message: "Expecting 'Content-Type' to be present",
    });
    assert.deepEqual(read("application/recordio", Buffer.alloc(0)), {
      status: 415,
      message: "Expecting 'Content-Type' of application/json or application/x-protobuf",
    });
    assert.deepEqual(read("application/x-protobuf", Buffer.from([8])), {
      status: 400,
      message: "Failed to parse body into Call protobuf",
    });
  });

  it("of an agent may be streams", () => {
    const json = "application/json";
    const stream = "application/recordio";
    assert.deepEqual(agentMedia({ "content-type": json }), {
      content: json,
      messageContent: undefined,
      accept: json,
      messageAccept: undefined,
    });
    assert.deepEqual(agentMedia({ "content-type": stream, "message-content-type": json, accept: stream }), {
      content: stream,
      messageContent: json,
      accept: stream,
      messageAccept: json,
    });
    const status = (headers: Record<string, string>): unknown =>
      (agentMedia({ "content-type": json, ...headers }) as { status?: number }).status;
    assert.equal(status({ "content-type": stream }), 400);
    assert.equal(status({ "content-type": stream, "message-content-type": "text/css" }), 415);
    assert.equal(status({ "message-content-type": json }), 415);
    assert.equal(status({ "content-type": "text/css" }), 415);
    assert.equal(status({ "message-accept": json }), 406);
    assert.equal(status({ accept: "text/css" }), 406);
    assert.equal(status({ accept: stream, "message-accept": "text/css" }), 406);
  });
});
