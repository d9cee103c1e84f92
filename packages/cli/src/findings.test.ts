// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import type { EdgeHealth } from "@pulumi-mesos/client";
import { type AgentPoolStatus, type MemberKind, neededWithout } from "@pulumi-mesos/model";
import fc from "fast-check";
import { changeFindings, exitCodeOf, type Finding, healthFindings } from "./findings";
import type { AgentsView, AgentView, Asked, MarathonView, Observation } from "./observation";
import { ensembleView, type MemberMood, wellObservation } from "./observation.test.support";

const moods = fc.array(fc.constantFrom<MemberMood>("leads", "up", "apart", "down"), {
  minLength: 1,
  maxLength: 5,
});
const kinds = fc.constantFrom<MemberKind>("zookeeper", "mesos-master", "marathon", "edge", "groups");
const well = wellObservation();

function withEnsemble(kind: MemberKind, members: readonly MemberMood[]): Observation {
  return {
    ...well,
    ensembles: [
      ...well.ensembles.filter((e) => e.kind !== kind),
      ensembleView(kind, members, "demo-masters"),
    ],
  };
}

function answerOf<T>(said: Asked<T> | undefined): T {
  if (said === undefined || !("answer" in said)) throw new Error("the sample has an answer");
  return said.answer;
}

function withMarathon(change: Partial<MarathonView>): Observation {
  const [first] = well.marathons;
  return {
    ...well,
    marathons: [{ name: "demo-marathon", said: { answer: { ...answerOf(first?.said), ...change } } }],
  };
}

function withEdge(change: Partial<EdgeHealth> | undefined): Observation {
  const [first] = well.edges;
  const health = change && { ...(answerOf(first?.said) as EdgeHealth), ...change };
  return { ...well, edges: [{ name: "demo-edge-1", said: { answer: health } }] };
}

function withPool(change: Partial<AgentPoolStatus>): Observation {
  const [pool] = well.pools;
  return {
    ...well,
    pools: [{ name: "web", min: 2, max: 2, said: { answer: { ...answerOf(pool?.said), ...change } } }],
  };
}

function withAgent(state: AgentView["state"], unreachable = 0): Observation {
  const agents = answerOf(well.agents[0]?.said).agents.map((agent, i) =>
    i === 0 ? { ...agent, state } : agent,
  );
  return withAgents({ agents, unreachable });
}

function withAgents(change: Partial<AgentsView>): Observation {
  const answer = { ...answerOf(well.agents[0]?.said), ...change };
  return { ...well, agents: [{ name: "demo-masters", said: { answer } }] };
}

const texts = (findings: readonly Finding[]): string[] =>
  findings.map((f) => `${f.level} ${f.about}: ${f.message}`);
const codes = (seen: Observation): [number, number] => [
  exitCodeOf(healthFindings(seen)),
  exitCodeOf(changeFindings(seen)),
];

describe("what is found", () => {
  it("is nothing where all is well, but that the only controller is alone", () => {
    deepEqual(healthFindings(well), []);
    deepEqual(texts(changeFindings(well)), [
      "note agent groups' controller demo-groups: has one member, which is away while it is changed",
    ]);
    deepEqual(codes(well), [0, 0]);
  });

  it("is bad exactly when a member has not joined or none leads", () => {
    fc.assert(
      fc.property(kinds, moods, (kind, members) => {
        const down = members.some((mood) => mood === "apart" || mood === "down");
        const led = kind === "edge" || members.includes("leads");
        equal(exitCodeOf(healthFindings(withEnsemble(kind, members))), down || !led ? 1 : 0);
      }),
    );
  });

  it("lets nothing be changed exactly when no member could be spared or none leads", () => {
    fc.assert(
      fc.property(kinds, moods, (kind, members) => {
        const joined = members.filter((mood) => mood === "up" || mood === "leads").length;
        const alone = members.length === 1 && joined === 1;
        const spare = alone || joined - 1 >= neededWithout(kind, members.length);
        const led = kind === "edge" || members.includes("leads");
        equal(exitCodeOf(changeFindings(withEnsemble(kind, members))), spare && led ? 0 : 1);
      }),
    );
  });

  it("names the quorum, who is missing and what to do", () => {
    const seen = withEnsemble("mesos-master", ["leads", "up", "down"]);
    deepEqual(texts(healthFindings(seen)), [
      "bad masters demo-masters: demo-masters-3 is down: connect ECONNREFUSED",
    ]);
    deepEqual(texts(changeFindings(seen)).slice(1), [
      "bad masters demo-masters: 2 of 3 have joined and 2 must stay, so none may leave; bring demo-masters-3 back first (pulumi up --refresh does)",
    ]);
    const lost = healthFindings(withEnsemble("mesos-master", ["apart", "down", "down"]));
    match(texts(lost)[0] ?? "", /no quorum: 0 of 3 have joined, 2 are needed/);
    const spare = changeFindings(withEnsemble("zookeeper", ["leads", "up", "up", "up", "down"]));
    match(texts(spare).at(-1) ?? "", /^note ZooKeeper demo-masters: demo-masters-5 has not joined/);
  });

  it("counts those of a ZooKeeper that vote, whoever else follows or does not", () => {
    const walking = (...moods: MemberMood[]): Observation => {
      const { members, ...ensemble } = ensembleView("zookeeper", moods);
      const told = members.map((member, i) => ({
        ...member,
        // A server that does not answer says nothing of itself.
        ...(member.up && { told: 5, voters: 3, ...(i >= 3 && { voteless: true }) }),
      }));
      return { ...well, ensembles: [{ ...ensemble, members: told }] };
    };
    const changes = (seen: Observation): string => texts(changeFindings(seen)).join("\n");
    equal(exitCodeOf(changeFindings(walking("leads", "up", "up", "up", "up"))), 0);
    match(changes(walking("leads", "up", "up", "up", "down")), /^note ZooKeeper: zookeeper-5 has not joined/);
    match(
      changes(walking("leads", "up", "down", "up", "up")),
      /^bad ZooKeeper: 2 of 3 have joined and 2 must stay, so none may leave; bring zookeeper-3 back/,
    );
    const lost = texts(healthFindings(walking("up", "down", "down", "up", "up")));
    match(lost[0] ?? "", /no quorum: 1 of 3 have joined, 2 are needed/);
    // In the middle of a step.
    const mixed = walking("leads", "up", "up", "down", "down").ensembles.map((ensemble) => ({
      ...ensemble,
      members: ensemble.members.map((m, i) => (i === 0 ? { ...m, voters: 4 } : m)),
    }));
    match(changes({ ...well, ensembles: mixed }), /3 of 4 have joined and 3 must stay/);
    // One that stands alone knows nothing of those that come, who all vote.
    const alone = ensembleView("zookeeper", ["leads", "apart", "apart"]).members.map((m, i) =>
      i === 0 ? { ...m, told: 1, voters: 1 } : m,
    );
    match(
      changes({ ...well, ensembles: [{ kind: "zookeeper", name: "zookeeper", members: alone }] }),
      /1 of 3 have joined and 2 must stay/,
    );
  });

  it("cannot be told when nobody answers, because this machine may be cut off", () => {
    const ensembles = well.ensembles.map(({ kind, members }) =>
      ensembleView(
        kind,
        members.map(() => "down" as const),
      ),
    );
    const marathons = [{ name: "demo-marathon", said: { problem: "refused" } }];
    const dead: Observation = { ...well, ensembles, marathons };
    deepEqual(codes(dead), [2, 2]);
    equal(healthFindings(dead).length, 1);
    deepEqual(codes({ ...dead, ensembles: [], marathons: [] }), [2, 2]);
  });

  it("cannot be told where something does not answer, unless something is known to be bad", () => {
    const marathons = [{ name: "demo-marathon", said: { problem: "GET /v2/info answered 401" } }];
    const mute: Observation = { ...well, marathons };
    deepEqual(codes(mute), [2, 2]);
    const agents = [{ name: "demo-masters", said: { problem: "no leader" } }];
    deepEqual(codes({ ...well, agents }), [2, 2]);
    deepEqual(
      codes({ ...mute, ensembles: withEnsemble("zookeeper", ["leads", "down", "down"]).ensembles }),
      [1, 1],
    );
    const leaderless: Observation = { ...withEnsemble("mesos-master", ["up", "up", "up"]), agents };
    deepEqual(texts(healthFindings(leaderless)), ["bad masters demo-masters: none of its members leads"]);
  });

  it("counts lost agents as bad, but not those that an operator set aside", () => {
    deepEqual(codes(withAgent("disconnected")), [1, 1]);
    deepEqual(codes(withAgent("active", 1)), [1, 1]);
    for (const state of ["drained", "draining", "deactivated"] as const)
      deepEqual(codes(withAgent(state)), [0, 0]);
  });

  it("is bad when a Marathon that answers is not subscribed to Mesos, unless it is of another cluster", () => {
    const withFramework = (connected: boolean, active: boolean): Observation =>
      withAgents({ frameworks: [{ id: "F1", name: "marathon", connected, active }] });
    deepEqual(texts(healthFindings(withFramework(false, false))), [
      "bad Marathon demo-marathon: is not connected to the masters (framework F1), so it can start no task",
    ]);
    match(texts(healthFindings(withFramework(true, false))).join(), /gets no offers from the masters/);
    deepEqual(codes(withFramework(false, false)), [1, 1]);
    deepEqual(codes(withFramework(true, true)), [0, 0]);
    deepEqual(codes(withMarathon({ frameworkId: "F9" })), [0, 0]);
  });

  it("waits with a change for deployments and agent groups, which are no fault themselves", () => {
    const deployments = [{ id: "d1", affects: ["/web"], step: "1 of 2" }];
    const apps = [{ id: "/web", instances: 2, running: 1, unhealthy: 1 }];
    deepEqual(codes(withMarathon({ deployments, apps })), [0, 1]);
    match(
      texts(changeFindings(withMarathon({ deployments }))).join(),
      /deployment d1 is running \(\/web, step 1 of 2\)/,
    );
    deepEqual(codes(withMarathon({ apps })), [1, 0]);
    match(texts(healthFindings(withMarathon({ apps }))).join(), /\/web: 1 of 2 tasks run, 1 unhealthy/);
    const pods = [{ id: "/worker", instances: 3, running: 1, unhealthy: 1 }];
    deepEqual(codes(withMarathon({ pods })), [1, 0]);
    match(
      texts(healthFindings(withMarathon({ pods }))).join(),
      /\/worker: 1 of 3 instances of its pod run, 1 unhealthy/,
    );
    deepEqual(
      codes(withMarathon({ pods, deployments: [{ id: "d", affects: ["/worker"], step: "1 of 1" }] })),
      [0, 1],
    );
    deepEqual(codes(withPool({ settled: false, message: "web: draining web-3" })), [0, 1]);
    deepEqual(codes(withPool({ settled: false, failed: true })), [1, 1]);
    deepEqual(codes(withPool({ settled: false, members: [] })), [1, 1]);
  });

  it("shows an edge's own words, and asks nothing more of a real Bamboo", () => {
    deepEqual(codes(withEdge({ leftOut: { "/web": "acl: bad" } })), [1, 1]);
    const broken = withEdge({ serving: false, haproxy: { alive: false, problem: "exited with 1" } });
    deepEqual(texts(healthFindings(broken)), ["bad edge demo-edge-1: HAProxy: exited with 1"]);
    match(texts(healthFindings(withEdge({ serving: false }))).join(), /does not serve yet/);
    deepEqual(codes(withEdge(undefined)), [0, 0]);
  });
});
