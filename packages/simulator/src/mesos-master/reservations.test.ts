// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fixture, fileIn, getJson, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

const reservation = (role: string) => ({ reservations: [{ type: "DYNAMIC", role, principal: "p" }] });
const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });
const disk = { ...scalar("disk", 64), ...reservation("web") };
const volume = {
  ...disk,
  disk: { persistence: { id: "v1", principal: "p" }, volume: { container_path: "data", mode: "RW" } },
};

describe("reservations and volumes: ACCEPT with RESERVE, CREATE, LAUNCH, DESTROY, UNRESERVE (docs/persistent-volume.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", []);
    await until("a leader", () => master.program.leader);
    scheduler = new TestScheduler(master.url);
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const agent = (more: string[] = []) => fixture.agent("a", [`--master=${master.address}`, ...more]);
  const subscribe = (role = "web") =>
    scheduler.subscribe({
      roles: [role],
      principal: "p",
      capabilities: [{ type: "MULTI_ROLE" }, { type: "RESERVATION_REFINEMENT" }],
    });
  const accept = async (offerId: { value: string }, operations: unknown[]): Promise<void> => {
    const answer = await scheduler.call("ACCEPT", {
      offer_ids: [offerId],
      operations,
      filters: { refuse_seconds: 0 },
    });
    assert.equal(answer.status, 202, answer.text);
  };
  /** Unused ones until one satisfies. */
  const offerWith = async (name: string) => {
    for (;;) {
      const offer = await scheduler.offer();
      if (JSON.stringify(offer.resources).includes(name)) return offer;
      await scheduler.call("DECLINE", { offer_ids: [offer.id], filters: { refuse_seconds: 0 } });
    }
  };
  const operation = (id: string) =>
    until(`status of ${id}, got ${JSON.stringify(scheduler.events)}`, () => {
      const found = scheduler.events.find(
        (e) =>
          (e["update_operation_status"] as { status?: { operation_id?: { value: string } } })?.status
            ?.operation_id?.value === id,
      );
      return found?.["update_operation_status"] as {
        status: Record<string, { value: string }> & { state: string };
      };
    });

  it("reserves, creates a volume and launches on it in one ACCEPT; task, agent and its restart keep the data", async () => {
    let program = await agent();
    await subscribe();
    const offer = await scheduler.offer();
    assert.deepEqual((offer as unknown as { allocation_info: unknown }).allocation_info, { role: "web" });
    await accept(offer.id, [
      { type: "RESERVE", id: { value: "r1" }, reserve: { resources: [disk] } },
      { type: "CREATE", create: { volumes: [volume] } },
      {
        type: "LAUNCH",
        launch: {
          task_infos: [
            {
              name: "t",
              task_id: { value: "t" },
              agent_id: offer.agent_id,
              resources: [scalar("cpus", 0.1), volume],
              command: { value: "echo kept > data/file; exec sleep 1000" },
            },
          ],
        },
      },
    ]);
    await scheduler.state("t", "TASK_RUNNING");
    const directory = join(fixture.directory, "a", "volumes", "roles", "web", "v1");
    await until("the task's file", () => existsSync(join(directory, "file")));
    const { status } = await operation("r1");
    assert.equal(status.state, "OPERATION_FINISHED");
    const slave = async () =>
      (await getJson<{ slaves: Record<string, unknown>[] }>(`${master.url}/slaves`)).slaves[0] ??
      assert.fail();
    assert.deepEqual((await slave())["reserved_resources"], { web: { cpus: 0, gpus: 0, mem: 0, disk: 64 } });
    const full = (await slave())["reserved_resources_full"] as { web: { disk: unknown }[] };
    assert.deepEqual(full.web[0]?.disk, volume.disk);
    const operations = async () =>
      JSON.parse((await http("POST", `${master.url}/api/v1`, { type: "GET_OPERATIONS" })).text).get_operations
        .operations ?? [];
    assert.deepEqual(
      (await operations()).map((o: { info: { type: string }; latest_status: { state: string } }) => [
        o.info.type,
        o.latest_status.state,
      ]),
      [["RESERVE", "OPERATION_FINISHED"]],
    );
    await scheduler.call("ACKNOWLEDGE_OPERATION_STATUS", {
      agent_id: offer.agent_id,
      uuid: status["uuid"]?.value,
      operation_id: { value: "r1" },
    });
    await until("no operation left", async () => (await operations()).length === 0);

    await scheduler.call("KILL", { task_id: { value: "t" } });
    await scheduler.state("t", "TASK_KILLED");
    await offerWith('"v1"');
    await program.close();
    await until("disconnected", async () => (await slave())["active"] === false);
    scheduler.events.length = 0;
    const port = master.program.leader?.context.state.agents.get(offer.agent_id.value)?.info.port;
    program = await agent([`--port=${port}`]);
    const again = await offerWith('"v1"');
    assert.equal(again.agent_id.value, offer.agent_id.value);
    assert.equal(readFileSync(join(directory, "file"), "utf8"), "kept\n");
    await accept(again.id, [
      {
        type: "LAUNCH",
        launch: {
          task_infos: [
            {
              name: "u",
              task_id: { value: "u" },
              agent_id: offer.agent_id,
              resources: [scalar("cpus", 0.1), volume],
              command: { value: "cat data/file" },
            },
          ],
        },
      },
    ]);
    await scheduler.state("u", "TASK_FINISHED");
    const stdout = fileIn(
      join(
        fixture.directory,
        "a",
        "slaves",
        offer.agent_id.value,
        "frameworks",
        scheduler.frameworkId,
        "executors",
        "u",
      ),
      "stdout",
    );
    assert.equal(readFileSync(stdout ?? "", "utf8"), "kept\n");

    await accept((await offerWith('"v1"')).id, [
      { type: "DESTROY", destroy: { volumes: [volume] } },
      { type: "UNRESERVE", unreserve: { resources: [disk] } },
    ]);
    await until("unreserved", async () => JSON.stringify((await slave())["reserved_resources"]) === "{}");
    await until("the volume's end", () => !existsSync(directory));
  });

  it("offers what is reserved statically only to its role, in the framework's own format", async () => {
    await agent(["--resources=cpus(web):1;cpus:1;mem:64;disk:1;ports(web):[31000-31001]"]);
    await scheduler.subscribe({ roles: ["other"] });
    const other = await scheduler.offer();
    assert.deepEqual(
      other.resources.map((r) => [r.name, (r as { role?: string }).role]),
      [
        ["cpus", "*"],
        ["mem", "*"],
        ["disk", "*"],
      ],
    );
    await scheduler.call("DECLINE", { offer_ids: [other.id], filters: { refuse_seconds: 3600 } });
    const web = new TestScheduler(master.url);
    try {
      await web.subscribe({ roles: ["web/front"] });
      const offer = await web.offer();
      const found = offer.resources.map((r) => ({ ...r })) as unknown as Record<string, unknown>[];
      assert.deepEqual(
        found.find((r) => r["name"] === "ports"),
        {
          name: "ports",
          type: "RANGES",
          ranges: { range: [{ begin: 31000, end: 31001 }] },
          role: "web",
          allocation_info: { role: "web/front" },
        },
      );
    } finally {
      web.disconnect();
    }
  });

  it("fails when an operation is wrong: the rest goes on, and the reason comes with its id", async () => {
    await agent();
    await subscribe();
    const bad = async (id: string, more: Record<string, unknown>): Promise<string> => {
      await accept((await scheduler.offer()).id, [{ id: { value: id }, ...more }]);
      const { status } = await operation(id);
      assert.equal(status.state, "OPERATION_ERROR");
      return String(status["message"]);
    };
    assert.match(
      await bad("a", { type: "RESERVE", reserve: { resources: [scalar("cpus", 1)] } }),
      /^Resource cpus\(allocated: web\):1 is not dynamically reserved; on agent /,
    );
    assert.match(
      await bad("b", {
        type: "RESERVE",
        reserve: { resources: [{ ...scalar("cpus", 1), ...reservation("x") }] },
      }),
      /resource with role 'x', but the resource was allocated to role 'web'/,
    );
    assert.match(
      await bad("c", { type: "CREATE", create: { volumes: [{ ...volume, reservations: [] }] } }),
      /Persistent volumes cannot be created from unreserved resources/,
    );
    assert.match(
      await bad("d", {
        type: "RESERVE",
        reserve: { resources: [{ ...scalar("cpus", 99), ...reservation("web") }] },
      }),
      /does not contain/,
    );
    assert.match(
      await bad("e", {
        type: "RESERVE",
        reserve: {
          resources: [
            { ...scalar("cpus", 1), reservations: [{ type: "DYNAMIC", role: "web", principal: "q" }] },
          ],
        },
      }),
      /authenticated principal 'p', which does not match a reserved resource in the request with principal 'q'/,
    );
    await scheduler.call("RECONCILE_OPERATIONS", { operations: [{ operation_id: { value: "z" } }] });
    assert.equal((await operation("z")).status.state, "OPERATION_UNKNOWN");
  });

  it("fails when a volume would leave the sandbox", async () => {
    await agent();
    await subscribe();
    const offer = await scheduler.offer();
    const outside = {
      ...volume,
      disk: { ...volume.disk, volume: { container_path: "../../x", mode: "RW" } },
    };
    const info = {
      name: "t",
      task_id: { value: "t" },
      agent_id: offer.agent_id,
      resources: [scalar("cpus", 0.1), outside],
      command: { value: "true" },
    };
    await accept(offer.id, [
      { type: "RESERVE", reserve: { resources: [disk] } },
      { type: "CREATE", create: { volumes: [outside] } },
      { type: "LAUNCH", launch: { task_infos: [info] } },
    ]);
    assert.match(
      (await scheduler.state("t", "TASK_FAILED")).message ?? "",
      /must be relative and must not leave/,
    );
  });
});
