// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseFlags } from "../../flags";
import { marathonFlags } from "../flags";
import { TestMarathon } from "../testing/test-marathon";
import { renderInfo } from "./info";

/** What independent clients stumbled over when every call of theirs was tried. */
describe("marathon: what marathon-python and go-marathon rely on", function () {
  this.timeout(60_000);

  describe("/v2/info", () => {
    it("has the keys that strict clients know, and no others", () => {
      const parsed = parseFlags(marathonFlags, {
        program: "marathon",
        version: "",
        argv: ["--master=zk://u:geheim@127.0.0.1:2181/mesos", "--zk=zk://u:geheim@127.0.0.1:2181/marathon"],
        env: {},
        envPrefix: "MARATHON_",
        style: "marathon",
      });
      assert.ok(parsed.kind === "run");
      const facts = {
        version: "1.10.26",
        elected: true,
        leader: "127.0.0.1:8080",
        master: "127.0.0.1:5050",
        httpPort: 8080,
        httpsPort: 8443,
      };
      const info = renderInfo(parsed.values, facts);
      const keys = (part: string) => Object.keys(info[part] as object);
      assert.deepEqual(keys("marathon_config"), [
        "access_control_allow_origin",
        "checkpoint",
        "decline_offer_duration",
        "default_network_name",
        "env_vars_prefix",
        "executor",
        "failover_timeout",
        "features",
        "framework_name",
        "ha",
        "hostname",
        "launch_token",
        "launch_token_refresh_interval",
        "leader_proxy_connection_timeout_ms",
        "leader_proxy_read_timeout_ms",
        "local_port_max",
        "local_port_min",
        "maintenance_mode",
        "master",
        "max_instances_per_offer",
        "mesos_bridge_name",
        "mesos_leader_ui_url",
        "mesos_role",
        "mesos_user",
        "min_revive_offers_interval",
        "new_group_enforce_role",
        "offer_matching_timeout",
        "on_elected_prepare_timeout",
        "reconciliation_initial_delay",
        "reconciliation_interval",
        "scale_apps_initial_delay",
        "scale_apps_interval",
        "task_launch_confirm_timeout",
        "task_launch_timeout",
        "task_lost_expunge_initial_delay",
        "task_lost_expunge_interval",
        "task_reservation_timeout",
        "webui_url",
      ]);
      assert.deepEqual(keys("zookeeper_config"), [
        "zk",
        "zk_compression",
        "zk_compression_threshold",
        "zk_connection_timeout",
        "zk_max_node_size",
        "zk_max_versions",
        "zk_session_timeout",
        "zk_timeout",
      ]);
      assert.deepEqual(info["http_config"], { http_port: 8080, https_port: 8443 });
      assert.equal(JSON.stringify(info).includes("geheim"), false);
    });
  });

  describe("documents with old and new keys", () => {
    let marathon: TestMarathon;
    beforeEach(async () => {
      marathon = await TestMarathon.start();
    });
    afterEach(async () => {
      await marathon.close();
    });
    const post = async (more: object) =>
      await marathon.call("POST", "/v2/apps", { id: "/a", cmd: "sleep 9", instances: 0, ...more });

    it("takes ports that say what portDefinitions say", async () => {
      const answer = await post({
        ports: [0, 8080],
        portDefinitions: [{ port: 0 }, { port: 8080, name: "x" }],
      });
      assert.equal(answer.status, 201, answer.text);
      assert.equal(answer.body.portDefinitions[1].name, "x");
    });

    it("takes empty uris beside fetch", async () => {
      const answer = await post({ uris: [], fetch: [{ uri: "http://h/x.tgz" }] });
      assert.equal(answer.body.fetch.length, 1, answer.text);
    });

    it("fails when they say different things, in Marathon's words", async () => {
      const refusals: [object, string, string][] = [
        [
          { ports: [1], portDefinitions: [{ port: 2 }] },
          "/",
          "cannot specify both ports and port definitions",
        ],
        [
          { ipAddress: {}, networks: [{ mode: "host" }] },
          "/",
          "must not specify both networks and ipAddress",
        ],
        [{ uris: ["a"], fetch: [{ uri: "b" }] }, "/uris", "may not be set in conjunction with fetch"],
      ];
      for (const [more, path, error] of refusals) {
        const { status, body } = await post(more);
        assert.deepEqual([status, body.details], [422, [{ path, errors: [error] }]]);
      }
    });

    it("shows no ports, uris or ipAddress, which Bamboo and go-marathon read; service ports are in portDefinitions and tasks (AppConversion)", async () => {
      await marathon.deployed(await post({ instances: 1, ports: [10_500], uris: ["http://h/x"] }));
      const { app } = (await marathon.call("GET", "/v2/apps/a")).body;
      assert.deepEqual([app.ports, app.uris, app.ipAddress], [undefined, undefined, undefined]);
      assert.equal(app.portDefinitions[0].port, 10_500);
      const [task] = (await marathon.call("GET", "/v2/tasks")).body.tasks;
      assert.deepEqual([task.servicePorts, task.ports.length], [[10_500], 1]);
    });

    it("answers Bamboo's and marathon-lb's polls with the fields that they decode", async () => {
      const portMappings = [{ containerPort: 80, servicePort: 10_200, labels: { VIP_0: "/a:80" } }];
      const container = { type: "DOCKER", docker: { image: "nginx" }, portMappings };
      const labels = { HAPROXY_GROUP: "external", HAPROXY_0_VHOST: "a.example" };
      await marathon.deployed(
        await post({ instances: 1, container, networks: [{ mode: "container/bridge" }], labels }),
      );
      const headers = { accept: "application/json", "content-type": "application/json" };
      const embeds = ["app.tasks", "app.deployments", "app.readiness"].map((e) => `embed=${e}`).join("&");
      for (const query of [embeds, "embed=apps.tasks"]) {
        const { status, body } = await marathon.call("GET", `/v2/apps?${query}`, undefined, headers);
        assert.equal(status, 200);
        const [app] = body.apps;
        assert.deepEqual([app.id, app.labels, app.healthChecks ?? []], ["/a", labels, []]);
        const [mapping] = app.container.portMappings;
        assert.deepEqual([mapping.servicePort, mapping.containerPort], [10_200, 80]);
        const [task] = app.tasks;
        const known = [
          "appId",
          "host",
          "id",
          "ipAddresses",
          "ports",
          "stagedAt",
          "startedAt",
          "state",
          "version",
        ];
        assert.deepEqual(
          known.filter((key) => task[key] === undefined),
          [],
        );
        assert.deepEqual([task.state, task.ports.length], ["TASK_RUNNING", 1]);
      }
      const [polled] = (await marathon.call("GET", `/v2/apps?${embeds}`, undefined, headers)).body.apps;
      assert.deepEqual([polled.deployments, polled.readinessCheckResults], [[], []]);
    });

    it("fails when go-marathon sends back what it read: version goes with the id alone", async () => {
      await post({});
      const { app } = (await marathon.call("GET", "/v2/apps/a")).body;
      const { status, body } = await marathon.call("PUT", "/v2/apps/a?force=true", app);
      const errors = ["The 'version' field may only be combined with the 'id' field."];
      assert.deepEqual([status, body.details], [422, [{ path: "/", errors }]]);
      const { version: _version, ...rest } = app;
      assert.equal((await marathon.call("PUT", "/v2/apps/a?force=true", rest)).status, 200);
    });

    it("fails when event callbacks are asked for: there are none since 1.6", async () => {
      const { status, body } = await marathon.call("GET", "/v2/eventSubscriptions");
      assert.deepEqual([status, body], [500, { message: "URI not found" }]);
    });

    it("fails when version or scaleBy of a group come with anything else", async () => {
      await marathon.call("PUT", "/v2/groups/g", { apps: [] });
      const own = await marathon.call("PUT", "/v2/groups/g", {
        groups: [{ id: "/g/sub", apps: [], version: "2020-01-01T00:00:00.000Z" }],
      });
      const errors = ["not allowed in conjunction with other properties."];
      assert.deepEqual([own.status, own.body.details], [422, [{ path: "/groups(0)/version", errors }]]);
      const scaled = await marathon.call("PUT", "/v2/groups/g", { scaleBy: 2, apps: [] });
      assert.deepEqual([scaled.status, scaled.body.details], [422, [{ path: "/scaleBy", errors }]]);
    });
  });
});
