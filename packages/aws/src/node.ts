// SPDX-License-Identifier: Apache-2.0
import * as cloudwatch from "@pulumi/aws/cloudwatch";
import * as ebs from "@pulumi/aws/ebs";
import * as ec2 from "@pulumi/aws/ec2";
import * as route53 from "@pulumi/aws/route53";
import * as pulumi from "@pulumi/pulumi";
import { inContainer, marathonCallbackPort } from "@pulumi-mesos/model";
import { type containers, InvalidArgsError, type Node, type NodeService } from "pulumi-mesos";
import type { Machine } from "./machines";
import type { MemberPlace } from "./member-addresses";
import { storeFiles } from "./node-files";
import type { MachineImage } from "./platform-args";
import { allowSecrets, type MachineRole } from "./roles";
import { named, type Surroundings } from "./surroundings";
import { type NodeProgram, userData, userDataLimit } from "./user-data";

/** Everything that makes one member's machine. */
export interface MemberArgs {
  readonly around: Surroundings;
  readonly place: MemberPlace;
  readonly service: NodeService;
  /** Its image with the registry that has it. */
  readonly program: containers.ContainerProgram;
  readonly machine: Machine;
  readonly image: MachineImage;
  readonly subnetId: pulumi.Input<string>;
  readonly securityGroupId: pulumi.Input<string>;
  readonly role: MachineRole;
  /** The private zone with a name a member. */
  readonly zone: route53.Zone;
  readonly kmsKeyArn?: pulumi.Input<string>;
  readonly logGroup?: pulumi.Input<string>;
}

/** Size of the disk that a machine starts from. */
export const rootGiB = 20;
/** Long enough for a terminated machine to let go of its interface and volume. */
const usualTimeouts = { create: "15m", delete: "20m" } as const;

/**
 * A member: an interface with its address and a volume with its data, which outlive every machine, and the machine that holds
 * them. It is replaced only after it is gone, because no two machines can hold the same.
 */
export function makeMember(args: MemberArgs, opts: pulumi.ComponentResourceOptions): Node {
  const { around, place, service, machine, image, role } = args;
  const { name } = place;
  const own = { ...opts, provider: around.provider, customTimeouts: undefined };
  const lasting = { ...own, dependsOn: undefined };
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
  const { files, policies } = secretsOf(args, lasting);
  const allowed = pulumi.all([role.profile.name, role.base.id, ...policies.map(({ id }) => id)]);
  const instance = new ec2.Instance(
    name,
    {
      ami: image.ami,
      instanceType: machine.instanceType,
      primaryNetworkInterface: { networkInterfaceId: face.id },
      // Waits until its role may do what it needs: it asks at its first start.
      iamInstanceProfile: allowed.apply(([profile]) => profile ?? ""),
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: {
        volumeSize: rootGiB,
        volumeType: "gp3",
        deleteOnTermination: true,
        ...disk,
        tags: named(around, name),
      },
      userData: programData(args, files, volume?.id),
      userDataReplaceOnChange: true,
      tags: named(around, name),
    },
    { ...own, deleteBeforeReplace: true, customTimeouts: opts.customTimeouts ?? usualTimeouts },
  );
  watch(args, instance, own);
  return { incarnation: volume === undefined ? instance.id : attach(name, instance, volume, own) };
}

function makeInterface(args: MemberArgs, options: pulumi.CustomResourceOptions): ec2.NetworkInterface {
  const { around, place, zone } = args;
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
      zoneId: zone.zoneId,
      name: pulumi.interpolate`${name}.${zone.name}`,
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

function secretsOf(args: MemberArgs, options: pulumi.CustomResourceOptions) {
  const { around, place, service, program, kmsKeyArn, role } = args;
  const { stack, tags, region } = around;
  const store = {
    member: place.name,
    path: `/pulumi-mesos/${stack.project}/${stack.stack}`,
    kmsKeyArn,
    tags,
  };
  const env = { ...callbackVariables(service), ...program.env, ...service.env };
  const values = { address: place.host, name: place.name };
  const { files, parameters } = storeFiles({ ...service, env }, values, store, options);
  const arns = parameters.map(({ arn }) => arn);
  return { files, policies: allowSecrets(role, place.name, arns, { region, kmsKeyArn }, options) };
}

/** Masters call a Marathon back at a port that its security group has open. */
function callbackVariables({ software }: NodeService): Record<string, string> {
  if (software !== "marathon") return {};
  return { LIBPROCESS_IP: "{address}", LIBPROCESS_PORT: String(marathonCallbackPort) };
}

/** The fault domain of a master: its region and zone, by which Mesos tells agents of elsewhere. */
export function domainArgument(region: string, zone: string): string {
  return `--domain=${JSON.stringify({ fault_domain: { region: { name: region }, zone: { name: zone } } })}`;
}

function programData(
  args: MemberArgs,
  files: ReturnType<typeof secretsOf>["files"],
  volumeId: pulumi.Output<string> | undefined,
): pulumi.Output<string> {
  const { around, place, service, program, image } = args;
  const expand = (text: string): string => inContainer(text, { address: place.host, name: place.name });
  const placed =
    service.software === "mesos-master" && !service.args.some((one) => one.startsWith("--domain="));
  const words = [
    ...program.command,
    ...service.args.map(expand),
    ...(placed ? [domainArgument(around.region, place.zone)] : []),
  ];
  return pulumi.all([pulumi.all([...files]), volumeId, args.logGroup]).apply(([texts, volume, logGroup]) => {
    const node: NodeProgram = {
      member: place.name,
      region: around.region,
      image: program.image,
      user: program.user,
      words,
      files: texts,
      volumeId: volume,
      stop: service.stop,
      packages: image.packages ?? ["docker"],
      logGroup,
    };
    const text = userData(node);
    if (Buffer.byteLength(text) <= userDataLimit) return text;
    const message = `must fit into ${userDataLimit} bytes of user data with all plain files of its program, got ${Buffer.byteLength(text)}; give large files as secrets`;
    throw new InvalidArgsError(undefined, [{ path: place.name, message }]);
  });
}
