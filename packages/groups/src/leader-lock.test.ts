// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MemoryStore } from "./fake-cluster.test.support";
import { becomeLeader } from "./leader-lock";

const path = "/pulumi-mesos/c/controller";
const one = { bind: "127.81.5.1:8010", bootId: "boot" };
const other = { bind: "127.81.5.2:8010", bootId: "boot" };

describe("the lock of the one working controller", () => {
  it("is waited for while another holds it", async () => {
    const store = new MemoryStore();
    const signal = new AbortController().signal;
    await becomeLeader(store, path, one, signal);
    let leads = false;
    const second = becomeLeader(store, path, other, signal).then(() => {
      leads = true;
    });
    await new Promise(setImmediate);
    assert.equal(leads, false);
    await store.remove(path);
    await second;
    assert.equal(store.nodes.get(path)?.data.toString(), JSON.stringify(other));
  });

  it("is taken at once from a predecessor that had the same address on this machine", async () => {
    const store = new MemoryStore();
    await store.create(path, Buffer.from(JSON.stringify(one)));
    await becomeLeader(store, path, one, new AbortController().signal);
    assert.equal(store.nodes.get(path)?.version, 0);
  });

  it("is given up when the program stops", async () => {
    const store = new MemoryStore();
    await store.create(path, Buffer.from(JSON.stringify(one)));
    const stop = new AbortController();
    const waiting = becomeLeader(store, path, other, stop.signal);
    stop.abort();
    await assert.rejects(waiting, { name: "AbortError" });
  });
});
