// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { count, named } from "./app-fields";
import { isComputed } from "./computed";
import type { Failure } from "./failures";
import { isRecord } from "./schema-view";

const { Optional: optional } = Type;

const seconds = (description: string) => Type.Number({ minimum: 0, maximum: 604_800, description });
const perInstance = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: 1e9, description });

const step = (name: string, word: string, window: string, o: { readonly maxStep: number }) =>
  Type.Object(
    {
      stabilizationSeconds: optional(seconds(window)),
      maxStep: optional(
        count(
          `So many instances may ${word} in one period, or \`maxStepShare\`, whichever is more. Defaults to ${o.maxStep}.`,
        ),
      ),
      maxStepShare: optional(
        Type.Number({
          minimum: 0,
          maximum: 100,
          description: `Such a share of the instances may ${word} in one period. Defaults to 1.`,
        }),
      ),
      periodSeconds: optional(seconds("What one period is. Defaults to 15.")),
    },
    named(name, "How fast the instances of an app may change."),
  );

/** How an app follows its traffic; every field but the bounds and one target has a default, that of Kubernetes' HPA. */
export const AppAutoscale = Type.Object(
  {
    min: count("Never fewer instances, 1 or more: an app without one cannot answer.", 1),
    max: count("Never more instances.", 1),
    targetRps: optional(
      perInstance("How many requests a second an instance is good for; or `targetConcurrency`."),
    ),
    targetConcurrency: optional(
      perInstance("How many requests at the same time an instance is good for; or `targetRps`."),
    ),
    tolerance: optional(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description:
          "By which share the load may differ from the target before instances change. Defaults to 0.1.",
      }),
    ),
    scaleUp: optional(
      step(
        "AppScaleUp",
        "come",
        "More come only when the load asked for them throughout so long. Defaults to 0.",
        { maxStep: 4 },
      ),
    ),
    scaleDown: optional(
      step(
        "AppScaleDown",
        "go",
        "As many stay as the load asked for at any time within so long. Defaults to 300.",
        { maxStep: 1 },
      ),
    ),
  },
  named("AppAutoscale", "Between which bounds an app follows its traffic, as the edges count it."),
);
export type AppAutoscale = Static<typeof AppAutoscale>;

/** How fast an app may change in one direction. */
export interface AppStep {
  readonly stabilizationSeconds: number;
  readonly maxStep: number;
  readonly maxStepShare: number;
  readonly periodSeconds: number;
}

/** An {@link AppAutoscale} with every default in its place. */
export interface FilledAppAutoscale {
  readonly min: number;
  readonly max: number;
  /** What is counted, and how much of it an instance is good for. */
  readonly by: "rps" | "concurrency";
  readonly target: number;
  readonly tolerance: number;
  readonly scaleUp: AppStep;
  readonly scaleDown: AppStep;
}

/** The policy with the defaults for what it leaves out; one without a target, which nobody may declare, has 1 request a second. */
export function fillAppAutoscale(policy: AppAutoscale): FilledAppAutoscale {
  const { min, max, targetRps, targetConcurrency, tolerance = 0.1 } = policy;
  return {
    min,
    max,
    by: targetConcurrency === undefined ? "rps" : "concurrency",
    target: targetConcurrency ?? targetRps ?? 1,
    tolerance,
    scaleUp: { stabilizationSeconds: 0, maxStep: 4, maxStepShare: 1, periodSeconds: 15, ...policy.scaleUp },
    scaleDown: {
      stabilizationSeconds: 300,
      maxStep: 1,
      maxStepShare: 1,
      periodSeconds: 15,
      ...policy.scaleDown,
    },
  };
}

/** One line for people: between which bounds, by which rules. */
export function describeAppAutoscale(policy: AppAutoscale): string {
  const { min, max, by, target, scaleUp, scaleDown } = fillAppAutoscale(policy);
  const rate = ({ maxStep, maxStepShare, periodSeconds }: AppStep): string =>
    `${maxStep} or ${Math.round(maxStepShare * 100)} % in ${periodSeconds} s`;
  const each = by === "rps" ? `${target} requests/s each` : `${target} requests at a time each`;
  return [
    `${min} to ${max} instances by traffic`,
    each,
    `grows by ${rate(scaleUp)}`,
    `shrinks after ${scaleDown.stabilizationSeconds} s without need, by ${rate(scaleDown)}`,
  ].join(", ");
}

/** How many instances an app begins with. */
export function firstInstances(inputs: {
  readonly instances?: number;
  readonly autoscale?: Pick<AppAutoscale, "min">;
}): number | undefined {
  return inputs.instances ?? inputs.autoscale?.min;
}

/** `instances` held to the bounds; an app that somebody set to 0 stays so. */
export function heldToBounds(instances: number, { min, max }: Pick<AppAutoscale, "min" | "max">): number {
  return instances === 0 ? 0 : Math.min(max, Math.max(min, instances));
}

type Values = Readonly<Record<string, unknown>>;

/** What no schema says of an app's `autoscale`; what is not known yet is taken for right. Never throws. */
export function appAutoscaleFailures(inputs: unknown): Failure[] {
  if (!isRecord(inputs) || !isRecord(inputs["autoscale"]) || isComputed(inputs["autoscale"])) return [];
  const policy = inputs["autoscale"];
  return [...boundFailures(policy), ...targetFailures(policy), ...ownerFailures(inputs, policy)];
}

function boundFailures({ min, max }: Values): Failure[] {
  if (typeof min !== "number" || typeof max !== "number" || min <= max) return [];
  const message = `must be max (${max}) or less, got ${min}; raise max or lower min`;
  return [{ path: "autoscale.min", message }];
}

function targetFailures({ targetRps, targetConcurrency }: Values): Failure[] {
  const given = [targetRps, targetConcurrency].filter((value) => value !== undefined && value !== null);
  if (given.length === 1) return [];
  const message =
    given.length === 0
      ? "must have targetRps or targetConcurrency: what one instance is good for"
      : "must have targetRps or targetConcurrency, not both";
  return [{ path: "autoscale", message }];
}

/** Nobody else may own the number of instances, and each instance must be as good as another. */
function ownerFailures(inputs: Values, { min, max }: Values): Failure[] {
  const failures: Failure[] = [];
  const { instances, manageInstances, labels } = inputs;
  const isOutside =
    typeof instances === "number" &&
    ((typeof min === "number" && instances < min) || (typeof max === "number" && instances > max));
  if (isOutside) {
    const message = `must be from ${min} to ${max} (autoscale), got ${instances}: it is only how many the app begins with; leave it out to begin with min`;
    failures.push({ path: "instances", message });
  }
  if (typeof manageInstances === "boolean") {
    const message = `must be left out with autoscale, which owns instances, got ${manageInstances}`;
    failures.push({ path: "manageInstances", message });
  }
  if (isRecord(labels) && labels["MARATHON_SINGLE_INSTANCE_APP"] === "true") {
    const message = "must be left out with the label MARATHON_SINGLE_INSTANCE_APP, which allows one instance";
    failures.push({ path: "autoscale", message });
  }
  if (hasPersistentVolume(inputs["container"])) {
    const message =
      "must be left out with persistent volumes: an instance that goes would leave its data behind";
    failures.push({ path: "autoscale", message });
  }
  return failures;
}

function hasPersistentVolume(container: unknown): boolean {
  if (!isRecord(container) || !Array.isArray(container["volumes"])) return false;
  return container["volumes"].some((volume) => isRecord(volume) && isRecord(volume["persistent"]));
}

/** ZooKeeper node of the declarations of a cluster's apps that follow their traffic. */
export function appScalesPath(cluster: string): string {
  return `/pulumi-mesos/${cluster}/apps`;
}

/** ZooKeeper node of one of them. */
export function appScalePath(cluster: string, appId: string): string {
  return `${appScalesPath(cluster)}/${encodeURIComponent(appId)}`;
}

/** The app that a node's name stands for. */
export function appOfScale(node: string): string {
  return decodeURIComponent(node);
}

/** ZooKeeper node of what the controller did last about each of them: {@link AppScaleStates}. */
export function appScaleStatesPath(cluster: string): string {
  return `/pulumi-mesos/${cluster}/app-states`;
}

/** By app: the deployment by which the controller last changed its instances. */
export const AppScaleStates = Type.Record(
  Type.String(),
  Type.Object({ instances: Type.Number(), deployment: optional(Type.String()) }),
);
export type AppScaleStates = Readonly<Static<typeof AppScaleStates>>;
