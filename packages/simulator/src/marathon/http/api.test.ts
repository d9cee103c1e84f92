// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { raw } from "../testing/raw";
import { type Answer, TestMarathon } from "../testing/test-marathon";

const web = { id: "/shop/web", cmd: "sleep 60", instances: 1 };
const db = { id: "/shop/db", cmd: "sleep 60", instances: 1 };

describe("marathon's HTTP API", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;

  beforeEach(async () => {
    marathon = await TestMarathon.start();
  });
  afterEach(async () => {
    await marathon.close();
  });

  async function deployed(method: string, path: string, body: unknown): Promise<Answer> {
    const answer = await marathon.call(method, path, body);
    assert.ok(answer.status < 300, answer.text);
    await marathon.deployed(answer);
    return answer;
  }
  const get = (path: string, headers: Record<string, string> = {}) => raw(marathon.url, "GET", path, headers);

  describe("/v2/groups: versions", () => {
    it("lists the versions in which the group was there, newest first, and shows each as it was", async () => {
      const first = await deployed("PUT", "/v2/groups/shop", { apps: [web] });
      const second = await deployed("PUT", "/v2/groups/shop", { apps: [{ ...web, cmd: "sleep 70" }, db] });
      const versions = [second.body.version, first.body.version];
      assert.deepEqual((await marathon.call("GET", "/v2/groups/shop/versions")).body, versions);
      assert.deepEqual((await marathon.call("GET", "/v2/groups/versions")).body, versions);
      const old = await marathon.call("GET", `/v2/groups/shop/versions/${first.body.version}`);
      assert.equal(old.status, 200);
      assert.deepEqual(
        old.body.apps.map((a: { id: string; cmd: string }) => [a.id, a.cmd]),
        [["/shop/web", "sleep 60"]],
      );
      assert.equal(old.body.apps[0].tasksRunning, undefined);
      const root = await marathon.call("GET", `/v2/groups/versions/${first.body.version}`);
      assert.deepEqual(root.body.groups[0].id, "/shop");
    });

    it("fails when group or version is unknown, or the version is no time", async () => {
      assert.deepEqual((await marathon.call("GET", "/v2/groups/none/versions")).body, {
        message: "Group '/none' does not exist",
      });
      await deployed("PUT", "/v2/groups/shop", { apps: [web] });
      const unknown = await marathon.call("GET", "/v2/groups/shop/versions/2020-01-01T00:00:00.000Z");
      assert.equal(unknown.status, 404);
      const bad = await marathon.call("GET", "/v2/groups/shop/versions/yesterday");
      assert.deepEqual([bad.status, bad.body], [422, { message: 'Invalid format: "yesterday"' }]);
    });

    it("rolls a group back by version, with apps that are gone since and without those that came", async () => {
      const first = await deployed("PUT", "/v2/groups/shop", { apps: [web] });
      await deployed("PUT", "/v2/groups/shop", { apps: [db] });
      await marathon.until(() => marathon.core.tracker.ofSpec("/shop/web").length === 0, "web is gone");
      const back = await deployed("PUT", "/v2/groups/shop", { version: first.body.version });
      const group = await marathon.call("GET", "/v2/groups/shop");
      assert.deepEqual(
        group.body.apps.map((a: { id: string; version: string }) => [a.id, a.version]),
        [["/shop/web", back.body.version]],
      );
      const refused = await marathon.call("PUT", "/v2/groups/shop", { version: "2020-01-01T00:00:00.000Z" });
      assert.deepEqual(
        [refused.status, refused.body],
        [422, { message: "Group /shop not available in version 2020-01-01T00:00:00.000Z" }],
      );
    });

    it("keeps them over a restart, at most as many as --zk_max_versions", async () => {
      const { store, master } = marathon;
      const other = await TestMarathon.start({ master, store, options: { maxVersions: 2 } });
      try {
        for (const cmd of ["a 1", "a 2", "a 3"]) {
          const answer = await other.call("PUT", "/v2/groups/shop", {
            apps: [{ ...web, cmd, instances: 0 }],
          });
          await other.deployed(answer);
        }
        const listed = (await other.call("GET", "/v2/groups/shop/versions")).body;
        assert.equal(listed.length, 2);
        const again = await TestMarathon.start({ master, store, options: { maxVersions: 2 } });
        try {
          assert.deepEqual((await again.call("GET", "/v2/groups/shop/versions")).body, listed);
        } finally {
          await again.close();
        }
      } finally {
        await other.close();
      }
    });
  });

  describe("/v2/groups: apps and embed", () => {
    it("lists all apps below a group under /apps", async () => {
      await deployed("PUT", "/v2/groups", {
        apps: [{ ...web, id: "/a" }],
        groups: [{ id: "shop", apps: [db] }],
      });
      const ids = (answer: Answer) => answer.body.map((a: { id: string }) => a.id);
      assert.deepEqual(ids(await marathon.call("GET", "/v2/groups/apps")), ["/a", "/shop/db"]);
      const inShop = await marathon.call("GET", "/v2/groups/shop/apps?embed=group.apps.counts");
      assert.deepEqual([ids(inShop), inShop.body[0].tasksRunning], [["/shop/db"], 1]);
    });

    it("embeds apps, pods and groups unless told which", async () => {
      await deployed("PUT", "/v2/groups/shop", { apps: [web] });
      const keys = async (query: string) =>
        Object.keys((await marathon.call("GET", `/v2/groups/shop${query}`)).body).sort();
      assert.deepEqual(await keys(""), [
        "apps",
        "dependencies",
        "enforceRole",
        "groups",
        "id",
        "pods",
        "version",
      ]);
      const bare = ["dependencies", "enforceRole", "id", "version"];
      assert.deepEqual(await keys("?embed=none"), bare);
      assert.deepEqual(await keys("?embed=group.apps.counts"), bare);
      assert.deepEqual(await keys("?embed=group.apps"), ["apps", ...bare]);
      const counted = await marathon.call(
        "GET",
        "/v2/groups/shop?embed=group.apps&embed=group.apps.counts&embed=group.apps.tasks",
      );
      assert.equal(counted.body.apps[0].tasksRunning, 1);
      assert.equal(counted.body.apps[0].tasks.length, 1);
      assert.deepEqual(counted.body.apps[0].deployments, []);
      assert.equal(counted.body.apps[0].lastTaskFailure, undefined);
    });
  });

  describe("/v2/apps: embed", () => {
    it("takes every part with each prefix and none, and ignores others", async () => {
      await deployed("POST", "/v2/apps", web);
      const first = async (query: string) => (await marathon.call("GET", `/v2/apps?${query}`)).body.apps[0];
      for (const prefix of ["", "app.", "apps.", "group.apps."]) {
        assert.equal((await first(`embed=${prefix}tasks`)).tasks.length, 1, prefix);
        const stats = (await first(`embed=${prefix}taskStats`)).taskStats;
        assert.equal(stats.totalSummary.stats.counts.running, 1);
        assert.deepEqual((await first(`embed=${prefix}readiness`)).readinessCheckResults, []);
      }
      for (const query of ["", "embed=none", "embed=count"]) {
        const app = await first(query);
        assert.deepEqual([app.tasksRunning, app.deployments, app.tasks], [1, [], undefined], query);
      }
      const [task] = marathon.master.tasks.values();
      marathon.master.update(task?.id ?? "", "TASK_FAILED", { message: "broken" });
      await marathon.until(() => marathon.core.tasks.failures.size === 1, "the failure");
      assert.equal((await first("embed=lastTaskFailure")).lastTaskFailure.message, "broken");
      assert.equal((await first("embed=apps.failures")).lastTaskFailure.message, "broken");
    });

    it("lists the apps of a group under * with what a single app shows", async () => {
      await deployed("PUT", "/v2/groups/shop", { apps: [web, db] });
      for (const path of ["/v2/apps/shop/*", "/v2/apps//shop/*", "/v2/apps/*"]) {
        const { body } = await marathon.call("GET", path);
        assert.deepEqual(Object.keys(body), ["*"]);
        assert.deepEqual(
          body["*"].map((a: { id: string; tasks: unknown[] }) => [a.id, a.tasks.length]),
          [
            ["/shop/web", 1],
            ["/shop/db", 1],
          ],
        );
      }
      assert.equal((await marathon.call("GET", "/v2/apps/none/*")).status, 404);
    });
  });

  describe("ids in paths", () => {
    it("takes double slashes, %2F and a slash at the end", async () => {
      await deployed("POST", "/v2/apps", web);
      for (const id of ["/shop/web", "//shop/web", "/%2Fshop%2Fweb", "/%2Fshop/web", "/shop/web/"]) {
        assert.equal((await get(`/v2/apps${id}`)).status, 200, id);
        assert.equal((await get(`/v2/apps${id.replace(/\/$/, "")}/versions`)).status, 200, id);
        assert.equal((await get(`/v2/apps${id.replace(/\/$/, "")}/tasks/`)).status, 200, id);
      }
      for (const path of ["/v2/apps/", "/v2/groups/", "/v2/groups//shop", "/v2/tasks/", "/v2/deployments/"]) {
        assert.equal((await get(path)).status, 200, path);
      }
    });
  });

  describe("methods and media types", () => {
    it("answers 405 with the reason for a method that the path does not take", async () => {
      for (const [method, path] of [
        ["DELETE", "/v2/apps"],
        ["POST", "/v2/apps/x"],
        ["GET", "/v2/apps/x/restart"],
        ["GET", "/v2/apps/x/tasks/y"],
        ["PUT", "/v2/tasks"],
        ["GET", "/v2/tasks/delete"],
        ["PATCH", "/v2/groups"],
        ["GET", "/v2/deployments/x"],
        ["POST", "/v2/queue"],
        ["GET", "/v2/queue/x/delay"],
        ["POST", "/v2/info"],
        ["PUT", "/v2/leader"],
        ["DELETE", "/ping"],
        ["DELETE", "/metrics"],
      ] as const) {
        const answer = await marathon.call(method, path);
        assert.deepEqual([answer.status, answer.body], [405, { message: "Method Not Allowed" }], path);
      }
    });

    it("answers an unknown URI with 500, event subscriptions included", async () => {
      for (const path of ["/v2", "/v2/nothing", "/v2/eventSubscriptions", "/v1/apps", "/help"]) {
        const answer = await marathon.call("GET", path);
        assert.deepEqual([answer.status, answer.body], [500, { message: "URI not found" }], path);
      }
    });

    it("answers HEAD without a body and OPTIONS with Allow", async () => {
      const head = await raw(marathon.url, "HEAD", "/v2/apps");
      assert.deepEqual([head.status, head.text, head.headers["content-type"]], [200, "", "application/json"]);
      assert.equal((await raw(marathon.url, "HEAD", "/v2/apps/none")).status, 404);
      const options = await raw(marathon.url, "OPTIONS", "/v2/apps");
      assert.deepEqual([options.status, options.headers["allow"]], [200, "HEAD,GET,POST,PUT,PATCH,OPTIONS"]);
    });

    it("fails when a body is no JSON by its type, or the client accepts none", async () => {
      const xml = await raw(marathon.url, "POST", "/v2/apps", { "content-type": "application/xml" }, "<a/>");
      assert.deepEqual([xml.status, xml.text], [415, '{"message":"Unsupported Media Type"}']);
      const untyped = await raw(marathon.url, "POST", "/v2/apps", {}, JSON.stringify(web));
      assert.equal(untyped.status, 201);
      const html = await get("/v2/apps", { accept: "text/html" });
      assert.deepEqual([html.status, html.text], [406, '{"message":"Not Acceptable"}']);
      for (const accept of ["application/json", "*/*", "application/*", "text/html,*/*;q=0.8", ""]) {
        assert.equal((await get("/v2/apps", { accept })).status, 200, accept);
      }
    });

    it("fails when a body is too large", async () => {
      const answer = await raw(
        marathon.url,
        "POST",
        "/v2/apps",
        { "content-type": "application/json", "content-length": String(64 * 1024 * 1024) },
        "{",
      );
      assert.equal(answer.status, 413);
      assert.match(JSON.parse(answer.text).message, /too large/);
    });
  });

  describe("/v2/tasks and /v2/apps/{id}/tasks as text/plain", () => {
    const text = { accept: "text/plain" };

    it("fails with 406 unless the deprecated feature is on", async () => {
      for (const path of ["/v2/tasks", "/v2/apps/x/tasks"]) {
        if (path !== "/v2/tasks") await deployed("POST", "/v2/apps", { ...web, id: "/x" });
        const answer = await get(path, text);
        assert.equal(answer.status, 406);
        assert.match(answer.text, /text_plain_tasks/);
      }
      assert.equal((await get("/v2/tasks", { accept: "text/plain, application/json" })).status, 200);
    });

    it("shows a line a service port with the endpoints of running tasks", async () => {
      const { master } = marathon;
      const other = await TestMarathon.start({ master, options: { textPlainTasks: true } });
      try {
        await other.deployed(
          await other.call("POST", "/v2/apps", { ...web, portDefinitions: [{ port: 0 }] }),
        );
        await other.deployed(await other.call("POST", "/v2/apps", { ...db, portDefinitions: [] }));
        const [task] = (await other.call("GET", "/v2/apps/shop/web/tasks")).body.tasks;
        const { host } = (await other.call("GET", "/v2/apps/shop/db/tasks")).body.tasks[0];
        const line = `shop_web\t10000\t${task.host}:${task.ports[0]}\t\n`;
        const all = await raw(other.url, "GET", "/v2/tasks", text);
        assert.equal(all.headers["content-type"], "text/plain");
        assert.equal(all.text, `${line}shop_db\t \t${host} \n`);
        assert.equal((await raw(other.url, "GET", "/v2/apps/shop/web/tasks", text)).text, line);
      } finally {
        await other.close();
      }
    });
  });

  describe("/v2/tasks/delete", () => {
    it("fails when an id is no task's, and ignores unknown tasks", async () => {
      const bad = await marathon.call("POST", "/v2/tasks/delete", { ids: ["nonsense"] });
      assert.equal(bad.status, 400);
      assert.match(bad.body.message, /Invalid task id 'nonsense'/);
      const id = "a.instance-00000000-0000-0000-0000-000000000000._app.1";
      assert.deepEqual((await marathon.call("POST", "/v2/tasks/delete", { ids: [id] })).body, { tasks: [] });
    });
  });

  it("fails to abdicate with a backup that is neither a file nor in S3", async () => {
    for (const [name, value, error] of [
      ["backup", "nonsense", "Invalid URI or unsupported scheme: nonsense"],
      ["backup", "file:///", "Invalid URI or unsupported scheme: file:///"],
      ["restore", "http://a/b", "Invalid URI or unsupported scheme: http://a/b"],
      ["restore", "s3://bucket", "Invalid URI or unsupported scheme: s3://bucket"],
      ["restore", "file:///a b", "URI has invalid syntax."],
    ] as const) {
      const answer = await marathon.call("DELETE", `/v2/leader?${name}=${encodeURIComponent(value)}`);
      assert.deepEqual(
        [answer.status, answer.body],
        [422, { message: "Object is not valid", details: [{ path: "/", errors: [error] }] }],
      );
    }
    for (const value of ["file:///a", "file:/a", "s3://bucket/a?region=x"]) {
      const answer = await marathon.call("DELETE", `/v2/leader?backup=${encodeURIComponent(value)}`);
      assert.equal(answer.status, 200, value);
    }
  });

  describe("/, /v2/plugins, /logging", () => {
    it("sends / and /ui to the page", async () => {
      const root = await get("/");
      assert.deepEqual([root.status, root.headers["location"]], [302, "ui/"]);
      assert.equal((await get("/ui")).headers["location"], "/ui/");
    });

    it("has no plugins", async () => {
      assert.deepEqual((await marathon.call("GET", "/v2/plugins")).body, { plugins: [] });
      const one = await marathon.call("GET", "/v2/plugins/x/y");
      assert.deepEqual([one.status, one.body], [404, { message: "No plugin with this pluginId: x" }]);
    });

    it("shows and sets log levels, which count from then on", async () => {
      assert.deepEqual((await marathon.call("GET", "/logging")).body, {
        ROOT: "INFO",
        "mesosphere.marathon": "INFO (inherited)",
        "mesosphere.marathon.api": "INFO (inherited)",
      });
      const change = { level: "debug", logger: "mesosphere.marathon.api" };
      assert.deepEqual((await marathon.call("POST", "/logging", change)).body, change);
      await marathon.call("GET", "/v2/info");
      assert.ok(marathon.lines.some((line) => line.includes("GET /v2/info")));
      const timed = { level: "off", logger: "ROOT", durationSeconds: 1 };
      assert.equal((await marathon.call("POST", "/logging", timed)).status, 200);
      assert.equal((await marathon.call("GET", "/logging")).body.ROOT, "OFF");
      await marathon.until(
        async () => (await marathon.call("GET", "/logging")).body.ROOT === "INFO",
        "the former level",
      );
      const wrong = await marathon.call("POST", "/logging", { level: "loud", logger: "" });
      assert.deepEqual(wrong.body.details, [{ path: "/level", errors: ["error.unknown.enum.literal"] }]);
    });
  });
});
