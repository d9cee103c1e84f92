// SPDX-License-Identifier: Apache-2.0
import { eventually, hangMs } from "../../test/dist/support/eventually";
import { SteadyLoad } from "../../test/dist/support/load";
import { nginxBehindEdge } from "../../test/dist/support/programs";
import { QuorumWatch } from "../../test/dist/support/quorum-watch";
import { TestStack } from "../../test/dist/support/test-stack";
import type { Figure } from "./figure";
import { firstAnswer } from "./first-answer";
import { ApiWatch } from "./rollout/api-watch";
import { docker, local, type Place, secret } from "./rollout/place";

const instances = 8;
const requestsPerSecond = 100;

function program(platform: string): string {
  return `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const cluster = new mesos.Cluster("demo", {
  platform: ${platform},
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 3 },
  masters: { size: 3, flags: config.getObject("masterFlags") },
  agents: { web: { size: 4, resources: { cpus: 2, mem: 1024 }, attributes: { rack: config.get("rack") ?? "a" } } },
  marathon: { size: 2 },
  edge: { size: 1 },
});
${nginxBehindEdge(instances)}`;
}

/** The quickstart's cluster with four agents, on this machine and, where a dockerd runs, on Docker: made, then changed under load. */
export async function* rollout(): AsyncIterable<Figure> {
  yield* measure(local());
  const onDocker = docker();
  if ("reason" in onDocker) console.error(`bench: rollout on Docker is left out: ${onDocker.reason}`);
  else yield* measure(onDocker);
}

async function* measure(place: Place): AsyncIterable<Figure> {
  const figure = (what: string, value: number, unit: string, target: string, ok = true): Figure => ({
    ...{ bench: "rollout", figure: `${place.name}: ${what}`, value: Math.round(value * 100) / 100 },
    ...{ unit, target, ok },
  });
  const replacement = await place.prepareReplacement();
  const stack = await TestStack.create({
    program: { source: program(place.platform) },
    ...place.stack,
    secrets: { clusterSecret: secret },
  });
  try {
    const first = await secondsToFirstAnswer(stack, place);
    const isMeasuredElsewhere = place.name === "local"; // by `quickstart`, as `npm run up`
    const target = isMeasuredElsewhere ? "none" : "< 90";
    yield figure("up to first answer", first, "s", target, isMeasuredElsewhere || first < 90);

    const masters = await changeMasters(stack, place);
    yield figure("polls of the masters while a flag of theirs changes", masters.polls, "polls", "none");
    const { losses, unavailable } = masters;
    for (const loss of losses) console.error(`no quorum: ${loss}`);
    yield figure("polls without a quorum", losses.length, "polls", "<= 0", losses.length === 0);
    yield figure("operator API unavailable, in all", unavailable, "s", "< 15", unavailable < 15);

    const agents = await replaceAgents(stack, place, replacement);
    for (const failure of agents.failures.slice(0, 20)) console.error(`failed: ${failure}`);
    yield figure("requests while every agent is replaced", agents.sent, "requests", "none");
    const lost = agents.failures.length;
    yield figure("requests that failed", lost, "requests", "<= 0", lost === 0);
    const moves = agents.ended / instances;
    yield figure("moves for each task", moves, "moves", "<= 1.1", moves <= 1.1);
    yield figure("replacement of every agent", agents.seconds, "s", "none");
  } finally {
    await stack.close();
  }
}

async function secondsToFirstAnswer(stack: TestStack, { view }: Place): Promise<number> {
  const began = performance.now();
  const up = stack.up();
  const answered = firstAnswer(`${view.edgeUrl}/`, AbortSignal.timeout(600_000));
  await Promise.race([answered, up.then(() => answered)]);
  const seconds = (performance.now() - began) / 1_000;
  await up;
  await eventually(hangMs, async () => {
    const healthy = (await view.healthy("/nginx")).length;
    if (healthy !== instances) throw new Error(`${healthy} of ${instances} tasks are healthy`);
  });
  return seconds;
}

async function changeMasters(
  stack: TestStack,
  { view, keys }: Place,
): Promise<{ polls: number; losses: readonly string[]; unavailable: number }> {
  const hosts = view.hosts("masters", 3);
  await stack.ok("config", "set", "--path", "masterFlags.offer_timeout", "2mins");
  const quorum = new QuorumWatch(hosts, 2, keys);
  const api = new ApiWatch(hosts, keys);
  try {
    await stack.up();
  } finally {
    await Promise.all([quorum.stop(), api.stop()]);
  }
  return { polls: quorum.polls, losses: quorum.losses, unavailable: api.unavailableMs / 1_000 };
}

async function replaceAgents(
  stack: TestStack,
  place: Place,
  [key, value]: readonly [string, string],
): Promise<{ sent: number; failures: readonly string[]; ended: number; seconds: number }> {
  const before = await endedTasks(place);
  await stack.ok("config", "set", key, value);
  const load = new SteadyLoad(`${place.view.edgeUrl}/`, requestsPerSecond);
  const began = performance.now();
  try {
    await stack.up();
  } finally {
    await load.stop();
  }
  const seconds = (performance.now() - began) / 1_000;
  const { sent, failures } = load;
  return { sent, failures, ended: (await endedTasks(place)) - before, seconds };
}

/** Tasks that have ended, as the leading master remembers. */
async function endedTasks({ view }: Place): Promise<number> {
  const [leader] = await view.leadingMasters();
  if (leader === undefined) throw new Error("no master leads");
  const { frameworks } = await view.master<{ frameworks: { completed_tasks: object[] }[] }>(leader, "/state");
  return frameworks.reduce((sum, { completed_tasks }) => sum + completed_tasks.length, 0);
}
