// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import type { TaskInfo } from "../protocol/types";
import { besideOf, forwardPorts, outlived, ownContainer } from "./beside";

const from = "127.104.4.1";
const to = "127.104.4.2";

function mapped(...pairs: readonly (readonly [number, number, string?])[]): TaskInfo {
  const port_mappings = pairs.map(([host_port, container_port, protocol = "tcp"]) => ({
    host_port,
    container_port,
    protocol,
  }));
  return {
    name: "t",
    task_id: { value: "t" },
    agent_id: { value: "S0" },
    resources: [],
    container: { type: "DOCKER", docker: { image: "web", network: "BRIDGE", port_mappings } },
  };
}

async function listening(host: string, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, onConnection);
  await once(server.listen(0, host), "listening");
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function freePort(host: string): Promise<number> {
  const server = await listening(host, () => undefined);
  const port = portOf(server);
  await once(server.close(), "close");
  return port;
}

describe("ports of a task beside its agent's container", () => {
  it("are open at the agent's address, and an end is handed on while the other side still speaks", async () => {
    const server = await listening(to, (socket) => {
      const heard: Buffer[] = [];
      socket.on("data", (piece: Buffer) => heard.push(piece));
      socket.on("end", () => socket.end(`heard ${Buffer.concat(heard)}`));
    });
    const port = await freePort(from);
    const forwarder = await forwardPorts(mapped([port, portOf(server)]), from, to);
    try {
      const client = connect({ host: from, port, allowHalfOpen: true });
      client.end("hello");
      assert.equal(await text(client), "heard hello");
    } finally {
      forwarder.close();
      server.close();
    }
  });

  it("are closed once the task is told to end; what is open goes on, and breaks off with the task", async () => {
    const server = await listening(to, (socket) => socket.on("error", () => undefined).write("x"));
    const port = await freePort(from);
    const forwarder = await forwardPorts(mapped([port, portOf(server)]), from, to);
    const client = connect({ host: from, port }).on("error", () => undefined);
    await once(client, "data");
    forwarder.refuse();
    await assert.rejects(once(connect({ host: from, port }), "connect"), { code: "ECONNREFUSED" });
    assert.equal(client.closed, false);
    forwarder.close();
    await once(client, "close");
    server.close();
  });

  it("break off a connection that the task refuses", async () => {
    const port = await freePort(from);
    const forwarder = await forwardPorts(mapped([port, await freePort(to)]), from, to);
    try {
      const client = connect({ host: from, port });
      await assert.rejects(once(client, "data"), { code: "ECONNRESET" });
    } finally {
      forwarder.close();
    }
  });

  it("fail when one is taken, and leave none open; or when one is not TCP", async () => {
    const taken = await listening(from, () => undefined);
    const port = await freePort(from);
    await assert.rejects(forwardPorts(mapped([port, 80], [portOf(taken), 81]), from, to), {
      code: "EADDRINUSE",
    });
    await assert.rejects(once(connect({ host: from, port }), "connect"), { code: "ECONNREFUSED" });
    taken.close();
    await assert.rejects(
      forwardPorts(mapped([port, 53, "udp"]), from, to),
      /\/udp: of tasks beside the agent's container only TCP/,
    );
  });
});

describe("an agent in a container", () => {
  const id = "0123456789abcdef".repeat(4);
  const described = (more: object): Docker.ContainerInspectInfo =>
    ({
      Id: id,
      State: { Running: true, StartedAt: "2026-01-01T00:00:10.5Z" },
      Config: { Labels: { "pulumi-mesos.stack": "dev", "pulumi-mesos.member": "web-1", other: "x" } },
      HostConfig: { NetworkMode: "shop-dev" },
      NetworkSettings: {
        Networks: { other: { IPAddress: "10.1.0.2" }, "shop-dev": { IPAddress: "10.77.1.1" } },
      },
      ...more,
    }) as unknown as Docker.ContainerInspectInfo;

  it("knows its own by what dockerd mounts, and that it is in none", () => {
    const line = `712 690 8:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw`;
    assert.equal(ownContainer(`700 690 0:5 / /proc rw - proc proc rw\n${line}\n`), id);
    assert.equal(ownContainer("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"), undefined);
  });

  it("has its tasks on the network with its address, labelled as its own; on the host's network all is as on a plain host", () => {
    assert.deepEqual(besideOf(described({}), "10.77.1.1"), {
      id,
      network: "shop-dev",
      labels: { "pulumi-mesos.stack": "dev", "pulumi-mesos.task-of": "web-1" },
      startedAt: "2026-01-01T00:00:10.5Z",
    });
    assert.equal(besideOf(described({}), "192.168.1.1")?.network, "other");
    assert.equal(besideOf(described({ HostConfig: { NetworkMode: "host" } }), "10.77.1.1"), undefined);
    assert.throws(
      () => besideOf(described({ NetworkSettings: { Networks: {} } }), "10.77.1.1"),
      /no network/,
    );
  });

  it("cannot go on with a task that shared the network of an earlier start", () => {
    const own = besideOf(described({}), "10.77.1.1");
    assert.ok(own);
    const task = (network: string, startedAt: string, Running = true) =>
      outlived(
        described({ HostConfig: { NetworkMode: network }, State: { Running, StartedAt: startedAt } }),
        own,
      );
    assert.equal(task(`container:${id}`, "2026-01-01T00:00:11Z"), undefined);
    assert.match(task(`container:${id}`, "2026-01-01T00:00:09Z") ?? "", /started anew/);
    assert.match(task(`container:${"f".repeat(64)}`, "2026-01-01T00:00:11Z") ?? "", /started anew/);
    assert.equal(task(`container:${id}`, "2026-01-01T00:00:09Z", false), undefined, "it has ended by itself");
    assert.equal(task("shop-dev", "2026-01-01T00:00:09Z"), undefined);
  });
});
