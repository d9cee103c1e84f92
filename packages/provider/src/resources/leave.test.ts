// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { computed, isMesosError } from "@pulumi-mesos/model";
import { answering, contextFor, inputs, three } from "../gates.test.support";
import { parseUrn } from "../urn";
import { createLeave } from "./leave";

const [, two] = three;
const urn = parseUrn("urn:pulumi:dev::p::mesos:index:Leave::l");

describe("Leave", function () {
  this.timeout(60_000);
  const leaving = (probe: ReturnType<typeof answering>, ms: number) =>
    createLeave(probe).delete("zk-1", inputs, contextFor(ms));

  it("lets a member go when a quorum of the others has joined", async () => {
    const probe = answering(["joined", "joined", "leading"]);
    await leaving(probe, 60_000);
    equal(probe.asked, 1);
  });

  it("waits for another member that is just coming back", async () => {
    const probe = answering(
      ["leading", "down", "joined"],
      ["leading", "up", "joined"],
      ["leading", "joined", "joined"],
    );
    await leaving(probe, 60_000);
    equal(probe.asked, 3);
  });

  it("fails when the others are too few, naming who is down", async () => {
    await rejects(leaving(answering(["leading", "joined", "down"]), 400), (e) => {
      equal(isMesosError(e) && e.code, "MESOS_GATE_QUORUM");
      match(
        String(e),
        /zk-1 must not leave its zookeeper ensemble: 1 of the other members has joined, 2 are needed; zk-3 is down \(it is down\); bring it back/,
      );
      return true;
    });
  });

  it("lets a dead member go, and everyone after all have died", async () => {
    const probe = answering(["down", "joined", "down"]);
    await leaving(probe, 60_000);
    equal(probe.asked, 2);
    await leaving(answering(["down", "down", "down"]), 60_000);
  });

  it("does not take one lost answer for death", async () => {
    const probe = answering(["down", "joined", "down"], ["leading", "joined", "down"]);
    await rejects(leaving(probe, 1_000), /must not leave/);
  });

  it("lets a member go that is up but takes no part, once waiting did not help", async () => {
    await leaving(answering(["up", "up", "down"]), 400);
  });

  it("is replaced with a new or unknown incarnation, deleted first", () => {
    const now = { ...inputs, incarnation: computed, peers: [two] };
    const result = createLeave(answering()).diff({
      id: "zk-1",
      urn,
      oldInputs: inputs,
      state: inputs,
      inputs: now,
    });
    equal(result.deleteBeforeReplace, true);
    deepEqual(
      result.differences.map((d) => [d.path, d.replace]),
      [
        ["peers[1]", false],
        ["incarnation", true],
      ],
    );
  });
});
