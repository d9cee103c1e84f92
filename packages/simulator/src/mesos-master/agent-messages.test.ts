// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ClientRequest, request } from "node:http";
import { internalPath } from "../protocol/messages";
import { Fixture, http, type TestMaster, until } from "../test-cluster.test";
import { registration } from "./manual-clock.test";

describe("statuses that an agent sends together (src/protocol/messages.ts, StatusUpdateMessage.more)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let stream: ClientRequest;
  let agentId: string;

  before(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.106.1.8");
    const leader = await until("a leader", () => master.program.leader);
    stream = request(`${master.url}${internalPath}RegisterSlaveMessage`, {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json" },
    });
    stream.on("response", (answer) => answer.resume());
    stream.on("error", () => undefined);
    stream.end(JSON.stringify(registration));
    agentId = await until("the agent", () => [...leader.context.state.agents.keys()][0]);
  });
  after(async () => {
    stream.destroy();
    await fixture.end();
  });

  const status = (id: string) => ({ task_id: { value: id }, state: "TASK_RUNNING", uuid: id });
  const send = async (more: object): Promise<number> => {
    const body = { slave_id: { value: agentId }, stream: registration.stream, ...more };
    return (await http("POST", `${master.url}${internalPath}StatusUpdateMessage`, body)).status;
  };
  const heard = () =>
    master.lines.filter((l) => l.startsWith("status TASK_RUNNING")).map((l) => l.split(" ").at(4));

  it("are all taken, in their order", async () => {
    const framework_id = { value: "F" };
    const more = ["t2", "t3"].map((id) => ({ framework_id, status: status(id) }));
    assert.equal(await send({ framework_id, status: status("t1"), more }), 202);
    assert.deepEqual(heard(), ["t1", "t2", "t3"]);
    assert.equal(await send({ framework_id, status: status("t4") }), 202);
    assert.deepEqual(heard(), ["t1", "t2", "t3", "t4"]);
  });

  it("fails as a whole from a stream that is no agent's: 409", async () => {
    const before = heard().length;
    const framework_id = { value: "F" };
    const more = [{ framework_id, status: status("t6") }];
    assert.equal(await send({ framework_id, status: status("t5"), more, stream: "other" }), 409);
    assert.equal(heard().length, before);
  });
});
