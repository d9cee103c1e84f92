// SPDX-License-Identifier: Apache-2.0
import {
  AttachVolumeCommand,
  CreateNetworkInterfaceCommand,
  CreateVolumeCommand,
  DeleteNetworkInterfaceCommand,
  DeleteVolumeCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type HttpTokensState,
  type InstanceMetadataEndpointState,
  type _InstanceType as InstanceType,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type VolumeType,
} from "@aws-sdk/client-ec2";
import type * as ebs from "@pulumi/aws/ebs";
import type * as ec2 from "@pulumi/aws/ec2";
import { first, type } from "../resource-type";
import { tagged, tagsOf } from "../tags";

const service = "ec2";

/** The disk that Amazon Linux starts from. */
const rootDevice = "/dev/xvda";

/** A member's machine, and what outlives it. */
export const machines = {
  "aws:ec2/networkInterface:NetworkInterface": type<ec2.NetworkInterfaceArgs>()({
    service,
    make: ({ subnetId, privateIps = [], securityGroups, description, tags }) =>
      new CreateNetworkInterfaceCommand({
        SubnetId: subnetId,
        PrivateIpAddresses: privateIps.map((ip, i) => ({ PrivateIpAddress: ip, Primary: i === 0 })),
        Groups: securityGroups,
        Description: description,
        TagSpecifications: tagged("network-interface", tags),
      }),
    id: ({ NetworkInterface }) => NetworkInterface?.NetworkInterfaceId,
    look: (id) => new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [id] }),
    see: ({ NetworkInterfaces }) =>
      first(NetworkInterfaces, (face) => ({
        subnetId: face.SubnetId,
        privateIps: face.PrivateIpAddresses?.map(({ PrivateIpAddress = "" }) => PrivateIpAddress),
        securityGroups: face.Groups?.map(({ GroupId = "" }) => GroupId),
        description: face.Description,
        tags: tagsOf(face.TagSet),
      })),
    unmake: (NetworkInterfaceId) => [new DeleteNetworkInterfaceCommand({ NetworkInterfaceId })],
  }),
  "aws:ebs/volume:Volume": type<ebs.VolumeArgs>()({
    service,
    make: (inputs) =>
      new CreateVolumeCommand({
        AvailabilityZone: inputs.availabilityZone,
        Size: inputs.size,
        VolumeType: inputs.type as VolumeType,
        Encrypted: inputs.encrypted,
        TagSpecifications: tagged("volume", inputs.tags),
      }),
    id: ({ VolumeId }) => VolumeId,
    look: (id) => new DescribeVolumesCommand({ VolumeIds: [id] }),
    see: ({ Volumes }) =>
      first(Volumes, (volume) => ({
        availabilityZone: volume.AvailabilityZone,
        size: volume.Size,
        type: volume.VolumeType,
        encrypted: volume.Encrypted,
        tags: tagsOf(volume.Tags),
      })),
    unmake: (VolumeId) => [new DeleteVolumeCommand({ VolumeId })],
  }),
  "aws:ec2/volumeAttachment:VolumeAttachment": type<ec2.VolumeAttachmentArgs>()({
    service,
    aside: ["stopInstanceBeforeDetaching"],
    make: ({ deviceName, instanceId, volumeId }) =>
      new AttachVolumeCommand({ Device: deviceName, InstanceId: instanceId, VolumeId: volumeId }),
    id: (_made, { instanceId, volumeId }) => `${instanceId}:${volumeId}`,
    look: (_id, { volumeId }) => new DescribeVolumesCommand({ VolumeIds: [volumeId] }),
    see: ({ Volumes }, _id, { instanceId }) => {
      const found = Volumes?.[0]?.Attachments?.find((one) => one.InstanceId === instanceId);
      return found && { deviceName: found.Device, instanceId, volumeId: found.VolumeId };
    },
    unmake: (_id, { instanceId, volumeId, stopInstanceBeforeDetaching }) => [
      ...(stopInstanceBeforeDetaching ? [new StopInstancesCommand({ InstanceIds: [instanceId] })] : []),
      new DetachVolumeCommand({ InstanceId: instanceId, VolumeId: volumeId }),
    ],
  }),
  "aws:ec2/instance:Instance": type<ec2.InstanceArgs>()({
    service,
    aside: ["userDataReplaceOnChange"],
    make: (inputs) => {
      const { metadataOptions, rootBlockDevice: root } = inputs;
      return new RunInstancesCommand({
        MinCount: 1,
        MaxCount: 1,
        ImageId: inputs.ami,
        InstanceType: inputs.instanceType as InstanceType,
        NetworkInterfaces: [
          { DeviceIndex: 0, NetworkInterfaceId: inputs.primaryNetworkInterface?.networkInterfaceId },
        ],
        IamInstanceProfile: { Name: inputs.iamInstanceProfile as string },
        MetadataOptions: {
          HttpEndpoint: metadataOptions?.httpEndpoint as InstanceMetadataEndpointState,
          HttpTokens: metadataOptions?.httpTokens as HttpTokensState,
          HttpPutResponseHopLimit: metadataOptions?.httpPutResponseHopLimit,
        },
        BlockDeviceMappings: [
          {
            DeviceName: rootDevice,
            Ebs: {
              VolumeSize: root?.volumeSize,
              VolumeType: root?.volumeType as VolumeType,
              DeleteOnTermination: root?.deleteOnTermination,
              Encrypted: root?.encrypted,
            },
          },
        ],
        UserData: inputs.userDataBase64 ?? Buffer.from(inputs.userData ?? "").toString("base64"),
        TagSpecifications: [...tagged("instance", inputs.tags), ...tagged("volume", root?.tags)],
      });
    },
    id: ({ Instances }) => Instances?.[0]?.InstanceId,
    look: (id) => new DescribeInstancesCommand({ InstanceIds: [id] }),
    see: ({ Reservations }) => {
      const instance = Reservations?.[0]?.Instances?.[0];
      if (instance === undefined || instance.State?.Name === "terminated") return undefined;
      return {
        ami: instance.ImageId,
        instanceType: instance.InstanceType,
        iamInstanceProfile: instance.IamInstanceProfile?.Arn?.split("/").at(-1),
        primaryNetworkInterface: {
          networkInterfaceId: instance.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? "",
        },
        metadataOptions: {
          httpEndpoint: instance.MetadataOptions?.HttpEndpoint,
          httpTokens: instance.MetadataOptions?.HttpTokens,
          httpPutResponseHopLimit: instance.MetadataOptions?.HttpPutResponseHopLimit,
        },
        tags: tagsOf(instance.Tags),
      };
    },
    unmake: (id) => [new TerminateInstancesCommand({ InstanceIds: [id] })],
  }),
};
