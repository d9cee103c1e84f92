// SPDX-License-Identifier: Apache-2.0
import {
  type AppResourceInputs,
  type AppWeights,
  type BambooService,
  isWeightsProblem,
  parseWeights,
  ReleaseInputs,
  Type,
  weightsKey,
  weightsText,
} from "@pulumi-mesos/model";
import type { OutputSchema, Properties } from "../resource";
import { type AppOutputs, type AppState, appOutputs } from "./app-facts";
import { pathOf } from "./app-inputs";
import { picking } from "./state-inputs";

/** What the state holds of a release besides its inputs: what it holds of the app that serves, and the weights. */
export type ReleaseOutputs = AppOutputs & {
  /** The app that serves, or served last. */
  readonly liveAppId: string;
  /** The rule's weights; of an app that is there and stands in no rule 0. */
  readonly weights: AppWeights;
};

export type ReleaseState = ReleaseInputs & ReleaseOutputs;

/** {@link ReleaseOutputs} for the package schema. */
export const releaseOutputs: Readonly<Record<keyof ReleaseOutputs, OutputSchema>> = {
  ...appOutputs,
  liveAppId: { type: "string", description: "Path of the app that serves: the blue or the green one." },
  weights: Type.Record(Type.String(), Type.Integer(), {
    description: "Shares of the requests by app, in percent.",
  }),
};

/** The inputs that a state is of. */
export const inputsIn = picking<ReleaseInputs>(ReleaseInputs);
export const outputsIn = picking<ReleaseOutputs>({ properties: releaseOutputs });

/** The paths of both apps of a release. */
export function coloursOf(appId: string): readonly [blue: string, green: string] {
  const path = pathOf(appId);
  return [`${path}-blue`, `${path}-green`];
}

/** The app beside `live`. */
export function besides(appId: string, live: string): string {
  const [blue, green] = coloursOf(appId);
  return live === blue ? green : blue;
}

/** The inputs of one of the apps. */
export function appInputs({ app }: Pick<ReleaseInputs, "app">, path: string): AppResourceInputs {
  return { ...app, appId: path };
}

/** The state of the app that serves, as `mesos:marathon:App` would have it. */
export function liveState(state: ReleaseState): AppState {
  const { liveAppId, weights: _, ...outputs } = outputsIn(state);
  return { ...appInputs(state, liveAppId), ...outputs };
}

/** The weights of a rule that was found; none where it has none that can be read. */
export function sharesIn(rule: BambooService | undefined): AppWeights {
  const parsed = parseWeights(rule?.Config?.[weightsKey] ?? "");
  return isWeightsProblem(parsed) ? {} : parsed;
}

/**
 * The app that serves, of those that are there: the one that the state names; its neighbour where only that is left; of
 * apps that no state knows the one with the larger share.
 */
export function liveOf(
  appId: string,
  known: string | undefined,
  there: ReadonlySet<string>,
  shares: AppWeights,
): string {
  const [blue, green] = coloursOf(appId);
  if (known !== undefined) {
    const other = besides(appId, known);
    return there.has(known) || !there.has(other) ? known : other;
  }
  const share = (path: string): number => (there.has(path) ? (shares[path] ?? 0) : -1);
  return share(green) > share(blue) ? green : blue;
}

/** Whether all requests go to the app that serves and nothing of another version is left. */
export function isSettled({ weights, liveAppId }: Properties): boolean {
  return weightsText(weights as AppWeights) === weightsText({ [String(liveAppId)]: 100 });
}
