// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, ok } from "node:assert/strict";
import fc from "fast-check";
import { changeFindings, healthFindings } from "./findings";
import type { AgentView, Observation } from "./observation";
import { ensembleView, wellObservation } from "./observation.test.support";
import { statusLines, validateLines } from "./render";

const well = wellObservation();
const status = (seen: Observation): string[] => statusLines(seen, healthFindings(seen));

describe("the lines of status and validate", () => {
  it("are one screen that shows who leads and what is used", () => {
    equal(
      status(well).join("\n"),
      `stack dev of shop: all well

ZooKeeper demo-zookeeper: 3 of 3, quorum 2
  up     demo-zookeeper-1  10.0.0.1:5050  standby
  leads  demo-zookeeper-2  10.0.0.2:5050  leading
  up     demo-zookeeper-3  10.0.0.3:5050  standby

Masters demo-masters: 3 of 3, quorum 2
  up     demo-masters-1  10.0.0.1:5050  standby
  up     demo-masters-2  10.0.0.2:5050  standby
  leads  demo-masters-3  10.0.0.3:5050  leading
Agents: 2 active; cpus 1 of 4 used, mem 128 of 2048 used
  active  10.0.1.1  cpus 0.5/2  mem 64/1024  S1
  active  10.0.1.2  cpus 0.5/2  mem 64/1024  S2

Marathon demo-marathon: 2 of 2
  leads  demo-marathon-1  10.0.0.1:5050  leading
  up     demo-marathon-2  10.0.0.2:5050  standby
Apps: 1; 2 of 2 tasks run; deployments: 0

Edge demo-edge: 2 of 2
  up  demo-edge-1  10.0.0.1:5050  standby
  up  demo-edge-2  10.0.0.2:5050  standby
  demo-edge-1  apps: 1  rules: 1
  demo-edge-2  apps: 1  rules: 1

Agent groups' controller demo-groups: 1 of 1
  leads  demo-groups-1  10.0.0.1:5050  leading
  web: 2 of 2 agents active`,
    );
  });

  it("count the instances of pods where there are some", () => {
    const [marathon] = well.marathons;
    ok(marathon !== undefined && "answer" in marathon.said);
    const pods = [{ id: "/worker", instances: 3, running: 1, unhealthy: 0 }];
    const lines = status({
      ...well,
      marathons: [{ ...marathon, said: { answer: { ...marathon.said.answer, pods } } }],
    });
    ok(lines.includes("Apps: 1; 2 of 2 tasks run; pods: 1; 1 of 3 instances run; deployments: 0"));
    equal(lines.at(-1), "! Marathon demo-marathon: /worker: 1 of 3 instances of its pod run");
  });

  it("show who of a ZooKeeper only follows", () => {
    const { members, ...ensemble } = ensembleView("zookeeper", ["up", "leads", "up", "up", "up"]);
    const told = members.map((member, i) => ({
      ...member,
      told: 5,
      voters: 3,
      ...(i >= 3 && { voteless: true }),
    }));
    const lines = status({ ...well, ensembles: [{ ...ensemble, members: told }] });
    equal(lines[2], "ZooKeeper: 5 of 5, 3 vote, quorum 2");
    equal(lines[5], "  up     zookeeper-3  10.0.0.3:5050  standby");
    equal(lines[6], "  up     zookeeper-4  10.0.0.4:5050  standby, without a vote");
  });

  it("show the quorum with which masters count while some of them have left", () => {
    const masters = { ...ensembleView("mesos-master", ["leads", "up", "up"]), left: 2 };
    const seen = { ...well, ensembles: [masters] };
    equal(status(seen)[2], "Masters: 3 of 3, quorum 3 of 5, of which 2 have left");
    deepEqual(validateLines(seen, changeFindings(seen)), [
      "stack dev of shop: safe to change",
      "- masters: all of its members are needed while they count with the 2 that left; an up without quorumOf ends that",
    ]);
    const broken = { ...ensembleView("mesos-master", ["up", "up", "down"]), left: 2 };
    match(status({ ...well, ensembles: [broken] }).join("\n"), /no quorum: 2 of 5 have joined, 3 are needed/);
  });

  it("say what is wrong at the end, where one looks", () => {
    const ensembles = [ensembleView("mesos-master", ["leads", "up", "down"], "demo-masters")];
    const lines = status({ ...well, ensembles });
    equal(lines[0], "stack dev of shop: degraded");
    match(lines.join("\n"), /DOWN +demo-masters-3 +10\.0\.0\.3:5050 +connect ECONNREFUSED/);
    equal(lines.at(-1), "! masters demo-masters: demo-masters-3 is down: connect ECONNREFUSED");
    deepEqual(validateLines(well, changeFindings(well)), [
      "stack dev of shop: safe to change",
      "- agent groups' controller demo-groups: has one member, which is away while it is changed",
    ]);
  });

  it("stay on one screen with any number of agents, the troubled ones among them", () => {
    const states = fc.array(fc.constantFrom<AgentView["state"]>("active", "drained", "disconnected"), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(states, (given) => {
        const use = { used: 0, total: 1 };
        const agents = given.map((state, i) => ({
          id: `S${i}`,
          hostname: `h${i}`,
          state,
          cpus: use,
          mem: use,
        }));
        const seen = {
          ...well,
          agents: [{ name: "demo-masters", said: { answer: { agents, unreachable: 0, frameworks: [] } } }],
        };
        const lines = statusLines(seen, []);
        ok(lines.length <= 40, `${lines.length} lines`);
        ok(lines.every((line) => line === line.trimEnd() && !line.includes("\n")));
        const shown = lines.filter((line) => /^ {2}(active|drained|disconnected)/.test(line));
        const troubled = given.filter((state) => state !== "active").length;
        const shownTroubled = shown.filter((line) => !line.startsWith("  active")).length;
        equal(shownTroubled, Math.min(troubled, 10));
        equal(shown.length, Math.min(given.length, 10));
      }),
    );
  });
});
