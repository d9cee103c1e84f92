// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { messageOf } from "@pulumi-mesos/model";
import { identity } from "./certificates.test.support";
import { json, servers } from "./http-server.test.support";
import { BambooClient, isRefused, MesosClient, probeMember } from "./index";

const signal = new AbortController().signal;

describe("MesosClient and BambooClient", function () {
  this.timeout(60_000);
  const serve = servers();

  it("follows a standby's redirect without a scheme, and stays with the leader", async () => {
    const agent = {
      agent_info: {
        id: { value: "S1" },
        hostname: "a",
        attributes: [
          { name: "group", text: { value: "web" } },
          { name: "iops", scalar: { value: 1000.5 } },
          {
            name: "slots",
            ranges: {
              range: [
                { begin: 7, end: 9 },
                { begin: 1, end: 2 },
              ],
            },
          },
          { name: "disks", set: { item: ["ssd", "hdd"] } },
        ],
        domain: { fault_domain: { region: { name: "eu" }, zone: { name: "eu-a" } } },
      },
      active: true,
      registered_time: { nanoseconds: 0 },
    };
    const text = JSON.stringify({ type: "GET_AGENTS", get_agents: { agents: [agent] } });
    const huge = text.replace('"nanoseconds":0', '"nanoseconds":1700000000000000001');
    const leader = await serve((_, r) => r.writeHead(200).end(huge));
    const standby = await serve((q, r) => r.writeHead(307, { Location: `//${leader.host}${q.url}` }).end());
    const client = new MesosClient({ masters: [standby.host] });
    const [found] = await client.getAgents(signal);
    assert.deepEqual([found?.id, found?.active], ["S1", true]);
    const attributes = { group: "web", iops: "1,000.5", slots: "[1-2,7-9]", disks: "{hdd,ssd}" };
    assert.deepEqual(found?.attributes, attributes, "as Marathon compares them");
    assert.deepEqual([found?.region, found?.zone], ["eu", "eu-a"]);
    await client.getAgents(signal);
    assert.equal(standby.received.length, 1);
    assert.deepEqual(JSON.parse(leader.received[0]?.body ?? ""), { type: "GET_AGENTS" });
  });

  it("tells which frameworks are connected and get offers", async () => {
    const info = { id: { value: "F1" }, name: "marathon" };
    const frameworks = [{ framework_info: info, connected: true, active: false, recovered: false }];
    const { host } = await serve((_, r) => json(r, 200, { get_frameworks: { frameworks } }));
    assert.deepEqual(await new MesosClient({ masters: [host] }).getFrameworks(signal), [
      { id: "F1", name: "marathon", connected: true, active: false },
    ]);
  });

  it("waits while there is no leader or it has not recovered, and finds one that moved", async () => {
    let calls = 0;
    const first = await serve((_, r) => {
      calls += 1;
      if (calls > 3) json(r, 200, { get_tasks: {} });
      else r.writeHead(503).end("Master has not finished recovery");
    });
    const client = new MesosClient({ masters: ["127.83.2.9:5050", first.host] });
    assert.deepEqual(await client.getTasks(signal), []);
    await first.close();
    await assert.rejects(client.getTasks(signal), isRefused);
  });

  it("waits while standbys still name a leader that died, and never takes that for nobody listening", async () => {
    let dead = "127.83.2.9:5050";
    const leader = await serve((_, r) => json(r, 200, { get_tasks: {} }));
    const standby = await serve((q, r) => {
      r.writeHead(307, { Location: `//${dead}${q.url}` }).end();
      if (standby.received.length > 3) dead = leader.host;
    });
    assert.deepEqual(await new MesosClient({ masters: [dead, standby.host] }).getTasks(signal), []);
    dead = "127.83.2.9:5050";
    standby.received.length = 0;
    const impatient = new MesosClient({ masters: [dead, standby.host], electionMs: 0 });
    await assert.rejects(impatient.getTasks(signal), (error: Error) => {
      assert.match(error.message, /the leader that it names does not answer/);
      return !isRefused(error);
    });
  });

  it("reads and sets quota in plain numbers", async () => {
    const config = { role: "web", limits: { cpus: { value: 1.5 } } };
    const answers = [{ get_quota: { status: { configs: [config] } } }, { get_quota: { status: {} } }, {}];
    const server = await serve((_, r) => json(r, 200, answers.shift()));
    const client = new MesosClient({ masters: [server.host] });
    assert.deepEqual(await client.getQuotas(signal), [
      { role: "web", guarantees: {}, limits: { cpus: 1.5 } },
    ]);
    assert.deepEqual(await client.getQuotas(signal), []);
    await client.updateQuota({ role: "web", guarantees: {}, limits: { cpus: 2 } }, { force: true }, signal);
    assert.deepEqual(JSON.parse(server.received[2]?.body ?? ""), {
      type: "UPDATE_QUOTA",
      update_quota: {
        force: true,
        quota_configs: [{ role: "web", guarantees: {}, limits: { cpus: { value: 2 } } }],
      },
    });
  });

  it("sends a drain with a grace period in seconds, and takes an empty answer", async () => {
    const server = await serve((_, r) => r.writeHead(200).end());
    await new MesosClient({ masters: [server.host] }).drainAgent("S1", { graceSeconds: 60 }, signal);
    assert.deepEqual(JSON.parse(server.received[0]?.body ?? ""), {
      type: "DRAIN_AGENT",
      drain_agent: { agent_id: { value: "S1" }, max_grace_period: { seconds: 60 }, mark_gone: false },
    });
  });

  it("counts an unknown agent as gone, and fails for any other refusal", async () => {
    const server = await serve((_, r) => r.writeHead(404).end("Agent not found"));
    const client = new MesosClient({ masters: [server.host] });
    await client.markAgentGone("S1", signal);
    await assert.rejects(client.deactivateAgent("S1", signal), { code: "MESOS_CLIENT_STATUS", status: 404 });
  });

  it("tells its credential to the masters that it was given and to no other, and says when it is not known", async () => {
    const authorization = "Basic am9lOnBhc3M=";
    const agents = { get_agents: { agents: [] } };
    const foreign = await serve((_, r) => json(r, 200, agents));
    const standby = await serve((q, r) => r.writeHead(307, { Location: `//${foreign.host}${q.url}` }).end());
    await new MesosClient({ masters: [standby.host], authorization }).getAgents(signal);
    assert.deepEqual(
      [standby, foreign].map(({ received }) => received[0]?.headers.authorization),
      [authorization, undefined],
    );
    const closed = await serve((q, r) => json(r, q.headers.authorization === "right" ? 200 : 401, agents));
    const masters = [closed.host];
    await new MesosClient({ masters, authorization: "right" }).getAgents(signal);
    await assert.rejects(new MesosClient({ masters }).getAgents(signal), /ask for a user and password/);
    const wrong = new MesosClient({ masters, authorization });
    await assert.rejects(wrong.getAgents(signal), (error) => {
      assert.match(messageOf(error), /do not know this user and password/);
      assert.ok(!messageOf(error).includes(authorization));
      return true;
    });
  });

  it("probes a member that asks who one is: up, and not joined, to whoever does not say it", async () => {
    const closed = await serve((q, r) => json(r, q.headers.authorization === "right" ? 200 : 401, {}));
    const [host = "", port] = closed.host.split(":");
    const member = { name: "edge-1", host, port: Number(port) };
    const known = await probeMember("edge", member, signal, { authorization: "right" });
    assert.deepEqual([known.up, known.joined], [true, true]);
    const stranger = await probeMember("edge", member, signal);
    assert.deepEqual([stranger.up, stranger.joined], [true, false]);
    assert.match(stranger.detail, /401.*it asks for a credential/);
  });

  it("asks masters and members that speak TLS, and believes nobody but who has a certificate of their authority", async () => {
    const agents = { get_agents: { agents: [] } };
    const authority = identity("cluster");
    const ca = authority.cert;
    const own = identity("master", { ip: "127.83.2.1", authority });
    const server = await serve((_, r) => json(r, 200, agents), own);
    const masters = [server.host];
    assert.equal((await new MesosClient({ masters, tls: { ca } }).getAgents(signal)).length, 0);
    const member = { name: "edge-1", host: "127.83.2.1", port: Number(server.host.split(":")[1]) };
    assert.equal((await probeMember("edge", member, signal, { ca })).joined, true);
    const other = identity("another").cert;
    await assert.rejects(new MesosClient({ masters, tls: { ca: other } }).getAgents(signal), {
      code: "MESOS_CLIENT_TLS",
      message: `${server.host} shows a certificate of an authority that ca does not hold; give that authority's certificate in PEM as ca`,
    });
    const doubted = await probeMember("edge", member, signal, { ca: other });
    assert.deepEqual([doubted.up, doubted.joined], [false, false]);
    assert.match(doubted.detail, /an authority that ca does not hold/);
    assert.match((await probeMember("edge", member, signal)).detail, /; does it want https:\/\/\?$/);
    const foreign = await serve(
      (_, r) => json(r, 200, agents),
      identity("far", { ip: "10.9.8.7", authority }),
    );
    const elsewhere = new MesosClient({ masters: [foreign.host], tls: { ca } });
    await assert.rejects(elsewhere.getAgents(signal), /is for other names \(10\.9\.8\.7\)/);
  });

  it("probes a leading master that has recovered, one that has not, and one that knows no leader", async () => {
    let metrics: Record<string, number> = { "master/elected": 1, "registrar/log/recovered": 1 };
    let leaderKnown = true;
    const server = await serve((q, r) => {
      if (q.url === "/metrics/snapshot") json(r, 200, metrics);
      else if (q.url === "/flags") json(r, 200, { flags: { quorum: "2" } });
      else if (q.url === "/redirect" && leaderKnown) r.writeHead(307, { Location: "//10.0.0.1:5050" }).end();
      else r.writeHead(q.url === "/redirect" ? 503 : 200).end();
    });
    const [host = "", port] = server.host.split(":");
    const probe = () => probeMember("mesos-master", { name: "m", host, port: Number(port) }, signal);
    assert.deepEqual(await probe(), {
      name: "m",
      up: true,
      joined: true,
      leading: true,
      told: 3,
      detail: "leading",
    });
    metrics = { "master/elected": 1 };
    assert.deepEqual([(await probe()).joined, (await probe()).leading], [false, true]);
    metrics = {};
    assert.equal((await probe()).detail, "standby of 10.0.0.1:5050");
    leaderKnown = false;
    assert.deepEqual(await probe(), {
      name: "m",
      up: true,
      joined: false,
      leading: false,
      told: 3,
      detail: "knows no leading master",
    });
  });

  it("reads, writes and deletes Bamboo's rules, and a rule that is unknown is deleted", async () => {
    const rules: Record<string, unknown> = { "/a": { Id: "/a", Acl: "path /", Config: { Acl: "path /" } } };
    const server = await serve((q, r) => {
      if (q.method === "GET") json(r, 200, rules);
      else if (q.method === "PUT") json(r, 200, JSON.parse(q.body));
      else if (q.url.endsWith("/shop/web")) json(r, 200, null);
      else r.writeHead(400, { "Content-Type": "text/plain" }).end("zk: node does not exist\n");
    });
    const client = new BambooClient({ urls: [server.url] });
    assert.equal((await client.services(signal))["/a"]?.Acl, "path /");
    await client.putService({ id: "shop/web", acl: "path_beg /" }, signal);
    assert.deepEqual(JSON.parse(server.received[1]?.body ?? ""), { id: "/shop/web", acl: "path_beg /" });
    await client.deleteService("/shop/web", signal);
    await client.deleteService("/gone", signal);
    server.answer = (_, r) => void r.writeHead(400).end("zk: could not connect to a server\n");
    await assert.rejects(client.deleteService("/gone", signal), { code: "MESOS_CLIENT_STATUS" });
  });

  it("brings the edge's token as a bearer's, and fails in one line that shows none of it", async () => {
    const token = "hush-edge-token";
    const server = await serve((q, r) => {
      if (q.headers.authorization === `Bearer ${token}`) json(r, 200, {});
      // A server that repeats what it was sent must not make the error tell it.
      else r.writeHead(401).end(`not let in: ${q.headers.authorization}\n`);
    });
    const optionName = (option: string) => `bamboo-${option}`;
    const ask = (o: object) => new BambooClient({ urls: [server.url], optionName, ...o }).services(signal);
    assert.deepEqual(await ask({ token }), {});
    assert.deepEqual(await ask({ token: `Bearer ${token}` }), {});
    const line = async (o: object): Promise<string> => {
      const error = await ask(o).then(() => assert.fail("was let in"), messageOf);
      assert.doesNotMatch(error, /\n|hush/);
      return error;
    };
    assert.match(await line({}), /401.*it asks for bamboo-user and bamboo-password, or bamboo-token/);
    assert.match(await line({ token: "hush-wrong" }), /401.*bamboo-token, are not the right ones/);
  });
});
