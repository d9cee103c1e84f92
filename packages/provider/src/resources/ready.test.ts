// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { computed, isMesosError } from "@pulumi-mesos/model";
import { answering, contextFor, inputs } from "../gates.test.support";
import { parseUrn } from "../urn";
import { createReady } from "./ready";

const urn = parseUrn("urn:pulumi:dev::p::mesos:index:Ready::r");

describe("Ready", function () {
  this.timeout(60_000);

  it("waits until the member has joined where a quorum of the others stands", async () => {
    const probe = answering(
      ["down", "joined", "leading"],
      ["up", "joined", "leading"],
      ["joined", "joined", "leading"],
    );
    const context = contextFor(60_000);
    const { id } = await createReady(probe).create(inputs, context);
    equal(id, "zk-1");
    equal(probe.asked, 3);
    deepEqual(context.lines, [
      "waiting: zk-1 is down (it is down)",
      "waiting: zk-1 is up but has not joined (it is up)",
    ]);
  });

  it("waits for the member's own process where nobody else is up", async () => {
    const probe = answering(["down", "down", "down"], ["up", "down", "down"]);
    await createReady(probe).create(inputs, contextFor(60_000));
    equal(probe.asked, 2);
  });

  it("gives peers that are up the time of an election, and no more", async () => {
    const electing = answering(
      ["up", "up", "up"],
      ["up", "joined", "leading"],
      ["joined", "joined", "leading"],
    );
    await createReady(electing).create(inputs, contextFor(60_000));
    equal(electing.asked, 3);
    const masters = { ...inputs, kind: "mesos-master" as const };
    await createReady(answering(["up", "up", "down"])).create(masters, contextFor(60_000));
  });

  it("waits for a ZooKeeper server to join for as long as enough are up to elect a leader", async () => {
    await rejects(createReady(answering(["up", "up", "down"])).create(inputs, contextFor(6_000)), {
      code: "MESOS_GATE_TIMEOUT",
    });
  });

  it("waits for every member when it is for the whole", async () => {
    const probe = answering(["joined", "down", "leading"], ["joined", "joined", "leading"]);
    const context = contextFor(60_000);
    await createReady(probe).create({ ...inputs, whole: true }, context);
    deepEqual(context.lines, ["waiting: zk-2 is down (it is down)"]);
  });

  it("waits for a leader when it is for the whole: standbys know theirs before it has taken over", async () => {
    const probe = answering(["joined", "joined", "joined"], ["joined", "joined", "leading"]);
    const context = contextFor(60_000);
    await createReady(probe).create({ ...inputs, whole: true }, context);
    deepEqual(context.lines, ["waiting: nobody leads yet"]);
    const edges = answering(["joined", "joined", "joined"]);
    await createReady(edges).create({ ...inputs, kind: "edge", whole: true }, contextFor(60_000));
    equal(edges.asked, 1);
  });

  it("fails when the time is over, naming each member that is missing", async () => {
    await rejects(
      createReady(answering(["joined", "up", "down"])).create({ ...inputs, whole: true }, contextFor(400)),
      (e) => {
        equal(isMesosError(e) && e.code, "MESOS_GATE_TIMEOUT");
        match(
          String(e),
          /the whole zookeeper ensemble is not ready after 0 s: zk-2 is up but has not joined \(it is up\), zk-3 is down .*; see why in its log \(npx pulumi-mesos logs zk-2;/,
        );
        return true;
      },
    );
  });

  it("waits again for a new incarnation, also one that is not known yet", () => {
    const now = { ...inputs, incarnation: computed };
    const { differences } = createReady(answering()).diff({
      id: "zk-1",
      urn,
      oldInputs: inputs,
      state: inputs,
      inputs: now,
    });
    deepEqual(differences, [{ path: "incarnation", kind: "update", replace: false, input: true }]);
  });
});

describe("Ready of a ZooKeeper that refuses strangers", () => {
  it("closes its root once the whole ensemble stands, and not before", async () => {
    const probe = answering(["joined", "up", "leading"], ["joined", "joined", "leading"]);
    const closed: unknown[] = [];
    const root = { credential: "operator:hush", makers: ["masters:digest"] };
    const gate = createReady(probe, async (members, given) => {
      closed.push([members.length, given, probe.asked]);
    });
    await gate.create({ ...inputs, whole: true, root }, contextFor(60_000));
    deepEqual(closed, [[3, root, 2]]);
    await gate.create(inputs, contextFor(60_000));
    equal(closed.length, 1);
  });
});
