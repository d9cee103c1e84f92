// SPDX-License-Identifier: Apache-2.0
import type { Policies } from "../../world";
import type { Autoscaler } from "../simulate";

/** No autoscaling: every group has its maximum all the time. */
export function fixedMax(policies: Policies): Autoscaler {
  return {
    name: "fixed-max",
    periodSeconds: 60,
    killAfterSeconds: Number.POSITIVE_INFINITY,
    endsWhenEmpty: false,
    decide: ({ groups }) =>
      Object.fromEntries(
        groups.map(({ name }) => [name, { size: policies[name]?.max ?? 0, leave: [], end: [] }]),
      ),
  };
}
