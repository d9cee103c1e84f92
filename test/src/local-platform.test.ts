// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { list, listVolumes, read, type Scope } from "@pulumi-mesos/supervisor";
import { type PlatformUnderTest, platformContract } from "./support/platform-contract";
import type { TestStack } from "./support/test-stack";

const scopeOf = (stack: TestStack): Scope => ({ root: stack.state });

async function pidOf(stack: TestStack, node: string): Promise<number> {
  const pid = (await read(scopeOf(stack), node))?.pid;
  assert.ok(pid, `${node} runs`);
  return pid;
}

const local: PlatformUnderTest = {
  expression: 'new mesos.LocalPlatform({ network: "127.88.0.0/16" })',
  stack: {},
  kill: async (stack, node) => process.kill(await pidOf(stack, node), "SIGKILL"),
  killForGood: async (stack, node) => {
    const pid = await pidOf(stack, node);
    const supervisor = stack.processes().find((entry) => entry.pid === pid)?.parent;
    assert.ok(supervisor, `${node} is supervised`);
    // The supervisor first, so that it cannot start the program again.
    for (const each of [supervisor, pid]) process.kill(each, "SIGKILL");
  },
  left: async (stack) => [
    ...(await list(scopeOf(stack))).map(({ name }) => name),
    ...(await listVolumes(scopeOf(stack))),
  ],
};

describe("the local platform, as every platform", function () {
  this.timeout(1_200_000);
  platformContract(() => local);
});
