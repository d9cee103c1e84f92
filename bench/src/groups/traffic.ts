// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { ClusterView } from "../../../test/dist/support/cluster-view";
import { eventually } from "../../../test/dist/support/eventually";
import { repository } from "../../../test/dist/support/repository";
import { TestStack } from "../../../test/dist/support/test-stack";
import type { Figure } from "../figure";

const octet = 141;
const app = "/shop";
const [least, most] = [
  { instances: 2, agents: 1 },
  { instances: 10, agents: 3 },
];
/** What 99 of 100 answers take at most when there are enough instances: their 40 ms, a queue of a moment, and this machine. */
const boundMs = 200;
const [calmRps, crowdRps] = [50, 950];
const [calmSeconds, crowdSeconds] = [10, 75];
/** A bound against hanging: nobody judges by it. */
const backMs = 300_000;

/** One second as `load.mjs` of the example tells it. */
interface Second {
  readonly at: number;
  readonly answered: number;
  readonly failed: number;
  readonly p99: number;
}

/** The example's own load, and what it has told. */
class Load {
  readonly seconds: Second[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(url: string, rps: number, seconds: number) {
    const script = path.join(repository, "examples/autoscale/load.mjs");
    this.#child = spawn(process.execPath, [script, url, String(rps), String(seconds)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    const lines = this.#child.stdout && createInterface(this.#child.stdout);
    lines?.on("line", (line) => {
      const found = /^(\d+) answered, (\d+) failed, .* 99 % in (\d+) ms$/.exec(line);
      if (found === null) return;
      const [answered = 0, failed = 0, p99 = 0] = found.slice(1).map(Number);
      this.seconds.push({ at: performance.now(), answered, failed, p99 });
    });
  }

  get failed(): number {
    return this.seconds.reduce((sum, { failed }) => sum + failed, 0);
  }

  /** When it has had all its answers. */
  async ended(): Promise<void> {
    await this.#ended;
  }

  stop(): void {
    this.#child.kill();
  }
}

/** The example `autoscale` on this machine: a crowd comes, apps and agents grow; it goes, and they go back. */
export async function* traffic(): AsyncIterable<Figure> {
  const stack = await TestStack.create({
    program: { directory: path.join(repository, "examples/autoscale") },
    config: { network: `127.${octet}.0.0/16` },
    secrets: { clusterSecret: "a-cluster-secret-of-this-bench-alone" },
  });
  const view = new ClusterView(`127.${octet}`);
  try {
    await stack.up();
    await reached(view, least);
    yield* crowd(view);
  } finally {
    await stack.close();
  }
}

async function* crowd(view: ClusterView): AsyncIterable<Figure> {
  const calm = new Load(`${view.edgeUrl}/`, calmRps, 3_600);
  let rush: Load | undefined;
  try {
    await delay(calmSeconds * 1_000);
    const began = performance.now();
    const after = (at: number): number => Math.round((at - began) / 100) / 10;
    rush = new Load(`${view.edgeUrl}/`, crowdRps, crowdSeconds);
    await reached(view, most, true);
    yield figure(
      "50 to 1,000 requests/s: all instances and agents there after",
      after(performance.now()),
      "s",
      "none",
    );
    await rush.ended();
    const quick = backUnderBound(rush.seconds);
    yield figure(
      `50 to 1,000 requests/s: 99 % of the answers within ${boundMs} ms again after`,
      after(quick),
      "s",
      "< 60",
      after(quick) < 60,
    );
    const worst = Math.max(...rush.seconds.map(({ p99 }) => p99));
    yield figure("50 to 1,000 requests/s: p99 of the worst second", worst, "ms", "none");
    const answered = rush.seconds.reduce((sum, second) => sum + second.answered, 0);
    yield figure("50 to 1,000 requests/s: requests of the crowd", answered, "requests", "none");
    const lost = rush.failed + calm.failed;
    yield figure("50 to 1,000 requests/s: requests that failed", lost, "requests", "<= 0", lost === 0);
    const gone = performance.now();
    await reached(view, least);
    const back = Math.round((performance.now() - gone) / 100) / 10;
    yield figure("1,000 to 50 requests/s: back to the least after", back, "s", "none");
    // One more second of it tells of what was open when the last agent went.
    await delay(2_000);
    const killed = calm.failed + rush.failed - lost;
    yield figure(
      "1,000 to 50 requests/s: requests that were killed",
      killed,
      "requests",
      "<= 0",
      killed === 0,
    );
  } finally {
    calm.stop();
    rush?.stop();
  }
}

/** From when on every second but the last, which is cut, was within the bound. */
function backUnderBound(seconds: readonly Second[]): number {
  const whole = seconds.slice(0, -1);
  const late = whole.findLastIndex(({ p99 }) => p99 > boundMs);
  return whole[late + 1]?.at ?? Number.POSITIVE_INFINITY;
}

/** Waits until the app has so many healthy instances and the cluster so many agents, or at least so many. */
async function reached(view: ClusterView, want: typeof least, orMore = false): Promise<void> {
  await eventually(backMs, async () => {
    const { instances, tasksHealthy, deployments } = await view.app(app);
    const agents = (await view.activeAgents()).length;
    const isThere = orMore
      ? instances >= want.instances && agents >= want.agents
      : instances === want.instances && agents === want.agents;
    if (isThere && tasksHealthy === instances && deployments.length === 0) return;
    throw new Error(`${tasksHealthy} of ${instances} instances healthy on ${agents} agents`);
  });
}

function figure(what: string, value: number, unit: string, target: string, ok = true): Figure {
  return { bench: "groups", figure: `local: ${what}`, value, unit, target, ok };
}
