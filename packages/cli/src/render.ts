// SPDX-License-Identifier: Apache-2.0
import { quorumOf } from "@pulumi-mesos/model";
import {
  type ExitCode,
  electorateOf,
  exitCodeOf,
  type Finding,
  hasQuorum,
  joinedIn,
  kindNames,
} from "./findings";
import type {
  AgentView,
  AppView,
  EnsembleView,
  MarathonView,
  MemberView,
  Named,
  Observation,
} from "./observation";

/** Lines of a list that fit on one screen beside the rest. */
const shownAgents = 10;
const shownDeployments = 5;
const verdicts: Readonly<Record<ExitCode, string>> = { 0: "all well", 1: "degraded", 2: "cannot tell" };

/** `status` on one screen: who is there, then what is wrong. */
export function statusLines(seen: Observation, findings: readonly Finding[]): string[] {
  const problems = findings.filter(({ level }) => level !== "note");
  return [
    `${seen.title}: ${verdicts[exitCodeOf(findings)]}`,
    ...seen.ensembles.flatMap((ensemble) => ["", ...ensembleLines(ensemble), ...detailLines(seen, ensemble)]),
    ...(hasMarathonMembers(seen)
      ? []
      : seen.marathons.flatMap((m) => ["", `Marathon ${m.name}`, ...marathonLines(m)])),
    ...(problems.length === 0 ? [] : ["", ...problems.map(findingLine)]),
  ];
}

/** `validate`: the verdict, and every reason for it. */
export function validateLines({ title }: Observation, findings: readonly Finding[]): string[] {
  const words = { 0: "safe to change", 1: "not safe to change now", 2: "cannot tell" } as const;
  return [`${title}: ${words[exitCodeOf(findings)]}`, ...findings.map(findingLine)];
}

function findingLine({ level, about, message }: Finding): string {
  const mark = { bad: "!", unknown: "?", note: "-" }[level];
  return `${mark} ${about}: ${message}`;
}

function ensembleLines(ensemble: EnsembleView): string[] {
  const { kind, name, members, left = 0 } = ensemble;
  const title = kindNames[kind].charAt(0).toUpperCase() + kindNames[kind].slice(1);
  const { size } = electorateOf(ensemble);
  const vote = size >= members.length ? "" : `, ${size} vote`;
  const counted = left === 0 ? "" : ` of ${size}, of which ${left} have left`;
  const quorum = hasQuorum(kind) ? `${vote}, quorum ${quorumOf(size)}${counted}` : "";
  const rows = members.map((member) => {
    const address = `${member.host}:${member.port}`;
    // Members that flags give have no other name.
    const name = member.name === address ? [] : [member.name];
    const detail = member.voteless === true ? `${member.detail}, without a vote` : member.detail;
    return [stateOf(member), ...name, address, detail];
  });
  return [
    `${title}${name === kind ? "" : ` ${name}`}: ${joinedIn(ensemble).length} of ${members.length}${quorum}`,
    ...table(rows),
  ];
}

function stateOf({ up, joined, leading }: MemberView): string {
  if (!up) return "DOWN";
  if (!joined) return "NOT JOINED";
  return leading ? "leads" : "up";
}

/** What stands below the members of an ensemble. */
function detailLines(seen: Observation, { kind, name }: EnsembleView): string[] {
  switch (kind) {
    case "mesos-master":
      return seen.agents
        .filter((a) => a.name === name)
        .flatMap(({ said }) =>
          "problem" in said ? [] : agentLines(said.answer.agents, said.answer.unreachable),
        );
    case "marathon":
      return seen.marathons.filter((m) => m.name === name).flatMap(marathonLines);
    case "groups":
      return table(seen.pools.map(({ said }) => ["problem" in said ? said.problem : said.answer.message]));
    case "edge":
      return table(
        seen.edges.flatMap(({ name: edge, said }) =>
          "problem" in said || said.answer === undefined
            ? []
            : [[edge, `apps: ${said.answer.marathon.apps}`, `rules: ${said.answer.zookeeper.rules}`]],
        ),
      );
    case "zookeeper":
      return [];
  }
}

function agentLines(agents: readonly AgentView[], unreachable: number): string[] {
  const counts = new Map<string, number>();
  for (const { state } of agents) counts.set(state, (counts.get(state) ?? 0) + 1);
  const words = [...counts].map(([state, count]) => `${count} ${state}`);
  if (unreachable > 0) words.push(`${unreachable} unreachable`);
  // Those that do not simply work come first: the list may be cut.
  const rank = ({ state }: AgentView): number => (state === "active" ? 1 : 0);
  const sorted = [...agents].sort((a, b) => rank(a) - rank(b));
  const rows = sorted
    .slice(0, shownAgents)
    .map(({ state, hostname, id, cpus, mem }) => [
      state,
      hostname,
      `cpus ${cpus.used}/${cpus.total}`,
      `mem ${mem.used}/${mem.total}`,
      id,
    ]);
  return [
    `Agents: ${words.join(", ") || "none"}${usedOf(agents)}`,
    ...table(rows),
    ...more(agents.length - shownAgents, "agents"),
  ];
}

function usedOf(agents: readonly AgentView[]): string {
  if (agents.length === 0) return "";
  const sum = (of: (agent: AgentView) => number) =>
    Math.round(agents.reduce((n, agent) => n + of(agent), 0) * 1000) / 1000;
  const part = (name: "cpus" | "mem") =>
    `${name} ${sum((a) => a[name].used)} of ${sum((a) => a[name].total)} used`;
  return `; ${part("cpus")}, ${part("mem")}`;
}

function marathonLines({ said }: Named<MarathonView>): string[] {
  if ("problem" in said) return [];
  const { apps, pods, deployments } = said.answer;
  const rows = deployments
    .slice(0, shownDeployments)
    .map(({ id, affects, step }) => [
      "deploying",
      affects.join(", "),
      step === undefined ? "" : `step ${step}`,
      id,
    ]);
  return [
    [
      `Apps: ${apps.length}; ${howMany(apps)} tasks run`,
      ...(pods.length === 0 ? [] : [`pods: ${pods.length}; ${howMany(pods)} instances run`]),
      `deployments: ${deployments.length}`,
    ].join("; "),
    ...table(rows),
    ...more(deployments.length - shownDeployments, "deployments"),
  ];
}

function howMany(views: readonly AppView[]): string {
  const total = (of: "instances" | "running") => views.reduce((n, view) => n + view[of], 0);
  return `${total("running")} of ${total("instances")}`;
}

function hasMarathonMembers({ ensembles }: Observation): boolean {
  return ensembles.some(({ kind }) => kind === "marathon");
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`  and ${count} more ${what}`] : [];
}

/** Columns as wide as their widest cell, indented. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, i) => Math.max(cell.length, most[i] ?? 0)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
}
