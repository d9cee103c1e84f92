// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { MemberAddress } from "@pulumi-mesos/model";
import { json, servers } from "./http-server.test.support";
import { MarathonClient } from "./marathon";
import { MesosClient } from "./mesos";
import { probeMember } from "./probe";
import { poolStatuses } from "./program-status";

/** Where nobody listens: what is asked at its own address fails at once. */
const standby = "127.83.2.9:8080";
const leader = "127.83.2.10:8080";
const signal = AbortSignal.timeout(60_000);
const member = (address: string, via: string): MemberAddress => {
  const [host = "", port = ""] = address.split(":");
  return { name: "m", host, port: Number(port), via };
};

describe("addresses that this machine does not reach", function () {
  this.timeout(60_000);
  const serve = servers();

  it("are reached through a map also where a redirect leads, with the credential for those that are listed alone", async () => {
    const last = await serve((_, response) => json(response, 200, { apps: [] }));
    const first = await serve((_, response) =>
      json(response, 307, {}, { Location: `http://${leader}/v2/apps` }),
    );
    const client = new MarathonClient({
      urls: [`http://${standby}`],
      ...{ user: "u", password: "p" },
      addressMap: { [standby]: first.host, [leader]: last.host },
    });
    assert.deepEqual(await client.getApps(signal), []);
    assert.deepEqual(
      [first, last].map(({ received: [got] }) => [
        got?.headers.host,
        got?.headers.authorization !== undefined,
      ]),
      [
        [standby, true],
        [leader, false],
      ],
      "servers see their own names",
    );
  });

  it("carry Marathon's event stream from where a standby names its leader", async () => {
    const last = await serve((_, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write("event: deployment_success\ndata: {}\n\n");
    });
    const first = await serve((_, response) =>
      json(response, 302, {}, { Location: `http://${leader}/v2/events` }),
    );
    const client = new MarathonClient({
      urls: [`http://${standby}`],
      addressMap: { [standby]: first.host, [leader]: last.host },
    });
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const event of client.events({ signal: stop.signal })) {
      seen.push(event.type);
      if (event.type === "deployment_success") stop.abort();
    }
    assert.deepEqual(seen, ["connected", "deployment_success"]);
  });

  it("lead from a standby master to its leader", async () => {
    const last = await serve((_, response) => json(response, 200, { get_agents: {} }));
    const first = await serve((_, response) => json(response, 307, {}, { Location: `//${leader}/api/v1` }));
    const masters = { masters: [standby], addressMap: { [standby]: first.host, [leader]: last.host } };
    assert.deepEqual(await new MesosClient(masters).getAgents(signal), []);
    assert.equal(last.received.length, 1);
  });

  it("tell a gate who leads by the address that members know", async () => {
    const server = await serve((request, response) =>
      json(response, 200, request.url === "/v2/leader" ? { leader } : {}),
    );
    const answer = await probeMember("marathon", member(leader, server.host), signal);
    assert.deepEqual(answer, { name: "m", up: true, joined: true, leading: true, detail: "leading" });
    const standing = await probeMember("marathon", member(standby, server.host), signal);
    assert.equal(standing.detail, `standby of ${leader}`);
  });

  it("are asked ZooKeeper's words and the controller's status where they are reached", async () => {
    const zookeeper = createServer((socket) =>
      socket.once("data", (word) => socket.end(String(word) === "srvr" ? "Mode: standalone\n" : "")),
    );
    await new Promise<void>((resolve) => zookeeper.listen(0, "127.83.2.1", resolve));
    try {
      const address = zookeeper.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      const answer = await probeMember("zookeeper", member("127.83.2.9:2181", `127.83.2.1:${port}`), signal);
      assert.equal(answer.detail, "standalone");
    } finally {
      await new Promise((resolve) => zookeeper.close(resolve));
    }
    const groups = await serve((_, response) => json(response, 200, { pools: {} }));
    assert.deepEqual(await poolStatuses(member(standby, groups.host), signal), {});
  });
});
