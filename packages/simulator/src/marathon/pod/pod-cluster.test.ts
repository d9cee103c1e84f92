// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type Cluster, startCluster } from "../..";
import { processesWith } from "../../test-cluster.test";

/** Serves what the other container left in the volume that both see. */
const server = `require("node:http").createServer((request, response) => {
  const { readFileSync } = require("node:fs");
  response.end(readFileSync("shared/greeting") + process.env.MARATHON_CONTAINER_ID);
}).listen(Number(process.env.ENDPOINT_HTTP), process.env.HOST);`;
/** Leaves a line in its volume at each start, and serves all of them. */
const keeper = `const fs = require("node:fs");
fs.appendFileSync("kept/starts", "start\\n");
require("node:http").createServer((request, response) => response.end(fs.readFileSync("kept/starts")))
  .listen(Number(process.env.ENDPOINT_HTTP), process.env.HOST);`;
const marker = `pod-cluster-test-${randomUUID()}`;
const pod = {
  id: "/shop/pod",
  environment: { MARKER: marker },
  containers: [
    {
      name: "web",
      exec: { command: { argv: [process.execPath, "-e", server, marker] }, overrideEntrypoint: true },
      resources: { cpus: 0.1, mem: 64 },
      endpoints: [{ name: "http", protocol: ["tcp"] }],
      volumeMounts: [{ name: "shared", mountPath: "shared" }],
      healthCheck: {
        http: { endpoint: "http" },
        gracePeriodSeconds: 30,
        intervalSeconds: 2,
        timeoutSeconds: 1,
        delaySeconds: 0,
      },
    },
    {
      name: "writer",
      exec: { command: { shell: "printf 'hello from ' > shared/greeting && exec sleep 1000" } },
      resources: { cpus: 0.1, mem: 32 },
      volumeMounts: [{ name: "shared", mountPath: "shared" }],
    },
  ],
  volumes: [{ name: "shared" }],
  networks: [{ mode: "host" }],
  scaling: { kind: "fixed", instances: 2 },
};

interface Status {
  readonly status: string;
  readonly instances: {
    readonly id: string;
    readonly status: string;
    readonly agentHostname: string;
    readonly containers: {
      readonly name: string;
      readonly containerId: string;
      readonly endpoints: { readonly allocatedHostPort: number }[];
    }[];
  }[];
}

/** SPEC-marathon.md, "Pods": master, agents and Marathons as programs on a real ZooKeeper. */
describe("marathon: pods on the three programs together", function () {
  this.timeout(120_000);
  let cluster: Cluster;

  before(async () => {
    const marathon = { mesos_role: "web", mesos_authentication_principal: "marathon" };
    const options = { programs: true, agents: 2, marathons: 2, network: "127.104.1" };
    cluster = await startCluster({ ...options, flags: { marathon } });
  });
  after(async () => {
    await cluster?.close();
  });

  async function send(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; text: string }> {
    const response = await fetch(cluster.marathon.url + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }
  const status = async (): Promise<Status> =>
    JSON.parse((await send("GET", "/v2/pods/shop/pod::status")).text) as Status;
  const settled = () =>
    cluster.waitFor("the end of all deployments", async () => {
      const { status: code, text } = await send("GET", "/v2/deployments");
      return code === 200 && text === "[]";
    });

  it("comes back to its persistent volume when it is killed", async () => {
    const db = {
      id: "/db",
      containers: [
        {
          name: "keeper",
          exec: { command: { argv: [process.execPath, "-e", keeper] }, overrideEntrypoint: true },
          resources: { cpus: 0.1, mem: 64 },
          endpoints: [{ name: "http" }],
          volumeMounts: [{ name: "data", mountPath: "kept" }],
        },
      ],
      volumes: [{ name: "data", persistent: { size: 16 } }],
      networks: [{ mode: "host" }],
    };
    const made = await send("POST", "/v2/pods", db);
    assert.equal(made.status, 201, made.text);
    await settled();
    const instance = async () => {
      const { text } = await send("GET", "/v2/pods/db::status");
      return (JSON.parse(text) as Status).instances.find((i) => i.status === "STABLE");
    };
    const served = (lines: string) =>
      cluster.waitFor(JSON.stringify(lines), async () => {
        const now = await instance();
        const port = now?.containers[0]?.endpoints[0]?.allocatedHostPort;
        if (now === undefined || port === undefined) return false;
        const answer = await fetch(`http://${now.agentHostname}:${port}/`).catch(() => undefined);
        return (await answer?.text()) === lines;
      });
    const before = await instance();
    // TASK_RUNNING comes when the process is made, which may be before it has written anything.
    await served("start\n");
    await send("DELETE", `/v2/pods/db::instances/${before?.id}`);
    await served("start\nstart\n");
    assert.equal((await instance())?.id, before?.id);
    assert.equal((await send("DELETE", "/v2/pods/db")).status, 202);
    await settled();
  });

  it("runs, serves, is checked, shares a volume, survives its Marathon, is rolled and stopped", async () => {
    const made = await send("POST", "/v2/pods", pod);
    assert.equal(made.status, 201, made.text);
    await settled();
    const up = await status();
    assert.equal(up.status, "STABLE");
    assert.equal(up.instances.length, 2);
    for (const { agentHostname, containers } of up.instances) {
      const web = containers.find((c) => c.name === "web");
      const answer = await fetch(`http://${agentHostname}:${web?.endpoints[0]?.allocatedHostPort}/`);
      assert.equal(await answer.text(), "hello from web");
    }
    const tasks = (s: Status) => s.instances.flatMap((i) => i.containers.map((c) => c.containerId)).sort();
    const pids = processesWith(marker).sort();

    await cluster.kill("marathon-1");
    await cluster.waitFor("another leader with the same pod", async () => {
      const { status: code, text } = await send("GET", "/v2/pods/shop/pod::status");
      return code === 200 && (JSON.parse(text) as Status).status === "STABLE";
    });
    assert.deepEqual(tasks(await status()), tasks(up));
    assert.deepEqual(processesWith(marker).sort(), pids);

    const changed = await send("PUT", "/v2/pods/shop/pod", { ...pod, labels: { changed: "yes" } });
    assert.equal(changed.status, 200, changed.text);
    await settled();
    const rolled = await status();
    assert.equal(rolled.status, "STABLE");
    assert.ok(tasks(rolled).every((id) => !tasks(up).includes(id)));

    assert.equal((await send("DELETE", "/v2/pods/shop/pod")).status, 202);
    await settled();
    await cluster.waitFor("no process of the pod", async () => processesWith(marker).length === 0);
  });
});
