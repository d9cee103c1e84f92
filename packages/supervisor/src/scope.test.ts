// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopeOf, stateRoot } from "./scope";
import { listVolumes, makeVolume, removeVolume, volumeExists } from "./volumes";

describe("the state of a stack", () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "supervisor-scope-"));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it("lies below XDG_STATE_HOME, or below the home directory", () => {
    assert.equal(stateRoot({ XDG_STATE_HOME: "/x", HOME: "/h" }), "/x/pulumi-mesos");
    assert.equal(stateRoot({ XDG_STATE_HOME: "relative", HOME: "/h" }), "/h/.local/state/pulumi-mesos");
  });

  it("leaves no directory behind when its last volume is removed", async () => {
    const state = join(root, "pulumi-mesos");
    const one = scopeOf(state, "p", "one");
    const two = scopeOf(state, "p", "two");
    await makeVolume(one, "a");
    await makeVolume(one, "b");
    await makeVolume(two, "a");
    await removeVolume(one, "a");
    assert.deepEqual(await listVolumes(one), ["b"]);
    await removeVolume(one, "b");
    assert.ok(!existsSync(one.root));
    assert.ok(await volumeExists(two, "a"), "another stack keeps its own");
    await removeVolume(two, "a");
    await removeVolume(two, "a");
    assert.ok(!existsSync(join(state, "p")));
    assert.ok(existsSync(state));
  });

  it("survives that volumes are made and removed at once", async () => {
    const scope = scopeOf(join(root, "pulumi-mesos"), "p", "s");
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const directory = await makeVolume(scope, `v${i}`);
        assert.ok(existsSync(directory));
        await removeVolume(scope, `v${i}`);
      }),
    );
    assert.ok(!existsSync(scope.root));
  });
});
