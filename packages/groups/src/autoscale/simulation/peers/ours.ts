// SPDX-License-Identifier: Apache-2.0
import { decide } from "../../decide";
import type { Memory, Policies } from "../../world";
import type { Autoscaler } from "../simulate";

/** This package's policy: every minute, and within ten seconds when tasks wait, agents are lost or one has emptied. */
export function ours(policies: Policies): Autoscaler {
  let memory: Memory = {};
  return {
    name: "pulumi-mesos",
    periodSeconds: 60,
    isAttentive: true,
    killAfterSeconds: Number.POSITIVE_INFINITY,
    endsWhenEmpty: false,
    decide(world) {
      const decision = decide(world, policies, memory);
      memory = decision.memory;
      return decision.groups;
    },
  };
}
