// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { fourLetterWord } from "@pulumi-mesos/client";
import { type RenderedMachine, renderMembers } from "./support/aws-rendered";
import { BootedMachines } from "./support/booted-machines";
import { ClusterKeys } from "./support/cluster-keys";
import { DockerHost, whyNoDocker } from "./support/docker-host";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";

const cidr = "10.126.0.0/16";
const secret = "a-cluster-secret-of-this-test-alone";
const unit = "pulumi-mesos.service";

/*
 * The user data of `AwsPlatform` as its program renders them, on machines in containers. Real are cloud-init, systemd, each machine's
 * dockerd, ZooKeeper and what is between them (passwords and TLS); Mesos is the simulator's. What stands in for AWS is said in
 * `images/machine/Dockerfile`; and the data volume is there before the machine, so that nobody waits for it by its id.
 * Where systemd does not start, or a dockerd in it runs no container, the titles say so, and `e2e:aws` runs the units' commands in
 * their order.
 */
describe("machines that systemd and cloud-init boot with the user data of AwsPlatform", function () {
  // A bound against hanging.
  this.timeout(600_000);
  const { ca } = new ClusterKeys({ project: "project", stack: "stack" }, secret);
  let booted: BootedMachines | undefined;
  let members: readonly RenderedMachine[] = [];
  const those = (kind: string): RenderedMachine[] => members.filter(({ name }) => name.includes(kind));

  before(async function () {
    const skip = (why: string): void => {
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (not on this machine: ${why})`;
      this.skip();
    };
    const missing = whyNoDocker({ needsPlugin: false });
    if (missing !== undefined) return skip(missing);
    const rendered = await renderMembers(cidr, secret);
    booted = new BootedMachines(new DockerHost());
    const why = await booted.boot(cidr, rendered);
    if (why !== undefined) return skip(`${why}; e2e:aws runs the units' commands in their order`);
    members = rendered.machines;
  });
  afterEach(async function () {
    if (this.currentTest?.state === "failed")
      console.log(await machines().logs(members.map(({ name }) => name)));
  });
  after(() => booted?.close());

  function machines(): BootedMachines {
    assert.ok(booted);
    return booted;
  }

  async function isActive(name: string): Promise<void> {
    assert.equal(await machines().stateOf(name, unit), "active", name);
  }

  async function modes(): Promise<string[]> {
    const answers = those("zookeeper").map(({ address }) =>
      fourLetterWord({ host: address, port: 2181 }, "srvr", AbortSignal.timeout(5_000)),
    );
    return (await Promise.all(answers)).map((text) => /^Mode: (.*)$/m.exec(text)?.[1] ?? text).sort();
  }

  async function zooKeeperServes(): Promise<void> {
    assert.deepEqual(await modes(), ["follower", "follower", "leader"]);
  }

  /** The master that all of them call the leading one. */
  async function leading(): Promise<RenderedMachine> {
    const answers = those("masters").map(({ address }) =>
      request(`https://${address}:5050/redirect`, { ca, timeoutMs: 5_000 }),
    );
    const named = (await Promise.all(answers)).map(({ headers }) => headers.location ?? "");
    assert.equal(new Set(named).size, 1, named.join(" "));
    const found = those("masters").find(({ address }) => named[0]?.includes(`//${address}:5050`));
    assert.ok(found, named[0]);
    return found;
  }

  it("carry it out to its end; neither cloud-init nor systemd has a word against it", async () => {
    assert.equal(members.length, 6);
    for (const { name } of members) {
      // It fails where a part of the user data did.
      assert.match((await machines().on(name, "cloud-init", "status", "--wait")).join("\n"), /status: done$/);
      const schema = await machines().on(name, "cloud-init", "schema", "--system");
      assert.deepEqual(schema, ["Valid cloud-config: system userdata"], name);
      assert.deepEqual(await machines().on(name, "systemd-analyze", "verify", "--man=no", unit), [], name);
      assert.deepEqual(await machines().on(name, "hostname"), [name]);
      await eventually(hangMs, () => isActive(name));
    }
  });

  it("elect a leader of ZooKeeper and a leading master", async () => {
    await eventually(hangMs, zooKeeperServes);
    await eventually(hangMs, leading);
  });

  it("let another master lead when the leading one's program dies, which systemd starts again", async () => {
    const before = await eventually(hangMs, leading);
    await machines().on(before.name, "docker", "kill", "program");
    await eventually(hangMs, async () => assert.notEqual((await leading()).name, before.name));
    await eventually(hangMs, () => isActive(before.name));
    assert.notEqual(await machines().stateOf(before.name, unit, "NRestarts"), "0");
  });

  it("come back by themselves when the power went, and do nothing of their first boot again", async () => {
    const [{ name = "" } = {}] = those("zookeeper");
    await machines().cutPower(name);
    await eventually(hangMs, () => isActive(name));
    await eventually(hangMs, zooKeeperServes);
    const mounts = await machines().on(name, "grep", "--count", "/var/lib/pulumi-mesos", "/etc/fstab");
    assert.deepEqual(mounts, ["1"]);
  });

  it("run their program again once dockerd, which could not start, can", async () => {
    const [, { name = "" } = {}] = those("zookeeper");
    const settings = "/etc/docker/daemon.json";
    await machines().on(
      name,
      "sh",
      "-c",
      `cp ${settings} /root/ && echo { >${settings} && kill -9 $(pidof dockerd)`,
    );
    await eventually(hangMs, async () =>
      assert.equal(await machines().stateOf(name, "docker.service"), "failed"),
    );
    await machines().on(name, "cp", "/root/daemon.json", settings);
    await machines().on(name, "systemctl", "reset-failed", "docker.service", "docker.socket");
    await machines().on(name, "systemctl", "start", "docker.service");
    await eventually(hangMs, () => isActive(name));
    await eventually(hangMs, zooKeeperServes);
  });

  it("end their program in order when they are told to, which is no failure", async () => {
    for (const { name } of [those("zookeeper")[2], those("masters")[2]].filter((one) => one !== undefined)) {
      await machines().on(name, "systemctl", "stop", unit);
      assert.equal(await machines().stateOf(name, unit), "inactive", name);
      assert.deepEqual(await machines().on(name, "docker", "ps", "--all", "--quiet"), []);
    }
  });
});
