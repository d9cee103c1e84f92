// SPDX-License-Identifier: Apache-2.0
import {
  type AppDecision,
  type AppsReport,
  type ScalingDecision,
  type ScalingReport,
  scalingReport,
} from "@pulumi-mesos/client";
import { MesosError, messageOf, nearest } from "@pulumi-mesos/model";
import type { Surroundings } from "./cli";
import { usage } from "./connection";
import { accessOf, type DeclaredPool, type Installation } from "./installation";
import { type PlaceOptions, stackInstallation } from "./places";

export interface ExplainOptions extends Pick<PlaceOptions, "stack" | "cwd"> {
  readonly decisions: string;
  readonly json?: boolean;
}

type Report = ScalingReport & { readonly apps: AppsReport };

/** Says why a group, or an app that follows its traffic, has the size it has. */
export async function explainCommand(
  name: string,
  options: ExplainOptions,
  around: Surroundings,
): Promise<void> {
  if (!/^[1-9]\d{0,3}$/.test(options.decisions)) {
    throw usage(`--decisions: must be a whole number, 1 or more, got ${options.decisions}`);
  }
  const installation = await stackInstallation(options, around);
  const pool = name.startsWith("/") ? undefined : poolOf(name, installation.pools);
  const report = await reportOf(installation, around.signal);
  const count = Number(options.decisions);
  const lines = pool === undefined ? appLines(name, report.apps, count) : explainLines(pool, report, count);
  if (options.json === true) around.out(JSON.stringify(report, undefined, 2));
  else for (const line of lines) around.out(line);
}

/** The report about one app on a screen. */
export function appLines(app: string, apps: AppsReport, count: number): string[] {
  const report = apps[app];
  if (report === undefined) {
    const ids = Object.keys(apps);
    const meant = nearest(app, ids) ?? ids.join(", ");
    throw usage(
      `${app}: no app that follows its traffic; ${meant === "" ? "none does" : `there is ${meant}`}`,
    );
  }
  return [`${app}: ${report.policy}`, ...report.decisions.slice(0, count).flatMap(appDecisionLines)];
}

function appDecisionLines({ at, until, instances, held, change, reasons }: AppDecision): string[] {
  const when = at === until ? at : `${at} to ${until}`;
  const what =
    change ??
    `${instances} ${instances === 1 ? "instance" : "instances"}${held === undefined ? ", no change" : `: ${held}`}`;
  return ["", `${when}  ${what}`, ...reasons.map((reason) => `  ${reason}`)];
}

/** The pool of that name, or the only one whose name ends with it: a cluster's group `web` is the pool `demo-web`. */
function poolOf(group: string, pools: readonly DeclaredPool[]): DeclaredPool {
  const exact = pools.filter(({ name }) => name === group);
  const [pool, other] = exact.length > 0 ? exact : pools.filter(({ name }) => name.endsWith(`-${group}`));
  if (pool !== undefined && other === undefined) return pool;
  const names = pools.map(({ name }) => name);
  if (other !== undefined) throw usage(`${group}: is the end of several groups: ${names.join(", ")}`);
  const meant = nearest(group, names);
  const hint = meant === undefined ? `there are ${names.join(", ") || "none"}` : `did you mean ${meant}?`;
  throw usage(`${group}: no such agent group; ${hint}`);
}

/** Only the controller that leads has something to say. */
async function reportOf({ ensembles }: Installation, signal: AbortSignal): Promise<Report> {
  const problems: string[] = [];
  for (const ensemble of ensembles.filter(({ kind }) => kind === "groups")) {
    for (const member of ensemble.members) {
      try {
        const report = await scalingReport(member, signal, accessOf(ensemble));
        if (report !== undefined) return report;
      } catch (error) {
        signal.throwIfAborted();
        problems.push(messageOf(error));
      }
    }
  }
  const why = problems.length === 0 ? "none of them leads" : problems.join("; ");
  throw new MesosError("MESOS_CLI_GROUPS", `no controller of agent groups answers: ${why}`);
}

/** The report about one group on a screen. */
export function explainLines({ name, max }: DeclaredPool, report: ScalingReport, count: number): string[] {
  const group = report.groups[name];
  if (group === undefined) return [`${name}: ${max} agents, as declared; it does not size itself`];
  return [
    `${name}: ${group.policy}`,
    ...group.decisions.slice(0, count).flatMap(decisionLines),
    ...queueLines(report),
  ];
}

function decisionLines({
  at,
  until,
  agents,
  size,
  demand,
  waiting,
  change,
  reasons,
}: ScalingDecision): string[] {
  const when = at === until ? at : `${at} to ${until}`;
  const worth = `${agents} there, tasks worth ${Math.round(demand * 10) / 10}`;
  const tasks = waiting === 0 ? "" : `, ${waiting} ${waiting === 1 ? "task" : "tasks"} waiting`;
  return [
    "",
    `${when}  ${change ?? `${size} ${size === 1 ? "agent" : "agents"}, no change`} (${worth}${tasks})`,
    ...reasons.map((reason) => `  ${reason}`),
  ];
}

function queueLines({ queued, unplaceable }: ScalingReport): string[] {
  const lines = [
    ...queued.map(({ work, tasks, refused, hopeless }) => {
      const parts = [
        `${work}: ${tasks} ${tasks === 1 ? "task waits" : "tasks wait"}`,
        ...(refused === "" ? [] : [`Marathon refused offers: ${refused}`]),
        ...(hopeless === undefined ? [] : [hopeless]),
      ];
      return `! ${parts.join("; ")}`;
    }),
    ...unplaceable.map(({ works, tasks, reason }) => `! ${works.join(", ")}: ${tasks} in vain: ${reason}`),
  ];
  return lines.length === 0 ? [] : ["", ...lines];
}
