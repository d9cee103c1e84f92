// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "..";
import { processesWith } from "../test-cluster.test";

const marker = "residents-cluster-test-4c07";
/** Leaves a line in its volume at each start, and serves all of them. */
const keeper = `const fs = require("node:fs");
fs.appendFileSync("data/starts", "start\\n");
require("node:http").createServer((request, response) => response.end(fs.readFileSync("data/starts")))
  .listen(Number(process.env.PORT0 ?? process.env.ENDPOINT_HTTP), process.env.HOST);`;
const argv = [process.execPath, "-e", keeper];
const environment = { MARKER: marker };
const app = {
  id: "/db",
  args: argv,
  env: environment,
  cpus: 0.1,
  mem: 32,
  backoffSeconds: 0,
  container: { type: "MESOS", volumes: [{ containerPath: "data", mode: "RW", persistent: { size: 10 } }] },
  portDefinitions: [{ port: 0 }],
};
const pod = {
  id: "/pod",
  environment,
  containers: [
    {
      name: "keeper",
      exec: { command: { argv }, overrideEntrypoint: true },
      resources: { cpus: 0.1, mem: 32 },
      endpoints: [{ name: "http" }],
      volumeMounts: [{ name: "kept", mountPath: "data" }],
    },
  ],
  volumes: [{ name: "kept", persistent: { size: 10 } }],
  networks: [{ mode: "host" }],
  scheduling: { backoff: { backoff: 0 } },
};

/** The one task of a resident app or pod, and where it keeps what it writes. */
interface Resident {
  readonly task: string;
  readonly agent: string;
  readonly volume: string;
  readonly starts: string;
}

interface AppTask {
  readonly id: string;
  readonly slaveId: string;
  readonly host: string;
  readonly state: string;
  readonly ports: readonly number[];
  readonly localVolumes: readonly { readonly persistenceId: string }[];
}

interface PodInstance {
  readonly status: string;
  readonly agentId: string;
  readonly agentHostname: string;
  readonly localVolumes: AppTask["localVolumes"];
  readonly containers: readonly {
    readonly containerId: string;
    readonly endpoints: readonly { readonly allocatedHostPort: number }[];
  }[];
}

/** SPEC-marathon.md, "Persistent volumes" of apps and pods: what the three programs together never lose. */
describe("marathon: residents through restarts and failovers of the three programs", function () {
  this.timeout(180_000);
  let cluster: Cluster;

  before(async () => {
    const marathon = { mesos_role: "web", mesos_authentication_principal: "marathon" };
    const options = { programs: true, masters: 1, agents: 2, marathons: 2, network: "127.112.1" } as const;
    cluster = await startCluster({ ...options, flags: { marathon } });
    for (const [path, body] of [
      ["/v2/apps", app],
      ["/v2/pods", pod],
    ] as const)
      assert.equal((await send("POST", path, body))?.status, 201);
    await everywhere("start\n");
  });
  after(async () => {
    await cluster?.close();
  });

  /** Undefined while nobody leads or the leader's end was noticed on the way. */
  async function send(method: string, path: string, body?: unknown): Promise<Response | undefined> {
    const request = {
      method,
      signal: AbortSignal.timeout(10_000),
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    };
    return await fetch(cluster.marathon.url + path, request).catch(() => undefined);
  }

  async function served(host: string, port: number | undefined): Promise<string> {
    const answer = await fetch(`http://${host}:${port}/`).catch(() => undefined);
    return (await answer?.text()) ?? "";
  }

  async function ofApp(): Promise<Resident | undefined> {
    const answer = await send("GET", "/v2/apps/db");
    if (answer?.status !== 200) return undefined;
    const { tasks } = ((await answer.json()) as { app: { tasks: AppTask[] } }).app;
    const [task, ...others] = tasks;
    if (task?.state !== "TASK_RUNNING" || others.length > 0) return undefined;
    return {
      task: task.id,
      agent: task.slaveId,
      volume: task.localVolumes[0]?.persistenceId ?? "",
      starts: await served(task.host, task.ports[0]),
    };
  }

  async function ofPod(): Promise<Resident | undefined> {
    const answer = await send("GET", "/v2/pods/pod::status");
    if (answer?.status !== 200) return undefined;
    const [instance, ...others] = ((await answer.json()) as { instances: PodInstance[] }).instances;
    const [container] = instance?.containers ?? [];
    if (instance?.status !== "STABLE" || container === undefined || others.length > 0) return undefined;
    return {
      task: container.containerId,
      agent: instance.agentId,
      volume: instance.localVolumes[0]?.persistenceId ?? "",
      starts: await served(instance.agentHostname, container.endpoints[0]?.allocatedHostPort),
    };
  }

  /** Both, once they run and their volumes hold `starts`. */
  async function everywhere(starts: string): Promise<readonly Resident[]> {
    return await cluster.waitFor(`${JSON.stringify(starts)} from the app and the pod`, async () => {
      const both = [await ofApp(), await ofPod()].flatMap((resident) => resident ?? []);
      return both.length === 2 && both.every((r) => r.starts === starts) && both;
    });
  }

  const homes = (residents: readonly Resident[]) => residents.map(({ agent, volume }) => [agent, volume]);
  const running = () => processesWith(marker).sort();

  /** Ends the processes of both tasks as a crash does. */
  function crash(): void {
    for (const pid of running()) process.kill(pid, "SIGKILL");
  }

  it("goes on without a new start when agents, the master and the leading Marathon are killed and restarted", async () => {
    const before = await everywhere("start\n");
    const pids = running();
    for (const agent of cluster.agents) await cluster.kill(agent);
    for (const agent of cluster.agents) await cluster.restart(agent);
    await cluster.waitForAgents();
    assert.deepEqual(await everywhere("start\n"), before);
    await cluster.kill("master-1");
    await cluster.restart("master-1");
    await cluster.waitUntilUp();
    assert.deepEqual(await everywhere("start\n"), before);
    await cluster.kill("marathon-1");
    assert.deepEqual(await everywhere("start\n"), before);
    await cluster.restart("marathon-1");
    assert.deepEqual(running(), pids);
  });

  it("comes back on its volume when the task ends while no Marathon leads", async () => {
    const before = await everywhere("start\n");
    for (const marathon of cluster.marathons) await cluster.kill(marathon);
    crash();
    for (const marathon of cluster.marathons) await cluster.restart(marathon);
    const after = await everywhere("start\nstart\n");
    assert.deepEqual(homes(after), homes(before));
    assert.ok(after.every(({ task }, i) => task !== before[i]?.task));
  });

  it("comes back on its volume when the task ends while its agent is away", async () => {
    const before = await everywhere("start\nstart\n");
    for (const agent of cluster.agents) await cluster.kill(agent);
    crash();
    for (const agent of cluster.agents) await cluster.restart(agent);
    assert.deepEqual(homes(await everywhere("start\nstart\nstart\n")), homes(before));
  });

  it("gives everything back when it is deleted by another leader than the one that reserved it", async () => {
    assert.ok((await send("DELETE", "/v2/apps/db"))?.ok);
    assert.ok((await send("DELETE", "/v2/pods/pod"))?.ok);
    await cluster.waitFor("no process", () => running().length === 0);
    await cluster.waitFor("no reservation", async () => {
      const leader = await cluster.leader();
      const { slaves } = (await (await fetch(`${leader.url}/slaves`)).json()) as {
        slaves: { reserved_resources: object }[];
      };
      return slaves.every((s) => Object.keys(s.reserved_resources).length === 0);
    });
  });
});
