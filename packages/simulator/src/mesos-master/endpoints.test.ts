// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { AgentProgram } from "../mesos-agent/program";
import { Fixture, getJson, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

type Json = Record<string, unknown>;

/** `a/{b,c}` as a shell expands it. */
function expand(text: string): string[] {
  const found = /\{([^{}]*)\}/.exec(text);
  if (found === null) return [text];
  return (found[1] ?? "").split(",").flatMap((part) => expand(text.replace(found[0], part)));
}
const words = (text: string): string[] => text.trim().split(/\s+/).flatMap(expand);
const absent = (object: Json, names: string): string[] => words(names).filter((name) => !(name in object));

describe("endpoints that tools read (mesos.md 2.1)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let agent: AgentProgram;
  let scheduler: TestScheduler;
  let agentUrl: string;

  before(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", ["--cluster=test"], "127.113.8.1");
    await until("a leader", () => master.program.leader);
    agent = await fixture.agent("a", [
      `--master=${master.address}`,
      "--ip=127.113.8.2",
      "--attributes=rack:r1",
    ]);
    agentUrl = `http://${agent.pid.split("@")[1]}`;
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
    const offer = await scheduler.offer();
    await scheduler.launch(offer, { task_id: { value: "t" }, command: { value: "exec sleep 1000" } });
    await scheduler.state("t", "TASK_RUNNING");
  });
  after(async () => {
    for (const task of agent?.agent?.tasks ?? []) task.abandon();
    scheduler?.disconnect();
    await fixture.end();
  });

  describe("/state", () => {
    it("has the keys of the cluster, its agents, frameworks and tasks", async () => {
      const state = await getJson<Json & { slaves: Json[]; frameworks: (Json & { tasks: Json[] })[] }>(
        `${master.url}/master/state`,
      );
      const cluster = `version build_date build_time build_user start_time elected_time id pid hostname capabilities
        activated_slaves deactivated_slaves unreachable_slaves leader leader_info cluster flags slaves recovered_slaves
        frameworks completed_frameworks orphan_tasks unregistered_frameworks`;
      assert.deepEqual(absent(state, cluster), []);
      assert.equal(state["leader"], `master@${master.address}`);
      const slave = `id hostname port attributes pid registered_time {,used_,offered_}resources
        {reserved,unreserved}_resources active deactivated version capabilities`;
      assert.deepEqual(absent(state.slaves[0] ?? {}, slave), []);
      assert.match(String(state.slaves[0]?.["pid"]), /^slave\(1\)@127\.113\.8\.2:\d+$/);
      const framework = `id name used_resources offered_resources capabilities hostname webui_url active connected recovered
        user failover_timeout checkpoint registered_time unregistered_time roles tasks unreachable_tasks completed_tasks
        offers executors`;
      assert.deepEqual(absent(state.frameworks[0] ?? {}, framework), []);
      const task = "id name framework_id executor_id slave_id state resources role statuses";
      assert.deepEqual(absent(state.frameworks[0]?.tasks[0] ?? {}, task), []);
    });
  });

  describe("ids", () => {
    it("come from the master's", async () => {
      const { slaves, frameworks } = await getJson<Record<string, Json[]>>(`${master.url}/state`);
      assert.equal(slaves?.[0]?.["id"], `${master.id}-S0`);
      assert.equal(frameworks?.[0]?.["id"], `${master.id}-0000`);
    });
  });

  describe("/state-summary", () => {
    it("counts tasks by state for agents and frameworks", async () => {
      const { slaves, frameworks } = await getJson<Record<string, Json[]>>(`${master.url}/state-summary`);
      const counters =
        "TASK_{STAGING,STARTING,RUNNING,KILLING,FINISHED,FAILED,KILLED,ERROR,LOST,UNREACHABLE}";
      assert.deepEqual(absent(slaves?.[0] ?? {}, `${counters} framework_ids`), []);
      assert.deepEqual(absent(frameworks?.[0] ?? {}, `${counters} slave_ids`), []);
      assert.equal(slaves?.[0]?.["TASK_RUNNING"], 1);
    });
  });

  describe("/tasks, /slaves, /frameworks", () => {
    it("take an id, by POST too, and the older names", async () => {
      const framework = `${master.id}-0000`;
      const ask = async (path: string, key: string, method = "GET"): Promise<number> => {
        const { status, text } = await http(method, `${master.url}${path}`);
        assert.equal(status, 200, text);
        return (JSON.parse(text)[key] as unknown[]).length;
      };
      assert.equal(await ask(`/tasks?task_id=t&framework_id=${framework}`, "tasks", "POST"), 1);
      assert.equal(await ask("/tasks?task_id=none", "tasks"), 0);
      assert.equal(await ask(`/slaves/${master.id}-S0`, "slaves", "POST"), 1);
      assert.equal(await ask("/slaves.json?slave_id=none", "slaves"), 0);
      const { slaves } = await getJson<{ slaves: Json[] }>(`${master.url}/slaves`);
      assert.deepEqual(absent(slaves[0] ?? {}, "{reserved,unreserved,used,offered}_resources_full"), []);
      assert.equal(await ask("/frameworks?framework_id=none", "frameworks"), 0);
    });
  });

  describe("/roles", () => {
    it("counts nothing as reserved for *", async () => {
      const { roles } = await getJson<{ roles: (Json & { quota: Json })[] }>(`${master.url}/roles`);
      const [all] = roles;
      assert.deepEqual([all?.["name"], all?.["reserved"]], ["*", {}]);
      assert.deepEqual(all?.quota["consumed"], { cpus: 0.1, mem: 32 });
    });
  });

  describe("/metrics/snapshot", () => {
    it("has every name that dashboards ask a master for", async () => {
      const metrics = await getJson<Json>(`${master.url}/metrics/snapshot`);
      const names = `master/{uptime_secs,elected,outstanding_offers,recovery_slave_removals}
        master/{cpus,gpus,mem,disk}_{,revocable_}{total,used,percent}
        master/slaves_{connected,disconnected,active,inactive,unreachable}
        master/frameworks_{connected,disconnected,active,inactive}
        master/tasks_{staging,starting,running,killing,finished,failed,killed,error,lost,dropped,gone,gone_by_operator,unreachable}
        master/slave_{registrations,reregistrations,removals} master/slave_removals/reason_{unhealthy,unregistered,registered}
        master/slave_unreachable_{scheduled,completed,canceled} master/event_queue_{messages,dispatches,http_requests}
        registrar/{queued_operations,registry_size_bytes,state_fetch_ms,state_store_ms} registrar/log/{ensemble_size,recovered}
        registrar/state_store_ms/{p50,p90,p95,p99,p999,max,count}
        allocator/mesos/resources/{cpus,mem,disk}/{total,offered_or_allocated} allocator/mesos/allocation_run_ms
        system/{cpus_total,load_1min,load_5min,load_15min,mem_total_bytes,mem_free_bytes}`;
      assert.deepEqual(absent(metrics, names), []);
      assert.ok(Object.values(metrics).every((value) => typeof value === "number"));
      assert.deepEqual([metrics["master/elected"], metrics["master/tasks_running"]], [1, 1]);
    });

    it("has every name that dashboards ask an agent for", async () => {
      const metrics = await getJson<Json>(`${agentUrl}/metrics/snapshot`);
      const names = `slave/{cpus,mem,disk,gpus}_{total,used,percent}
        slave/{uptime_secs,registered,executors_running,tasks_running,recovery_errors,recovery_time_secs,container_launch_errors}`;
      assert.deepEqual(absent(metrics, names), []);
      assert.equal(metrics["slave/tasks_running"], 1);
    });
  });

  describe("/health, /version, /redirect, media types", () => {
    it("are libprocess's", async () => {
      const health = await http("GET", `${master.url}/master/health`);
      assert.deepEqual([health.status, health.text], [200, ""]);
      const version = await http("GET", `${master.url}/version`);
      assert.deepEqual(
        [version.headers["content-type"], JSON.parse(version.text).version],
        ["application/json", "1.11.0"],
      );
      assert.equal((await http("GET", `${master.url}/redirect`)).headers["location"], `//${master.address}`);
      assert.equal((await http("GET", `${master.url}/nosuch`)).status, 404);
      assert.equal((await http("GET", `${agentUrl}/slave(1)/health`)).status, 200);
    });
  });

  describe("an agent's /files", () => {
    it("serve sandboxes and nothing else", async () => {
      const state = await getJson<{ frameworks: { executors: { directory: string }[] }[] }>(
        `${agentUrl}/state`,
      );
      const directory = state.frameworks[0]?.executors[0]?.directory ?? assert.fail();
      const files = await getJson<{ path: string }[]>(
        `${agentUrl}/files/browse?path=${encodeURIComponent(directory)}`,
      );
      assert.ok(files.some((f) => f.path === `${directory}/stdout`));
      const none = await http("GET", `${agentUrl}/files/browse`);
      assert.deepEqual([none.status, none.text], [400, "Expecting 'path=value' in query.\n"]);
      for (const path of ["/etc/passwd", `${directory}/../../../../../../../../etc`, `${directory}/no`]) {
        const answer = await http("GET", `${agentUrl}/files/read?path=${encodeURIComponent(path)}`);
        assert.equal(answer.status, 404, path);
      }
    });
  });
});
