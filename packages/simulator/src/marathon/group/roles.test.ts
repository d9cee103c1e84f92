// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Answer, TestMarathon } from "../testing/test-marathon";

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 9", cpus: 0.1, mem: 16, ...more });

describe("marathon: roles", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;
  afterEach(async () => {
    await marathon.close();
  });
  const start = async (options: { role?: string; enforceNewGroups?: boolean } = {}) => {
    marathon = await TestMarathon.start({ options });
  };
  const roleOf = async (id: string) => (await marathon.call("GET", `/v2/apps${id}`)).body.app.role;
  const made = async (answer: Answer) => {
    assert.ok(answer.status < 300, answer.text);
    await marathon.deployed(answer);
  };

  describe("which roles an app may have", () => {
    it("is --mesos_role outside groups", async () => {
      await start({ role: "prod" });
      const answer = await marathon.call("POST", "/v2/apps", app("/a"));
      assert.equal(answer.body.role, "prod");
      const refused = await marathon.call("POST", "/v2/apps", app("/b", { role: "dev" }));
      assert.equal(refused.status, 422);
      assert.deepEqual(refused.body.details, [
        { path: "/role", errors: ["got dev, expected one of: [prod]"] },
      ]);
    });

    it("is --mesos_role or the top-level group's name where nothing is enforced", async () => {
      await start();
      await made(await marathon.call("POST", "/v2/apps", app("/dev/x/a")));
      await made(await marathon.call("POST", "/v2/apps", app("/dev/x/b", { role: "dev" })));
      assert.deepEqual([await roleOf("/dev/x/a"), await roleOf("/dev/x/b")], ["*", "dev"]);
      const refused = await marathon.call("POST", "/v2/apps", app("/dev/c", { role: "x" }));
      assert.deepEqual(refused.body.details, [
        { path: "/role", errors: ["got x, expected one of: [*, dev]"] },
      ]);
    });

    it("is the group's name alone where the group enforces it, but for what runs already", async () => {
      await start();
      await made(await marathon.call("POST", "/v2/apps", app("/dev/old")));
      assert.equal((await marathon.call("PATCH", "/v2/groups/dev", { enforceRole: true })).status, 200);
      await made(await marathon.call("POST", "/v2/apps", app("/dev/new")));
      assert.equal(await roleOf("/dev/new"), "dev");
      await made(await marathon.call("PATCH", "/v2/apps/dev/old", { instances: 2 }));
      assert.equal(await roleOf("/dev/old"), "*");
      const refused = await marathon.call("POST", "/v2/apps", app("/dev/c", { role: "*" }));
      assert.deepEqual(refused.body.details, [{ path: "/role", errors: ["got *, expected one of: [dev]"] }]);
    });

    it("holds for pods, too", async () => {
      await start({ enforceNewGroups: true });
      const pod = { id: "/dev/p", containers: [{ name: "c", resources: { cpus: 0.1, mem: 32 } }] };
      const answer = await marathon.call("POST", "/v2/pods", pod);
      assert.equal(answer.body.role, "dev", answer.text);
    });
  });

  describe("enforceRole of groups", () => {
    it("is true for new top-level groups with --new_group_enforce_role top", async () => {
      await start({ enforceNewGroups: true });
      await made(await marathon.call("POST", "/v2/apps", app("/dev/a")));
      assert.equal(await roleOf("/dev/a"), "dev");
      const group = await marathon.call("GET", "/v2/groups/dev");
      assert.equal(group.body.enforceRole, true);
      const apps = [app("a")];
      await made(await marathon.call("PUT", "/v2/groups/ops", { apps, enforceRole: false }));
      assert.equal(await roleOf("/ops/a"), "*");
      await made(await marathon.call("PUT", "/v2/groups", { groups: [{ id: "qa", apps }] }));
      assert.equal(await roleOf("/qa/a"), "qa");
    });

    it("fails on groups that are not top-level, and together with changes of services", async () => {
      await start();
      const nested = { groups: [{ id: "b", enforceRole: true }] };
      const deep = await marathon.call("PUT", "/v2/groups/a", nested);
      assert.deepEqual(
        [deep.status, deep.body.details],
        [
          422,
          [
            {
              path: "/groups(0)/enforceRole",
              errors: ["enforceRole can only be set for top-level groups, and /a/b is not top-level"],
            },
          ],
        ],
      );
      await made(await marathon.call("PUT", "/v2/groups/a", { apps: [app("x")] }));
      const both = await marathon.call("PUT", "/v2/groups/a", { enforceRole: true, apps: [app("x")] });
      assert.equal(both.status, 422);
      assert.match(both.body.details[0].errors[0], /^enforceRole cannot be modified in a request that adds/);
      await made(await marathon.call("PUT", "/v2/groups/a", { enforceRole: true }));
      assert.equal((await marathon.call("GET", "/v2/groups/a")).body.enforceRole, true);
    });

    it("changes by PATCH without a deployment", async () => {
      await start();
      await made(await marathon.call("PUT", "/v2/groups/a", { apps: [app("x")] }));
      const before = marathon.events.filter((e) => e.eventType.startsWith("deployment")).length;
      const answer = await marathon.call("PATCH", "/v2/groups/a", { enforceRole: true });
      assert.deepEqual([answer.status, answer.text], [200, ""]);
      assert.equal(marathon.events.filter((e) => e.eventType.startsWith("deployment")).length, before);
      assert.equal((await marathon.call("PATCH", "/v2/groups/a/b", { enforceRole: true })).status, 422);
      assert.equal((await marathon.call("PATCH", "/v2/groups/none", { enforceRole: true })).status, 404);
    });
  });

  describe("at the master", () => {
    it("subscribes with the roles in use and says when they change", async () => {
      await start();
      const [subscribe] = marathon.master.callsOf("SUBSCRIBE");
      const info = (subscribe?.["subscribe"] as { framework_info: Record<string, unknown> } | undefined)
        ?.framework_info;
      assert.deepEqual(info?.["roles"], ["*"]);
      assert.equal("role" in (info ?? {}), false);
      assert.ok(
        (info?.["capabilities"] as { type: string }[] | undefined)?.some((c) => c.type === "MULTI_ROLE"),
      );
      await made(await marathon.call("POST", "/v2/apps", app("/dev/a", { role: "dev" })));
      assert.deepEqual(marathon.master.roles, ["*", "dev"]);
      const { body } = await marathon.call("GET", "/v2/apps/dev/a");
      assert.equal(body.app.tasks[0].role, "dev");
      const [task] = marathon.master.tasks.values();
      const resources = (task?.info["resources"] ?? []) as { allocation_info: { role: string } }[];
      assert.deepEqual([...new Set(resources.map((r) => r.allocation_info.role))], ["dev"]);
      await made(await marathon.call("DELETE", "/v2/apps/dev/a"));
      await marathon.until(() => marathon.master.roles.join() === "*", "the role is given up");
    });

    it("wants offers only in the roles of what waits", async () => {
      await start();
      await made(await marathon.call("POST", "/v2/apps", app("/dev/a", { role: "dev" })));
      const revives = marathon.master
        .callsOf("REVIVE")
        .map((c) => (c["revive"] as { roles: string[] }).roles);
      assert.deepEqual(revives, [["dev"]]);
      await marathon.until(
        () =>
          marathon.master
            .callsOf("SUPPRESS")
            .some((c) => (c["suppress"] as { roles: string[] }).roles.includes("dev")),
        "dev is suppressed again",
      );
    });

    it("shows the role in the queue", async () => {
      await start();
      await marathon.call("POST", "/v2/apps", app("/dev/big", { role: "dev", cpus: 1000 }));
      await marathon.until(
        async () => (await marathon.call("GET", "/v2/queue")).body.queue[0]?.role === "dev",
        "the entry",
      );
    });
  });
});
