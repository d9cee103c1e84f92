// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ZooKeeper } from "pulumi-mesos";
import type { Recorded } from "pulumi-mesos/testing";
import { AwsPlatform } from "./aws-platform";
import {
  cloudConfig,
  ecr,
  find,
  ofAws,
  region,
  run,
  short,
  titles,
  usual,
  written,
} from "./recording.test.support";

describe("ZooKeeper on AWS", function () {
  // A bound against hanging: its first test loads everything.
  this.timeout(60_000);
  let all: Recorded[] = [];
  before(async () => {
    all = await run(() => {
      new ZooKeeper("zk", { platform: new AwsPlatform({ ...usual, registry: ecr }), size: 3 });
    });
  });

  const zones = ["a", "b", "c"];
  const members = ["zk-1", "zk-2", "zk-3"];
  const isOfNetwork = ({ type }: Recorded): boolean => !/SecurityGroup\w*Rule$/.test(type);

  it("makes a network, groups, a role and names once, and for each server what is its own, and nothing else", () => {
    const shared = [
      "Platform platform",
      "aws platform-aws",
      "mesos platform",
      "Vpc platform-vpc",
      "DefaultSecurityGroup platform-default",
      "InternetGateway platform-internet",
      "VpcEndpoint platform-s3",
      "RouteTable platform-public",
      "Route platform-public",
      "Eip platform-nat-a",
      "NatGateway platform-nat-a",
      ...zones.flatMap((z) => [
        `Subnet platform-public-${z}`,
        `RouteTableAssociation platform-public-${z}`,
        `Subnet platform-private-${z}`,
        `SubnetCidrReservation platform-private-${z}`,
        `RouteTable platform-private-${z}`,
        `Route platform-private-${z}`,
        `RouteTableAssociation platform-private-${z}`,
      ]),
      ...[
        "zookeeper",
        "mesos-master",
        "mesos-agent",
        "marathon",
        "edge",
        "groups",
        "internal-balancer",
        "public-balancer",
      ].map((party) => `SecurityGroup platform-${party}`),
      "Zone platform-names",
      "Role platform-zookeeper",
      "RolePolicy platform-zookeeper-base",
      "InstanceProfile platform-zookeeper",
    ];
    const own = members.flatMap((name) => [
      `NetworkInterface ${name}-interface`,
      `Record ${name}-name`,
      `Volume ${name}-data`,
      `Instance ${name}`,
      `VolumeAttachment ${name}-attachment`,
      `MetricAlarm ${name}-recover`,
      `MetricAlarm ${name}-restart`,
      `Leave ${name}-leave`,
      `Ready ${name}-ready`,
    ]);
    const gates = ["ZooKeeper zk", "Ensemble zk-ensemble", "Ready zk-ready"];
    assert.deepEqual(titles(all.filter(isOfNetwork)), [...shared, ...own, ...gates].sort());
  });

  it("puts what is shared below the platform, what is a member's below its ensemble, all by a provider of its own", () => {
    for (const { name, type, parent, provider } of ofAws(all)) {
      assert.equal(parent, name.startsWith("zk-") ? "zk" : "platform", `${type} ${name}`);
      assert.equal(provider, "platform-aws", `${type} ${name}`);
    }
    for (const { name, type, provider } of all.filter(
      (r) => r.type.startsWith("mesos:index:") && r.parent === "zk",
    ))
      assert.equal(provider, "platform", `${type} ${name}`);
    assert.equal(find(all, "aws", "platform-aws").inputs["region"], region);
  });

  it("makes no group's rule open to the world, and opens each port to whom the table says", () => {
    const rules = all.filter(({ type }) => type.endsWith("SecurityGroupIngressRule"));
    const world = rules.filter(({ inputs }) => inputs["cidrIpv4"] === "0.0.0.0/0").map(({ name }) => name);
    assert.deepEqual(world.sort(), [
      "platform-public-balancer-443-tcp-from-clients-0.0.0.0/0",
      "platform-public-balancer-80-tcp-from-clients-0.0.0.0/0",
    ]);
    const { inputs } = find(all, "SecurityGroupIngressRule", "platform-zookeeper-3888-tcp-from-zookeeper");
    assert.deepEqual([inputs["fromPort"], inputs["toPort"], inputs["ipProtocol"]], [3888, 3888, "tcp"]);
    assert.equal(inputs["referencedSecurityGroupId"], inputs["securityGroupId"]);
    const { inputs: admin } = find(
      all,
      "SecurityGroupIngressRule",
      "platform-mesos-master-5050-tcp-from-administrators-10.8.0.0/24",
    );
    assert.equal(admin["cidrIpv4"], "10.8.0.0/24");
    assert.deepEqual(find(all, "DefaultSecurityGroup", "platform-default").inputs["ingress"], []);
  });

  it("spreads servers over zones, each with its address, interface and encrypted volume in the same one", () => {
    const found = members.map((name) => {
      const face = find(all, "NetworkInterface", `${name}-interface`).inputs;
      const volume = find(all, "Volume", `${name}-data`).inputs;
      const { inputs } = find(all, "Instance", name);
      assert.deepEqual(inputs["primaryNetworkInterface"], { networkInterfaceId: `${name}-interface-id` });
      assert.deepEqual([volume["type"], volume["encrypted"], volume["size"]], ["gp3", true, 20]);
      const [host] = face["privateIps"] as string[];
      assert.deepEqual(find(all, "Record", `${name}-name`).inputs["records"], [host]);
      const zone = String(volume["availabilityZone"]);
      assert.equal(face["subnetId"], `platform-private-${zone.slice(-1)}-id`);
      assert.equal(
        find(all, "Subnet", `platform-private-${zone.slice(-1)}`).inputs["availabilityZone"],
        zone,
      );
      return zone;
    });
    assert.deepEqual(
      found.sort(),
      zones.map((letter) => `${region}${letter}`),
    );
  });

  it("runs each by IMDSv2 alone, with an encrypted disk and its program in user data", () => {
    const instance = find(all, "Instance", "zk-2");
    const { inputs } = instance;
    assert.deepEqual(inputs["metadataOptions"], {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
    });
    assert.equal((inputs["rootBlockDevice"] as { encrypted: boolean }).encrypted, true);
    assert.deepEqual(
      [inputs["ami"], inputs["instanceType"], inputs["userDataReplaceOnChange"]],
      ["ami-0123", "t3.small", true],
    );
    assert.match(
      written(instance, "/opt/pulumi-mesos/run"),
      new RegExp(
        `${ecr}/pulumi-mesos/zookeeper:\\S+ /etc/pulumi-mesos/.start zookeeper-server /etc/pulumi-mesos/zoo.cfg`,
      ),
    );
    assert.match(written(instance, "/etc/fstab"), /nvme-Amazon_Elastic_Block_Store_zk2-data-id /);
    const [host] = find(all, "NetworkInterface", "zk-2-interface").inputs["privateIps"] as string[];
    const zooCfg = cloudConfig(instance).write_files.find(({ content }) =>
      content.includes("clientPortAddress"),
    );
    assert.ok(zooCfg?.content.includes(`clientPortAddress=${host}\n`));
    assert.deepEqual(inputs["tags"], {
      "pulumi-mesos.project": "project",
      "pulumi-mesos.stack": "stack",
      Name: "zk-2",
    });
  });

  it("replaces a machine only after it is gone, behind its gate, and never what it holds", () => {
    const instance = find(all, "Instance", "zk-1");
    assert.ok(instance.deleteBeforeReplace);
    assert.ok(instance.dependsOn.includes("zk-ensemble"));
    const attachment = find(all, "VolumeAttachment", "zk-1-attachment");
    assert.ok(attachment.deleteBeforeReplace);
    assert.equal(attachment.inputs["stopInstanceBeforeDetaching"], true);
    for (const kind of ["Leave", "Ready"])
      assert.ok(find(all, kind, `zk-1-${kind.toLowerCase()}`).dependsOn.includes("zk-1-attachment"), kind);
    for (const [kind, name] of [
      ["NetworkInterface", "zk-1-interface"],
      ["Volume", "zk-1-data"],
    ] as const)
      assert.ok(
        !find(all, kind, name).dependsOn.some((one) => one === "zk-1" || one === "zk-ensemble"),
        name,
      );
  });

  it("waits with a machine until it has a way out, an open group and what its role needs", () => {
    const depends = (kind: string, name: string): readonly string[] => find(all, kind, name).dependsOn;
    assert.ok(depends("NetworkInterface", "zk-1-interface").includes("platform-zookeeper-out"));
    const zone = String(find(all, "Volume", "zk-1-data").inputs["availabilityZone"]).slice(-1);
    const ways = all
      .filter(({ name }) => name === `platform-private-${zone}`)
      .map(({ type }) => short(type))
      .sort();
    assert.deepEqual(ways, [
      "Route",
      "RouteTable",
      "RouteTableAssociation",
      "Subnet",
      "SubnetCidrReservation",
    ]);
    assert.ok(
      depends("NetworkInterface", "zk-1-interface").filter((one) => one === `platform-private-${zone}`)
        .length >= 3,
    );
    assert.ok(depends("Instance", "zk-1").includes("platform-zookeeper-base"));
  });

  it("gives machines and gates the time that a machine takes to boot", () => {
    for (const [kind, name] of [
      ["Instance", "zk-1"],
      ["Ready", "zk-1-ready"],
      ["Leave", "zk-1-leave"],
    ] as const)
      assert.deepEqual(find(all, kind, name).timeouts, { create: "20m", update: "20m", delete: "20m" }, name);
  });

  it("has AWS move a machine from a broken host and restart one that hangs", () => {
    const actions = ["recover", "restart"].map((kind) => {
      const { inputs } = find(all, "MetricAlarm", `zk-3-${kind}`);
      assert.deepEqual(inputs["dimensions"], { InstanceId: "zk-3-id" });
      return [inputs["metricName"], ...(inputs["alarmActions"] as string[])];
    });
    assert.deepEqual(actions, [
      ["StatusCheckFailed_System", `arn:aws:automate:${region}:ec2:recover`],
      ["StatusCheckFailed_Instance", `arn:aws:automate:${region}:ec2:reboot`],
    ]);
  });
});
