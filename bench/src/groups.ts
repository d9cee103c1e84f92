// SPDX-License-Identifier: Apache-2.0
import type { Figure } from "./figure";
import { decision } from "./groups/decision";

/** The autoscaling policy: how fast it decides. */
export async function* groups(): AsyncIterable<Figure> {
  yield* decision();
}
