// SPDX-License-Identifier: Apache-2.0
import {
  checkSchema,
  describeFailures,
  formatPath,
  MesosError,
  type Static,
  Type,
} from "@pulumi-mesos/model";

const closed = { additionalProperties: false } as const;
const time = (description: string) => Type.Number({ minimum: 0, maximum: 1e8, description });
const amount = Type.Number({ minimum: 0, maximum: 1e9 });

/** What is replayed: a cluster's groups and what was asked of it when. Times are seconds from the start. */
export const Trace = Type.Object(
  {
    seconds: time("How long it is."),
    measureFrom: Type.Optional(time("What happens before only warms the cluster up and is not measured.")),
    groups: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          cpus: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
          mem: Type.Number({ exclusiveMinimum: 0, maximum: 1e9, description: "MiB." }),
          attributes: Type.Optional(Type.Record(Type.String(), Type.String())),
          bootSeconds: time("From its start until an agent takes tasks; it is paid for."),
          start: Type.Integer({ minimum: 0, maximum: 100_000, description: "Agents that are ready at 0." }),
        },
        closed,
      ),
      { minItems: 1 },
    ),
    apps: Type.Array(
      Type.Object(
        {
          id: Type.String({ minLength: 1 }),
          kind: Type.Union([Type.Literal("service"), Type.Literal("batch")]),
          cpus: Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
          mem: amount,
          attributes: Type.Optional(
            Type.Record(Type.String(), Type.String(), {
              description: "What an agent must have, as by the constraint CLUSTER.",
            }),
          ),
        },
        closed,
      ),
    ),
    tasks: Type.Array(Type.Array(Type.Number({ minimum: 0, maximum: 1e8 }), { minItems: 3, maxItems: 3 }), {
      description:
        "By time: [at, index of its app, seconds]. A task of a service is wanted until `at + seconds`, wherever it is; one of a batch runs for `seconds` once it runs.",
    }),
    losses: Type.Optional(
      Type.Array(
        Type.Object(
          {
            at: time("When the notice comes."),
            group: Type.String(),
            share: Type.Number({ minimum: 0, maximum: 1, description: "Of the agents of the group." }),
            noticeSeconds: time("From the notice to the end."),
            refusedSeconds: time("For how long the group gets no new agents."),
          },
          closed,
        ),
      ),
    ),
  },
  closed,
);
export type Trace = Static<typeof Trace>;
export type TraceGroup = Trace["groups"][number];
export type TraceApp = Trace["apps"][number];
/** [at, index of the app, seconds]. */
export type TraceTask = readonly [at: number, app: number, seconds: number];

/** Decodes a trace; fails with every fault in one line. */
export function decodeTrace(value: unknown): Trace {
  const found = checkSchema(Trace, value).failures.map(({ at, message }) => ({
    path: formatPath(at),
    message,
  }));
  const failures = found.length > 0 ? found.slice(0, 20) : faultsOf(value as Trace);
  if (failures.length === 0) return value as Trace;
  throw new MesosError("MESOS_GROUPS_TRACE", `trace: ${describeFailures(failures)}`);
}

function faultsOf({ apps, tasks, groups, losses = [], seconds, measureFrom = 0 }: Trace): {
  path: string;
  message: string;
}[] {
  const faults: { path: string; message: string }[] = [];
  const names = groups.map(({ name }) => name);
  if (new Set(names).size < names.length) faults.push({ path: "groups", message: "two have the same name" });
  if (measureFrom >= seconds)
    faults.push({ path: "measureFrom", message: `must be less than seconds (${seconds})` });
  const stray = tasks.findIndex(([, app = -1]) => apps[app] === undefined);
  if (stray >= 0) faults.push({ path: `tasks[${stray}]`, message: `has no app: there are ${apps.length}` });
  const early = tasks.findIndex(([at = 0], i) => at < (tasks[i - 1]?.[0] ?? 0));
  if (early >= 0)
    faults.push({ path: `tasks[${early}]`, message: "comes before the one above it; sort tasks by time" });
  for (const [i, { group }] of losses.entries()) {
    if (!names.includes(group))
      faults.push({ path: `losses[${i}].group`, message: `no group is named ${group}` });
  }
  return faults;
}
