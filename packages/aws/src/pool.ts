// SPDX-License-Identifier: Apache-2.0
import * as autoscaling from "@pulumi/aws/autoscaling";
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { taskPorts } from "@pulumi-mesos/model";
import type { Pool } from "pulumi-mesos";
import { type MachineProgramArgs, machineProgram, metadataOptions } from "./machine-program";
import type { AgentMachines } from "./machines";
import { named } from "./surroundings";

/** Everything that makes an agent group's machines. */
export interface PoolMachinesArgs
  extends Omit<MachineProgramArgs, "values" | "zone" | "placedAtBoot" | "makesContainers"> {
  readonly machines: Required<AgentMachines>;
  readonly subnetIds: readonly pulumi.Input<string>[];
  readonly securityGroupId: pulumi.Input<string>;
}

/**
 * A launch template and an auto-scaling group without a machine: the controller of agent groups sets how many there are, drains
 * who leaves and ends just that one. AWS only launches, and replaces what died.
 */
export function makePool(args: PoolMachinesArgs, opts: pulumi.ComponentResourceOptions): Pool {
  const { around, name, service, program, machines } = args;
  const { provider, stack } = around;
  const own = { ...opts, provider, customTimeouts: undefined };
  const template = makeTemplate(args, own);
  const groupName = `${stack.project}-${stack.stack}-${name}`;
  const version = template.latestVersion.apply(String);
  const group = new autoscaling.Group(
    name,
    {
      name: groupName,
      minSize: 0,
      maxSize: machines.most,
      desiredCapacity: 0,
      vpcZoneIdentifiers: [...args.subnetIds],
      mixedInstancesPolicy: {
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: template.id, version },
          overrides: machines.instanceTypes.map((instanceType) => ({ instanceType })),
        },
        instancesDistribution: {
          onDemandBaseCapacity: 0,
          onDemandPercentageAboveBaseCapacity: machines.spot ? 0 : 100,
          spotAllocationStrategy: "price-capacity-optimized",
        },
      },
      // Nobody but the controller ends a machine that is well: it would not be drained.
      protectFromScaleIn: true,
      suspendedProcesses: ["AZRebalance"],
      healthCheckType: "EC2",
      waitForCapacityTimeout: "0",
      forceDelete: true,
      tags: Object.entries(named(around, name)).map(([key, value]) => ({
        key,
        value,
        // The launch template tags what it launches.
        propagateAtLaunch: false,
      })),
    },
    { ...own, deleteBeforeReplace: true, ignoreChanges: ["desiredCapacity"] },
  );
  return {
    template: {
      image: program.image,
      command: [...program.command, ...service.args],
      ready: service.ready,
      stop: service.stop,
      // The group launches by this version before the controller hears of it.
      launchTemplate: pulumi.interpolate`${template.id}:${version}`.apply((launched) =>
        group.id.apply(() => launched),
      ),
      // An Output: the engine resolves it before the plugin sees it.
    } as unknown as Pool["template"],
    backend: { kind: "aws", group: groupName },
  };
}

function makeTemplate(args: PoolMachinesArgs, options: pulumi.CustomResourceOptions): ec2.LaunchTemplate {
  const { around, name, image, machines, kmsKeyArn } = args;
  const values = { ports: taskPorts.join("-") };
  const { userData, profile } = machineProgram(
    { ...args, values, zone: "{zone}", placedAtBoot: true, makesContainers: true },
    undefined,
    options,
  );
  const tags = around.tags;
  return new ec2.LaunchTemplate(
    name,
    {
      imageId: image.ami,
      updateDefaultVersion: true,
      iamInstanceProfile: { name: profile },
      metadataOptions,
      vpcSecurityGroupIds: [args.securityGroupId],
      blockDeviceMappings: [
        {
          deviceName: image.rootDevice ?? "/dev/xvda",
          ebs: {
            volumeSize: machines.diskGiB,
            volumeType: "gp3",
            encrypted: "true",
            deleteOnTermination: "true",
            ...(kmsKeyArn === undefined ? {} : { kmsKeyId: kmsKeyArn }),
          },
        },
      ],
      userData: userData.apply((text) => Buffer.from(text).toString("base64")),
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
      tags: named(around, name),
    },
    options,
  );
}
