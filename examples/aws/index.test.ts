// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { checkResources } from "@pulumi-mesos/aws";
import { type Recorded, record } from "pulumi-mesos/testing";

const settings = {
  region: "eu-central-1",
  ami: "ami-0123456789abcdef0",
  registry: "123456789012.dkr.ecr.eu-central-1.amazonaws.com",
  administrators: '["10.8.0.0/24"]',
  clusterSecret: "a-secret-of-thirty-two-characters",
};

describe("the example aws", function () {
  // A bound against hanging: it loads everything.
  this.timeout(60_000);
  let all: Recorded[] = [];
  let outputs: { usdAnHour?: number } = {};
  before(async () => {
    const config = Object.entries(settings).map(([key, value]) => [`project:${key}`, value]);
    all = await record(
      () => {
        pulumi.runtime.setAllConfig(Object.fromEntries(config), ["project:clusterSecret"]);
        outputs = require("./index");
      },
      [],
      (type, name) => ({
        arn: `arn:aws:${type}:${name}`,
        version: 1,
        latestVersion: 1,
        dnsName: name,
        zoneId: name,
      }),
    );
  });

  const count = (type: string): number => all.filter((r) => r.type.endsWith(`:${type}`)).length;

  it("has three masters and two edges among its machines, in three zones", () => {
    const names = all.filter(({ type }) => type === "aws:ec2/instance:Instance").map(({ name }) => name);
    const members = [
      ...["edge-1", "edge-2", "groups-1", "marathon-1", "marathon-2"],
      ...["masters-1", "masters-2", "masters-3", "zookeeper-1", "zookeeper-2", "zookeeper-3"],
    ];
    assert.deepEqual(
      names.sort(),
      members.map((name) => `demo-${name}`),
    );
    assert.equal(new Set(all.map(({ inputs }) => inputs["availabilityZone"]).filter(Boolean)).size, 3);
  });

  it("has one group of agents on demand and one of spot machines", () => {
    const groups = all.filter(({ type }) => type === "aws:autoscaling/group:Group");
    const onDemand = groups.map(({ name, inputs }) => {
      const policy = inputs["mixedInstancesPolicy"] as {
        instancesDistribution: { onDemandPercentageAboveBaseCapacity: number };
      };
      return [name, policy.instancesDistribution.onDemandPercentageAboveBaseCapacity];
    });
    assert.deepEqual(Object.fromEntries(onDemand), { "demo-web": 100, "demo-batch": 0 });
  });

  it("breaks no rule, and names a provider for every resource, so that default ones may be disabled", () => {
    assert.deepEqual(checkResources(all), []);
    for (const { name, type, provider } of all) {
      const custom =
        type.startsWith("aws:") ||
        /^mesos:(index:(Ready|Leave|Ensemble|AgentPool)|marathon:|bamboo:)/.test(type);
      if (custom) assert.notEqual(provider, "", `${type} ${name}`);
    }
  });

  it("makes as many resources for as much an hour as its README says", () => {
    const readme = readFileSync(path.join(__dirname, "../README.md"), "utf8");
    const [, resources, rules, usd] =
      /It makes (\d+) resources, (\d+) of which are rules .* USD ([\d.]+) an hour/.exec(readme) ?? [];
    assert.equal(Number(resources), all.length);
    assert.equal(Number(rules), count("SecurityGroupIngressRule") + count("SecurityGroupEgressRule"));
    assert.equal(Number(usd), Number(outputs.usdAnHour?.toFixed(2)));
  });
});
