// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type BambooService, decodeBambooNode, encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import type { ApiBackend } from "../api/api";

/** What the API stands before, with `rules` as ZooKeeper would keep them, and no app. */
export function rulesIn(rules: Map<string, BambooService>, judge: ApiBackend["judge"]): ApiBackend {
  return {
    rules: async () => rules,
    knownRules: () => rules,
    putRule: async (ruleId, text, more) => {
      const kept = decodeBambooNode(goQueryEscape(ruleId), encodeBambooNode(text, more));
      assert.ok(kept);
      rules.set(ruleId, kept);
    },
    removeRule: async (ruleId) => rules.delete(ruleId),
    judge,
    apps: () => new Map(),
    marathonAgeMs: () => 0,
    resync: () => {},
    health: () => assert.fail("nobody asks"),
    metrics: () => assert.fail("nobody asks"),
    traffic: () => assert.fail("nobody asks"),
  };
}
