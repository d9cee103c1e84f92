// SPDX-License-Identifier: Apache-2.0
import { decide } from "../../decide";
import type { Memory, Policies } from "../../world";
import type { Autoscaler } from "../simulate";

/** This package's policy, asked as often as the simulation lets anybody: the program itself asks it every five seconds. */
export function ours(policies: Policies): Autoscaler {
  let memory: Memory = {};
  return {
    name: "pulumi-mesos",
    periodSeconds: 10,
    killAfterSeconds: Number.POSITIVE_INFINITY,
    endsWhenEmpty: false,
    decide(world) {
      const decision = decide(world, policies, memory);
      memory = decision.memory;
      return decision.groups;
    },
  };
}
