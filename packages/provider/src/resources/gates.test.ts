// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { AccessError, type MemberAccess } from "@pulumi-mesos/client";
import { computed, isMesosError, type MemberAddress, type ReadyInputs } from "@pulumi-mesos/model";
import { deriveAuthority, keySeedLength } from "@pulumi-mesos/model/certificates";
import { createGetEnsemble } from "../functions/get-ensemble";
import { type Answer, answering, contextFor, three } from "../gates.test.support";
import type { ProbeEnsemble } from "../members";
import { parseUrn } from "../urn";
import { createEnsemble, ensemble } from "./ensemble";
import { createLeave } from "./leave";
import { createReady } from "./ready";

const [one, two, last] = three;
const inputs: ReadyInputs = {
  kind: "zookeeper",
  member: one,
  peers: [two, last],
  whole: false,
  incarnation: "i",
};
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
          /the whole zookeeper ensemble is not ready after 0 s: zk-2 is up but has not joined \(it is up\), zk-3 is down/,
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

describe("Ensemble", () => {
  const failures = (now: object, old?: object) =>
    ensemble
      .check?.({ urn, inputs: { ...now }, oldInputs: old && { ...old }, isSecret: () => false })
      .failures.map((f) => `${f.path}: ${f.message}`);

  it("takes any size at first", () => {
    deepEqual(failures({ kind: "zookeeper", size: 5, quorum: 3 }), []);
    deepEqual(failures({ kind: "marathon", size: 2, quorum: 1 }), []);
    deepEqual(failures({ kind: "zookeeper", size: computed, quorum: computed }), []);
  });

  it("fails when the size changes in an unsafe step, in one line", () => {
    const masters = (size: number, quorum: number) => ({ kind: "mesos-master", size, quorum });
    deepEqual(failures(masters(5, 3), masters(3, 2)), []);
    deepEqual(failures(masters(3, 2), masters(5, 3)), [
      "size: must not go from 5 to 3 in one step: first size: 3 with quorumOf: 5, then size: 3 alone",
    ]);
    deepEqual(
      failures({ kind: "marathon", size: 1, quorum: 1 }, { kind: "marathon", size: 4, quorum: 3 }),
      [],
    );
  });

  it("lets the size change only while everybody who stays has joined", async () => {
    const of = (members: readonly MemberAddress[]) => ({
      kind: "zookeeper" as const,
      size: members.length,
      quorum: members.length === 1 ? 1 : 2,
      members: [...members],
    });
    const change = (round: Answer[], from: readonly MemberAddress[], to: readonly MemberAddress[]) =>
      createEnsemble(answering(round)).update("ensemble", of(from), of(to), contextFor(300));
    await change(["leading", "down", "down"], three.slice(0, 1), three);
    await change(["down", "down", "down"], three, three);
    await rejects(change(["down", "leading", "joined"], three, three.slice(0, 1)), {
      code: "MESOS_GATE_QUORUM",
      message:
        "a zookeeper ensemble of 3 must not change to 1 while zk-1 is down (it is down); set the size back and run up, which heals it, then change it",
    });
  });

  it("lets ZooKeeper's size change only when all count as before the change or after it", async () => {
    const of = (voters: number) => ({
      kind: "zookeeper" as const,
      size: 5,
      quorum: voters === 3 ? 2 : 3,
      voters,
      members: [...three],
    });
    const round: Answer[] = ["joined, counts with 3", "joined, counts with 3", "joined, counts with 4"];
    await createEnsemble(answering(round)).update("ensemble", of(3), of(4), contextFor(300));
    const five = { kind: "zookeeper" as const, size: 5, quorum: 3, members: [...three] };
    await rejects(createEnsemble(answering(round)).update("ensemble", of(4), five, contextFor(300)), {
      code: "MESOS_GATE_QUORUM",
      message:
        "a zookeeper ensemble of 5 (quorumOf 4) must not change to 5 while zk-1 counts with 3, zk-2 counts with 3; the step before has not ended; set the size back and run up, which ends it, then change it",
    });
  });

  it("lets masters count with fewer only when those that left are gone", async () => {
    const [one, two, last] = three;
    const old = { kind: "mesos-master" as const, size: 2, quorum: 2, members: [one, two], left: [last] };
    const change = (round: Answer[], to: MemberAddress[]) =>
      createEnsemble(answering(round)).update(
        "ensemble",
        old,
        { kind: "mesos-master", size: to.length, quorum: 1, members: to },
        contextFor(300),
      );
    await change(["leading", "joined", "down"], [one, two]);
    await change(["leading", "joined", "joined"], [...three]);
    await rejects(
      change(["leading", "joined", "up"], [one, two]),
      /while zk-3 is still there; the step before has not ended/,
    );
  });

  it("says at preview what the members do when the size changes", () => {
    const of = (size: number, voters?: number) => ({
      kind: "zookeeper" as const,
      size,
      quorum: 2,
      ...(voters === undefined ? {} : { voters }),
    });
    const summary = (to: ReturnType<typeof of>) =>
      ensemble.diff({ id: "ensemble", urn, oldInputs: of(3), state: of(3), inputs: to }).summary;
    match(
      summary(of(5, 3)) ?? "",
      /^3 to 5 \(quorumOf 3\): members restart one at a time, the leader last, 2 come/,
    );
    equal(summary(of(3)), undefined);
  });

  it("fails when the quorum is not the majority, or the size is even", () => {
    deepEqual(failures({ kind: "mesos-master", size: 3, quorum: 1 }), [
      "quorum: must be 2, the majority of 3, got 1",
    ]);
    deepEqual(failures({ kind: "zookeeper", size: 4, quorum: 3 }), [
      "size: must be odd, got 4: 3 survive as many losses; use an odd number",
    ]);
  });
});

describe("Ensemble whose members are protected by a secret", () => {
  const of = (fingerprint?: string) => ({ kind: "zookeeper", size: 3, quorum: 2, fingerprint });
  const failures = (now: object, old?: object) =>
    ensemble
      .check?.({ urn, inputs: { ...now }, oldInputs: old && { ...old }, isSecret: () => false })
      .failures.map((f) => `${f.path}: ${f.message}`) ?? [];

  it("takes any at first, and goes on with the same", () => {
    deepEqual(failures(of("a")), []);
    deepEqual(failures(of("a"), of("a")), []);
    deepEqual(failures(of(), of()), []);
  });

  it("fails when the secret changes or protection begins or ends, in one line that says why", () => {
    match(
      failures(of("b"), of("a")).join(),
      /^fingerprint: the secret of a cluster .* cannot change .* set it back/,
    );
    match(
      failures(of("a"), of()).join(),
      /^fingerprint: authentication cannot be turned on while.* set security: \{ authentication: false \}/,
    );
    match(
      failures(of(), of("a")).join(),
      /^fingerprint: authentication cannot be turned off while.* set security: \{ authentication: true \}/,
    );
  });
});

describe("Ensemble whose members speak TLS", () => {
  const authority = (name: string) => deriveAuthority(name, Buffer.alloc(keySeedLength, name)).cert;
  const [ours, theirs] = [authority("ours"), authority("theirs")];
  const of = (ca?: string) => ({ kind: "mesos-master", size: 3, quorum: 2, ca });
  const failures = (now: object, old?: object) =>
    ensemble
      .check?.({ urn, inputs: { ...now }, oldInputs: old && { ...old }, isSecret: () => false })
      .failures.map((f) => `${f.path}: ${f.message}`) ?? [];

  it("takes any authority at first, and goes on with the same, whose certificate may be another", () => {
    deepEqual(failures(of(ours)), []);
    deepEqual(failures(of(ours), of(ours)), []);
    deepEqual(failures(of(), of()), []);
    deepEqual(failures(of(`${ours}\n`), of(ours)), []);
  });

  it("fails when the authority changes or TLS begins or ends, in one line that says why", () => {
    match(failures(of(theirs), of(ours)).join(), /^ca: the authority of a cluster with TLS cannot change/);
    match(
      failures(of(ours), of()).join(),
      /^ca: tls cannot be turned on while.* set security: \{ tls: false \}/,
    );
    match(
      failures(of(), of(ours)).join(),
      /^ca: tls cannot be turned off while.* set security: \{ tls: true \}/,
    );
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

describe("gates at members that ask who one is", () => {
  it("tell them what they were given, and believe whom they were told to", async () => {
    const told: (MemberAccess | undefined)[] = [];
    const probe: ProbeEnsemble = (kind, members, signal, access) => {
      told.push(access);
      return answering(["joined", "joined", "leading"])(kind, members, signal);
    };
    const known = { ...inputs, authorization: "Basic b3BzOmh1c2g=", ca: "an authority" };
    await createReady(probe).create(known, contextFor(60_000));
    await createLeave(probe).delete("zk-1", known, contextFor(60_000));
    const { kind, authorization, ca } = known;
    await createGetEnsemble(probe).call({ kind, members: three, authorization, ca }, contextFor(1_000));
    const access = { authorization, ca, way: undefined };
    deepEqual(told, [access, access, access]);
  });
});

describe("gates of members on other machines", () => {
  const nobody: ProbeEnsemble = async (_kind, members) =>
    members.map(({ name }) => ({
      ...{ name, up: false, joined: false, leading: false, silent: true, detail: "no answer within 2 s" },
    }));
  const remote = (timeoutMs: number) => {
    const context = contextFor(timeoutMs);
    return { ...context, config: { ...context.config, access: { by: "direct" } as const } };
  };

  it("fails when none of the ensemble is heard, for that may be the fault of the way", async () => {
    const leaving = createLeave(nobody, 300).delete("zk-1", inputs, remote(60_000));
    await rejects(leaving, {
      code: "MESOS_GATE_UNHEARD",
      message:
        /^zk-1 must not leave its zookeeper ensemble, for none of it is heard: .*no answer.*; open a way there .*pulumi state delete '/,
    });
    await rejects(createLeave(nobody).delete("zk-1", inputs, remote(600)), { code: "MESOS_GATE_UNHEARD" });
  });

  it("lets a silent member leave where it is said to be of this machine, or where another one refuses", async () => {
    await createLeave(nobody).delete("zk-1", inputs, contextFor(60_000));
    const refusing: ProbeEnsemble = async (...question) =>
      (await nobody(...question)).map(({ silent, ...status }, i) =>
        i === 0 ? { ...status, silent } : status,
      );
    await createLeave(refusing).delete("zk-1", inputs, remote(60_000));
  });

  it("wait for a way that is lost, and fail at once when there will be none", async () => {
    let asked = 0;
    const lost: ProbeEnsemble = async (kind, members, signal) => {
      if (asked++ < 2) throw new AccessError("access: no tunnel to bastion", true);
      return answering(["joined", "joined", "leading"])(kind, members, signal);
    };
    await createLeave(lost).delete("zk-1", inputs, remote(60_000));
    equal(asked, 3);
    const never =
      (retryable: boolean): ProbeEnsemble =>
      async () => {
        throw new AccessError("access: bastion refuses the login", retryable);
      };
    const expected = { code: "MESOS_CLIENT_ACCESS", message: "access: bastion refuses the login" };
    await rejects(createLeave(never(false)).delete("zk-1", inputs, remote(60_000)), expected);
    await rejects(createReady(never(true)).create(inputs, remote(600)), expected);
    const args = { kind: "zookeeper" as const, members: three };
    await rejects(createGetEnsemble(never(true)).call(args, remote(60_000)), expected);
  });
});

describe("getEnsemble", () => {
  it("orders broken first, leader last, and has no order when nobody answers", async () => {
    const call = async (...round: Answer[]) => {
      const args = { kind: "zookeeper" as const, members: three };
      return (await createGetEnsemble(answering(round)).call(args, contextFor(1_000))).order;
    };
    deepEqual(await call("leading", "joined", "down"), ["zk-3", "zk-2", "zk-1"]);
    deepEqual(await call("down", "down", "down"), []);
  });
});
