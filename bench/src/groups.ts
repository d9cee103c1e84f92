// SPDX-License-Identifier: Apache-2.0
import type { Figure } from "./figure";
import { decision } from "./groups/decision";
import { traces } from "./groups/traces";

/** The autoscaling policy: how fast it decides, and what its decisions come to in simulated time, against others. */
export async function* groups(): AsyncIterable<Figure> {
  yield* decision();
  yield* traces();
}
