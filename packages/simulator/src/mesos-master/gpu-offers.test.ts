// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, TestScheduler, until } from "../test-cluster.test";

describe("--filter_gpu_resources (mesos.md 1.1)", function () {
  this.timeout(60_000);

  it("leaves agents with GPUs to frameworks that know them, unless it is off", async () => {
    const fixture = new Fixture();
    const schedulers: TestScheduler[] = [];
    const subscribed = async (url: string, ...types: string[]): Promise<TestScheduler> => {
      const scheduler = new TestScheduler(url);
      schedulers.push(scheduler);
      await scheduler.subscribe({ capabilities: ["MULTI_ROLE", ...types].map((type) => ({ type })) });
      return scheduler;
    };
    try {
      for (const [flag, offered] of [
        ["--filter_gpu_resources", false],
        ["--no-filter_gpu_resources", true],
      ] as const) {
        const name = offered ? "open" : "filtered";
        const argv = [flag, "--allocation_interval=20ms"];
        const master = await fixture.master(name, argv, `127.113.4.${offered ? 2 : 1}`);
        await until("a leader", () => master.program.leader);
        const resources = "--resources=cpus:2;mem:1024;disk:1024;gpus:1;ports:[31000-31009]";
        await fixture.agent(`a-${name}`, [`--master=${master.address}`, "--ip=127.113.4.3", resources]);
        await until("the agent", () => master.program.leader?.context.state.agents.size);
        const without = await subscribed(master.url);
        if (offered) {
          await without.offer();
        } else {
          await (await subscribed(master.url, "GPU_RESOURCES")).offer();
          assert.ok(!without.events.some((e) => e.type === "OFFERS"));
        }
      }
    } finally {
      for (const scheduler of schedulers) scheduler.disconnect();
      await fixture.end();
    }
  });
});
