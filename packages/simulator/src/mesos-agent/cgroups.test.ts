// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock";
import {
  Fixture,
  freePort,
  getJson,
  processesWith,
  type TaskUpdate,
  type TestMaster,
  TestScheduler,
  until,
} from "../test-cluster.test";
import { Cgroups, formatBytes } from "./cgroups";
import { parseIsolation } from "./isolation";

const hierarchy = "/sys/fs/cgroup";
const mebibyte = 1_048_576;

/** A root of the test's own; undefined, and why, where this machine lets nobody make cgroups. */
function ownRoot(): { readonly root: string } | { readonly why: string } {
  const root = `mesos-test-${process.pid}`;
  try {
    new Cgroups({ hierarchy, root, cpu: true, memory: true, enableCfs: true, limitSwap: false }, systemClock);
    return { root };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });
const memory = (mebibytes: number) => [scalar("cpus", 0.1), scalar("mem", mebibytes)];
/** Keeps `mebibytes` in memory. */
const hold = (mebibytes: number) =>
  `data=$(head -c ${mebibytes * mebibyte} /dev/zero | tr '\\0' x); echo held; sleep 1000`;

interface Limited extends TaskUpdate {
  readonly limitation?: { resources: { name: string; scalar: { value: number } }[] };
}

describe("cgroups (docs/isolators/cgroups-cpu.md, cgroups-memory.md)", function () {
  this.timeout(90_000);
  const own = ownRoot();
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];

  before(function () {
    if ("why" in own) {
      this.test?.parent?.tests.forEach((test) => {
        test.title += ` (not on this machine: ${own.why})`;
      });
      this.skip();
    }
  });
  after(() => {
    if ("why" in own) return;
    for (const directory of rootsOf(own.root)) rmdirSync(directory);
  });
  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.104.1.1");
    await until("a leader", () => master.program.leader);
    argv = [
      `--master=${master.address}`,
      "--ip=127.104.2.1",
      `--port=${await freePort("127.104.2.1")}`,
      `--work_dir=${fixture.directory}/a`,
      "--resources=cpus:2;mem:1024;disk:1024;ports:[31000-31009]",
      "--registration_backoff_factor=100ms",
      "--isolation=cgroups/cpu,cgroups/mem",
      `--cgroups_root=${"root" in own ? own.root : ""}`,
    ];
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const rootsOf = (root: string): string[] =>
    ["cpu", "cpuacct", "memory", "."].map((c) => join(hierarchy, c, root)).filter((d) => existsSync(d));
  const containers = (): string[] =>
    rootsOf("root" in own ? own.root : "").flatMap((directory) =>
      readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(directory, entry.name)),
    );
  const gone = async () => await until("no cgroup is left", () => containers().length === 0);

  it("fails a task that uses more memory than it may, with the reason and what it used", async () => {
    await fixture.agent("a", argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      resources: memory(32),
      command: { value: hold(256) },
    });
    const failed: Limited = await scheduler.state("t", "TASK_FAILED");
    assert.equal(failed.reason, "REASON_CONTAINER_LIMITATION_MEMORY");
    assert.equal(failed.source, "SOURCE_AGENT");
    assert.match(
      failed.message ?? "",
      /^Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \n\w+ \d+\n/,
    );
    assert.deepEqual(
      failed.limitation?.resources.map((r) => [r.name, r.scalar.value]),
      [["mem", 64]],
    );
    await gone();
  });

  it("lets a task use its limit where that is above its request, and all where it has none", async () => {
    await fixture.agent("a", argv);
    for (const [id, value] of [
      ["some", 256],
      ["all", "Infinity"],
    ] as const) {
      await scheduler.launch(await scheduler.offer(), {
        task_id: { value: id },
        resources: memory(32),
        limits: { mem: { value } },
        command: { value: `${hold(96)}` },
      });
      await scheduler.state(id, "TASK_RUNNING");
    }
    await until("both hold it", () =>
      ["some", "all"].every((id) =>
        readdirSync(fixture.directory, { recursive: true, withFileTypes: true }).some(
          (entry) =>
            entry.name === "stdout" &&
            entry.parentPath.includes(`/executors/${id}/`) &&
            readFileSync(join(entry.parentPath, entry.name), "utf8") === "held\n",
        ),
      ),
    );
    assert.equal(scheduler.updates.filter((u) => u.state === "TASK_FAILED").length, 0);
    for (const id of ["some", "all"]) await scheduler.call("KILL", { task_id: { value: id } });
    await gone();
  });

  it("tells limits and use, counts all processes, and leaves none behind", async () => {
    const agent = await fixture.agent("a", [...argv, "--cgroups_enable_cfs"]);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      resources: [scalar("cpus", 0.2), scalar("mem", 64)],
      command: { value: "setsid sh -c 'while :; do :; done' & exec sleep 1000" },
    });
    await scheduler.state("t", "TASK_RUNNING");
    const url = `http://${agent.pid.split("@")[1]}/monitor/statistics`;
    const statistics = await until("time spent", async () => {
      const [one] = await getJson<{ statistics: Record<string, number> }[]>(url);
      return (one?.statistics["cpus_nr_throttled"] ?? 0) > 0 ? one?.statistics : undefined;
    });
    assert.equal(statistics["mem_limit_bytes"], 96 * mebibyte);
    assert.equal(statistics["cpus_limit"]?.toFixed(3), "0.300");
    assert.ok((statistics["mem_total_bytes"] ?? 0) > 0 && (statistics["mem_rss_bytes"] ?? 0) > 0);
    await scheduler.call("KILL", { task_id: { value: "t" } });
    await scheduler.state("t", "TASK_KILLED");
    await gone();
    assert.deepEqual(processesWith(`MESOS_SANDBOX=${fixture.directory}`), []);
  });

  it("keeps limits over a killed agent, and removes what ended meanwhile", async () => {
    const first = fixture.agentProcess(argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "greedy" },
      resources: memory(32),
      command: { value: `until [ -e go ]; do sleep 0.05; done; ${hold(256)}` },
    });
    const { agent_id } = await scheduler.state("greedy", "TASK_RUNNING");
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "short" },
      resources: memory(32),
      command: { value: "until [ -e go ]; do sleep 0.05; done; exit 7" },
    });
    await scheduler.state("short", "TASK_RUNNING");
    first.kill("SIGKILL");
    await until("it is gone", () => first.signalCode !== null);
    const sandboxes = readdirSync(fixture.directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name === "stdout")
      .map((entry) => entry.parentPath);
    assert.equal(sandboxes.length, 2);
    for (const sandbox of sandboxes) writeFileSync(join(sandbox, "go"), "");
    await until("both ended", () => processesWith(`MESOS_SANDBOX=${fixture.directory}`).length <= 2);
    fixture.agentProcess(argv);
    assert.equal(
      (await scheduler.state("greedy", "TASK_FAILED")).reason,
      "REASON_CONTAINER_LIMITATION_MEMORY",
    );
    assert.match(
      (await scheduler.state("short", "TASK_FAILED")).message ?? "",
      /^Command exited with status 7/,
    );
    assert.match(agent_id.value, /-S0$/);
    await gone();
  });

  it("ends all tasks of an executor that share its memory", async () => {
    await fixture.agent("a", argv);
    const offer = await scheduler.offer();
    const disk = [...memory(32), scalar("disk", 8)];
    const task = (id: string, value: string) => ({
      name: id,
      task_id: { value: id },
      agent_id: offer.agent_id,
      resources: memory(32),
      command: { value },
    });
    await scheduler.call("ACCEPT", {
      offer_ids: [offer.id],
      operations: [
        {
          type: "LAUNCH_GROUP",
          launch_group: {
            executor: {
              type: "DEFAULT",
              executor_id: { value: "pod" },
              framework_id: { value: scheduler.frameworkId },
              resources: disk,
            },
            task_group: { tasks: [task("calm", "exec sleep 1000"), task("greedy", hold(256))] },
          },
        },
      ],
    });
    for (const id of ["calm", "greedy"]) {
      const { reason, message } = await scheduler.state(id, "TASK_FAILED");
      assert.equal(reason, "REASON_CONTAINER_LIMITATION_MEMORY", id);
      assert.match(message ?? "", /Requested: 96MB /, id);
    }
    await gone();
  });

  it("leaves nothing when the agent unregisters", async () => {
    const agent = fixture.agentProcess(argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "exec sleep 1000" },
    });
    await scheduler.state("t", "TASK_RUNNING");
    assert.notDeepEqual(containers(), []);
    agent.kill("SIGUSR1");
    await until("it has ended", () => agent.exitCode === 0);
    assert.deepEqual(containers(), []);
  });
});

describe("cgroups v2, on a directory that looks like one", () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "cgroups-"));
    writeFileSync(join(directory, "cgroup.controllers"), "cpuset cpu io memory pids\n");
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const options = { root: "mesos", cpu: true, memory: true, enableCfs: true, limitSwap: false };
  const file = (...path: string[]) => readFileSync(join(directory, "mesos", ...path), "utf8");

  it("hands controllers down, limits the container and puts processes into its leaf", () => {
    const cgroups = new Cgroups({ hierarchy: directory, ...options }, systemClock);
    const entered = cgroups.enter("c1", { cpus: 0.5, memBytes: 64 * mebibyte });
    assert.deepEqual(entered, [join(directory, "mesos", "c1", "leaf", "cgroup.procs")]);
    assert.equal(readFileSync(join(directory, "cgroup.subtree_control"), "utf8"), "+cpu +memory");
    assert.equal(file("cgroup.subtree_control"), "+cpu +memory");
    assert.deepEqual(
      ["cpu.max", "cpu.weight", "memory.low", "memory.max"].map((name) => file("c1", name)),
      ["50000 100000", "20", "67108864", "67108864"],
    );
    cgroups.enter("c1", { cpus: 0.5, cpusLimit: Number.POSITIVE_INFINITY, memBytes: 32 * mebibyte });
    assert.deepEqual(
      [file("c1", "cpu.max"), file("c1", "memory.low"), file("c1", "memory.max")],
      ["max 100000", "33554432", "67108864"],
    );
    cgroups.enter("c1/mesos/c2", {
      cpus: 1,
      memBytes: 32 * mebibyte,
      memLimitBytes: Number.POSITIVE_INFINITY,
    });
    assert.equal(file("c1", "mesos", "cgroup.subtree_control"), "+cpu +memory");
    assert.equal(file("c1", "mesos", "c2", "memory.max"), "max");
  });

  it("tells what was killed for want of memory, and what is used", () => {
    const cgroups = new Cgroups({ hierarchy: directory, ...options }, systemClock);
    cgroups.enter("c1", { cpus: 1, memBytes: 64 * mebibyte });
    const write = (name: string, text: string) => writeFileSync(join(directory, "mesos", "c1", name), text);
    write("memory.events", "low 0\nhigh 0\nmax 9\noom 1\noom_kill 0\n");
    write("memory.peak", "67108864\n");
    write("memory.current", "1048576\n");
    write("memory.stat", "anon 4096\nfile 8192\n");
    write("cpu.stat", "usage_usec 3000000\nuser_usec 2000000\nsystem_usec 1000000\n");
    assert.equal(cgroups.exceeded("c1"), undefined);
    assert.equal(cgroups.exceeded("none"), undefined);
    assert.deepEqual(cgroups.usage("c1"), {
      cpus_user_time_secs: 2,
      cpus_system_time_secs: 1,
      mem_total_bytes: 1048576,
      mem_file_bytes: 8192,
      mem_cache_bytes: 8192,
      mem_anon_bytes: 4096,
      mem_rss_bytes: 4096,
    });
    write("memory.events", "oom 1\noom_kill 1\n");
    assert.deepEqual(cgroups.exceeded("c1"), {
      message:
        "Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \nanon 4096\nfile 8192\n\n",
      mostMiB: 64,
    });
  });

  it("fails in one line without the controller, with limited swap, and where nothing is mounted", () => {
    const why = (more: Partial<typeof options>, at = directory) => {
      try {
        new Cgroups({ hierarchy: at, ...options, ...more }, systemClock);
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    };
    const prefix =
      "Failed to create a containerizer: Could not create MesosContainerizer: Failed to create isolator";
    assert.equal(
      why({ limitSwap: true }),
      `${prefix} 'cgroups/mem': --cgroups_limit_swap is only for cgroups v1`,
    );
    const empty = join(directory, "empty");
    mkdirSync(empty);
    assert.equal(
      why({}, empty),
      `${prefix} 'cgroups/cpu': Failed to prepare hierarchy for the subsystem 'cpu': no cgroup v1 or v2 with it is mounted at ${empty}`,
    );
    writeFileSync(join(directory, "cgroup.controllers"), "hugetlb\n");
    assert.equal(
      why({ cpu: false }),
      `${prefix} 'cgroups/mem': Cgroups v2 controller 'memory' is not supported by ${directory}`,
    );
  });
});

describe("--isolation", () => {
  it("knows the real names, older ones too, and fails at another", () => {
    assert.deepEqual(parseIsolation("cgroups"), ["cgroups/cpu", "cgroups/mem"]);
    assert.deepEqual(parseIsolation("process,posix/disk"), ["posix/cpu", "posix/mem", "disk/du"]);
    assert.throws(
      () => parseIsolation("cgroups/memory"),
      /^MesosError: Unknown or unsupported isolator 'cgroups\/memory', known are .*cgroups\/mem, /,
    );
  });

  it("ends the agent in one line where this machine cannot", async () => {
    const fixture = new Fixture();
    try {
      const exits: string[] = [];
      const started = fixture.agent(
        "a",
        [
          "--master=127.104.1.9:1",
          "--ip=127.104.2.9",
          "--isolation=cgroups/mem",
          `--cgroups_hierarchy=${fixture.directory}`,
        ],
        {},
        (_code, message) => exits.push(message),
      );
      await assert.rejects(started, /^MesosError: Failed to create a containerizer: [^\n]*'memory'[^\n]*$/);
    } finally {
      await fixture.end();
    }
  });
});

describe("Mesos's bytes", () => {
  it("are printed in the largest unit that keeps them whole", () => {
    assert.deepEqual([0, 1, 1023, 1024, 67_108_864, 67_108_865, 1024 ** 4].map(formatBytes), [
      "0B",
      "1B",
      "1023B",
      "1KB",
      "64MB",
      "67108865B",
      "1TB",
    ]);
  });
});
