// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { appFields, setByMarathon } from "./app";
import { AppPath, closed, named } from "./app-fields";

const { Optional: optional } = Type;

/** A release without steps of its own switches at once. */
export const defaultSteps: readonly number[] = [100];
/** How long each step is watched where the program does not say. */
export const defaultIntervalSeconds = 30;
/** How many requests tell something of a version: Hystrix's `circuitBreaker.requestVolumeThreshold`. */
export const defaultMinRequests = 20;

/** Inputs of `mesos:marathon:Release`: one definition, of which two apps hold the running and the next version. */
export const ReleaseInputs = Type.Object(
  {
    appId: AppPath,
    app: Type.Object(appFields, {
      ...named("ReleaseApp", "The app in Marathon's own words, without its path."),
      refused: {
        ...setByMarathon,
        id: "unknown field, the two apps are named after the release's appId",
        autoscale: "must be left out: a release compares two versions of a size that the program says",
      },
    }),
    acl: Type.String({
      description: "HAProxy condition that chooses the requests, one line, such as `path_beg /shop`.",
    }),
    config: optional(
      Type.Record(Type.String(), Type.String(), { description: "Values that Bamboo keeps beside the ACL." }),
    ),
    steps: optional(
      Type.Array(Type.Integer({ minimum: 1, maximum: 100 }), {
        minItems: 1,
        maxItems: 100,
        description:
          "Percentages of the requests that the new version takes one after the other, growing; 100 comes last by itself. Defaults to 100 alone.",
      }),
    ),
    intervalSeconds: optional(
      Type.Integer({
        minimum: 0,
        maximum: 86_400,
        description: `How long the new version must stay healthy at each step. Defaults to ${defaultIntervalSeconds}.`,
      }),
    ),
    maxErrorRate: optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          "The largest part of the new version's requests that may end with a 5xx at each step, such as 0.01; more of them send all requests back. Without it health alone decides.",
      }),
    ),
    minRequests: optional(
      Type.Integer({
        minimum: 0,
        description: `How many requests the new version must have got before \`maxErrorRate\` judges it; a step goes on until it has them. Defaults to ${defaultMinRequests}.`,
      }),
    ),
  },
  closed,
);
export type ReleaseInputs = Static<typeof ReleaseInputs>;

/** The percentages that a new version takes, from the first that is not below `from`, to 100. */
export function stepsFrom(steps: readonly number[] | undefined, from: number): number[] {
  const given = steps ?? defaultSteps;
  const all = given.at(-1) === 100 ? given : [...given, 100];
  return all.filter((step) => step >= from);
}
