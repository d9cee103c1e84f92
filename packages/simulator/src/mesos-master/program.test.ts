// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, getJson, http, type TestMaster, until } from "../test-cluster.test";
import { ZooKeeperSession } from "../zookeeper";
import { ipNumber } from "./election";

describe("mesos-master: election (mesos.md 2.5)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let servers: string;
  let masters: TestMaster[];

  const add = async (name: string, ip: string, session = "4secs"): Promise<TestMaster> => {
    const master = await fixture.master(
      name,
      [`--zk=zk://${servers}/mesos`, "--quorum=2", `--zk_session_timeout=${session}`],
      ip,
    );
    masters.push(master);
    return master;
  };
  const leader = (): TestMaster | undefined => masters.find((m) => m.program.leader !== undefined);

  beforeEach(async () => {
    fixture = new Fixture();
    masters = [];
    servers = (await fixture.zooKeeper()).servers;
  });
  afterEach(() => fixture.end());

  it("joins with exactly the real master's data, and the lowest sequence number leads", async () => {
    for (const n of [1, 2, 3]) await add(`m${n}`, `127.84.1.${n}`);
    const leading = await until("a leader", leader);
    const session = await ZooKeeperSession.connect({ servers }, AbortSignal.timeout(60_000));
    try {
      const names = await until("three candidates", async () => {
        const all = (await session.children("/mesos")).filter((n) => n !== "log_replicas").sort();
        return all.length === 3 ? all : undefined;
      });
      for (const name of names) assert.match(name, /^json\.info_\d{10}$/);
      const data = (await session.get(`/mesos/${names[0]}`))?.data.toString();
      const [ip, port] = leading.address.split(":");
      assert.equal(
        data,
        `{"address":{"hostname":"${ip}","ip":"${ip}","port":${port}},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}],"hostname":"${ip}","id":"${leading.id}","ip":${ipNumber(ip ?? "")},"pid":"master@${ip}:${port}","port":${port},"version":"1.11.0"}`,
      );
      const replicas = await session.children("/mesos/log_replicas");
      assert.equal(replicas.length, 3);
      for (const name of replicas) assert.match(name, /^\d{10}$/);
      const own = (await session.get(`/mesos/log_replicas/${replicas[0]}`))?.data.toString();
      assert.match(own ?? "", /^log-replica\(1\)@127\.84\.1\.\d:\d+$/);
    } finally {
      await session.close();
    }
  });

  it("redirects from a standby without naming the scheme, and tells everybody who leads", async () => {
    for (const n of [1, 2, 3]) await add(`m${n}`, `127.84.1.${n}`);
    const leading = await until("a leader", leader);
    const standby = masters.find((m) => m !== leading) ?? assert.fail();
    await until("a standby that knows", () => standby.program.leaderInfo);
    for (const path of ["/state", "/master/state?x=1", "/api/v1/scheduler"]) {
      const { status, headers } = await http(path.includes("api") ? "POST" : "GET", standby.url + path);
      assert.deepEqual([status, headers["location"]], [307, `//${leading.address}${path}`]);
    }
    assert.equal((await http("GET", `${leading.url}/redirect`)).headers["location"], `//${leading.address}`);
    assert.equal((await http("GET", `${standby.url}/health`)).status, 200);
    const metrics = await getJson<Record<string, number>>(`${leading.url}/metrics/snapshot`);
    assert.deepEqual([metrics["master/elected"], metrics["registrar/log/recovered"]], [1, 1]);
    await until("the whole ensemble", () => leading.program.metrics()["registrar/log/ensemble_size"] === 3);
    assert.equal((await getJson(`${standby.url}/metrics/snapshot`))["master/elected"], 0);
  });

  it("hands over at once when the leader stops cleanly", async () => {
    for (const n of [1, 2, 3]) await add(`m${n}`, `127.84.1.${n}`, "50secs");
    const first = await until("a leader", leader);
    await until("a quorum", () => masters.every((m) => m.program.metrics()["registrar/log/recovered"] === 1));
    await first.program.close();
    masters = masters.filter((m) => m !== first);
    await until("another leader, before any session could expire", leader, 40_000);
    assert.deepEqual(first.fatal, []);
  });

  it("answers 503 while a lone master of three cannot read the registry, and gives up after registry_fetch_timeout", async () => {
    const lone = await fixture.master("m1", [
      `--zk=zk://${servers}/mesos`,
      "--quorum=2",
      "--registry_fetch_timeout=3secs",
    ]);
    await until("elected", () => lone.program.elected);
    const { status, text } = await http("GET", `${lone.url}/state`);
    assert.deepEqual([status, text], [503, "Master has not finished recovery"]);
    await until("the end", () => lone.fatal[0]);
    assert.equal(lone.fatal[0], "Failed to recover registrar: Failed to perform fetch within 3secs");
  });

  it("ends a leader whose quorum is gone after registry_store_timeout, with a registration that nobody was told of", async () => {
    const argv = ["--registry_store_timeout=1secs", "--registry_fetch_timeout=1mins"];
    for (const n of [1, 2, 3]) {
      const flags = [`--zk=zk://${servers}/mesos`, "--quorum=2", "--zk_session_timeout=50secs", ...argv];
      masters.push(await fixture.master(`m${n}`, flags, `127.106.1.${n}`));
    }
    const leading = await until("a leader", leader);
    for (const other of masters) if (other !== leading) await other.program.close();
    const agent = await fixture.agent("a", [`--master=${leading.address}`, "--ip=127.106.2.1"]);
    await until("the end", () => leading.fatal[0]);
    assert.equal(
      leading.fatal[0],
      "Registrar aborting: Failed to update registry: Failed to perform store within 1secs",
    );
    assert.notEqual(agent.agent?.registered, true);
  });

  it("fails as a standby in another region than the leader's: all masters are in one", async () => {
    const domain = (region: string) =>
      `--domain=${JSON.stringify({ fault_domain: { region: { name: region }, zone: { name: "z" } } })}`;
    const argv = [`--zk=zk://${servers}/mesos`, "--quorum=1", "--zk_session_timeout=50secs"];
    const here = await fixture.master("m1", [...argv, domain("here")], "127.106.1.3");
    await until("a leader", () => here.program.leader);
    const near = await fixture.master("m2", [...argv, domain("here")], "127.106.1.4");
    const plain = await fixture.master("m3", argv, "127.106.1.5");
    const far = await fixture.master("m4", [...argv, domain("there")], "127.106.1.6");
    await until("the end", () => far.fatal[0]);
    assert.match(
      far.fatal[0] ?? "",
      /^Leading master is configured with region 'here', this one with 'there'/,
    );
    await until("the others know", () => near.program.leaderInfo && plain.program.leaderInfo);
    assert.deepEqual([near.fatal, plain.fatal], [[], []]);
    const state = await getJson<Record<string, unknown>>(`${here.url}/state`);
    assert.deepEqual(state["domain"], near.program.info?.domain);
  });
});

describe("mesos-master: lost ZooKeeper session (mesos.md 1.3)", function () {
  this.timeout(60_000);

  it("ends a leader and lets a standby go on", async () => {
    const fixture = new Fixture();
    try {
      const { servers, child } = await fixture.zooKeeper();
      const argv = [`--zk=zk://${servers}/mesos`, "--quorum=1", "--zk_session_timeout=2secs"];
      const first = await fixture.master("m1", argv);
      await until("a leader", () => first.program.leader);
      const second = await fixture.master("m2", argv);
      await until("a standby", () => second.program.leaderInfo);
      process.kill(-(child.pid ?? 0), "SIGSTOP");
      try {
        await until("the leader's end", () => first.fatal[0]);
        assert.match(first.fatal[0] ?? "", /^Lost leadership/);
        await until("no leader", () => second.program.leaderInfo === undefined);
        assert.equal((await http("GET", `${second.url}/state`)).status, 503);
      } finally {
        process.kill(-(child.pid ?? 0), "SIGCONT");
      }
      await first.program.close();
      await until("the standby leads", () => second.program.leader);
      assert.deepEqual(second.fatal, []);
    } finally {
      await fixture.end();
    }
  });
});

describe("mesos-master: what a browser may cause", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  before(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", ["--hostname=m1.example"]);
    await until("a leader", () => master.program.leader);
  });
  after(() => fixture.end());

  const ask = async (headers: Record<string, string>, method = "POST"): Promise<number> =>
    (
      await http(
        method,
        `${master.url}/api/v1`,
        method === "POST" ? { type: "GET_HEALTH" } : undefined,
        headers,
      )
    ).status;

  it("serves programs and its own page", async () => {
    assert.equal(await ask({}), 200);
    assert.equal(await ask({ host: "m1.example:5050" }), 200);
    assert.equal(await ask({ origin: master.url }), 200);
    const page = await http("GET", master.url);
    assert.deepEqual([page.status, /<title>Mesos<\/title>/.test(page.text)], [200, true]);
  });

  it("fails when the Origin or the Host is foreign, or the media type needs no preflight", async () => {
    assert.equal(await ask({ origin: "http://evil.example" }), 403);
    assert.equal(await ask({ host: "evil.example" }), 403);
    assert.equal(await ask({ "content-type": "text/plain" }), 415);
    assert.equal(await ask({ "content-type": "application/x-protobuf" }), 400);
  });
});
