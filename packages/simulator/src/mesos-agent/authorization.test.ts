// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Fixture, http, TestScheduler, until } from "../test-cluster.test";
import type { AgentProgram } from "./program";

type Json = Record<string, unknown>;

const header = (principal: string) => ({
  authorization: `Basic ${Buffer.from(`${principal}:secret`).toString("base64")}`,
});
const to = (principal: string, object: string, values?: readonly string[]): Json => ({
  principals: { type: "SOME", values: [principal] },
  [object]: values === undefined ? { type: "ANY" } : { type: "SOME", values },
});

describe("an agent's --acls (docs/authorization.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let schedulers: TestScheduler[];
  let agent: AgentProgram;

  beforeEach(() => {
    fixture = new Fixture();
    schedulers = [];
  });
  afterEach(async () => {
    for (const scheduler of schedulers) scheduler.disconnect();
    await fixture.end();
  });

  /** An agent that knows `ops` and `guest`, with the log that it shows. */
  async function start(acls: Json, ...argv: string[]): Promise<void> {
    const file = join(fixture.directory, "http.json");
    const credentials = ["ops", "guest"].map((principal) => ({ principal, secret: "secret" }));
    writeFileSync(file, JSON.stringify({ credentials }));
    agent = await fixture.agent("a", [
      "--master=127.84.9.9:5050",
      `--http_credentials=${file}`,
      "--authenticate_http_readonly",
      "--authenticate_http_readwrite",
      `--log_dir=${fixture.directory}/log`,
      `--acls=${JSON.stringify(acls)}`,
      ...argv,
    ]);
  }

  /** Runs a task in a framework of this user, and one in a framework of nobody's. */
  async function running(): Promise<void> {
    const master = await fixture.master("m", []);
    await until("a leader", () => master.program.leader);
    await start({ permissive: false, ...seesAll, ...seesOwn }, `--master=${master.address}`);
    for (const [name, user] of [
      ["own", me],
      ["other", "nobody"],
    ] as const) {
      const scheduler = new TestScheduler(master.url);
      schedulers.push(scheduler);
      await scheduler.subscribe({ name, user });
      const command = { value: "exec sleep 1000" };
      const offer = await scheduler.offer();
      await scheduler.call("SUPPRESS"); // what is left of the offer is for the other framework
      await scheduler.launch(offer, { task_id: { value: name }, command });
      await scheduler.state(name, "TASK_RUNNING");
    }
  }

  const me = userInfo().username;
  const sights = ["view_frameworks", "view_executors", "view_tasks", "view_containers", "access_sandboxes"];
  const seesAll = Object.fromEntries(
    [...sights.map((action) => [action, "users"] as const), ["get_endpoints", "paths"] as const].map(
      ([action, about]) => [action, [to("ops", about)]],
    ),
  );
  /** The guest sees what runs as this user, and frameworks of this user alone. */
  const seesOwn = Object.fromEntries(
    sights.map((action) => [action, [to("ops", "users"), to("guest", "users", [me])]]),
  );

  const url = (): string => `http://${agent.pid.split("@")[1]}`;
  const get = (who: string, path: string) => http("GET", url() + path, undefined, header(who));
  const call = (who: string, type: string, args: Json = {}) =>
    http("POST", `${url()}/api/v1`, { type, [type.toLowerCase()]: args }, header(who));
  const names = (text: string, ...path: string[]): unknown[] => {
    let value: unknown = JSON.parse(text);
    for (const key of path) value = (value as Json)[key];
    return value as unknown[];
  };

  it("opens endpoints, flags, log and loudness to whom it names alone", async () => {
    await start({
      permissive: false,
      get_endpoints: [to("ops", "paths"), to("guest", "paths", ["/metrics/snapshot"])],
      view_flags: [to("ops", "flags")],
      set_log_level: [to("ops", "level")],
      access_mesos_logs: [to("ops", "logs")],
    });
    const paths = ["/flags", "/metrics/snapshot", "/monitor/statistics", "/containers", "/files/debug"];
    const files = [
      "/files/browse?path=/slave/log",
      "/files/read?path=/slave/log&offset=0",
      "/logging/toggle",
    ];
    for (const path of [...paths, ...files]) {
      assert.equal((await get("ops", path)).status, 200, path);
      assert.equal((await get("guest", path)).status, path === "/metrics/snapshot" ? 200 : 403, path);
    }
    const level = { level: 1, duration: { nanoseconds: 1_000_000 } };
    for (const type of ["GET_FLAGS", "SET_LOGGING_LEVEL"]) {
      const answers = ["ops", "guest"].map((who) => call(who, type, type === "GET_FLAGS" ? {} : level));
      assert.deepEqual(
        (await Promise.all(answers)).map(({ status }) => status),
        [200, 403],
        type,
      );
    }
    const shown = async (who: string) => "flags" in (JSON.parse((await get(who, "/state")).text) as Json);
    assert.deepEqual([await shown("ops"), await shown("guest")], [true, false]);
  });

  it("shows frameworks, executors, tasks and containers by whose they are", async () => {
    await running();
    const frameworks = async (who: string) =>
      names((await get(who, "/state")).text, "frameworks").map((f) => (f as Json)["name"]);
    assert.deepEqual([await frameworks("ops"), await frameworks("guest")], [["own", "other"], ["own"]]);
    const count = async (who: string, type: string, ...path: string[]) =>
      names((await call(who, type)).text, type.toLowerCase(), ...path).length;
    for (const [type, ...path] of [
      ["GET_FRAMEWORKS", "frameworks"],
      ["GET_EXECUTORS", "executors"],
      ["GET_TASKS", "launched_tasks"],
      ["GET_STATE", "get_tasks", "launched_tasks"],
      ["GET_CONTAINERS", "containers"],
    ] as const) {
      assert.deepEqual(
        [await count("ops", type, ...path), await count("guest", type, ...path)],
        [2, 1],
        type,
      );
    }
    assert.equal((await get("guest", "/containers")).status, 403);
  });

  it("opens a sandbox to who may see its user's, by every name that it has, and all of them together to who may see any", async () => {
    await running();
    const { text } = await get("ops", "/state");
    const [own, other] = names(text, "frameworks") as { id: string; executors: { directory: string }[] }[];
    const directory = own?.executors[0]?.directory ?? "";
    const latest = `/frameworks/${own?.id}/executors/own/runs/latest`;
    const others = [other?.executors[0]?.directory, `/frameworks/${other?.id}/executors/other/runs/latest`];
    for (const path of [directory, `${directory}/stdout`, latest]) {
      assert.equal((await get("guest", `/files/browse?path=${path}`)).status, 200, path);
      assert.equal((await call("guest", "LIST_FILES", { path })).status, 200, path);
    }
    const whole = directory.slice(0, directory.indexOf("/slaves/") + "/slaves".length);
    assert.equal((await get("ops", `/files/browse?path=${whole}`)).status, 200);
    for (const path of [whole, ...others]) {
      assert.equal((await get("guest", `/files/browse?path=${path}`)).status, 403, path);
      assert.equal((await call("guest", "LIST_FILES", { path })).status, 403, path);
    }
    const around = `${directory}/../../../../../${other?.id}`;
    assert.equal((await get("guest", `/files/browse?path=${around}`)).status, 400, "a way around is none");
    assert.equal((await get("guest", "/files/browse?path=/slave/log")).status, 403);
  });
});
