// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Backend, Routes, Server } from "../routing/route";
import { type Counts, parseStat, type StatRow } from "./stat";
import { type AppTraffic, TrafficCounter } from "./traffic";

const zero: Counts = { requests: 0, errors: 0, connectionFailures: 0 };
const apps = ["/blue", "/green"] as const;

/** A rule whose slots hold tasks of both apps, as HAProxy counts them. The first two slots keep theirs. */
class SharedBackend {
  readonly truth = new Map<string, Counts>(apps.map((app) => [app, zero]));
  readonly #slots: { app: string; port: number; counts: Counts }[] = [];
  #ports = 21_000;

  constructor(slots: number) {
    for (let i = 0; i < slots; i++)
      this.#slots.push({ app: apps[i % 2] ?? "", port: this.#ports++, counts: zero });
  }

  /** Gives a slot to a new task, as a runtime command does: its counts go on. */
  move(slot: number, app: string): void {
    Object.assign(this.#at(2 + (slot % (this.#slots.length - 2))), { app, port: this.#ports++ });
  }

  serve(slot: number, isError: boolean): void {
    const at = this.#at(slot % this.#slots.length);
    at.counts = oneMore(at.counts, isError);
    this.truth.set(at.app, oneMore(this.truth.get(at.app) ?? zero, isError));
  }

  look(counter: TrafficCounter): ReadonlyMap<string, AppTraffic> {
    const servers = this.#slots.map(({ app: appId, port }): Server => {
      return { address: "10.0.0.1", port, appId, state: "ready" };
    });
    const rows = this.#slots.map(({ port, counts }, i): StatRow => {
      const server = { name: `s${i + 1}`, address: `10.0.0.1:${port}` };
      return { backend: "shop", server, counts, requestsPerSecond: 1, openRequests: 2 };
    });
    return counter.add(1, rows, routesOf("/shop", { name: "shop", tls: false, servers }));
  }

  #at(index: number) {
    const at = this.#slots[index];
    assert.ok(at);
    return at;
  }
}

function oneMore({ requests, errors, connectionFailures }: Counts, isError: boolean): Counts {
  return { requests: requests + 1, errors: errors + Number(isError), connectionFailures };
}

function routesOf(appId: string, backend: Backend): Routes {
  const route = { appId, backend: backend.name, acl: { kind: "prefix", path: appId } as const };
  return { routes: [route], backends: [backend], ports: [], leftOut: new Map() };
}

/** What happens to a shared backend; a request for a slot, or another task in it. */
const happening = fc.record({
  slot: fc.nat({ max: 20 }),
  isError: fc.boolean(),
  mover: fc.option(fc.constantFrom(...apps)),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;
const history = fc.array(happening, { maxLength: 60 });

/** Counts of both apps after `steps`, as they were and as they were seen; `around` looks before and after each move. */
function counted(slots: number, steps: readonly Happening[], around: boolean) {
  const [shop, counter] = [new SharedBackend(slots), new TrafficCounter()];
  const look = (): unknown => around && shop.look(counter);
  shop.look(counter);
  for (const { slot, isError, mover } of steps) {
    if (mover === null) shop.serve(slot, isError);
    else {
      look();
      shop.move(slot, mover);
      look();
    }
  }
  return { truth: shop.truth, seen: shop.look(counter) };
}

describe("the traffic of apps that share a backend", () => {
  it("is that of their own tasks, to the last request when each move is looked at", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 8 }), history, (slots, steps) => {
        const { truth, seen } = counted(slots, steps, true);
        for (const app of apps) {
          const { requestsPerSecond: _, openRequests: __, ...counts } = seen.get(app) ?? assert.fail(app);
          assert.deepEqual(counts, truth.get(app));
        }
        assert.equal(sum([...seen.values()].map((t) => t.requestsPerSecond)), slots);
        assert.equal(sum([...seen.values()].map((t) => t.openRequests)), 2 * slots);
      }),
    );
  });

  it("never holds a request of another app, however seldom it is looked at", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 8 }), history, (slots, steps) => {
        const { truth, seen } = counted(slots, steps, false);
        for (const [app, { requests, errors }] of seen) {
          const real = truth.get(app) ?? zero;
          assert.ok(requests <= real.requests && errors <= real.errors, app);
        }
      }),
    );
  });
});

describe("the traffic of an app with a backend of its own", () => {
  const backend: Backend = { name: "b", tls: false, servers: [] };
  const row = (requests: number): StatRow => ({
    backend: "b",
    counts: { requests, errors: 1, connectionFailures: 1 },
    requestsPerSecond: 2,
    openRequests: 4,
  });

  it("begins with what the worker has counted, and goes on when another worker begins anew", () => {
    const counter = new TrafficCounter();
    const look = (generation: number, requests: number) =>
      counter.add(generation, [row(requests)], routesOf("/a", backend)).get("/a");
    const now = { requestsPerSecond: 2, openRequests: 4 };
    assert.deepEqual(look(1, 5), { requests: 5, errors: 1, connectionFailures: 1, ...now });
    assert.equal(look(1, 8)?.requests, 8);
    assert.deepEqual(look(2, 3), { requests: 11, errors: 2, connectionFailures: 2, ...now });
  });

  it("is asked for once by all who want it at the same time", async () => {
    const counter = new TrafficCounter();
    let asked = 0;
    const stat = async (): Promise<StatRow[]> => {
      asked++;
      return [row(5)];
    };
    const look = () => counter.look({ stat }, 1, routesOf("/a", backend));
    const [one, two] = await Promise.all([look(), look()]);
    assert.deepEqual([one, asked], [two, 1]);
    await look();
    assert.equal(asked, 2);
  });
});

describe("HAProxy's counts", () => {
  it("are read by the names of their columns, whatever stands in others, of TCP connections only", () => {
    const text = `# pxname,svname,scur,stot,econ,eresp,hrsp_5xx,rate,req_tot,addr,
a,FRONTEND,9,1,0,0,0,1,1,,
a,BACKEND,3,7,1,2,4,2,9,,
t,BACKEND,0,5,1,0,,1,,,

# pxname,svname,scur,stot,econ,eresp,hrsp_5xx,rate,req_tot,last_chk,addr,
a,s1,1,7,1,2,1,2,6,"Detected 2 errors, ""the last"" one",10.0.0.1:80,

`;
    assert.deepEqual(
      parseStat(text).map((r) => [
        r.backend,
        r.server?.address,
        ...Object.values(r.counts),
        r.requestsPerSecond,
        r.openRequests,
      ]),
      [
        ["a", undefined, 9, 4, 1, 2, 3],
        ["t", undefined, 5, 1, 1, 1, 0],
        ["a", "10.0.0.1:80", 9, 4, 1, 2, 1],
      ],
    );
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
