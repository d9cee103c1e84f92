// SPDX-License-Identifier: Apache-2.0
import { bambooId } from "./bamboo";

/** Shares of a rule's requests by app id: 90 and 10 send nine of ten to the first; 0 sends no new ones while another has tasks. */
export type AppWeights = Readonly<Record<string, number>>;

/** Key of a rule's `Config` under which weights stand, as text: so a Bamboo reads and keeps the node, without heeding them. */
export const weightsKey = "Weights";

/** The largest weight: shares are as fine as a tenth of a percent. */
export const largestWeight = 1000;

/** `weights` as a rule's config holds them: `/shop-blue=90 /shop-green=10`. */
export function weightsText(weights: AppWeights): string {
  const entries = Object.entries(weights).map(([id, weight]) => [bambooId(id), weight] as const);
  return entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, weight]) => `${id}=${weight}`)
    .join(" ");
}

/** The weights in a rule's config, or what is wrong with their text. */
export function parseWeights(text: string): AppWeights | { readonly problem: string } {
  const words = text.split(" ").filter(Boolean);
  const weights = new Map<string, number>();
  for (const word of words) {
    const [, id = "", digits = ""] = /^([^=\s]+)=(\d{1,4})$/.exec(word) ?? [];
    const weight = Number(digits);
    if (id === "" || weight > largestWeight) {
      return {
        problem: `must be pairs such as /blue=90 /green=10, with whole numbers from 0 to ${largestWeight}`,
      };
    }
    if (weights.has(bambooId(id))) return { problem: `names ${bambooId(id)} twice` };
    weights.set(bambooId(id), weight);
  }
  if (![...weights.values()].some((weight) => weight > 0)) {
    return { problem: "must give one app at least a weight above 0, or nobody gets requests" };
  }
  return Object.fromEntries(weights);
}

/** Whether {@link parseWeights} found something wrong. */
export function isWeightsProblem(
  parsed: ReturnType<typeof parseWeights>,
): parsed is { readonly problem: string } {
  return typeof parsed["problem"] === "string";
}
