// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseFlags } from "../flags";
import {
  Fixture,
  getJson,
  http,
  type TestMaster,
  TestScheduler,
  until,
  valuesOf,
} from "../test-cluster.test";
import { masterFlags, validateMasterFlags } from "./flags";

type Json = Record<string, unknown>;

const basic = (principal: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${principal}:${secret}`).toString("base64")}`,
});
const ops = basic("ops", "s3cret:with colon");
const guest = basic("guest", "gu3st");

describe("authentication (mesos.md 2.6): realms, --credentials, principals", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let credentials: string;

  beforeEach(() => {
    fixture = new Fixture();
    credentials = join(fixture.directory, "credentials.json");
    writeFileSync(
      credentials,
      JSON.stringify({
        credentials: [
          { principal: "ops", secret: "s3cret:with colon" },
          { principal: "guest", secret: "gu3st" },
        ],
      }),
    );
  });
  afterEach(() => fixture.end());

  const start = async (argv: string[]): Promise<void> => {
    master = await fixture.master("m", [`--credentials=file://${credentials}`, ...argv]);
    await until("a leader", () => master.program.leader);
  };
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await http(method, master.url + path, body, headers);
    return [answer.status, answer.headers["www-authenticate"]];
  };

  it("asks in each realm for credentials, and never where somebody only looks whether it lives", async () => {
    await start([
      "--authenticate_http_readonly",
      "--authenticate_http_readwrite",
      "--authenticate_http_frameworks",
      "--http_framework_authenticators=basic",
    ]);
    for (const path of [
      "/state",
      "/master/state",
      "/state.json",
      "/slaves",
      "/flags",
      "/metrics/snapshot",
      "/roles",
      "/files/debug",
    ]) {
      assert.deepEqual(await ask("GET", path), [401, 'Basic realm="mesos-master-readonly"'], path);
    }
    for (const path of [
      "/api/v1",
      "/master/api/v1",
      "/quota",
      "/weights",
      "/machine/down",
      "/maintenance/schedule",
      "/teardown",
    ]) {
      assert.deepEqual(await ask("POST", path, {}), [401, 'Basic realm="mesos-master-readwrite"'], path);
    }
    assert.deepEqual(await ask("POST", "/api/v1/scheduler", {}), [
      401,
      'Basic realm="mesos-master-scheduler"',
    ]);
    for (const path of ["/%61pi/v1", "/api/v1/", "/api/v1/more", "/master/api/v1?x=1"]) {
      assert.equal((await ask("POST", path, { type: "GET_STATE" }))[0], 401, path);
    }
    for (const path of ["/%73tate", "/state/", "/slaves/x", "/master/%66lags"]) {
      assert.equal((await ask("GET", path))[0], 401, path);
    }
    for (const path of ["/health", "/version", "/redirect"])
      assert.notEqual((await ask("GET", path))[0], 401, path);
    const refused = await http("GET", `${master.url}/state`, undefined, basic("ops", "wrong"));
    assert.deepEqual([refused.status, refused.text], [401, "401 Unauthorized."]);
    assert.equal((await ask("GET", "/state", undefined, ops))[0], 200);
    assert.equal((await ask("POST", "/api/v1", { type: "GET_HEALTH" }, ops))[0], 200);
  });

  it("gives frameworks the principal with which they authenticated", async () => {
    await start(["--authenticate_http_frameworks", "--http_framework_authenticators=basic"]);
    const scheduler = new TestScheduler(master.url, ops);
    try {
      await scheduler.subscribe();
      const { frameworks } = await getJson<{ frameworks: Json[] }>(`${master.url}/state`);
      assert.equal(frameworks[0]?.["principal"], "ops");
      const other = await http(
        "POST",
        scheduler.url,
        { type: "REVIVE", framework_id: { value: scheduler.frameworkId } },
        { "mesos-stream-id": scheduler.streamId, ...guest },
      );
      assert.deepEqual(
        [other.status, other.text],
        [400, "Authenticated principal 'guest' does not match principal 'ops' set in `FrameworkInfo`"],
      );
      const info = {
        user: "u",
        name: "n",
        principal: "ops",
        roles: ["*"],
        capabilities: [{ type: "MULTI_ROLE" }],
      };
      const wrong = await http(
        "POST",
        scheduler.url,
        { type: "SUBSCRIBE", subscribe: { framework_info: info } },
        guest,
      );
      assert.equal(wrong.status, 400);
      assert.match(
        wrong.text,
        /^Failed to validate scheduler::Call: Authenticated principal 'guest' does not match/,
      );
    } finally {
      scheduler.disconnect();
    }
  });

  it("never shows a secret", async () => {
    const source = {
      program: "mesos-master",
      version: "",
      env: {},
      envPrefix: "MESOS_",
      style: "mesos",
    } as const;
    const inline = '{"credentials":[{"principal":"p","secret":"hush"}]}';
    const parsed = parseFlags(masterFlags, { ...source, argv: ["--work_dir=/w", `--credentials=${inline}`] });
    assert.equal(JSON.stringify(parsed.kind === "run" ? parsed.texts : parsed).includes("hush"), false);
    const path = parseFlags(masterFlags, {
      ...source,
      argv: ["--work_dir=/w", `--credentials=${credentials}`],
    });
    assert.equal(path.kind === "run" && path.texts["credentials"], credentials);
    const broken = parseFlags(masterFlags, { ...source, argv: ["--credentials={hush"] });
    assert.match(broken.kind === "fail" ? broken.text : "", /Failed to load flag 'credentials'/);
    assert.equal(JSON.stringify(broken).includes("hush"), false);
  });

  it("fails when what authentication needs is missing, in Mesos's words", () => {
    const said = (...argv: string[]) =>
      validateMasterFlags(valuesOf(masterFlags, ["--work_dir=/w", ...argv]));
    assert.deepEqual(said("--authenticate_agents"), [
      "Authentication requires a credentials file (see --credentials flag)",
    ]);
    assert.deepEqual(said("--authenticate_http_readonly"), [
      "No credentials provided for the default 'basic' HTTP authenticator for realm 'mesos-master-readonly'",
    ]);
    assert.deepEqual(said("--authenticate_http_frameworks", `--credentials=${credentials}`), [
      "Missing `--http_framework_authenticators` flag. This must be used in conjunction with `--authenticate_http_frameworks`",
    ]);
    assert.deepEqual(said("--authenticate_http_readwrite", `--credentials=${credentials}`), []);
  });
});

describe("authorization (docs/authorization.md): --acls", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let schedulers: TestScheduler[];

  beforeEach(() => {
    fixture = new Fixture();
    schedulers = [];
  });
  afterEach(async () => {
    for (const s of schedulers) s.disconnect();
    await fixture.end();
  });

  const only = (who: string, object: string, values: Json = { type: "ANY" }) => [
    { principals: { values: [who] }, [object]: values },
    { principals: { type: "NONE" }, [object]: values },
  ];
  const start = async (acls: Json): Promise<void> => {
    const credentials = JSON.stringify({
      credentials: [
        { principal: "ops", secret: "s3cret:with colon" },
        { principal: "guest", secret: "gu3st" },
      ],
    });
    writeFileSync(join(fixture.directory, "c"), credentials);
    master = await fixture.master("m", [
      `--credentials=${fixture.directory}/c`,
      `--acls=${JSON.stringify(acls)}`,
      "--authenticate_http_readonly",
      "--authenticate_http_readwrite",
      "--authenticate_http_frameworks",
      "--http_framework_authenticators=basic",
    ]);
    await until("a leader", () => master.program.leader);
    await fixture.agent("a", [`--master=${master.address}`]);
    await until("an agent", () => master.program.leader?.context.state.agents.size === 1);
  };
  const agentId = () => [...(master.program.leader?.context.state.agents.keys() ?? [])][0];
  const call = async (who: Record<string, string>, type: string, args: Json): Promise<[number, string]> => {
    const { status, text } = await http(
      "POST",
      `${master.url}/api/v1`,
      { type, [type.toLowerCase()]: args },
      who,
    );
    return [status, text];
  };
  const denied: [number, string] = [403, "403 Forbidden."];

  it("lets only whom it names do what changes something", async () => {
    await start({
      drain_agents: only("ops", "agents"),
      deactivate_agents: only("ops", "agents"),
      reactivate_agents: only("ops", "agents"),
      mark_agents_gone: only("ops", "agents"),
      update_quotas: only("ops", "roles"),
      update_weights: only("ops", "roles"),
      update_maintenance_schedules: only("ops", "machines"),
      reserve_resources: only("ops", "roles"),
      get_endpoints: only("ops", "paths", { values: ["/metrics/snapshot"] }),
      view_flags: only("ops", "flags"),
    });
    const agent_id = { value: agentId() };
    const reservation = {
      ...{ name: "cpus", type: "SCALAR", scalar: { value: 1 } },
      reservations: [{ type: "DYNAMIC", role: "a", principal: "ops" }],
    };
    const calls: [string, Json, number][] = [
      ["UPDATE_WEIGHTS", { weight_infos: [{ role: "a", weight: 2 }] }, 200],
      ["UPDATE_QUOTA", { quota_configs: [{ role: "a" }] }, 200],
      ["UPDATE_MAINTENANCE_SCHEDULE", { schedule: { windows: [] } }, 200],
      ["RESERVE_RESOURCES", { agent_id, resources: [reservation] }, 202],
      ["DEACTIVATE_AGENT", { agent_id }, 200],
      ["REACTIVATE_AGENT", { agent_id }, 200],
      ["GET_FLAGS", {}, 200],
      ["DRAIN_AGENT", { agent_id }, 200],
      ["MARK_AGENT_GONE", { agent_id }, 200],
    ];
    for (const [type, args, status] of calls) {
      assert.deepEqual(await call(guest, type, args), denied, type);
      assert.equal((await call(ops, type, args))[0], status, type);
    }
    for (const [method, path, body] of [
      ["PUT", "/weights", [{ role: "a", weight: 1 }]],
      ["GET", "/metrics/snapshot"],
      ["GET", "/flags"],
      ["POST", "/maintenance/schedule", { windows: [] }],
    ] as const) {
      assert.equal((await http(method, master.url + path, body, guest)).status, 403, path);
      assert.equal((await http(method, master.url + path, body, ops)).status, 200, path);
    }
  });

  it("lets frameworks take only the roles and users that are theirs, and shows only what may be seen", async () => {
    await start({
      register_frameworks: [
        { principals: { values: ["ops"] }, roles: { values: ["a", "b/%"] } },
        { principals: { type: "NONE" }, roles: { type: "ANY" } },
      ],
      run_tasks: [
        { principals: { type: "ANY" }, users: { values: ["nobody"] } },
        { principals: { type: "NONE" }, users: { type: "ANY" } },
      ],
      teardown_frameworks: only("ops", "framework_principals"),
      view_frameworks: only("ops", "users"),
      view_roles: only("ops", "roles"),
      get_quotas: only("ops", "roles"),
    });
    const subscribe = async (who: Record<string, string>, roles: string[]) => {
      const scheduler = new TestScheduler(master.url, who);
      schedulers.push(scheduler);
      await scheduler.subscribe({ roles });
      return scheduler;
    };
    const refused = await subscribe(ops, ["a", "c"]);
    assert.deepEqual(refused.events[0], {
      type: "ERROR",
      error: { message: "Not authorized to use roles '{ c }'" },
    });
    assert.equal((await subscribe(guest, ["a"])).events[0]?.type, "ERROR");
    const scheduler = await subscribe(ops, ["a", "b/x"]);
    const offer = await scheduler.offer();
    await scheduler.launch(offer, { task_id: { value: "t" }, command: { value: "true" } });
    const error = await scheduler.state("t", "TASK_ERROR");
    assert.deepEqual(
      [error.reason, error.message],
      ["REASON_TASK_UNAUTHORIZED", "Not authorized to launch as user 'root'"],
    );
    const seen = async (who: Record<string, string>) =>
      (JSON.parse((await http("GET", `${master.url}/state`, undefined, who)).text) as { frameworks: Json[] })
        .frameworks.length;
    assert.deepEqual([await seen(ops), await seen(guest)], [1, 0]);
    assert.deepEqual(JSON.parse((await http("GET", `${master.url}/roles`, undefined, guest)).text), {
      roles: [],
    });
    const quota_configs = [{ role: "q", limits: { cpus: { value: 1 } } }];
    await call(ops, "UPDATE_QUOTA", { quota_configs });
    assert.deepEqual(JSON.parse((await http("GET", `${master.url}/quota`, undefined, guest)).text), {});
    assert.match((await http("GET", `${master.url}/quota`, undefined, ops)).text, /"role":"q"/);
    const framework_id = { value: scheduler.frameworkId };
    assert.deepEqual(await call(guest, "TEARDOWN", { framework_id }), denied);
    assert.equal((await call(ops, "TEARDOWN", { framework_id }))[0], 200);
  });

  it("denies what no rule is about when it is not permissive", async () => {
    await start({
      permissive: false,
      register_agents: [{ principals: { type: "ANY" }, agents: { type: "ANY" } }],
    });
    assert.deepEqual(await call(ops, "UPDATE_WEIGHTS", { weight_infos: [{ role: "a", weight: 2 }] }), denied);
  });

  it("lets no agent register when no rule allows it", async () => {
    master = await fixture.master("m", [
      `--acls=${JSON.stringify({ register_agents: [{ principals: { type: "NONE" }, agents: { type: "ANY" } }] })}`,
    ]);
    await until("a leader", () => master.program.leader);
    await fixture.agent("a", [`--master=${master.address}`]);
    await until("a refusal", () => master.lines.some((l) => l.endsWith("is not authorized to register")));
  });

  it("fails when ACLs are wrong, with what is wrong", () => {
    const said = (acls: string): string => {
      const source = {
        program: "mesos-master",
        version: "",
        env: {},
        envPrefix: "MESOS_",
        style: "mesos",
      } as const;
      const parsed = parseFlags(masterFlags, { ...source, argv: [`--acls=${acls}`] });
      return parsed.kind === "fail" ? parsed.text : "";
    };
    assert.match(said("{"), /Failed to load flag 'acls': expected ACLs as a JSON object/);
    assert.match(said('{"nope":[]}'), /'nope' is not simulated/);
    assert.match(said('{"run_tasks":[{"principals":{"type":"ANY"}}]}'), /'run_tasks.users' is missing/);
  });
});
