// SPDX-License-Identifier: Apache-2.0
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ebs from "@pulumi/aws/ebs";
import * as ec2 from "@pulumi/aws/ec2";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import type { Node } from "pulumi-mesos";
import { type MachineProgramArgs, machineProgram, membersPlace, metadataOptions } from "./machine-program";
import type { Machine } from "./machines";
import type { MemberPlace } from "./member-addresses";
import { named } from "./surroundings";

/** Everything that makes one member's machine. */
export interface MemberArgs extends Omit<MachineProgramArgs, "name" | "values" | "zone"> {
  readonly place: MemberPlace;
  readonly machine: Machine;
  readonly subnetId: pulumi.Input<string>;
  readonly securityGroupId: pulumi.Input<string>;
  /** The private zone with a name a member. */
  readonly names: route53.Zone;
}

/** Size of the disk that a machine starts from. */
export const rootGiB = 20;
/**
 * A member: an interface with its address and a volume with its data, which outlive every machine, and the machine that holds
 * them. It is replaced only after it is gone, because no two machines can hold the same.
 */
export function makeMember(args: MemberArgs, opts: pulumi.ComponentResourceOptions): Node {
  const { around, place, service, machine, image } = args;
  const { name } = place;
  const own = { ...opts, provider: around.provider, customTimeouts: undefined };
  const lasting = { ...own, ...around.checked };
  const disk = { encrypted: true, ...(args.kmsKeyArn === undefined ? {} : { kmsKeyId: args.kmsKeyArn }) };
  const face = makeInterface(args, lasting);
  const volume = service.data
    ? new ebs.Volume(
        `${name}-data`,
        {
          availabilityZone: place.zone,
          size: machine.dataGiB,
          type: "gp3",
          ...disk,
          tags: named(around, `${name}-data`),
        },
        lasting,
      )
    : undefined;
  const values = { address: place.host, name, members: membersPlace(around) };
  const { profile, userData } = machineProgram(
    { ...args, name, values, zone: place.zone },
    volume?.id,
    lasting,
  );
  const instance = new ec2.Instance(
    name,
    {
      ami: image.ami,
      instanceType: machine.instanceType,
      primaryNetworkInterface: { networkInterfaceId: face.id },
      iamInstanceProfile: profile,
      metadataOptions,
      rootBlockDevice: {
        volumeSize: rootGiB,
        volumeType: "gp3",
        deleteOnTermination: true,
        ...disk,
        tags: named(around, name),
      },
      userData: userData.apply((data) => ("plain" in data ? data.plain : undefined) as string),
      userDataBase64: userData.apply((data) => ("base64" in data ? data.base64 : undefined) as string),
      userDataReplaceOnChange: true,
      tags: named(around, name),
    },
    { ...own, deleteBeforeReplace: true, customTimeouts: opts.customTimeouts },
  );
  watch(args, instance, own);
  return { incarnation: volume === undefined ? instance.id : attach(name, instance, volume, own) };
}

function makeInterface(args: MemberArgs, options: pulumi.CustomResourceOptions): ec2.NetworkInterface {
  const { around, place, names } = args;
  const { name, host } = place;
  const face = new ec2.NetworkInterface(
    `${name}-interface`,
    {
      subnetId: args.subnetId,
      privateIps: [host],
      securityGroups: [args.securityGroupId],
      description: `pulumi-mesos ${name}`,
      tags: named(around, name),
    },
    // The next interface has the same address.
    { ...options, deleteBeforeReplace: true },
  );
  new route53.Record(
    `${name}-name`,
    {
      zoneId: names.zoneId,
      name: pulumi.interpolate`${name}.${names.name}`,
      type: "A",
      ttl: 60,
      records: [host],
    },
    options,
  );
  return face;
}

/**
 * The machine is stopped before its volume is taken away, so that nothing writes to it. What follows the incarnation — the gate
 * that asks whether the member may leave — follows the attachment, and so is asked before the machine stops.
 */
function attach(
  name: string,
  instance: ec2.Instance,
  volume: ebs.Volume,
  options: pulumi.CustomResourceOptions,
): pulumi.Output<string> {
  const attachment = new ec2.VolumeAttachment(
    `${name}-attachment`,
    {
      instanceId: instance.id,
      volumeId: volume.id,
      deviceName: "/dev/sdf",
      stopInstanceBeforeDetaching: true,
    },
    { ...options, deleteBeforeReplace: true },
  );
  return attachment.instanceId;
}

/** AWS moves a machine whose host is broken to another one, and restarts one that hangs. */
function watch(
  { around, place }: MemberArgs,
  instance: ec2.Instance,
  options: pulumi.CustomResourceOptions,
): void {
  for (const [kind, metricName, action] of [
    ["recover", "StatusCheckFailed_System", "recover"],
    ["restart", "StatusCheckFailed_Instance", "reboot"],
  ] as const) {
    const own = `${place.name}-${kind}`;
    new cloudwatch.MetricAlarm(
      own,
      {
        alarmDescription: `${place.name}: ${action} on ${metricName}`,
        namespace: "AWS/EC2",
        metricName,
        dimensions: { InstanceId: instance.id },
        statistic: "Maximum",
        comparisonOperator: "GreaterThanThreshold",
        threshold: 0,
        period: 60,
        evaluationPeriods: 3,
        alarmActions: [`arn:aws:automate:${around.region}:ec2:${action}`],
        tags: named(around, own),
      },
      options,
    );
  }
}
