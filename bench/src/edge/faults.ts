// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ZooKeeper } from "@pulumi-mesos/client";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import type { Figure } from "../figure";
import { type Part, startPart } from "./child";
import { startFarHost } from "./far-host";
import { atMost, figure } from "./figures";
import { serversThat, workerPid } from "./haproxy-socket";
import type { LoadCalls } from "./load-program";
import type { MarathonCalls } from "./marathon-program";
import { healthOf, isAlive, startEdge, statusOf, until } from "./programs";
import type { TaskPlace, TasksCalls } from "./tasks-program";

/** An edge that serves, and what stands around it. */
export interface FaultsOptions {
  readonly directory: string;
  readonly dataDir: string;
  /** Addresses of the edge, of one more, and of ZooKeeper. */
  readonly edge: string;
  readonly otherEdge: string;
  readonly zookeeper: string;
  readonly marathonUrl: string;
  readonly marathon: Part<MarathonCalls>;
  readonly tasks: Part<TasksCalls>;
  readonly apps: readonly string[];
  readonly newTask: (app: string) => TaskPlace;
}

const rounds = 5;
const rate = 400;

/** What an edge is to bear: a poisoned app, a host that vanishes, the end of one of two edges, a HAProxy that is killed. */
export async function* edgeFaults(o: FaultsOptions): AsyncIterable<Figure> {
  yield* poisonedApp(o);
  yield* blackholedHost(o);
  yield* oneOfTwoEnds(o);
  yield* killedHaproxy(o);
}

/** How long it takes from Marathon's word to the first answer of a new app. */
async function newApp(o: FaultsOptions, id: string): Promise<number> {
  const task = o.newTask(id);
  await o.tasks.call.start([task]);
  const began = performance.now();
  await o.marathon.call.put(id, [task]);
  await until(
    `the first answer of ${id}`,
    async () => (await statusOf(`http://${o.edge}:8888${id}`)) === 200,
  );
  return performance.now() - began;
}

async function* poisonedApp(o: FaultsOptions): AsyncIterable<Figure> {
  const session = { servers: `${o.zookeeper}:2181` };
  // The signal ends the session, too, and nobody knows how long reloads take.
  const client = await ZooKeeper.connect(session, new AbortController().signal);
  let [alone, beside, named] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    alone = Math.max(alone, await newApp(o, `/fresh/alone-${round}`));
    const id = `/poisoned/app-${round}`;
    const labels = {
      ...{ HAPROXY_GROUP: "external", HAPROXY_0_BALANCE: "no such algorithm", HAPROXY_0_VHOST: "bad host" },
      HAPROXY_0_SSL_CERT: "/no/such/certificate.pem",
    };
    await client.put(`/bamboo/${goQueryEscape(id)}`, encodeBambooNode("no_such_fetch 1", null));
    await o.marathon.call.put(id, [{ ...o.newTask(id), port: 99_999 }], labels);
    beside = Math.max(beside, await newApp(o, `/fresh/beside-${round}`));
    await until(`${id} among the reasons`, async () => {
      const { leftOut } = await healthOf(o.edge);
      return Object.keys(leftOut).some((key) => key.startsWith(id));
    });
    named++;
    await client.remove(`/bamboo/${goQueryEscape(id)}`);
  }
  await client.close();
  yield figure("new app to its first answer, worst", alone, "ms");
  yield figure("the same beside a poisoned app, worst", beside, "ms");
  yield figure("delay of others by a poisoned app", Math.max(0, beside - alone), "ms", 1_000);
  yield figure("poisoned apps named by the health endpoint", named, `of ${rounds}`);
}

async function* blackholedHost(o: FaultsOptions): AsyncIterable<Figure> {
  const far = await startFarHost();
  if (typeof far === "string") {
    console.error(`a host that vanishes is not measured, because no network namespace can be made: ${far}`);
    return;
  }
  const load = startPart<LoadCalls>("load-program.js");
  try {
    const ids = Array.from({ length: 10 }, (_, i) => `/far/app-${i}`);
    for (const [i, id] of ids.entries()) {
      const near = [o.newTask(id), o.newTask(id)];
      await o.tasks.call.start(near);
      const place = { ...o.newTask(id), host: far.address, port: 20_000 + i };
      await far.tasks.call.start([place]);
      await o.marathon.call.put(id, [...near, place]);
    }
    const isIn = ({ at, isUp }: { at: string; isUp: boolean }): boolean =>
      at.startsWith(`${far.address}:`) && isUp;
    const left = async (): Promise<string[]> => serversThat(o.dataDir, isIn);
    await until("the far tasks", async () => (await left()).length === ids.length);
    await load.call.start({ hosts: [o.edge], port: 8888, rate, apps: ids });
    await load.call.heat(ids[0] ?? "");
    await delay(2_000);
    const began = performance.now();
    await far.blackhole();
    await until("the end of the busy task", async () => !(await left()).includes("::far::app-0-cluster"));
    const busy = performance.now() - began;
    await until("the end of all", async () => (await left()).length === 0);
    const all = performance.now() - began;
    await delay(2_000);
    await load.call.stop();
    const { sent, failed, failures } = await load.call.take();
    for (const failure of failures) console.error(`failed: ${failure}`);
    yield figure("host blackholed to its busy task out of rotation", busy / 1_000, "s", 3);
    yield figure("host blackholed to its ten tasks out of rotation", all / 1_000, "s", 3);
    yield figure("GETs while a host is blackholed", sent, "requests");
    yield atMost("GETs that failed while a host is blackholed", failed, "requests", 0);
  } finally {
    await load.close();
    await far.close();
  }
}

/** A GET of which nothing was answered is sent to the other edge. */
async function* oneOfTwoEnds(o: FaultsOptions): AsyncIterable<Figure> {
  const dataDir = path.join(o.directory, "other-edge");
  const places = { host: o.otherEdge, dataDir, marathon: o.marathonUrl, zookeeper: o.zookeeper };
  const other = startEdge(places, ["--on-exit=stop"]);
  const load = startPart<LoadCalls>("load-program.js");
  try {
    const last = o.apps.at(-1) ?? "";
    await until("the other edge", async () => (await statusOf(`http://${o.otherEdge}:8888${last}`)) === 200);
    await load.call.start({ hosts: [o.edge, o.otherEdge], port: 8888, rate, apps: o.apps });
    await delay(3_000);
    await other.stop();
    await delay(3_000);
    await load.call.stop();
    const { sent, failed, moved, failures } = await load.call.take();
    for (const failure of failures) console.error(`failed: ${failure}`);
    yield figure("requests while one of two edges ends", sent, "requests");
    yield figure("of these asked of the other edge", moved, "requests");
    yield atMost("requests that failed while one of two edges ends", failed, "requests", 0);
  } finally {
    await load.close();
  }
}

async function* killedHaproxy(o: FaultsOptions): AsyncIterable<Figure> {
  const record = path.join(o.dataDir, "haproxy.json");
  const master = async (): Promise<number> => JSON.parse(readFileSync(record, "utf8")).pid;
  const url = `http://${o.edge}:8888${o.apps[0] ?? ""}`;
  for (const [what, pidOf] of [
    ["master", master],
    ["worker", () => workerPid(o.dataDir)],
  ] as const) {
    let worst = 0;
    for (let round = 0; round < rounds; round++) {
      const pid = await pidOf();
      const began = performance.now();
      process.kill(pid, "SIGKILL");
      await until("the end of the killed process", async () => !isAlive(pid));
      await until("an answer", async () => (await statusOf(url)) === 200);
      worst = Math.max(worst, performance.now() - began);
      await until("the edge", async () => (await healthOf(o.edge)).serving);
    }
    yield figure(`haproxy's ${what} killed to the next answer, worst of ${rounds}`, worst / 1_000, "s", 1);
  }
}
