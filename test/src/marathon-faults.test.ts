// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { type Fault, FaultProxy } from "./support/fault-proxy";
import { getJson, request } from "./support/http";
import { groupThing, type MarathonThing, marathonThings } from "./support/marathon-things";
import { failed, type Kept, PluginDriver } from "./support/plugin";

const things = [...marathonThings, groupThing];
const network = "127.130.1";
let count = 0;
/** A path that no other test has. */
const newPath = (): string => `/hurt-${++count}`;
const page = (words: string) => `<html><body><h1>${words}</h1></body></html>`;

/** What passes by itself, at one write. */
const passing: Readonly<Record<string, Fault>> = {
  "a page with 500": { answer: 500, body: page("Server Error") },
  "502 of a proxy before Marathon hears of it": { answer: 502, body: page("Bad Gateway") },
  "502 of a proxy after Marathon carried it out": { after: 502, body: page("Bad Gateway") },
  "half a document": "half",
  "a document that ends in the middle": "torn",
  "a reset after Marathon carried it out": "reset after",
  "a reset before Marathon hears of it": "reset before",
  "a slow answer": { slowMs: 2_000 },
};

/** What stays, at every request, and what is said of it. */
const staying: Readonly<Record<string, readonly [Fault | "refused", RegExp]>> = {
  "401": [
    { answer: 401, body: page("401 Unauthorized") },
    /answered 401: .*marathonUser and marathonPassword/,
  ],
  "a page with 500": [{ answer: 500, body: page("Server Error") }, /answered 500: Server Error/],
  "502": [{ answer: 502, body: page("Bad Gateway") }, /not done after 3 s|answered 502: Bad Gateway/],
  "half a document": [
    { answer: 200, body: '{"name":"mara', type: "application/json" },
    /something unexpected/,
  ],
  silence: ["silent", /not done after 3 s/],
  "a refused connection": ["refused", /ECONNREFUSED/],
};

describe("Marathon's resources when Marathon's answers are hurt", function () {
  this.timeout(600_000);
  let cluster: Cluster;
  let proxy: FaultProxy;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({ network, agents: 1, tasks: "process" });
    proxy = await FaultProxy.start("127.130.1.200", () => cluster.marathon.url);
    plugin = await PluginDriver.start({ marathonUrls: [proxy.url] });
  });
  afterEach(() => proxy.reset());
  after(async () => {
    plugin?.close();
    await proxy?.close();
    await cluster?.close();
  });

  const sent = (line: string) => proxy.passed.filter((passed) => passed === line).length;
  const versions = async (thing: MarathonThing, path: string): Promise<string[]> => {
    const found = await getJson<string[] | { versions: string[] }>(
      cluster.marathon.url + thing.versions(path),
    );
    return Array.isArray(found) ? found : found.versions;
  };

  /** Fails unless what runs is what the state says and the inputs ask for, once, so that the next `up` has nothing to do. */
  async function converged(thing: MarathonThing, kept: Kept, inputs: Record<string, unknown>): Promise<Kept> {
    await cluster.waitForDeployments();
    const read = await plugin.read(kept);
    assert.deepEqual(read?.inputs, inputs);
    assert.deepEqual(await plugin.diff(kept, inputs), []);
    const running = await getJson<never>(cluster.marathon.url + thing.status(kept.id));
    assert.equal(thing.tasksIn(running).length, 2);
    const again = await plugin.update(kept, inputs);
    assert.equal(again.state["version"], kept.state["version"]);
    return again;
  }

  async function gone(kept: Kept): Promise<void> {
    await cluster.waitForDeployments();
    assert.equal(await plugin.read(kept), undefined);
    const left = (await cluster.tasks.list()).filter(({ appId }) => `${appId}/`.startsWith(`${kept.id}/`));
    assert.deepEqual(left, []);
  }

  for (const thing of things) {
    describe(`mesos:marathon ${thing.word}`, () => {
      for (const [name, fault] of Object.entries(passing)) {
        it(`is made, changed and deleted once over ${name} at each write`, async () => {
          const path = newPath();
          const [first, second] = [thing.inputs(path), thing.inputs(path, { env: "2" })];
          proxy.next(`POST ${thing.collection}`, fault);
          const made = await plugin.create(thing.type, first);
          assert.equal(sent(`POST ${thing.collection}`), 1);
          await converged(thing, made, first);
          proxy.next(`PUT ${thing.one(path)}`, fault);
          const changed = await plugin.update(made, second);
          await converged(thing, changed, second);
          assert.equal((await versions(thing, path)).length, 2);
          proxy.next(`DELETE ${thing.one(path)}`, fault);
          await plugin.delete(changed);
          await gone(changed);
        });
      }

      it("is made, changed and deleted while the event stream stands and tells nothing", async () => {
        const path = newPath();
        proxy.always(/^GET \/v2\/events/, "half-open");
        const deaf = await PluginDriver.start({ marathonUrls: [proxy.url] });
        try {
          const made = await deaf.create(thing.type, thing.inputs(path));
          const changed = await deaf.update(made, thing.inputs(path, { env: "2" }));
          await converged(thing, changed, thing.inputs(path, { env: "2" }));
          await deaf.delete(changed);
          await gone(changed);
          assert.ok(proxy.came.includes("GET /v2/events"));
        } finally {
          deaf.close();
        }
      });

      it("fails with what was made when Marathon answers no more, and the next run goes on with it", async () => {
        const path = newPath();
        const inputs = thing.inputs(path);
        proxy.always(/./, "silent", `POST ${thing.collection}`);
        const made = await failed(plugin.create(thing.type, inputs, 3));
        assert.match(made.reasons[0] ?? "", /^not done after 3 s/);
        assert.match(made.reasons.join("\n"), /marathon cannot be asked why/);
        assert.deepEqual([made.kept.id, made.kept.inputs], [path, inputs]);
        proxy.reset();
        const done = await plugin.update(made.kept, inputs);
        assert.equal(done.state["version"], made.kept.state["version"]);
        await converged(thing, done, inputs);

        const next = thing.inputs(path, { env: "2" });
        proxy.always(/./, "silent", `PUT ${thing.one(path)}`);
        const half = await failed(plugin.update(done, next, 3));
        assert.deepEqual([half.kept.id, half.kept.inputs], [path, next]);
        proxy.reset();
        const changed = await plugin.update(half.kept, next);
        await converged(thing, changed, next);
        assert.equal((await versions(thing, path)).length, 2);

        proxy.always(/./, "silent", `DELETE ${thing.one(path)}`);
        await assert.rejects(plugin.delete(changed, 3), { details: /not done after 3 s/ });
        proxy.reset();
        await plugin.delete(changed);
        await gone(changed);
      });
    });
  }

  describe("mesos:marathon group in its other writes", () => {
    const thing = groupThing;
    for (const [name, fault] of Object.entries(passing)) {
      it(`gives its apps its role, and leaves what others have in it, once over ${name} at each write`, async () => {
        const path = newPath();
        const made = await plugin.create(thing.type, thing.inputs(path));
        const enforced = { ...thing.inputs(path, { env: "2" }), enforceRole: true };
        proxy.next(`PATCH ${thing.one(path)}`, fault);
        const changed = await plugin.update(made, enforced);
        assert.ok(proxy.came.includes(`PATCH ${thing.one(path)}`), "the role was written by itself");
        await converged(thing, changed, enforced);
        assert.equal((await versions(thing, path)).length, 2);

        const theirs = `${path}/back/theirs/web`;
        const json = { id: theirs, cmd: "sleep 1000", cpus: 0.1, mem: 16 };
        await request(`${cluster.marathon.url}/v2/apps`, { method: "POST", json });
        await cluster.waitForDeployments();
        const tasks = async () =>
          (await cluster.tasks.list()).filter(({ appId }) => appId?.startsWith(`${path}/`));
        const before = (await tasks()).filter(({ appId }) => appId === theirs);
        assert.equal(before.length, 1);
        proxy.next(`PUT ${thing.one(path)}`, fault);
        await plugin.delete(changed);
        assert.ok(!proxy.came.includes(`DELETE ${thing.one(path)}`), "it was emptied instead");
        await cluster.waitForDeployments();
        assert.deepEqual(
          (await tasks()).map(({ id }) => id),
          before.map(({ id }) => id),
        );
        await request(cluster.marathon.url + thing.one(path), { method: "DELETE" });
      });
    }
  });

  it("a group whose role was written, and nothing else before time ended, is gone on with by the next run", async () => {
    const [thing, path] = [groupThing, newPath()];
    const made = await plugin.create(thing.type, thing.inputs(path));
    const next = { ...thing.inputs(path, { env: "2" }), enforceRole: true, dependencies: ["/elsewhere"] };
    proxy.always(new RegExp(`^PUT ${thing.one(path)}$`), "reset before");
    await assert.rejects(plugin.update(made, next, 3), { details: /not done after 3 s/ });
    assert.equal(sent(`PATCH ${thing.one(path)}`), 1);
    proxy.heal();
    const changed = await plugin.update(made, next);
    await converged(thing, changed, next);
    assert.equal((await versions(thing, path)).length, 2);
    await plugin.delete(changed);
    await gone(changed);
  });

  for (const [name, [fault, words]] of Object.entries(staying)) {
    it(`each fails in clear words over ${name} that stays, keeps its state, and the next run converges`, async () => {
      const asked = things.map((thing) => {
        const path = newPath();
        return { thing, first: thing.inputs(path), second: thing.inputs(path, { env: "2" }) };
      });
      const hurt = async (work: (driver: PluginDriver) => readonly Promise<unknown>[]): Promise<void> => {
        // Of its own, so that nothing is known of Marathon yet.
        const driver = await PluginDriver.start({ marathonUrls: [proxy.url] });
        if (fault === "refused") await proxy.close();
        else proxy.always(/./, fault);
        try {
          await Promise.all(work(driver).map((hurting) => assert.rejects(hurting, { details: words })));
        } finally {
          if (fault === "refused") await proxy.listen();
          proxy.heal();
          driver.close();
        }
      };
      await hurt((driver) => asked.map(({ thing, first }) => driver.create(thing.type, first, 3)));
      const made = await Promise.all(
        asked.map(async (a) => ({ ...a, kept: await plugin.create(a.thing.type, a.first) })),
      );
      await hurt((driver) => made.map(({ kept, second }) => driver.update(kept, second, 3)));
      const changed = await Promise.all(
        made.map(async (m) => ({ ...m, kept: await plugin.update(m.kept, m.second) })),
      );
      for (const { thing, kept, second } of changed) await converged(thing, kept, second);
      await hurt((driver) => changed.map(({ kept }) => driver.delete(kept, 3)));
      for (const { thing, kept } of changed) assert.ok(await plugin.read(kept), `the ${thing.word} is there`);
      await Promise.all(changed.map(({ kept }) => plugin.delete(kept)));
      for (const { kept } of changed) await gone(kept);
    });
  }

  it("drift on refresh: an app, pod or group that cannot be read never counts as deleted", async () => {
    const path = newPath();
    const not = "Not Found";
    const wrong: typeof staying = {
      "404 of a proxy": [{ answer: 404, body: page(not) }, /answered 404: Not Found/],
      "404 of another program": [
        { answer: 404, body: JSON.stringify({ message: not }), type: "application/json" },
        /answered 404: Not Found/,
      ],
      "403": [{ answer: 403, body: page("Forbidden") }, /answered 403: Forbidden/],
      "another program": [{ answer: 200, body: "{}", type: "application/json" }, /something unexpected/],
      "an empty list": [{ answer: 200, body: "[]", type: "application/json" }, /something unexpected/],
      torn: ["torn", /ECONNRESET|aborted|socket hang up/],
      ...staying,
    };
    const made = await Promise.all(
      things.map((thing) => plugin.create(thing.type, thing.inputs(`${path}-${thing.word}`))),
    );
    for (const [name, [fault, words]] of Object.entries(wrong)) {
      if (fault === "silent" || fault === "refused") continue;
      const driver = await PluginDriver.start({ marathonUrls: [proxy.url] });
      proxy.always(/^GET \/v2\/(apps|pods|groups)/, fault);
      try {
        const reads = made.flatMap((kept) => [driver.read(kept), driver.import(kept.type, kept.id)]);
        await Promise.all(reads.map((reading) => assert.rejects(reading, { details: words }, name)));
      } finally {
        driver.close();
        proxy.heal();
      }
    }
    await proxy.close();
    for (const kept of made) await assert.rejects(plugin.read(kept), { details: /ECONNREFUSED/ });
    await proxy.listen();
    for (const kept of made) {
      assert.ok(await plugin.read(kept));
      await plugin.delete(kept);
    }
  });

  for (const thing of things) {
    it(`drift on refresh: what a list leaves out is asked for before it counts as a deleted ${thing.word}`, async () => {
      const kept = await plugin.create(thing.type, thing.inputs(newPath()));
      const list = `GET ${thing.list.at}`;
      proxy.always(new RegExp(`^${list}$`), {
        answer: 200,
        body: thing.list.empty,
        type: "application/json",
      });
      const reads = await Promise.all(Array.from({ length: 8 }, () => plugin.read(kept)));
      assert.deepEqual(
        reads.map((read) => read?.id),
        reads.map(() => kept.id),
      );
      assert.ok(proxy.came.includes(list), "a list was asked for");
      await plugin.delete(kept);
    });
  }
});
