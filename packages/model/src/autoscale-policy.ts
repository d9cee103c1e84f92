// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import type { Failure } from "./failures";
import { formatPath } from "./property-path";
import { describeSchedule, scheduleFailures } from "./schedule";
import { checkSchema } from "./schema-check";
import { isRecord } from "./schema-view";

const closed = { additionalProperties: false } as const;
const agents = (description: string) => Type.Integer({ minimum: 0, maximum: 100_000, description });
const seconds = (description: string) => Type.Number({ minimum: 0, maximum: 604_800, description });
const share = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: 1, description });

/** Bounds from each time that a cron pattern names, for so long. */
export const ScheduledBounds = Type.Object(
  {
    cron: Type.String({ minLength: 1, description: "When they begin to hold: `0 8 * * 1-5`." }),
    timeZone: Type.Optional(
      Type.String({ minLength: 1, description: "Of the pattern, as `Europe/Berlin`." }),
    ),
    durationSeconds: Type.Number({ minimum: 1, maximum: 604_800, description: "How long they hold." }),
    min: Type.Optional(agents("Never fewer agents then.")),
    max: Type.Optional(agents("Never more agents then.")),
  },
  closed,
);
export type ScheduledBounds = Static<typeof ScheduledBounds>;

/** A number that somebody else knows, and how much of it an agent is good for. */
export const ScalingSignal = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$", description: "In reasons." }),
    url: Type.String({
      pattern: "^https?://",
      description:
        "Answers a number, or JSON with the number as `value`; with `query` the address of a Prometheus.",
    }),
    query: Type.Optional(
      Type.String({ minLength: 1, description: "A query of Prometheus with one result." }),
    ),
    perAgent: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1e12,
      description: "The group has at least one agent for so much of it, within its bounds.",
    }),
  },
  closed,
);
export type ScalingSignal = Static<typeof ScalingSignal>;

/** How a group of agents sizes itself. Sizes count agents; every field but `min` and `max` has a default. */
export const AutoscalePolicy = Type.Object(
  {
    min: agents("Never fewer agents."),
    max: agents("Never more agents."),
    targetUtilization: Type.Optional(
      share("How much of the most constrained resource may be in use before the group grows."),
    ),
    headroom: Type.Optional(
      Type.Object(
        {
          leadSeconds: Type.Optional(seconds("How long a new agent takes until tasks run on it.")),
          historySeconds: Type.Optional(seconds("How far back rises of demand are looked at.")),
          deviations: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 10,
              description:
                "How many deviations above the usual rise of demand within the lead time stay free.",
            }),
          ),
          crowdShare: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 10,
              description:
                "What stays free after a crowd, at most, as a share of demand: as much as the largest rise in the history.",
            }),
          ),
          maxShare: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 10,
              description: "What may stay free for rises, at most, as a share of demand.",
            }),
          ),
          margin: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description: "Which share of the headroom may be missing before the group grows for it.",
            }),
          ),
        },
        closed,
      ),
    ),
    scaleUp: Type.Optional(
      Type.Object(
        {
          maxStep: Type.Optional(agents("So many agents may come in one period, or `maxStepShare`.")),
          maxStepShare: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 100,
              description: "Such a share of the group may come in one period, or `maxStep`.",
            }),
          ),
          periodSeconds: Type.Optional(seconds("What one period is.")),
          cooldownSeconds: Type.Optional(seconds("How long after a growth no other begins.")),
          bootTimeoutSeconds: Type.Optional(seconds("An agent that takes longer to register is unready.")),
        },
        closed,
      ),
    ),
    scaleDown: Type.Optional(
      Type.Object(
        {
          stabilizationSeconds: Type.Optional(
            seconds("As many agents stay as were needed at any time within so long."),
          ),
          maxStabilizationSeconds: Type.Optional(
            seconds(
              "The longest that becomes of `stabilizationSeconds` where demand used to come back after it; by default eight times as long, 0: never longer.",
            ),
          ),
          cooldownSeconds: Type.Optional(seconds("How long after a growth nobody leaves.")),
          maxStep: Type.Optional(
            agents("So many agents with tasks to move may begin to leave in one period, or `maxStepShare`."),
          ),
          maxStepShare: Type.Optional(
            Type.Number({
              minimum: 0,
              maximum: 1,
              description:
                "Such a share of the group may, with tasks to move, begin to leave in one period, or `maxStep`.",
            }),
          ),
          periodSeconds: Type.Optional(seconds("What one period is.")),
          maxMoves: Type.Optional(
            Type.Integer({
              minimum: 0,
              maximum: 100_000,
              description: "How many tasks of services may have to move at a time because agents leave.",
            }),
          ),
          consolidate: Type.Optional(
            Type.Boolean({
              description: "Whether agents with tasks that fit elsewhere leave, too, or idle ones only.",
            }),
          ),
          maxUnreachable: Type.Optional(agents("With more unreachable agents nobody leaves.")),
        },
        closed,
      ),
    ),
    schedule: Type.Optional(
      Type.Array(ScheduledBounds, {
        description: "Other bounds at certain times; where several hold, the largest.",
      }),
    ),
    signals: Type.Optional(
      Type.Array(ScalingSignal, {
        description: "What else the group must have agents for, by somebody's word.",
      }),
    ),
    billing: Type.Optional(
      Type.Object(
        {
          per: Type.Optional(Type.Union([Type.Literal("second"), Type.Literal("hour")])),
          price: Type.Optional(
            Type.Number({
              exclusiveMinimum: 0,
              maximum: 1e9,
              description: "What an agent costs an hour, in any unit that all groups share.",
            }),
          ),
          endWithinSeconds: Type.Optional(
            seconds("Paid by the hour, an agent leaves and ends only so near to the end of a paid hour."),
          ),
        },
        closed,
      ),
    ),
    spot: Type.Optional(
      Type.Object(
        {
          maxShare: Type.Optional(
            share("Which share of all agents may be of groups that can be taken away, at most."),
          ),
          retrySeconds: Type.Optional(
            seconds("For how long others are taken after a start has been refused."),
          ),
        },
        closed,
      ),
    ),
  },
  closed,
);
export type AutoscalePolicy = Static<typeof AutoscalePolicy>;

type Filled<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> };

/** An {@link AutoscalePolicy} with every default in its place; no `spot`, no price where none was given. */
export interface FilledAutoscalePolicy {
  readonly min: number;
  readonly max: number;
  readonly targetUtilization: number;
  readonly headroom: Filled<NonNullable<AutoscalePolicy["headroom"]>>;
  readonly scaleUp: Filled<NonNullable<AutoscalePolicy["scaleUp"]>>;
  readonly scaleDown: Filled<NonNullable<AutoscalePolicy["scaleDown"]>>;
  readonly billing: {
    readonly per: "second" | "hour";
    readonly price: number | undefined;
    readonly endWithinSeconds: number;
  };
  readonly spot: Filled<NonNullable<AutoscalePolicy["spot"]>> | undefined;
  readonly schedule: readonly ScheduledBounds[];
  readonly signals: readonly ScalingSignal[];
}

/** The policy with the defaults for what it leaves out. */
export function fillAutoscalePolicy(policy: AutoscalePolicy): FilledAutoscalePolicy {
  const stabilizationSeconds = policy.scaleDown?.stabilizationSeconds ?? 150;
  return {
    min: policy.min,
    max: policy.max,
    targetUtilization: policy.targetUtilization ?? 0.95,
    headroom: {
      leadSeconds: 240,
      historySeconds: 14_400,
      deviations: 1,
      crowdShare: 0.09,
      maxShare: 0.6,
      margin: 0.3,
      ...policy.headroom,
    },
    scaleUp: {
      maxStep: 100,
      maxStepShare: 1,
      periodSeconds: 60,
      cooldownSeconds: 0,
      bootTimeoutSeconds: 900,
      ...policy.scaleUp,
    },
    scaleDown: {
      stabilizationSeconds,
      maxStabilizationSeconds: 8 * stabilizationSeconds,
      cooldownSeconds: 120,
      maxStep: 1,
      maxStepShare: 0.1,
      periodSeconds: 60,
      maxMoves: 100,
      consolidate: true,
      maxUnreachable: 2,
      ...policy.scaleDown,
    },
    billing: { per: "second", endWithinSeconds: 600, price: undefined, ...policy.billing },
    schedule: policy.schedule ?? [],
    signals: policy.signals ?? [],
    spot: policy.spot === undefined ? undefined : { maxShare: 1, retrySeconds: 300, ...policy.spot },
  };
}

/** One line for people: between which sizes, by which rules. */
export function describeAutoscalePolicy(policy: AutoscalePolicy): string {
  const { min, max, targetUtilization, scaleUp, scaleDown, billing, schedule, signals } =
    fillAutoscalePolicy(policy);
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const { stabilizationSeconds: shortest, maxStabilizationSeconds: longest } = scaleDown;
  const window = longest > shortest ? `${shortest} to ${longest}` : shortest;
  const step = (o: { maxStep: number; maxStepShare: number; periodSeconds: number }): string =>
    `${o.maxStep} or ${percent(o.maxStepShare)} in ${o.periodSeconds} s`;
  return [
    `${min} to ${max} agents by load`,
    `at most ${percent(targetUtilization)} in use`,
    `grows by ${step(scaleUp)}`,
    `shrinks after ${window} s without need, by ${step(scaleDown)}`,
    ...schedule.map(describeSchedule),
    ...signals.map(({ name, perAgent }) => `an agent for each ${perAgent} of signal ${name}`),
    ...(billing.per === "hour" ? ["agents end with their paid hour"] : []),
  ].join(", ");
}

/** Everything that is wrong with a policy, one line each; never throws. */
export function checkAutoscalePolicy(value: unknown): Failure[] {
  const found = checkSchema(AutoscalePolicy, value);
  const failures = found.failures.map(({ at, message }) => ({ path: formatPath(at), message }));
  if (!isRecord(found.value)) return failures;
  // Patterns are read only where everything has its form.
  const times = found.failures.length === 0 ? scheduleFailures(found.value as AutoscalePolicy) : [];
  return [...failures, ...boundFailures(found.value), ...times];
}

function boundFailures({ min, max }: Readonly<Record<string, unknown>>): Failure[] {
  if (max === 0)
    return [{ path: "max", message: "must be 1 or more, got 0; a group that is to stay empty has size: 0" }];
  if (typeof min !== "number" || typeof max !== "number" || min <= max) return [];
  return [{ path: "min", message: `must be max (${max}) or less, got ${min}; raise max or lower min` }];
}
