// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock";
import { answer, QuorumLog } from "./quorum-log";
import { Replica } from "./replica";

/** Three masters whose replicas reach each other unless they are down. */
class Ensemble {
  readonly down = new Set<string>();
  readonly replicas = new Map<string, Replica>();

  add(name: string, replica = new Replica(undefined)): QuorumLog {
    this.replicas.set(name, replica);
    const log = new QuorumLog({
      replica,
      quorum: 2,
      autoInitialize: true,
      clock: systemClock,
      ask: async (peer, call) => {
        const there = this.replicas.get(peer);
        if (there === undefined || this.down.has(peer) || this.down.has(name)) throw new TypeError("down");
        return await answer(there, call);
      },
    });
    log.peers = new Set(["a", "b", "c"].filter((n) => n !== name));
    return log;
  }
}

const soon = (): AbortSignal => AbortSignal.timeout(60_000);

async function three(): Promise<{ ensemble: Ensemble; a: QuorumLog; b: QuorumLog; c: QuorumLog }> {
  const ensemble = new Ensemble();
  const [a, b, c] = [ensemble.add("a"), ensemble.add("b"), ensemble.add("c")];
  await Promise.all([a.recover(soon()), b.recover(soon()), c.recover(soon())]);
  return { ensemble, a, b, c };
}

describe("the registry on a quorum of masters", () => {
  it("begins together when all replicas are empty", async () => {
    const { a, b, c } = await three();
    assert.deepEqual([a.recovered, b.recovered, c.recovered], [true, true, true]);
  });

  it("gives the next leader what a quorum stored, also when the writer is gone", async () => {
    const { ensemble, a, b } = await three();
    await a.elect(soon());
    ensemble.down.add("c");
    await a.write({ agents: 1 }, soon());
    ensemble.down.delete("c");
    ensemble.down.add("a");
    assert.deepEqual(await b.elect(soon()), { agents: 1 });
  });

  it("fails when a deposed leader writes", async () => {
    const { a, b } = await three();
    await a.elect(soon());
    await b.elect(soon());
    await assert.rejects(a.write({ stale: true }, soon()), { code: "MESOS_SIMULATOR_LOG_DEMOTED" });
  });

  it("fails when no quorum answers in time", async () => {
    const { ensemble, a } = await three();
    ensemble.down.add("b").add("c");
    await assert.rejects(a.elect(AbortSignal.timeout(300)), { name: "TimeoutError" });
  });

  it("lets an empty replacement vote only after it copied from a quorum", async () => {
    const { ensemble, a } = await three();
    await a.elect(soon());
    await a.write("kept", soon());
    ensemble.down.add("b");
    const c = ensemble.add("c");
    await assert.rejects(c.recover(AbortSignal.timeout(300)));
    assert.equal(ensemble.replicas.get("c")?.state.status, "EMPTY");
    ensemble.down.delete("b");
    await c.recover(soon());
    assert.equal(ensemble.replicas.get("c")?.state.entry?.value, "kept");
  });

  it("is closed once its last change is on disk, and takes none after", async () => {
    const directory = mkdtempSync(join(tmpdir(), "replica-"));
    try {
      const replica = new Replica(directory);
      const next = replica.become("STARTING").then(() => replica.become("VOTING"));
      await replica.close();
      assert.equal(new Replica(directory).state.status, "STARTING");
      await assert.rejects(next, /the replicated log is closed/);
      assert.equal(new Replica(directory).state.status, "STARTING");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("keeps promises and entries on disk", async () => {
    const directory = mkdtempSync(join(tmpdir(), "replica-"));
    try {
      const replica = new Replica(directory);
      await replica.become("VOTING");
      await replica.promise(7);
      await replica.write({ epoch: 7, sequence: 1, value: "x" });
      const again = new Replica(directory);
      assert.deepEqual(again.state, {
        status: "VOTING",
        promised: 7,
        entry: { epoch: 7, sequence: 1, value: "x" },
      });
      assert.equal((await again.write({ epoch: 6, sequence: 9, value: "old" })).ok, false);
      assert.equal((await again.promise(7)).ok, false);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
