// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { isComputed } from "./computed";
import type { Failure } from "./failures";
import { nearest } from "./nearest";
import { formatPath } from "./property-path";

/** Mesos refuses more; of `mem` and `disk` it is a little less than an exabyte. */
const most = 1e12;

const amount = Type.Number({ minimum: 0, maximum: most });

/** Inputs of `mesos:index:Quota`. */
export const QuotaInputs = Type.Object(
  {
    role: Type.String({ description: "The role that is limited; never one below another (`a/b`)." }),
    guarantees: Type.Optional(
      Type.Record(Type.String(), amount, {
        description:
          "What is kept free for the role, by resource: cpus, mem and disk (MiB), gpus or another scalar.",
      }),
    ),
    limits: Type.Optional(
      Type.Record(Type.String(), amount, {
        description: "What the role may have at most, by resource; what is not named is not limited.",
      }),
    ),
    force: Type.Optional(
      Type.Boolean({
        description:
          "Sets it also when the role has more already or the cluster has less than all guarantees. Nothing that runs is ended.",
        default: false,
      }),
    ),
  },
  { additionalProperties: false },
);
export type QuotaInputs = Static<typeof QuotaInputs>;

/** What Mesos keeps of a quota. */
export type Quota = Pick<QuotaInputs, "guarantees" | "limits">;

/** The quota as Mesos understands it: a guarantee of nothing is none, a limit of 0 is a limit. */
export function normaliseQuota({ guarantees = {}, limits = {} }: Quota): Required<Quota> {
  const guaranteed = Object.entries(guarantees).filter(([, value]) => value > 0);
  return { guarantees: Object.fromEntries(guaranteed), limits: { ...limits } };
}

/** Whether the quota says anything: what says nothing is no quota to Mesos. */
export function isNoQuota(quota: Quota): boolean {
  const { guarantees, limits } = normaliseQuota(quota);
  return Object.keys(guarantees).length === 0 && Object.keys(limits).length === 0;
}

/** Why a text is no name of a role that may have quota, or nothing. The rules are Mesos's (src/common/roles.cpp). */
export function quotaRoleProblem(role: string): string | undefined {
  if (role === "*") return undefined;
  if (role === "") return 'must not be empty; the default role is "*"';
  if (role.includes("/")) return "must not hold a slash, because Mesos keeps no quota of nested roles";
  if (role === "." || role === "..") return 'must not be "." or ".."';
  if (role.startsWith("-")) return "must not begin with a dash";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that Mesos refuses
  return /[\x08-\x0d \x7f]/.test(role) ? "must not hold spaces, tabs, line ends or backspaces" : undefined;
}

/** The part of a quota's check that no schema says; unknown and wrong values are left out. */
export function checkQuotaRules(inputs: Readonly<Record<string, unknown>>): Failure[] {
  const { role } = inputs;
  const problem = typeof role === "string" ? quotaRoleProblem(role) : undefined;
  const [guarantees, limits] = [quantitiesIn(inputs["guarantees"]), quantitiesIn(inputs["limits"])];
  return [
    ...(problem === undefined ? [] : [{ path: "role", message: problem }]),
    ...nameFailures("guarantees", guarantees ?? {}),
    ...nameFailures("limits", limits ?? {}),
    ...(guarantees && limits ? [...overLimit(guarantees, limits), ...emptiness(guarantees, limits)] : []),
  ];
}

type Quantities = Readonly<Record<string, unknown>>;

/** Nothing where the whole map is not known. */
function quantitiesIn(value: unknown): Quantities | undefined {
  if (value === undefined) return {};
  return typeof value === "object" && value !== null && !isComputed(value)
    ? (value as Quantities)
    : undefined;
}

const scalars = ["cpus", "mem", "disk", "gpus"];

function nameFailures(field: "guarantees" | "limits", quantities: Quantities): Failure[] {
  return Object.entries(quantities).flatMap(([name, value]) => {
    const problem = nameProblem(name) ?? precisionProblem(value);
    return problem === undefined ? [] : [{ path: formatPath([field, name]), message: problem }];
  });
}

/** Any scalar may be limited, but one that is almost a known one is a slip: Mesos would keep a quota that holds nobody. */
function nameProblem(name: string): string | undefined {
  if (scalars.includes(name)) return undefined;
  if (name === "ports") return "is a range, and quota is for scalar resources only; remove it";
  const meant = name.toLowerCase().startsWith("memory") ? "mem" : nearest(name, scalars);
  return meant === undefined ? undefined : `unknown resource, did you mean ${JSON.stringify(meant)}?`;
}

function precisionProblem(value: unknown): string | undefined {
  if (typeof value !== "number" || value >= most || Number(value.toFixed(3)) === value) return undefined;
  return "must have at most three decimals, because Mesos counts in thousandths";
}

function overLimit(guarantees: Quantities, limits: Quantities): Failure[] {
  return Object.entries(guarantees).flatMap(([name, guaranteed]) => {
    const limit = limits[name];
    if (typeof guaranteed !== "number" || typeof limit !== "number" || guaranteed <= limit) return [];
    const path = formatPath(["guarantees", name]);
    return [{ path, message: `must be the limit or less, got more than ${formatPath(["limits", name])}` }];
  });
}

function emptiness(guarantees: Quantities, limits: Quantities): Failure[] {
  const says = Object.values(guarantees).some((v) => v !== 0) || Object.keys(limits).length > 0;
  if (says) return [];
  return [{ path: "limits", message: "give at least one limit or guarantee; without any there is no quota" }];
}
