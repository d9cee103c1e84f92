// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, rejects } from "node:assert/strict";
import { AccessError, type MemberAccess } from "@pulumi-mesos/client";
import { createGetEnsemble } from "../functions/get-ensemble";
import { type Answer, answering, contextFor, inputs, three } from "../gates.test.support";
import type { ProbeEnsemble } from "../members";
import { createLeave } from "./leave";
import { createReady } from "./ready";

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
