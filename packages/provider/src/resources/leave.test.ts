// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { computed, isMesosError, type MemberAddress } from "@pulumi-mesos/model";
import { answering, contextFor, inputs, three } from "../gates.test.support";
import type { ProbeEnsemble } from "../members";
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

describe("Leave of masters that are on their way to another size", () => {
  const five: MemberAddress[] = [1, 2, 3, 4, 5].map((n) => ({ name: `m-${n}`, host: `h${n}`, port: 5050 }));
  /** By number, with how many each counts: the first of whom `leading` says; those that are left out are down. */
  const masters =
    (told: readonly number[], leading: number): ProbeEnsemble =>
    async (_kind, members) =>
      members.map(({ name }) => {
        const n = Number(name.slice(2));
        const counts = told[n - 1];
        const up = counts !== undefined;
        const rest = { up, joined: up, leading: up && n === leading, detail: up ? "fine" : "refused" };
        return { name, ...rest, ...(up && { told: counts }) };
      });
  /** Asks whether one of so many may leave, where the program wants all to count with `wanted`. */
  const leaves = async (n: number, size: number, probe: ProbeEnsemble, wanted?: number): Promise<void> => {
    const [member, ...peers] = [five[n - 1], ...five.slice(0, size).filter((_, i) => i !== n - 1)];
    if (member === undefined) throw new Error(`there is no master ${n}`);
    const declared = new Map(
      wanted === undefined ? [] : five.map(({ host, port }) => [`${host}:${port}`, wanted]),
    );
    const gate = createLeave(probe, undefined, declared);
    await gate.delete("m", { kind: "mesos-master", member, peers, incarnation: "i" }, contextFor(400));
  };
  const tooFew = (message: RegExp) => ({ code: "MESOS_GATE_QUORUM", message });

  it("counts with those of whom the others were told, where new ones are still to come", async () => {
    // m-1 was told of five when an up was interrupted, and two that count with three are a quorum without it.
    await leaves(1, 5, masters([5, 3, 3], 3));
    await leaves(1, 5, masters([5, 3, 3], 1));
    await rejects(
      leaves(1, 5, masters([5, 5, 3], 2)),
      tooFew(/2 of the other members have joined, 3 are needed/),
    );
    await rejects(
      leaves(1, 5, masters([5, 5, 5], 2)),
      tooFew(/2 of the other members have joined, 3 are needed/),
    );
    await leaves(1, 5, masters([5, 5, 5, 5], 2));
  });

  it("lets each go once in the step that tells three of them to count with three, when both others are there", async () => {
    await leaves(1, 3, masters([5, 5, 5], 3), 3);
    await leaves(2, 3, masters([3, 5, 5], 3), 3);
    await leaves(3, 3, masters([3, 3, 5], 3), 3);
    await rejects(leaves(2, 3, masters([3, 5], 1), 3), tooFew(/m-3 is down/));
    await leaves(1, 3, masters([3, 5, 5], 2), 5);
  });

  it("fails between the two steps from five to three when a master leaves for something else", async () => {
    await rejects(
      leaves(1, 3, masters([5, 5, 5], 3), 5),
      tooFew(
        /^m-1 must not leave its mesos-master ensemble: its 3 members count with 5, so that none can be spared; set back what changed, and change it in the up without quorumOf or after it$/,
      ),
    );
    await leaves(1, 3, masters([5, 5, 5], 3));
  });

  it("lets a dead one be made anew between the two steps", async () => {
    const dead: ProbeEnsemble = async (...question) =>
      (await masters([5, 5, 5], 3)(...question)).map((status) =>
        status.name === "m-1" ? { ...status, up: false, joined: false } : status,
      );
    await leaves(1, 3, dead, 5);
  });
});
