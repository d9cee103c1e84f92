// SPDX-License-Identifier: Apache-2.0
import * as autoscaling from "@pulumi/aws/autoscaling";
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { machineHooks, taskPorts } from "@pulumi-mesos/model";
import type { Pool } from "pulumi-mesos";
import { type MachineProgramArgs, machineProgram, metadataOptions } from "./machine-program";
import type { AgentMachines } from "./machines";
import { named } from "./surroundings";

/** Everything that makes an agent group's machines. */
export interface PoolMachinesArgs
  extends Omit<MachineProgramArgs, "values" | "zone" | "placedAtBoot" | "makesContainers" | "group"> {
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
  const groupName = `${stack.project}-${stack.stack}-${name}`;
  const template = makeTemplate(args, groupName, { ...own, ...around.checked });
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
  const hooks = makeHooks(name, group, own);
  return {
    template: {
      image: program.image,
      command: [...program.command, ...service.args],
      ready: service.ready,
      stop: service.stop,
      // The group launches by this version, and machines wait at its hooks, before the controller hears of it.
      launchTemplate: pulumi
        .all([pulumi.interpolate`${template.id}:${version}`, group.id, ...hooks.map(({ id }) => id)])
        .apply(([launched]) => launched),
      // An Output: the engine resolves it before the plugin sees it.
    } as unknown as Pool["template"],
    backend: { kind: "aws", group: groupName },
  };
}

/**
 * A machine counts once its agent is ready, and ends once it is drained, both of which the controller says. One that never gets
 * ready is replaced; one that has died is not waited for: those that live ask for more time themselves.
 */
function makeHooks(
  name: string,
  group: autoscaling.Group,
  options: pulumi.CustomResourceOptions,
): autoscaling.LifecycleHook[] {
  const hook = (
    kind: keyof typeof machineHooks,
    args: Pick<autoscaling.LifecycleHookArgs, "lifecycleTransition" | "heartbeatTimeout" | "defaultResult">,
  ): autoscaling.LifecycleHook =>
    new autoscaling.LifecycleHook(
      `${name}-${kind}`,
      { name: machineHooks[kind], autoscalingGroupName: group.name, ...args },
      options,
    );
  return [
    hook("ready", {
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      heartbeatTimeout: 30 * 60,
      defaultResult: "ABANDON",
    }),
    hook("drained", {
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: 15 * 60,
      defaultResult: "CONTINUE",
    }),
  ];
}

function makeTemplate(
  args: PoolMachinesArgs,
  group: string,
  options: pulumi.CustomResourceOptions,
): ec2.LaunchTemplate {
  const { around, name, image, machines, kmsKeyArn } = args;
  const values = { ports: taskPorts.join("-") };
  const { userData, profile } = machineProgram(
    { ...args, values, zone: "{zone}", placedAtBoot: true, makesContainers: true, group },
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
      userData: userData.apply((data) =>
        "base64" in data ? data.base64 : Buffer.from(data.plain).toString("base64"),
      ),
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
      tags: named(around, name),
    },
    options,
  );
}
