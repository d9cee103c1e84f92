// SPDX-License-Identifier: Apache-2.0
import type { MemberKind } from "@pulumi-mesos/model";
import type { EnsembleView, MemberView, Observation } from "./observation";

/** How a member of a test answers. */
export type MemberMood = "leads" | "up" | "apart" | "down";

export function ensembleView(
  kind: MemberKind,
  moods: readonly MemberMood[],
  name: string = kind,
): EnsembleView {
  const details = { leads: "leading", up: "standby", apart: "knows no leader", down: "connect ECONNREFUSED" };
  const members = moods.map(
    (mood, index): MemberView => ({
      name: `${name}-${index + 1}`,
      host: `10.0.0.${index + 1}`,
      port: 5050,
      up: mood !== "down",
      joined: mood === "up" || mood === "leads",
      leading: mood === "leads",
      detail: details[mood],
    }),
  );
  return { kind, name, members };
}

/** A small cluster where all is well. */
export function wellObservation(): Observation {
  const use = { used: 0.5, total: 2 };
  const agent = (n: number) =>
    ({
      id: `S${n}`,
      hostname: `10.0.1.${n}`,
      state: "active",
      cpus: use,
      mem: { used: 64, total: 1024 },
    }) as const;
  const members = [1, 2].map((n) => ({ name: `web-${n}`, address: `10.0.1.${n}`, state: "active" as const }));
  const problem = null;
  const frameworks = [{ id: "F1", name: "marathon", connected: true, active: true }];
  return {
    title: "stack dev of shop",
    ensembles: [
      ensembleView("zookeeper", ["up", "leads", "up"], "demo-zookeeper"),
      ensembleView("mesos-master", ["up", "up", "leads"], "demo-masters"),
      ensembleView("marathon", ["leads", "up"], "demo-marathon"),
      ensembleView("edge", ["up", "up"], "demo-edge"),
      ensembleView("groups", ["leads"], "demo-groups"),
    ],
    agents: [
      {
        name: "demo-masters",
        said: { answer: { agents: [agent(1), agent(2)], unreachable: 0, frameworks } },
      },
    ],
    pools: [
      {
        name: "web",
        min: 2,
        max: 2,
        said: {
          answer: {
            generation: "g",
            settled: true,
            failed: false,
            message: "web: 2 of 2 agents active",
            members,
          },
        },
      },
    ],
    marathons: [
      {
        name: "demo-marathon",
        said: {
          answer: {
            version: "1.11.24",
            leader: "10.0.0.1:8080",
            frameworkId: "F1",
            apps: [{ id: "/web", instances: 2, running: 2, unhealthy: 0 }],
            pods: [],
            deployments: [],
          },
        },
      },
    ],
    edges: ["demo-edge-1", "demo-edge-2"].map((name) => ({
      name,
      said: {
        answer: {
          serving: true,
          marathon: { ageSeconds: 1, apps: 1, problem },
          zookeeper: { connected: true, rules: 1, problem },
          haproxy: { alive: true, problem },
          leftOut: {},
        },
      },
    })),
  };
}
