// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type AppView, ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";
import { SteadyLoad } from "./support/load";
import { killAll, listenersIn, type ProcessEntry, processesWith } from "./support/processes";
import { repository } from "./support/repository";
import { run } from "./support/run";
import { walk } from "./support/walk";

const octet = 91;
const stackName = "e2e-quickstart";
const cluster = new ClusterView(`127.${octet}`);

/** The blog's demo-nginx in the shape of Marathon 1.4 and in today's. */
const byHandOld = {
  id: "/by-hand-old",
  cpus: 0.1,
  mem: 64,
  instances: 1,
  container: {
    type: "DOCKER",
    docker: {
      image: "nginx",
      network: "BRIDGE",
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
    },
  },
  healthChecks: [
    {
      protocol: "HTTP",
      path: "/",
      portIndex: 0,
      gracePeriodSeconds: 5,
      intervalSeconds: 20,
      maxConsecutiveFailures: 3,
    },
  ],
};
const byHandNew = {
  ...byHandOld,
  id: "/by-hand-new",
  networks: [{ mode: "container/bridge" }],
  container: {
    type: "DOCKER",
    docker: { image: "nginx" },
    portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
  },
};

describe("the quickstart, by its own commands", function () {
  this.timeout(1_200_000);
  const scratch = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-quickstart-"));
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${scratch}`,
    PULUMI_HOME: path.join(scratch, "home"),
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_STACK: stackName,
    XDG_STATE_HOME: path.join(scratch, "xdg"),
    AWS_SECRET_ACCESS_KEY: "aws-secret-that-must-not-travel",
  };
  let secret = "";

  async function npm(script: string, ...args: string[]): Promise<string> {
    const outcome = await run("npm", ["run", "--silent", script, "--", ...args], {
      cwd: repository,
      env,
      timeoutMs: 600_000,
    });
    assert.equal(outcome.code, 0, `npm run ${script} ${args.join(" ")}\n${outcome.output}`);
    return outcome.output;
  }

  function ours(): ProcessEntry[] {
    return processesWith(scratch);
  }

  /** The process that runs `program` at `address`. */
  function pidOf(program: string, address: string): number {
    const found = ours().filter(
      ({ argv, environ }) =>
        argv.some((a) => path.basename(a) === program) &&
        (argv.some((a) => a.includes(address)) || environ.some((e) => e.includes(address))),
    );
    const [process] = found;
    assert.ok(process, `${program} runs at ${address}`);
    return process.pid;
  }

  async function nginxAnswers(): Promise<void> {
    const answer = await request(`${cluster.edgeUrl}/`);
    assert.equal(answer.status, 200);
    assert.match(answer.body, /nginx/);
  }

  async function allHealthy(): Promise<void> {
    const app = await cluster.app("/demo-nginx");
    assert.equal(app.tasksHealthy, 2);
    assert.equal(app.deployments.length, 0);
  }

  async function post(app: object): Promise<void> {
    const answer = await request(`${await cluster.marathonUrl()}/v2/apps`, { method: "POST", json: app });
    assert.equal(answer.status, 201, answer.body);
  }

  before(async () => {
    await npm("pulumi", "stack", "select", "--create", stackName);
    await npm("pulumi", "config", "set", "network", `127.${octet}.0.0/16`);
    const output = await npm("up");
    assert.match(output, new RegExp(`${cluster.edgeUrl}`));
    assert.match(output, /http:\/\/127\.91\.\d+\.1:5050/);
    assert.match(output, /http:\/\/127\.91\.\d+\.1:8080/);
    secret = (await npm("pulumi", "config", "get", "clusterSecret")).trim();
    await post(byHandOld);
    await post(byHandNew);
  });

  after(async () => {
    await run("npm", ["run", "--silent", "down"], { cwd: repository, env, timeoutMs: 600_000 });
    killAll(ours());
    await run("npm", ["run", "--silent", "pulumi", "--", "stack", "rm", "--yes", "--force"], {
      cwd: repository,
      env,
    });
    rmSync(path.join(repository, `Pulumi.${stackName}.yaml`), { force: true });
    rmSync(scratch, { recursive: true, force: true });
  });

  it("ordering with other infra in one graph: answers with nginx's page through the edge, from two healthy instances, three masters and two agents", async () => {
    await eventually(hangMs, nginxAnswers);
    await allHealthy();
    assert.equal((await cluster.leadingMasters()).length, 1);
    assert.equal((await cluster.activeAgents()).length, 2);
  });

  it("changes nothing at a second up, sees no drift, and leaves apps made by hand alone", async () => {
    const versions = async (): Promise<AppView[]> =>
      Promise.all(["/by-hand-old", "/by-hand-new"].map((id) => cluster.app(id)));
    await eventually(hangMs, async () => {
      for (const app of await versions()) assert.equal(app.tasksHealthy, 1);
    });
    const before = (await versions()).map((app) => [app.version, ...app.tasks.map((t) => t.id)]);
    await npm("up", "--expect-no-changes");
    await npm("pulumi", "refresh", "--yes", "--skip-preview", "--expect-no-changes");
    assert.deepEqual(
      (await versions()).map((app) => [app.version, ...app.tasks.map((t) => t.id)]),
      before,
    );
  });

  it("lets no secret and no variable of the engine reach a command line or another program's environment", () => {
    assert.ok(secret.length >= 32, "the cluster secret is known");
    const processes = ours();
    assert.ok(processes.length > 10);
    for (const { argv, environ } of processes) {
      assert.ok(!argv.some((a) => a.includes(secret)), argv.join(" "));
      assert.ok(!environ.some((e) => /^(PULUMI_|AWS_)/.test(e)), `${argv.join(" ")}: ${environ.join(" ")}`);
      assert.ok(!environ.some((e) => e.includes(secret)), argv.join(" "));
    }
    const derived = processes
      .flatMap((p) => p.environ)
      .find((e) => e.startsWith("EDGE_STATS_PASSWORD="))
      ?.split("=")[1];
    assert.ok(derived, "the edge got its password");
    for (const { argv, environ } of processes) {
      assert.ok(!argv.some((a) => a.includes(derived)), argv.join(" "));
      if (environ.some((e) => e.includes(derived)))
        assert.ok(
          argv.some((a) => a.includes("mesos-edge")),
          argv.join(" "),
        );
    }
  });

  it("goes the way of docs/from-the-2015-post.md, command by command, from two agents to three", async () => {
    const [, [up, ...look] = [], ...steps] = walk();
    const [down] = steps.at(-1)?.splice(-1) ?? [];
    assert.deepEqual([up, down], ["npm run up\n", "npm run down\n"]); // these are before and after all tests here
    for (const commands of [...look, ...steps.flat()]) {
      const typed = `set -e -o pipefail\n${commands.replaceAll("127.62.", `127.${octet}.`)}`;
      const { code, output } = await run("bash", ["-c", typed], { cwd: repository, env, timeoutMs: 600_000 });
      assert.equal(code, 0, `${commands}\n${output}`);
    }
    assert.equal((await cluster.activeAgents()).length, 3);
    await eventually(hangMs, allHealthy);
  });

  it("adds agents by config, and takes the emptiest away drained, with both instances healthy at every moment", async () => {
    await npm("pulumi", "config", "set", "agents", "4");
    await npm("up");
    assert.equal((await cluster.activeAgents()).length, 4);
    const load = new SteadyLoad(`${cluster.edgeUrl}/`, 100);
    const lows: string[] = [];
    const stopPolling = new AbortController();
    const polling = (async () => {
      while (!stopPolling.signal.aborted) {
        const healthy = await cluster.healthy("/demo-nginx");
        if (healthy.length < 2) lows.push(`${new Date().toISOString()}: ${healthy.length} healthy`);
        await delay(100);
      }
    })();
    try {
      await npm("pulumi", "config", "set", "agents", "2");
      await npm("up");
    } finally {
      stopPolling.abort();
      await load.stop();
      await polling;
    }
    assert.deepEqual(lows, []);
    assert.equal((await cluster.activeAgents()).length, 2);
    assert.ok(load.sent > 100);
    console.log(
      `      ${load.failures.length} of ${load.sent} requests failed: ${[...new Set(load.failures)].join(", ")}`,
    );
    await eventually(hangMs, allHealthy);
  });

  describe("killed with -9", () => {
    async function survives(kill: () => Promise<number>, back: () => Promise<void>): Promise<void> {
      const tasks = async (): Promise<string[]> => {
        const apps = await Promise.all(
          ["/demo-nginx", "/by-hand-old", "/by-hand-new"].map((id) => cluster.app(id)),
        );
        return apps.flatMap((app) => app.tasks.map((t) => t.id)).sort();
      };
      const before = await tasks();
      const pid = await kill();
      process.kill(pid, "SIGKILL");
      const outages: string[] = [];
      const began = performance.now();
      await eventually(hangMs, async () => {
        await nginxAnswers().catch((error: Error) => outages.push(error.message));
        await back();
      });
      console.log(`      back after ${((performance.now() - began) / 1000).toFixed(1)} s`);
      assert.deepEqual(outages, []);
      await eventually(hangMs, async () => assert.deepEqual(await tasks(), before));
    }

    it("the leading master: another leads, and it comes back", async () => {
      let old = "";
      await survives(
        async () => {
          [old = ""] = await cluster.leadingMasters();
          return pidOf("mesos-master", `--ip=${old}`);
        },
        async () => {
          const [now] = await cluster.leadingMasters();
          assert.ok(now !== undefined && now !== old);
          assert.equal((await request(`http://${old}:5050/health`)).status, 200);
          assert.equal((await cluster.activeAgents()).length, 2);
        },
      );
    });

    it("the leading Marathon: another leads, and it comes back", async () => {
      let old = "";
      await survives(
        async () => {
          old = await cluster.marathonLeader();
          return pidOf("marathon", old.split(":")[0] ?? "");
        },
        async () => {
          assert.notEqual(await cluster.marathonLeader(), old);
          assert.equal((await request(`http://${old}/ping`)).status, 200);
        },
      );
    });

    it("a ZooKeeper server: the others serve, and it comes back", async () => {
      const [host = ""] = cluster.hosts("zookeeper", 3);
      const java = (): number => {
        const found = ours().find(
          ({ argv }) =>
            argv.some((a) => a.includes("QuorumPeerMain")) &&
            argv.some((a) => a.includes("demo-zookeeper-1/")),
        );
        assert.ok(found, "the first ZooKeeper runs");
        return found.pid;
      };
      let old = 0;
      await survives(
        async () => {
          old = java();
          return old;
        },
        async () => {
          assert.notEqual(java(), old);
          assert.ok(listenersIn(octet).includes(`${host}:2181`));
        },
      );
    });

    it("an agent's program: its tasks go on", async () => {
      const { tasks } = await cluster.app("/demo-nginx");
      const host = tasks[0]?.host ?? "";
      await survives(
        async () => pidOf("mesos-agent", `--ip=${host}`),
        async () => {
          assert.ok((await cluster.activeAgents()).includes(host));
          assert.equal((await request(`http://${host}:5051/health`)).status, 200);
        },
      );
    });

    it("a task: another takes its place", async () => {
      const { tasks } = await cluster.app("/by-hand-old");
      const [task] = tasks;
      assert.ok(task);
      const found = ours().find(
        ({ argv, environ }) =>
          argv.some((a) => a.includes("nginx")) && environ.some((e) => e.includes(task.id)),
      );
      assert.ok(found, "the task is a process");
      process.kill(found.pid, "SIGKILL");
      await eventually(hangMs, async () => {
        const app = await cluster.app("/by-hand-old");
        assert.equal(app.tasksHealthy, 1);
        assert.ok(!app.tasks.some((t) => t.id === task.id));
      });
      await nginxAnswers();
    });
  });

  describe("killed as by a reboot", () => {
    it("comes back by up after everything was killed as by a reboot, and once more goes down then", async () => {
      killAll(ours());
      await npm("up");
      await eventually(hangMs, nginxAnswers);
      await eventually(hangMs, allHealthy);
      await npm("up", "--expect-no-changes");
      killAll(ours());
      await npm("down");
      assert.deepEqual(
        ours().map((p) => p.argv.join(" ")),
        [],
      );
      assert.deepEqual(listenersIn(octet), []);
      const state = path.join(scratch, "xdg", "pulumi-mesos", "quickstart", stackName);
      assert.ok(
        !existsSync(state) ||
          readdirSync(state, { recursive: true }).every((f) => !String(f).includes("demo-")),
        "no data is left",
      );
    });
  });
});
