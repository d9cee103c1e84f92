// SPDX-License-Identifier: Apache-2.0
import { memoryUsage } from "node:process";
import { decide, type Memory, type SizedAgent, type Work, type World } from "@pulumi-mesos/groups";
import { fillAutoscalePolicy } from "@pulumi-mesos/model";
import type { Figure } from "../figure";

const agentCount = 10_000;
const taskCount = 100_000;
const workCount = 1_000;
const rounds = 5;
const start = 1_000_000 * 3_600_000;
const groupNames = ["web", "large", "spot"];

/** Numbers that are the same each time: a linear congruence is random enough for sizes. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Three groups, a thousand apps of their own sizes, every tenth with constraints, 2,000 tasks that wait. */
function manyAgents(): World {
  const random = numbers(7);
  const agents = Array.from(
    { length: agentCount },
    (_, i): SizedAgent => ({
      id: `agent-${i}`,
      group: groupNames[i % groupNames.length] ?? "",
      state: "ready",
      startedAt: start - Math.floor(random() * 86_400_000),
      leaving: false,
      doomed: false,
      attributes: { zone: `z${i % 3}` },
    }),
  );
  const free: number[] = agents.map((_, i) => (i % groupNames.length === 1 ? 32 : 16));
  const tasksOfEach = taskCount / workCount;
  const works = Array.from({ length: workCount }, (_, w): Work => {
    const cpus = Math.ceil(random() * 12) / 8;
    const on = Array.from({ length: tasksOfEach }, () => {
      let at = Math.floor(random() * agentCount);
      while ((free[at] ?? 0) < cpus) at = (at + 1) % agentCount;
      free[at] = (free[at] ?? 0) - cpus;
      return `agent-${at}`;
    });
    return {
      id: `/app-${w}`,
      kind: w % 5 === 0 ? "batch" : "service",
      need: { cpus, mem: Math.ceil(random() * 2048), disk: 0, gpus: 0 },
      constraints:
        w % 10 === 0 ? [["zone", "LIKE", "z[01]"]] : w % 10 === 1 ? [["hostname", "MAX_PER", "9"]] : [],
      on,
      ailing: false,
    };
  });
  const resources = (cpus: number) => ({ cpus, mem: cpus * 4096, disk: 0, gpus: 0 });
  const groups = groupNames.map((name, g) => ({
    name,
    size: Math.ceil(agentCount / groupNames.length),
    resources: resources(g === 1 ? 32 : 16),
    attributes: { zone: "z0" },
  }));
  const waiting = new Map(works.map(({ id }) => [id, 2]));
  return { now: start, groups, agents, works, waiting };
}

/** One decision over 10,000 agents and 100,000 tasks: the time of the slowest of some, and the memory of the whole process. */
export function* decision(): Iterable<Figure> {
  const policy = fillAutoscalePolicy({ min: 0, max: agentCount });
  const policies = {
    web: policy,
    large: policy,
    spot: { ...policy, spot: { maxShare: 0.5, retrySeconds: 300 } },
  };
  const world = manyAgents();
  let memory: Memory = {};
  let [slowest, leaving] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    // After the window, so that those that are not needed are named, too.
    const decided = decide({ ...world, now: start + round * 400_000 }, policies, memory);
    slowest = Math.max(slowest, performance.now() - began);
    memory = decided.memory;
    leaving = Object.values(decided.groups).reduce((sum, { leave }) => sum + leave.length, 0);
  }
  const figure = (name: string, value: number, unit: string, most: number | undefined): Figure => ({
    bench: "groups",
    figure: name,
    value: Math.round(value * 100) / 100,
    unit,
    target: most === undefined ? "none" : `< ${most}`,
    ok: most === undefined || value < most,
  });
  const what = "one decision over 10,000 agents and 100,000 tasks";
  yield figure(`${what}, slowest of ${rounds}`, slowest / 1000, "s", 1);
  yield figure(`${what}: agents that leave`, leaving, "agents", undefined);
  yield figure(`${what}: memory of the whole process`, memoryUsage.rss() / 2 ** 20, "MiB", 512);
}
