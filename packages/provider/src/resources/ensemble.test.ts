// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { computed, type MemberAddress } from "@pulumi-mesos/model";
import { deriveAuthority, keySeedLength } from "@pulumi-mesos/model/certificates";
import { type Answer, answering, contextFor, three } from "../gates.test.support";
import { parseUrn } from "../urn";
import { createEnsemble, ensemble } from "./ensemble";

const urn = parseUrn("urn:pulumi:dev::p::mesos:index:Ensemble::e");

/** What a check says of inputs after others. */
const failures = (now: object, old?: object): string[] | undefined =>
  ensemble
    .check?.({ urn, inputs: { ...now }, oldInputs: old && { ...old }, isSecret: () => false })
    .failures.map((f) => `${f.path}: ${f.message}`);

describe("Ensemble", () => {
  it("takes any size at first", () => {
    deepEqual(failures({ kind: "zookeeper", size: 5, quorum: 3 }), []);
    deepEqual(failures({ kind: "marathon", size: 2, quorum: 1 }), []);
    deepEqual(failures({ kind: "zookeeper", size: computed, quorum: computed }), []);
  });

  it("lets the gates of masters know with how many they are to count", () => {
    const declared = new Map<string, number>();
    const check = (inputs: object): unknown =>
      createEnsemble(answering(), declared).check?.({
        urn,
        inputs: { ...inputs },
        oldInputs: undefined,
        isSecret: () => false,
      });
    check({ kind: "mesos-master", size: 3, quorum: 3, members: computed });
    check({ kind: "zookeeper", size: 3, quorum: 2, members: three });
    deepEqual([...declared], []);
    check({ kind: "mesos-master", size: 3, quorum: 3, members: three });
    deepEqual([...declared.values()], [5, 5, 5]);
    check({ kind: "mesos-master", size: 3, quorum: 2, members: three });
    deepEqual([...declared.entries()][0], ["127.82.0.1:2181", 3]);
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

  it("knows with how many members it began, through every later size", async () => {
    const of = (size: number) => ({ kind: "zookeeper" as const, size, quorum: 2 });
    const made = createEnsemble(answering());
    const context = contextFor(300);
    deepEqual((await made.create(of(1), context)).outputs, { founders: 1 });
    deepEqual(await made.update("ensemble", { ...of(1), founders: 1 }, of(3), context), { founders: 1 });
    deepEqual(await made.update("ensemble", { ...of(5), founders: 5 }, of(3), context), { founders: 3 });
    // A state of before does not say it.
    deepEqual(await made.update("ensemble", of(1), of(3), context), { founders: 1 });
    deepEqual(made.preview?.(of(3), urn, { ...of(1), founders: 1 }), { founders: 1 });
    const known = (state: object) => ({
      id: "ensemble",
      known: { inputs: of(3), state: { ...of(3), ...state } },
    });
    deepEqual((await made.read(known({ founders: 1 }), context))?.outputs, { founders: 1 });
    deepEqual((await made.read(known({}), context))?.outputs, {});
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

  it("takes any at first, and goes on with the same", () => {
    deepEqual(failures(of("a")), []);
    deepEqual(failures(of("a"), of("a")), []);
    deepEqual(failures(of(), of()), []);
  });

  it("fails when the secret changes or protection begins or ends, in one line that says why", () => {
    match(
      failures(of("b"), of("a"))?.join() ?? "",
      /^fingerprint: the secret of a cluster .* cannot change .* set it back/,
    );
    match(
      failures(of("a"), of())?.join() ?? "",
      /^fingerprint: authentication cannot be turned on while.* set security: \{ authentication: false \}/,
    );
    match(
      failures(of(), of("a"))?.join() ?? "",
      /^fingerprint: authentication cannot be turned off while.* set security: \{ authentication: true \}/,
    );
  });
});

describe("Ensemble whose members speak TLS", () => {
  const authority = (name: string) => deriveAuthority(name, Buffer.alloc(keySeedLength, name)).cert;
  const [ours, theirs] = [authority("ours"), authority("theirs")];
  const of = (ca?: string) => ({ kind: "mesos-master", size: 3, quorum: 2, ca });

  it("takes any authority at first, and goes on with the same, whose certificate may be another", () => {
    deepEqual(failures(of(ours)), []);
    deepEqual(failures(of(ours), of(ours)), []);
    deepEqual(failures(of(), of()), []);
    deepEqual(failures(of(`${ours}\n`), of(ours)), []);
  });

  it("fails when the authority changes or TLS begins or ends, in one line that says why", () => {
    match(
      failures(of(theirs), of(ours))?.join() ?? "",
      /^ca: the authority of a cluster with TLS cannot change/,
    );
    match(
      failures(of(ours), of())?.join() ?? "",
      /^ca: tls cannot be turned on while.* set security: \{ tls: false \}/,
    );
    match(
      failures(of(), of(ours))?.join() ?? "",
      /^ca: tls cannot be turned off while.* set security: \{ tls: true \}/,
    );
  });
});
