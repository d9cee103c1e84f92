// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { AgentProgram } from "../mesos-agent/program";
import { Fixture, getJson, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

type Json = Record<string, unknown>;

/** The names in Mesos 1.11's writers, in the order of src/master/readonly_handler.cpp and src/common/http.cpp. */
const slaveInfo = "id hostname port attributes";
const slave = `${slaveInfo} pid registered_time resources used_resources offered_resources reserved_resources
  unreserved_resources active deactivated version capabilities`;
const frameworkSummary = `id name used_resources offered_resources capabilities hostname webui_url active connected recovered`;
const framework = `${frameworkSummary} user failover_timeout checkpoint registered_time unregistered_time resources roles tasks
  unreachable_tasks completed_tasks offers executors labels offer_constraints`;
const counters = `TASK_STAGING TASK_STARTING TASK_RUNNING TASK_KILLING TASK_FINISHED TASK_KILLED TASK_FAILED TASK_LOST TASK_ERROR
  TASK_UNREACHABLE`;
const state = `version build_date build_time build_user start_time elected_time id pid hostname capabilities activated_slaves
  deactivated_slaves unreachable_slaves leader leader_info cluster log_dir flags slaves recovered_slaves frameworks
  completed_frameworks orphan_tasks unregistered_frameworks`;
const task = "id name framework_id executor_id slave_id state resources role statuses";
const executor = "executor_id name framework_id command resources role slave_id";
const role = "name weight quota resources allocated offered reserved frameworks";

function sameKeys(document: unknown, names: string, what: string): void {
  assert.deepEqual(Object.keys(document as Json).sort(), names.trim().split(/\s+/).sort(), what);
}

const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });

describe("the fields of a master's answers are those of Mesos 1.11, no more and no less", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let agent: AgentProgram;
  let scheduler: TestScheduler;
  const get = async (path: string): Promise<Record<string, Json[]>> => await getJson(`${master.url}${path}`);
  const ask = async (type: string, more: Json = {}): Promise<Json> => {
    const { status, text } = await http("POST", `${master.url}/api/v1`, { type, ...more });
    assert.equal(status, 200, text);
    return text === "" ? {} : JSON.parse(text)[type.toLowerCase()];
  };

  before(async () => {
    fixture = new Fixture();
    master = await fixture.master(
      "m",
      ["--cluster=test", `--log_dir=${fixture.directory}/logs`],
      "127.113.9.1",
    );
    await until("a leader", () => master.program.leader);
    agent = await fixture.agent("a", [
      `--master=${master.address}`,
      "--ip=127.113.9.2",
      "--attributes=rack:r1",
    ]);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe({ labels: { labels: [{ key: "team", value: "a" }] } });
    const offer = await scheduler.offer();
    const { agent_id } = offer;
    const resources = [scalar("cpus", 0.1), scalar("mem", 32)];
    const command = { value: "exec sleep 1000", user: "root" };
    const own = { executor_id: { value: "e" }, command: { value: "exec sleep 1000" }, resources };
    const task_infos = [
      { name: "task", task_id: { value: "t" }, agent_id, resources, command },
      { name: "task", task_id: { value: "u" }, agent_id, resources, executor: own },
    ];
    await scheduler.call("ACCEPT", {
      offer_ids: [offer.id],
      operations: [{ type: "LAUNCH", launch: { task_infos } }],
      filters: { refuse_seconds: 0 },
    });
    await scheduler.state("t", "TASK_RUNNING");
  });
  after(async () => {
    for (const running of agent?.agent?.tasks ?? []) running.abandon();
    scheduler?.disconnect();
    await fixture.end();
  });

  it("/state", async () => {
    const all = await get("/state");
    sameKeys(all, state, "/state");
    sameKeys(all["leader_info"], "id pid port hostname", "leader_info");
    sameKeys(all["slaves"]?.[0], slave, "a slave");
    const [mine] = all["frameworks"] ?? [];
    sameKeys(mine, framework, "a framework");
    assert.deepEqual(mine?.["labels"], [{ key: "team", value: "a" }]);
    const tasks = mine?.["tasks"] as Json[];
    sameKeys(tasks[0], `${task} user`, "a task that names its user");
    sameKeys(tasks[1], task, "a task that does not");
    assert.deepEqual(
      tasks.map((t) => t["executor_id"]),
      ["", "e"],
    );
    const statuses = (tasks[0]?.["statuses"] ?? []) as Json[];
    sameKeys(statuses.at(-1), "state timestamp container_status", "a status");
    const [one] = (mine?.["executors"] ?? []) as Json[];
    sameKeys(one, executor, "an executor");
    assert.deepEqual(one?.["command"], { value: "exec sleep 1000", argv: [], uris: [] });
    const { used_resources, offered_resources, resources } = mine as Record<string, { cpus: number }>;
    assert.equal(resources?.cpus, (used_resources?.cpus ?? 0) + (offered_resources?.cpus ?? 0));
  });

  it("/frameworks, /slaves, /tasks, /roles", async () => {
    const frameworks = await get("/frameworks");
    sameKeys(frameworks, "frameworks completed_frameworks unregistered_frameworks", "/frameworks");
    sameKeys(frameworks["frameworks"]?.[0], framework, "a framework");
    const slaves = await get("/slaves");
    sameKeys(slaves, "slaves recovered_slaves", "/slaves");
    const full = `reserved_resources_full unreserved_resources_full used_resources_full offered_resources_full`;
    sameKeys(slaves["slaves"]?.[0], `${slave} ${full}`, "a slave");
    const [used] = (slaves["slaves"]?.[0]?.["used_resources_full"] ?? []) as Json[];
    assert.deepEqual(used, { ...scalar("cpus", 0.3), role: "*", allocation_info: { role: "*" } });
    const { tasks } = await get("/tasks?task_id=t");
    sameKeys(tasks?.[0], `${task} user`, "a task");
    const { roles } = await get("/roles");
    sameKeys(roles?.[0], role, "a role");
    sameKeys(roles?.[0]?.["quota"], "role guarantee limit consumed", "a quota");
    assert.deepEqual(await get("/tasks?limit=0"), { tasks: [] });
  });

  it("/state-summary counts ended tasks too", async () => {
    await scheduler.launch(await scheduler.offer(), { task_id: { value: "v" }, command: { value: "true" } });
    await scheduler.state("v", "TASK_FINISHED");
    const summary = await get("/state-summary");
    sameKeys(summary, "hostname cluster slaves frameworks", "/state-summary");
    const [here] = summary["slaves"] ?? [];
    sameKeys(here, `${slave} ${counters} framework_ids`, "a slave");
    const [mine] = summary["frameworks"] ?? [];
    sameKeys(mine, `${frameworkSummary} ${counters} slave_ids`, "a framework");
    assert.deepEqual([here?.["TASK_RUNNING"], here?.["TASK_STAGING"], here?.["TASK_FINISHED"]], [1, 1, 1]);
    assert.deepEqual([mine?.["TASK_FINISHED"], mine?.["slave_ids"]], [1, [here?.["id"]]]);
  });

  it("the v1 API leaves lists without entries out, but for those that it writes by hand", async () => {
    assert.deepEqual(await ask("GET_WEIGHTS"), {});
    assert.deepEqual(await ask("GET_MAINTENANCE_SCHEDULE"), { schedule: {} });
    assert.deepEqual(await ask("GET_OPERATIONS"), {});
    const { agents, recovered_agents } = await ask("GET_AGENTS");
    assert.deepEqual(recovered_agents, []);
    const [one] = agents as Json[];
    sameKeys(
      one,
      `agent_info active deactivated version pid registered_time total_resources allocated_resources offered_resources
       capabilities`,
      "an agent",
    );
    const [held] = (one?.["allocated_resources"] ?? []) as Json[];
    assert.deepEqual(held?.["allocation_info"], { role: "*" });
    sameKeys(await ask("GET_TASKS"), "tasks unreachable_tasks completed_tasks", "GET_TASKS");
    sameKeys(await ask("GET_EXECUTORS"), "executors", "GET_EXECUTORS");
    sameKeys(await ask("GET_FRAMEWORKS"), "frameworks completed_frameworks", "GET_FRAMEWORKS");
    const { version_info } = await ask("GET_VERSION");
    sameKeys(version_info, "version build_date build_time build_user", "GET_VERSION");
  });

  it("a deactivated agent is not active", async () => {
    const [one] = (await get("/slaves")).slaves ?? [];
    const agent_id = { value: one?.["id"] };
    await ask("DEACTIVATE_AGENT", { deactivate_agent: { agent_id } });
    const after = await get("/state");
    const { active, deactivated } = after["slaves"]?.[0] ?? {};
    assert.deepEqual([active, deactivated], [false, true]);
    assert.deepEqual([after["activated_slaves"], after["deactivated_slaves"]], [0, 1]);
    await ask("REACTIVATE_AGENT", { reactivate_agent: { agent_id } });
    assert.equal((await get("/slaves")).slaves?.[0]?.["active"], true);
  });
});
