// SPDX-License-Identifier: Apache-2.0
// The controller of agent groups as a process of its own, which the bench kills: its members are made by the bench, asked over
// the channel between both, as they are elsewhere by a supervisor or dockerd.
import { MarathonClient, MesosClient, ZooKeeper } from "@pulumi-mesos/client";
import { type Backend, GroupsController, type Member, PoolStore } from "@pulumi-mesos/groups";
import type { Ask, Reply, RollPlace } from "./roll-members";

const place = JSON.parse(process.argv[2] ?? "{}") as RollPlace;
const waiting = new Map<number, (reply: Reply) => void>();
let asked = 0;
process.on("message", (reply: Reply) => {
  waiting.get(reply.id)?.(reply);
  waiting.delete(reply.id);
});

function ask(verb: Ask["verb"], index = 0): Promise<Reply> {
  const id = ++asked;
  return new Promise((resolve) => {
    waiting.set(id, resolve);
    process.send?.({ id, verb, index } satisfies Ask);
  });
}

const backend: Backend = {
  kind: "aws",
  capacity: () => place.most,
  members: async (pool) =>
    ((await ask("members")).members ?? []).map(
      ({ index, address }): Member => ({ index, name: `${pool}-${index}`, running: true, address }),
    ),
  start: async (_pool, index) => {
    await ask("start", index);
  },
  terminate: async (name) => {
    await ask("terminate", Number(name.slice(name.lastIndexOf("-") + 1)));
  },
};

async function run(): Promise<void> {
  const stop = new AbortController();
  process.on("disconnect", () => process.exit(0));
  const zookeeper = await ZooKeeper.connect({ servers: place.zookeeper }, stop.signal);
  const controller = new GroupsController({
    store: new PoolStore(zookeeper, place.cluster),
    mesos: new MesosClient({ masters: [place.master] }),
    marathon: new MarathonClient({ urls: [place.marathon] }),
    marathonName: "marathon",
    backend,
    clock: {
      now: () => Math.round(performance.timeOrigin + performance.now()),
      wall: () => Date.now(),
      pause: (ms, wake) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          const woken = (): void => {
            clearTimeout(timer);
            resolve();
          };
          wake.addEventListener("abort", woken, { once: true });
        }),
    },
    log: { info() {}, warn: (details, message) => console.error(message, JSON.stringify(details)) },
  });
  await controller.run(stop.signal);
}

void run().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
