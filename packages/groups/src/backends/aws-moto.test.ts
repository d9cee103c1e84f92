// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import {
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  PutLifecycleHookCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  EC2Client,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { machineHooks, noticeLabel, stackLabels } from "@pulumi-mesos/model";
import { type Clock, systemClock } from "../clock";
import { awsBackend } from "./aws";
import { awsApi } from "./aws-api";
import { type BackendUnderTest, backendContract } from "./backend-contract.test.support";
import { MotoWithHooks } from "./moto-hooks.test.support";

const region = "eu-central-1";
const group = "project-stack-agents";
const stack = { project: "project", stack: "stack" };
/** moto launches at once. */
const clock: Clock = { ...systemClock, pause: (_ms, wake) => systemClock.pause(10, wake) };

describe("the aws backend on a moto server", function () {
  this.timeout(240_000);
  let moto: ChildProcess | undefined;
  let front: MotoWithHooks | undefined;
  let test: BackendUnderTest | undefined;

  before(async function () {
    const server = process.env["TEST_MOTO_SERVER"];
    if (server === undefined) {
      const missing = process.env["TEST_MOTO_MISSING"] ?? "only npm test starts moto";
      for (const each of this.test?.parent?.suites.flatMap(({ tests }) => tests) ?? [])
        each.title += ` (not on this machine: ${missing})`;
      return;
    }
    moto = spawn(server, ["-H", "127.0.0.1", "-p", "0"], { stdio: ["ignore", "ignore", "pipe"] });
    front = new MotoWithHooks(await endpointOf(moto));
    test = await underTest(await front.listen());
  });
  after(async () => {
    await front?.close();
    if (moto === undefined) return;
    const ended = once(moto, "exit");
    moto.kill();
    await ended;
  });

  describe("as every backend", () => backendContract(() => test));

  it("says over which zones its group spreads machines, before there is one", async function () {
    if (test === undefined) this.skip();
    const places = await test.backend.places?.({ kind: "aws", group });
    assert.deepEqual(places, [{ region, zone: `${region}a` }]);
  });

  it("says since when each member's machine is paid for", async function () {
    if (test === undefined) this.skip();
    const before = Date.now();
    const bound = AbortSignal.timeout(240_000);
    await test.backend.start("web", 1, test.applied, bound);
    const [{ paidSince = 0 } = {}] = await test.backend.members("web");
    assert.ok(paidSince >= before - 1000 && paidSince <= Date.now(), `${paidSince}, begun at ${before}`);
    await test.backend.terminate("web-1", bound);
  });

  describe("after that", () => {
    it("has asked for the end of each machine once, and lets none wait for it", function () {
      if (front === undefined) this.skip();
      assert.ok(front.ends.length > 5, "members have ended");
      assert.equal(new Set(front.ends).size, front.ends.length);
      assert.deepEqual(front.waiting, []);
    });
  });
});

/** moto says where it listens among its other lines, which are read on so that it never waits. */
function endpointOf(moto: ChildProcess): Promise<string> {
  const { stderr } = moto;
  assert.ok(stderr);
  return new Promise((resolve, reject) => {
    moto.once("error", reject);
    moto.once("exit", (code) => reject(new Error(`moto ended with ${code}`)));
    createInterface({ input: stderr }).on("line", (line) => {
      const [, endpoint] = /Running on (http:\/\/\S+)/.exec(line) ?? [];
      if (endpoint !== undefined) resolve(endpoint);
    });
  });
}

async function underTest(endpoint: string): Promise<BackendUnderTest> {
  const config = { endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  const ec2 = new EC2Client(config);
  const autoScaling = new AutoScalingClient(config);
  const launchTemplate = await makeGroup(ec2, autoScaling);
  const api = awsApi(region, stack, config);
  const machineOf = async (member: string) => {
    const found = (await api.machines({ member })).find(({ state }) => state !== "dead");
    assert.ok(found, member);
    return found;
  };
  return {
    backend: awsBackend(api, clock),
    applied: { template: { command: ["mesos-agent"], launchTemplate }, backend: { kind: "aws", group } },
    lifeOf: async (name) => (await machineOf(name)).id,
    kill: async (name) => {
      await ec2.send(new TerminateInstancesCommand({ InstanceIds: [(await machineOf(name)).id] }));
    },
    say: async (name, notice) => {
      const Tags = [{ Key: noticeLabel, Value: notice }];
      await ec2.send(new CreateTagsCommand({ Resources: [(await machineOf(name)).id], Tags }));
    },
    beginStart: async (pool, name) => {
      await api.setDesired(group, (await api.group(group)).desired + 1);
      const free = (await api.machines({ group })).find((m) => m.state !== "dead" && m.member === undefined);
      assert.ok(free);
      await api.tag(free.id, { pool, member: name });
    },
    left: async () => {
      const { AutoScalingGroups = [] } = await autoScaling.send(new DescribeAutoScalingGroupsCommand({}));
      return AutoScalingGroups.flatMap(({ AutoScalingGroupName, DesiredCapacity = 0, Instances = [] }) => [
        ...Instances.map(({ InstanceId }) => String(InstanceId)),
        ...(DesiredCapacity === 0 ? [] : [`${AutoScalingGroupName} desires ${DesiredCapacity}`]),
      ]);
    },
  };
}

/** A group as AwsPlatform makes them; answers with its launch template and version. */
async function makeGroup(ec2: EC2Client, autoScaling: AutoScalingClient): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16" }));
  const place = { VpcId: Vpc?.VpcId, CidrBlock: "10.9.0.0/24", AvailabilityZone: `${region}a` };
  const { Subnet } = await ec2.send(new CreateSubnetCommand(place));
  const Tags = Object.entries(stackLabels(stack)).map(([Key, Value]) => ({ Key, Value }));
  const instance = { ImageId: "ami-12c6146b", InstanceType: "t3.small" as const };
  const data = { ...instance, TagSpecifications: [{ ResourceType: "instance" as const, Tags }] };
  const { LaunchTemplate } = await ec2.send(
    new CreateLaunchTemplateCommand({ LaunchTemplateName: group, LaunchTemplateData: data }),
  );
  const launched = { LaunchTemplateId: LaunchTemplate?.LaunchTemplateId, Version: "1" };
  const template = { LaunchTemplateSpecification: launched, Overrides: [{ InstanceType: "t3.small" }] };
  await autoScaling.send(
    new CreateAutoScalingGroupCommand({
      AutoScalingGroupName: group,
      MinSize: 0,
      MaxSize: 10,
      DesiredCapacity: 0,
      NewInstancesProtectedFromScaleIn: true,
      VPCZoneIdentifier: Subnet?.SubnetId,
      MixedInstancesPolicy: { LaunchTemplate: template },
    }),
  );
  for (const [name, transition] of [
    [machineHooks.ready, "LAUNCHING"],
    [machineHooks.drained, "TERMINATING"],
  ])
    await autoScaling.send(
      new PutLifecycleHookCommand({
        AutoScalingGroupName: group,
        LifecycleHookName: name,
        LifecycleTransition: `autoscaling:EC2_INSTANCE_${transition}`,
      }),
    );
  return `${launched.LaunchTemplateId}:${launched.Version}`;
}
