// SPDX-License-Identifier: Apache-2.0
import {
  CreateAutoScalingGroupCommand,
  DeleteAutoScalingGroupCommand,
  DeleteLifecycleHookCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeLifecycleHooksCommand,
  type MixedInstancesPolicy,
  PutLifecycleHookCommand,
  SuspendProcessesCommand,
  UpdateAutoScalingGroupCommand,
} from "@aws-sdk/client-auto-scaling";
import {
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplatesCommand,
  type LaunchTemplateHttpTokensState,
  type LaunchTemplateInstanceMetadataEndpointState,
  ModifyLaunchTemplateCommand,
  type RequestLaunchTemplateData,
  type ResourceType,
  type VolumeType,
} from "@aws-sdk/client-ec2";
import type * as autoscaling from "@pulumi/aws/autoscaling";
import type * as ec2 from "@pulumi/aws/ec2";
import { first, type Plain, type } from "../resource-type";
import { tagged, tagList, tagsOf } from "../tags";

function launched(inputs: Plain<ec2.LaunchTemplateArgs>): RequestLaunchTemplateData {
  const { metadataOptions, blockDeviceMappings = [], tagSpecifications = [] } = inputs;
  return {
    ImageId: inputs.imageId,
    IamInstanceProfile: { Name: inputs.iamInstanceProfile?.name },
    MetadataOptions: {
      HttpEndpoint: metadataOptions?.httpEndpoint as LaunchTemplateInstanceMetadataEndpointState,
      HttpTokens: metadataOptions?.httpTokens as LaunchTemplateHttpTokensState,
      HttpPutResponseHopLimit: metadataOptions?.httpPutResponseHopLimit,
    },
    SecurityGroupIds: inputs.vpcSecurityGroupIds,
    BlockDeviceMappings: blockDeviceMappings.map(({ deviceName, ebs }) => ({
      DeviceName: deviceName,
      Ebs: {
        VolumeSize: ebs?.volumeSize,
        VolumeType: ebs?.volumeType as VolumeType,
        Encrypted: ebs?.encrypted === "true",
        DeleteOnTermination: ebs?.deleteOnTermination === "true",
      },
    })),
    UserData: inputs.userData,
    TagSpecifications: tagSpecifications.map(({ resourceType, tags }) => ({
      ResourceType: resourceType as ResourceType,
      Tags: tagList(tags),
    })),
  };
}

function mixed(inputs: Plain<autoscaling.GroupArgs>): MixedInstancesPolicy {
  const { launchTemplate, instancesDistribution: spread } = inputs.mixedInstancesPolicy ?? {};
  const { launchTemplateSpecification: template, overrides = [] } = launchTemplate ?? {};
  return {
    LaunchTemplate: {
      LaunchTemplateSpecification: {
        LaunchTemplateId: template?.launchTemplateId,
        Version: template?.version,
      },
      Overrides: overrides.map(({ instanceType }) => ({ InstanceType: instanceType })),
    },
    InstancesDistribution: {
      OnDemandBaseCapacity: spread?.onDemandBaseCapacity,
      OnDemandPercentageAboveBaseCapacity: spread?.onDemandPercentageAboveBaseCapacity,
      SpotAllocationStrategy: spread?.spotAllocationStrategy,
    },
  };
}

function sizes({ minSize, maxSize, desiredCapacity }: Plain<autoscaling.GroupArgs>) {
  return { MinSize: minSize, MaxSize: maxSize, DesiredCapacity: desiredCapacity };
}

/** Agents, many and alike. */
export const groups = {
  "aws:ec2/launchTemplate:LaunchTemplate": type<ec2.LaunchTemplateArgs>()({
    service: "ec2",
    named: true,
    aside: ["updateDefaultVersion"],
    make: (inputs, name) =>
      new CreateLaunchTemplateCommand({
        LaunchTemplateName: name,
        LaunchTemplateData: launched(inputs),
        TagSpecifications: tagged("launch-template", inputs.tags),
      }),
    id: ({ LaunchTemplate }) => LaunchTemplate?.LaunchTemplateId,
    look: (id) => new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] }),
    see: ({ LaunchTemplates }) =>
      first(LaunchTemplates, (template) => ({
        latestVersion: template.LatestVersionNumber,
        defaultVersion: template.DefaultVersionNumber,
        tags: tagsOf(template.Tags),
      })),
    changes: ["imageId", "userData"],
    change: (inputs, id, { latestVersion }) => [
      new CreateLaunchTemplateVersionCommand({ LaunchTemplateId: id, LaunchTemplateData: launched(inputs) }),
      ...(inputs.updateDefaultVersion
        ? [
            new ModifyLaunchTemplateCommand({
              LaunchTemplateId: id,
              DefaultVersion: String(Number(latestVersion) + 1),
            }),
          ]
        : []),
    ],
    unmake: (id) => [new DeleteLaunchTemplateCommand({ LaunchTemplateId: id })],
  }),
  "aws:autoscaling/group:Group": type<autoscaling.GroupArgs>()({
    service: "autoScaling",
    aside: ["forceDelete", "waitForCapacityTimeout"],
    make: (inputs) =>
      new CreateAutoScalingGroupCommand({
        AutoScalingGroupName: inputs.name,
        ...sizes(inputs),
        VPCZoneIdentifier: inputs.vpcZoneIdentifiers?.join(),
        MixedInstancesPolicy: mixed(inputs),
        NewInstancesProtectedFromScaleIn: inputs.protectFromScaleIn,
        HealthCheckType: inputs.healthCheckType,
        Tags: (inputs.tags ?? []).map(({ key, value, propagateAtLaunch }) => ({
          Key: key,
          Value: value,
          PropagateAtLaunch: propagateAtLaunch,
        })),
      }),
    id: (_made, { name }) => name,
    finish: ({ suspendedProcesses }, id) => [
      new SuspendProcessesCommand({ AutoScalingGroupName: id, ScalingProcesses: suspendedProcesses }),
    ],
    look: (id) => new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [id] }),
    see: ({ AutoScalingGroups }) =>
      first(AutoScalingGroups, (group) => {
        const { LaunchTemplate, InstancesDistribution: spread } = group.MixedInstancesPolicy ?? {};
        const { LaunchTemplateSpecification: template, Overrides = [] } = LaunchTemplate ?? {};
        return {
          minSize: group.MinSize,
          maxSize: group.MaxSize,
          desiredCapacity: group.DesiredCapacity,
          vpcZoneIdentifiers: group.VPCZoneIdentifier?.split(","),
          protectFromScaleIn: group.NewInstancesProtectedFromScaleIn,
          suspendedProcesses: group.SuspendedProcesses?.map(({ ProcessName = "" }) => ProcessName),
          healthCheckType: group.HealthCheckType,
          mixedInstancesPolicy: {
            launchTemplate: {
              launchTemplateSpecification: {
                launchTemplateId: template?.LaunchTemplateId,
                version: template?.Version,
              },
              overrides: Overrides.map(({ InstanceType }) => ({ instanceType: InstanceType })),
            },
            instancesDistribution: {
              onDemandBaseCapacity: spread?.OnDemandBaseCapacity,
              onDemandPercentageAboveBaseCapacity: spread?.OnDemandPercentageAboveBaseCapacity,
              spotAllocationStrategy: spread?.SpotAllocationStrategy,
            },
          },
          tags: group.Tags?.map(({ Key = "", Value = "", PropagateAtLaunch = false }) => ({
            key: Key,
            value: Value,
            propagateAtLaunch: PropagateAtLaunch,
          })),
        };
      }),
    changes: ["mixedInstancesPolicy", "maxSize"],
    change: (inputs, id) => [
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: id,
        MaxSize: inputs.maxSize,
        MixedInstancesPolicy: mixed(inputs),
      }),
    ],
    unmake: (id, { forceDelete }) => [
      new DeleteAutoScalingGroupCommand({ AutoScalingGroupName: id, ForceDelete: forceDelete }),
    ],
  }),
  "aws:autoscaling/lifecycleHook:LifecycleHook": type<autoscaling.LifecycleHookArgs>()({
    service: "autoScaling",
    make: ({ name, autoscalingGroupName, lifecycleTransition, heartbeatTimeout, defaultResult }) =>
      new PutLifecycleHookCommand({
        LifecycleHookName: name,
        AutoScalingGroupName: autoscalingGroupName,
        LifecycleTransition: lifecycleTransition,
        HeartbeatTimeout: heartbeatTimeout,
        DefaultResult: defaultResult,
      }),
    id: (_made, { name }) => name,
    look: (id, { autoscalingGroupName }) =>
      new DescribeLifecycleHooksCommand({
        AutoScalingGroupName: autoscalingGroupName,
        LifecycleHookNames: [id],
      }),
    see: ({ LifecycleHooks }) =>
      first(LifecycleHooks, (hook) => ({
        lifecycleTransition: hook.LifecycleTransition,
        heartbeatTimeout: hook.HeartbeatTimeout,
        defaultResult: hook.DefaultResult,
      })),
    unmake: (id, { autoscalingGroupName }) => [
      new DeleteLifecycleHookCommand({ LifecycleHookName: id, AutoScalingGroupName: autoscalingGroupName }),
    ],
  }),
};
