// SPDX-License-Identifier: Apache-2.0
import { type MemberKind, neededWithout, quorumOf } from "@pulumi-mesos/model";
import type { AppView, EnsembleView, MemberView, Observation } from "./observation";

/** Something that is not as it should be. */
export interface Finding {
  /** `unknown`: it could not be asked. `note`: good to know, and no fault. */
  readonly level: "bad" | "unknown" | "note";
  /** What it is about: `masters demo-masters`. */
  readonly about: string;
  readonly message: string;
}

/** For scripts: 0 all well, 1 something is bad, 2 nothing is known to be bad, but not all could be asked. */
export type ExitCode = 0 | 1 | 2;

export function exitCodeOf(findings: readonly Finding[]): ExitCode {
  if (findings.some(({ level }) => level === "bad")) return 1;
  return findings.some(({ level }) => level === "unknown") ? 2 : 0;
}

/** What members of a kind are called. */
export const kindNames: Readonly<Record<MemberKind, string>> = {
  zookeeper: "ZooKeeper",
  "mesos-master": "masters",
  marathon: "Marathon",
  edge: "edge",
  groups: "agent groups' controller",
};

/** What is not well with what runs. */
export function healthFindings(seen: Observation): Finding[] {
  if (nobodyAnswers(seen)) return [silence(seen)];
  return [
    ...seen.ensembles.flatMap(membersDown),
    ...seen.ensembles.flatMap(leaderMissing),
    ...agentFindings(seen),
    ...seen.pools.flatMap(({ name, min, said }): Finding[] => {
      const about = `agent group ${name}`;
      if ("problem" in said) return [{ level: "unknown", about, message: said.problem }];
      const { failed, message, members } = said.answer;
      const active = members.filter(({ state }) => state === "active").length;
      return failed || active < min ? [{ level: "bad", about, message }] : [];
    }),
    ...subscriptionFindings(seen),
    ...seen.marathons.flatMap(({ name, said }): Finding[] => {
      const about = `Marathon ${name}`;
      if ("problem" in said) return [{ level: "unknown", about, message: said.problem }];
      const deploying = new Set(said.answer.deployments.flatMap(({ affects }) => affects));
      const bad = (views: readonly AppView[], what: string): Finding[] =>
        views
          .filter((app) => !deploying.has(app.id) && (app.unhealthy > 0 || app.running < app.instances))
          .map(({ id, instances, running, unhealthy }) => {
            const sick = unhealthy === 0 ? "" : `, ${unhealthy} unhealthy`;
            return { level: "bad", about, message: `${id}: ${running} of ${instances} ${what} run${sick}` };
          });
      return [...bad(said.answer.apps, "tasks"), ...bad(said.answer.pods, "instances of its pod")];
    }),
    ...edgeFindings(seen),
  ];
}

/** Why nothing should be changed now. */
export function changeFindings(seen: Observation): Finding[] {
  if (nobodyAnswers(seen)) return [silence(seen)];
  return [
    ...seen.ensembles.flatMap(marginFindings),
    ...seen.ensembles.flatMap(leaderMissing),
    ...agentFindings(seen),
    ...seen.pools.flatMap(({ name, said }): Finding[] => {
      const about = `agent group ${name}`;
      if ("problem" in said) return [{ level: "unknown", about, message: said.problem }];
      return said.answer.settled
        ? []
        : [
            {
              level: "bad",
              about,
              message: `is being changed: ${said.answer.message}; wait until it is settled`,
            },
          ];
    }),
    ...subscriptionFindings(seen),
    ...seen.marathons.flatMap(({ name, said }): Finding[] => {
      const about = `Marathon ${name}`;
      if ("problem" in said) return [{ level: "unknown", about, message: said.problem }];
      return said.answer.deployments.map(({ id, affects, step }) => {
        const where = `${affects.join(", ") || "something"}${step === undefined ? "" : `, step ${step}`}`;
        return { level: "bad", about, message: `deployment ${id} is running (${where}); wait for its end` };
      });
    }),
    ...edgeFindings(seen),
  ];
}

/** From a machine without a way to the cluster everything looks dead. */
function nobodyAnswers({ ensembles, marathons }: Observation): boolean {
  const members = ensembles.flatMap((e) => e.members);
  return members.every(({ up }) => !up) && marathons.every(({ said }) => "problem" in said);
}

function silence({ title, ensembles, marathons }: Observation): Finding {
  const reasons = ensembles.flatMap((e) => e.members.map(({ detail }) => detail));
  const others = marathons.flatMap(({ said }) => ("problem" in said ? [said.problem] : []));
  const first = [...reasons, ...others][0] ?? "no address is known";
  const message = `nobody answers (${first}): either all of it is down, or this machine does not reach it`;
  return { level: "unknown", about: title, message };
}

function aboutOf({ kind, name }: EnsembleView): string {
  return name === kind ? kindNames[kind] : `${kindNames[kind]} ${name}`;
}

export function joinedIn({ members }: EnsembleView): readonly MemberView[] {
  return members.filter(({ joined }) => joined);
}

/** Whether more than half of the members must take part. */
export function hasQuorum(kind: MemberKind): boolean {
  return kind === "zookeeper" || kind === "mesos-master";
}

/**
 * Whom majorities count: of a ZooKeeper not those that only follow, such as those on its way to another size. Where members say
 * different numbers of these, which is while they change, the smaller one holds, for which more must stay. Of masters those that have
 * left, too, until the others are told to count without them.
 */
export function electorateOf(ensemble: EnsembleView): { readonly size: number; readonly joined: number } {
  const { members, left = 0 } = ensemble;
  const joined = joinedIn(ensemble).filter(({ voteless }) => voteless !== true).length;
  const following = members.flatMap(({ told, voters }) =>
    told === undefined || voters === undefined ? [] : [told - voters],
  );
  if (following.length === 0) return { size: members.length + left, joined };
  // Of those that follow not all may be among the members that are known.
  return { size: Math.max(joined, members.length - Math.min(...following)), joined };
}

function membersDown(ensemble: EnsembleView): Finding[] {
  const { kind, members } = ensemble;
  const about = aboutOf(ensemble);
  const { size, joined } = electorateOf(ensemble);
  const quorum = quorumOf(size);
  const down = members
    .filter((member) => !member.joined)
    .map(({ name, up, detail }): Finding => {
      const state = up ? "has not joined" : "is down";
      return { level: "bad", about, message: `${name} ${state}: ${detail}` };
    });
  if (!hasQuorum(kind) || joined >= quorum) return down;
  const message = `no quorum: ${joined} of ${size} have joined, ${quorum} are needed`;
  return [{ level: "bad", about, message }, ...down];
}

/** Edges have no leader. */
function leaderMissing(ensemble: EnsembleView): Finding[] {
  const { kind, members } = ensemble;
  if (kind === "edge" || members.some(({ leading }) => leading)) return [];
  return [{ level: "bad", about: aboutOf(ensemble), message: "none of its members leads" }];
}

/** How many may leave without the others losing what they need: none where the answer is 0. */
export function spareIn(ensemble: EnsembleView): number {
  const { size, joined } = electorateOf(ensemble);
  return joined - neededWithout(ensemble.kind, size);
}

function marginFindings(ensemble: EnsembleView): Finding[] {
  const { kind, members, left = 0 } = ensemble;
  const about = aboutOf(ensemble);
  if (members.length === 1 && joinedIn(ensemble).length === 1) {
    return [{ level: "note", about, message: "has one member, which is away while it is changed" }];
  }
  const missing = members.filter(({ joined }) => !joined).map(({ name }) => name);
  const names = missing.join(", ");
  if (missing.length > 0 && spareIn(ensemble) >= 1) {
    return [{ level: "note", about, message: `${names} has not joined; a change begins there` }];
  }
  if (spareIn(ensemble) >= 1) return [];
  if (missing.length === 0 && left > 0) {
    const message = `all of its members are needed while they count with the ${left} that left; an up without quorumOf ends that`;
    return [{ level: "note", about, message }];
  }
  const { size, joined } = electorateOf(ensemble);
  const needed = neededWithout(kind, size);
  const reason =
    members.length === 1
      ? "its only member has not joined"
      : `${joined} of ${size} have joined and ${needed} must stay, so none may leave`;
  return [
    { level: "bad", about, message: `${reason}; bring ${names} back first (pulumi up --refresh does)` },
  ];
}

function agentFindings(seen: Observation): Finding[] {
  return seen.agents.flatMap(({ name, said }): Finding[] => {
    const about = "agents";
    if ("problem" in said) {
      const masters = seen.ensembles.find((e) => e.kind === "mesos-master" && e.name === name);
      // Without a leader nobody can be asked; that is a finding of its own.
      const led = masters?.members.some(({ leading }) => leading) ?? true;
      return led ? [{ level: "unknown", about, message: said.problem }] : [];
    }
    const { agents, unreachable } = said.answer;
    const silent = agents.filter(({ state }) => state === "disconnected");
    const lost: Finding[] =
      unreachable === 0
        ? []
        : [{ level: "bad", about, message: `${unreachable} unreachable: their tasks count as lost` }];
    return [
      ...silent.map(({ hostname, id }): Finding => {
        return { level: "bad", about, message: `${hostname} (${id}) is not connected to the masters` };
      }),
      ...lost,
    ];
  });
}

/**
 * Marathons that Mesos does not hear from: they answer and list all tasks as running, but can start none. One that no
 * master knows may be of another cluster.
 */
function subscriptionFindings({ agents, marathons }: Observation): Finding[] {
  const frameworks = agents.flatMap(({ said }) => ("answer" in said ? said.answer.frameworks : []));
  return marathons.flatMap(({ name, said }): Finding[] => {
    const id = "answer" in said ? said.answer.frameworkId : undefined;
    const framework = frameworks.find((f) => f.id === id);
    if (framework === undefined || framework.active) return [];
    const state = framework.connected ? "gets no offers from" : "is not connected to";
    const message = `${state} the masters (framework ${framework.id}), so it can start no task`;
    return [{ level: "bad", about: `Marathon ${name}`, message }];
  });
}

function edgeFindings({ edges }: Observation): Finding[] {
  return edges.flatMap(({ name, said }): Finding[] => {
    const about = `edge ${name}`;
    if ("problem" in said) return [{ level: "unknown", about, message: said.problem }];
    const health = said.answer;
    if (health === undefined) return [];
    const parts = { Marathon: health.marathon, ZooKeeper: health.zookeeper, HAProxy: health.haproxy };
    const problems = Object.entries(parts).flatMap(([part, { problem }]) =>
      problem === null ? [] : [`${part}: ${problem}`],
    );
    const unserving = health.serving || problems.length > 0 ? [] : ["does not serve yet"];
    const leftOut = Object.entries(health.leftOut).map(([what, why]) => `leaves out ${what}: ${why}`);
    return [...problems, ...unserving, ...leftOut].map((message) => ({ level: "bad", about, message }));
  });
}
