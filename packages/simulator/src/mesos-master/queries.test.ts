// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, http, TestScheduler, until } from "../test-cluster.test";

interface Listed {
  readonly tasks: { readonly id: string; readonly framework_id: string }[];
  readonly slaves: { readonly id: string }[];
}

describe("/tasks and /slaves with a query (docs/endpoints/master/tasks, slaves)", function () {
  this.timeout(60_000);

  it("show only what it names, to GET and POST", async () => {
    const fixture = new Fixture();
    const schedulers: TestScheduler[] = [];
    try {
      const master = await fixture.master("m", [], "127.114.1.6");
      await until("a leader", () => master.program.leader);
      for (const n of [1, 2]) {
        await fixture.agent(`a${n}`, [`--master=${master.address}`, `--ip=127.114.2.${5 + n}`]);
      }
      for (const name of ["one", "two"]) {
        const scheduler = new TestScheduler(master.url);
        schedulers.push(scheduler);
        await scheduler.subscribe({ name });
        for (const id of ["same", name]) {
          const command = { value: "exit 0" };
          await scheduler.launch(await scheduler.offer(), { task_id: { value: id }, command });
          await scheduler.state(id, "TASK_FINISHED");
          await scheduler.call("REVIVE");
        }
        await scheduler.call("SUPPRESS");
        scheduler.events.splice(0);
        await scheduler.call("TEARDOWN");
      }
      const [one = "", two = ""] = schedulers.map((s) => s.frameworkId);
      const asked = async (path: string, method = "GET"): Promise<Listed> => {
        const { status, text } = await http(method, master.url + path);
        assert.equal(status, 200, text);
        return JSON.parse(text) as Listed;
      };
      const tasks = async (query: string, method?: string): Promise<string[]> =>
        (await asked(`/tasks${query}`, method)).tasks.map((t) => `${t.framework_id} ${t.id}`).sort();
      assert.deepEqual(await tasks(`?framework_id=${one}`), [`${one} one`, `${one} same`]);
      assert.deepEqual(await tasks("?task_id=same"), [`${one} same`, `${two} same`].sort());
      assert.deepEqual(await tasks(`?task_id=same&framework_id=${two}`, "POST"), [`${two} same`]);
      assert.deepEqual(await tasks(`/?task_id=two&framework_id=${two}`), [`${two} two`]);
      assert.deepEqual(await tasks("?task_id=none"), []);
      assert.deepEqual(await tasks(`?task_id=two&framework_id=${one}`), []);

      const slaves = async (path: string, method?: string): Promise<string[]> =>
        (await asked(path, method)).slaves.map((s) => s.id);
      const all = await slaves("/slaves");
      assert.equal(all.length, 2);
      for (const id of all) {
        assert.deepEqual(await slaves(`/slaves?slave_id=${id}`), [id]);
        assert.deepEqual(await slaves(`/master/slaves/${id}`, "POST"), [id]);
      }
      assert.deepEqual(await slaves("/slaves?slave_id=none"), []);
    } finally {
      for (const scheduler of schedulers) scheduler.disconnect();
      await fixture.end();
    }
  });
});
