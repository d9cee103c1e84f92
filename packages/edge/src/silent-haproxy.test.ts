// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { socketName } from "./routing/render";
import { haproxies, masterPid, until } from "./testing/edge-bench.test.support";
import { TestEdge } from "./testing/test-edge.test.support";

/** HAProxy lives and says nothing, on its socket or at all. */
describe("mesos-edge and a HAProxy that falls silent", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.11");
  const impostors: Server[] = [];
  let port = 21_000;

  before(() => edge.prepare());
  afterEach(() => edge.stop());
  after(async () => {
    for (const impostor of impostors) impostor.close();
    await edge.remove();
  });

  const start = async (hungMs: number): Promise<void> => {
    await edge.start({ hungMs });
    await edge.serving();
    // A new app takes a reload; another task of it moves in by the socket, which shows that the reload is over.
    for (const name of ["earlier", "first"]) {
      edge.marathon.put({ id: "/app", tasks: [await edge.task(name, ++port)] });
      await edge.answers("/app", name);
    }
  };

  /** The worker that takes connections, once those of earlier configurations have ended. */
  const worker = (): Promise<number> =>
    until("one worker", async () => {
      const master = await masterPid(edge.directory);
      const workers = (await haproxies(edge.directory)).filter((pid) => pid !== master);
      return workers.length === 1 && workers[0];
    });
  const problem = async (): Promise<string> => (await edge.health()).haproxy.problem ?? "";
  const isSilent = async (): Promise<boolean> => /does not answer/.test(await problem());
  const recovery = (): Promise<unknown> =>
    until("recovery", async () => {
      const { serving, haproxy } = await edge.health();
      return serving && haproxy.problem === null;
    });

  it("changes a worker that goes on to what was wanted meanwhile", async () => {
    await start(3_600_000);
    const pid = await worker();
    process.kill(pid, "SIGSTOP");
    edge.marathon.put({ id: "/app", tasks: [await edge.task("second", ++port)] });
    await until("the report", isSilent);
    // What was said last counts, not what the worker was told first.
    edge.marathon.put({ id: "/app", tasks: [await edge.task("third", ++port)] });
    process.kill(pid, "SIGCONT");
    await edge.answers("/app", "third");
    await recovery();
    for (let i = 0; i < 20; i++) assert.equal(await edge.who("/app"), "third");
    assert.equal(await worker(), pid);
  });

  it("notices a worker that is stopped while nothing changes, and replaces it", async () => {
    await start(3_000);
    const [pid, master] = [await worker(), await masterPid(edge.directory)];
    process.kill(pid, "SIGSTOP");
    await until("another worker", async () => !(await haproxies(edge.directory)).includes(pid));
    await edge.answers("/app", "first");
    await recovery();
    assert.equal(await masterPid(edge.directory), master);
    for (let i = 0; i < 20; i++) assert.equal(await edge.who("/app"), "first");
    edge.marathon.put({ id: "/app", tasks: [await edge.task("next", ++port)] });
    await edge.answers("/app", "next");
  });

  it("replaces a worker that is stopped in the middle of the reload that brings it, and keeps the master", async () => {
    await start(2_000);
    const [before, master] = [await haproxies(edge.directory), await masterPid(edge.directory)];
    edge.marathon.put({ id: "/late", tasks: [await edge.task("late", ++port)] });
    const fresh = await until("the new worker", async () =>
      (await haproxies(edge.directory)).find((pid) => !before.includes(pid)),
    );
    process.kill(fresh, "SIGSTOP");
    // Nobody is there any more to be told of it.
    edge.marathon.put({ id: "/app", tasks: [await edge.task("moved", ++port)] });
    await until("another worker", async () => !(await haproxies(edge.directory)).includes(fresh), 60_000);
    await edge.answers("/app", "moved");
    await edge.answers("/late", "late");
    await recovery();
    assert.equal(await masterPid(edge.directory), master);
  });

  it("opens a new socket when something else listens in the place of its own", async () => {
    await start(200);
    const pid = await worker();
    const impostor = createServer(() => {});
    impostors.push(impostor);
    const path = join(edge.directory, socketName(edge.generation));
    await rm(path);
    impostor.listen(path);
    await once(impostor, "listening");
    edge.marathon.put({ id: "/app", tasks: [await edge.task("beside", ++port)] });
    await edge.answers("/app", "beside");
    await recovery();
    assert.notEqual(await worker(), pid);
  });

  it("starts HAProxy anew when its master does not hear of a reload", async () => {
    await start(500);
    const master = await masterPid(edge.directory);
    process.kill(master, "SIGSTOP");
    edge.marathon.put({ id: "/another", tasks: [await edge.task("another", ++port)] });
    // A master that has heard and then falls silent is given the time that a reload may take.
    await edge.answers("/another", "another");
    assert.equal(await edge.who("/app"), "first");
    assert.notEqual(await masterPid(edge.directory), master);
    await recovery();
  });
});
