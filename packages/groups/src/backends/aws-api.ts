// SPDX-License-Identifier: Apache-2.0
import {
  AutoScalingClient,
  type AutoScalingClientConfig,
  AutoScalingServiceException,
  CompleteLifecycleActionCommand,
  DescribeAutoScalingGroupsCommand,
  SetDesiredCapacityCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  EC2Client,
  type Instance,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import {
  MesosError,
  memberLabel,
  noticeLabel,
  poolLabel,
  type StackName,
  stackLabels,
  templateLabel,
} from "@pulumi-mesos/model";
import type { AwsApi, Machine } from "./aws";

/** EC2 sets these on every instance that an auto-scaling group launches. */
const groupTag = "aws:autoscaling:groupName";
const templateTag = { id: "aws:ec2launchtemplate:id", version: "aws:ec2launchtemplate:version" } as const;

/** AWS as the backend needs it. Credentials and the rest come from the role of the machine, or from `config`. */
export function awsApi(
  region: string,
  stack: StackName,
  config: Partial<AutoScalingClientConfig> = {},
): AwsApi {
  const autoScaling = new AutoScalingClient({ region, ...config });
  const ec2 = new EC2Client({ region, ...(config as object) });
  return {
    machines: (where) => listMachines(ec2, stack, where),
    async group(name) {
      const { AutoScalingGroups: [group] = [] } = await autoScaling.send(
        new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }),
      );
      if (group === undefined)
        throw new MesosError(
          "MESOS_GROUPS_BACKEND",
          `backend: there is no auto-scaling group ${JSON.stringify(name)}`,
        );
      const { LaunchTemplateId: id, Version: version } =
        group.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification ?? group.LaunchTemplate ?? {};
      const phases = new Map(
        (group.Instances ?? []).map(({ InstanceId = "", LifecycleState = "" }) => [
          InstanceId,
          LifecycleState,
        ]),
      );
      const sizes = { desired: group.DesiredCapacity ?? 0, most: group.MaxSize ?? 0 };
      const places = (group.AvailabilityZones ?? []).map((zone) => ({ region, zone }));
      return { ...sizes, launches: `${id}:${version}`, phases, places };
    },
    async setDesired(name, count) {
      const input = { AutoScalingGroupName: name, DesiredCapacity: count, HonorCooldown: false };
      await autoScaling.send(new SetDesiredCapacityCommand(input));
    },
    async terminate(id, { decrement }) {
      const input = { InstanceId: id, ShouldDecrementDesiredCapacity: decrement };
      try {
        await autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(input));
      } catch (error) {
        // It ended by itself since it was looked at, and what is left of its group is looked at again.
        if (!isInvalid(error, "Instance Id not found")) throw error;
      }
    },
    async proceed(name, hook, id) {
      const input = { AutoScalingGroupName: name, LifecycleHookName: hook, InstanceId: id };
      try {
        await autoScaling.send(
          new CompleteLifecycleActionCommand({ ...input, LifecycleActionResult: "CONTINUE" }),
        );
      } catch (error) {
        // It waits no more: somebody else let it go on, or the time of the hook is over.
        if (!isInvalid(error, "No active Lifecycle Action found")) throw error;
      }
    },
    async tag(id, { pool, member, template }) {
      const Tags = [
        { Key: poolLabel, Value: pool },
        { Key: memberLabel, Value: member },
        { Key: "Name", Value: member },
        ...(template === undefined ? [] : [{ Key: templateLabel, Value: template }]),
      ];
      await ec2.send(new CreateTagsCommand({ Resources: [id], Tags }));
    },
    async untag(id) {
      const Tags = [poolLabel, memberLabel, templateLabel].map((Key) => ({ Key }));
      await ec2.send(new DeleteTagsCommand({ Resources: [id], Tags }));
    },
  };
}

/** AWS's answer where something is no more as it was looked at; only its words tell what. */
function isInvalid(error: unknown, words: string): boolean {
  return (
    error instanceof AutoScalingServiceException &&
    error.name === "ValidationError" &&
    error.message.startsWith(words)
  );
}

async function listMachines(
  ec2: EC2Client,
  stack: StackName,
  { group, pool, member }: Parameters<AwsApi["machines"]>[0],
): Promise<Machine[]> {
  const tags = {
    ...stackLabels(stack),
    ...(group === undefined ? {} : { [groupTag]: group }),
    ...(pool === undefined ? {} : { [poolLabel]: pool }),
    ...(member === undefined ? {} : { [memberLabel]: member }),
  };
  const Filters = Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
  const found: Machine[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters }))
    for (const { Instances = [] } of Reservations) found.push(...Instances.flatMap(machineOf));
  return found;
}

function machineOf({
  InstanceId: id,
  State,
  PrivateIpAddress: address,
  LaunchTime,
  Tags = [],
}: Instance): Machine[] {
  const tag = (key: string): string | undefined => Tags.find(({ Key }) => Key === key)?.Value;
  const group = tag(groupTag);
  if (id === undefined || group === undefined) return [];
  const launched = `${tag(templateTag.id)}:${tag(templateTag.version)}`;
  const state = State?.Name === "pending" || State?.Name === "running" ? State.Name : "dead";
  const own = { pool: tag(poolLabel), member: tag(memberLabel), template: tag(templateLabel) };
  const whose = { ...own, notice: tag(noticeLabel) };
  return [{ id, state, address, group, launchedAt: LaunchTime?.getTime(), launched, ...whose }];
}
