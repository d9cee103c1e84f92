// SPDX-License-Identifier: Apache-2.0
import type { Figure } from "./figure";
import { decision } from "./groups/decision";
import { roll } from "./groups/roll";
import { traces } from "./groups/traces";
import { traffic } from "./groups/traffic";

/** Autoscaling: how fast it decides, what its decisions come to in simulated time against others, a crowd on a real stack, and a roll of many agents. */
export async function* groups(): AsyncIterable<Figure> {
  yield* traffic();
  yield* roll();
  yield* decision();
  yield* traces();
}
