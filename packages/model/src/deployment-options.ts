// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { AppAutoscale } from "./app-autoscale";
import { flag, literals } from "./app-fields";

const { Optional: optional } = Type;

/** What every resource that Marathon deploys may be told besides its document. */
export const deploymentOptions = {
  onTimeout: optional(
    literals(["rollback", "cancel", "leave"], {
      description:
        "What happens to a deployment that is not done in time or can never be done: go back to what was before, end it and leave the tasks as they are, or leave it running. Defaults to leave.",
    }),
  ),
  force: optional(
    flag(
      "Whether a change overwrites what others changed since the last refresh and cancels deployments that lock it. Defaults to false: such a change is refused, and such deployments are waited for, but for one of its own that an earlier run left, which is cancelled.",
    ),
  ),
};

/** Inputs of `mesos:marathon:App` that are no part of Marathon's document. */
export const AppOptions = Type.Object({
  autoscale: optional(AppAutoscale),
  manageInstances: optional(
    flag(
      "Whether `instances` is kept as given. Defaults to true; false leaves it to others, such as an autoscaler, once the app is made.",
    ),
  ),
  restartTrigger: optional(
    Type.String({
      description: "Any text: when it changes, all tasks restart although nothing else changed.",
    }),
  ),
  ...deploymentOptions,
});
export type AppOptions = Static<typeof AppOptions>;

/** Inputs of `mesos:marathon:Group` that are no part of Marathon's document. */
export const GroupOptions = Type.Object({
  manageInstances: optional(
    flag(
      "Whether `instances` of the group's apps are kept as given. Defaults to true; false leaves them to others, such as an autoscaler, once an app is made.",
    ),
  ),
  ...deploymentOptions,
});
export type GroupOptions = Static<typeof GroupOptions>;

const names = new Set(Object.keys(AppOptions.properties));

/** `inputs` without {@link AppOptions}, of which those of pods and groups are part: what is left is Marathon's. */
export function withoutOptions<T extends object>(inputs: T): Omit<T, keyof AppOptions> {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !names.has(key))) as Omit<
    T,
    keyof AppOptions
  >;
}
