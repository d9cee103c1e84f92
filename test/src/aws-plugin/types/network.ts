// SPDX-License-Identifier: Apache-2.0
import {
  AllocateAddressCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateSubnetCidrReservationCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  CreateVpcEndpointCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteSubnetCidrReservationCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DeleteVpcEndpointsCommand,
  DescribeAddressesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeSubnetsCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  type DomainType,
  GetSubnetCidrReservationsCommand,
  ModifyVpcAttributeCommand,
  ReleaseAddressCommand,
  type SubnetCidrReservationType,
  type VpcEndpointType,
} from "@aws-sdk/client-ec2";
import type * as ec2 from "@pulumi/aws/ec2";
import { first, type } from "../resource-type";
import { tagged, tagsOf } from "../tags";

const service = "ec2";

/** What a network is made of. */
export const network = {
  "aws:ec2/vpc:Vpc": type<ec2.VpcArgs>()({
    service,
    make: ({ cidrBlock, tags }) =>
      new CreateVpcCommand({ CidrBlock: cidrBlock, TagSpecifications: tagged("vpc", tags) }),
    id: ({ Vpc }) => Vpc?.VpcId,
    finish: ({ enableDnsHostnames, enableDnsSupport }, VpcId) => [
      new ModifyVpcAttributeCommand({ VpcId, EnableDnsSupport: { Value: enableDnsSupport } }),
      new ModifyVpcAttributeCommand({ VpcId, EnableDnsHostnames: { Value: enableDnsHostnames } }),
    ],
    look: (id) => new DescribeVpcsCommand({ VpcIds: [id] }),
    see: ({ Vpcs }) => first(Vpcs, (vpc) => ({ cidrBlock: vpc.CidrBlock, tags: tagsOf(vpc.Tags) })),
    unmake: (VpcId) => [new DeleteVpcCommand({ VpcId })],
  }),
  "aws:ec2/vpcEndpoint:VpcEndpoint": type<ec2.VpcEndpointArgs>()({
    service,
    make: ({ vpcId, serviceName, vpcEndpointType, routeTableIds, tags }) =>
      new CreateVpcEndpointCommand({
        VpcId: vpcId,
        ServiceName: serviceName,
        VpcEndpointType: vpcEndpointType as VpcEndpointType,
        RouteTableIds: routeTableIds,
        TagSpecifications: tagged("vpc-endpoint", tags),
      }),
    id: ({ VpcEndpoint }) => VpcEndpoint?.VpcEndpointId,
    look: (id) => new DescribeVpcEndpointsCommand({ VpcEndpointIds: [id] }),
    see: ({ VpcEndpoints }) =>
      first(VpcEndpoints, (endpoint) => ({
        vpcId: endpoint.VpcId,
        serviceName: endpoint.ServiceName,
        vpcEndpointType: endpoint.VpcEndpointType,
        routeTableIds: endpoint.RouteTableIds,
        tags: tagsOf(endpoint.Tags),
      })),
    unmake: (id) => [new DeleteVpcEndpointsCommand({ VpcEndpointIds: [id] })],
  }),
  "aws:ec2/internetGateway:InternetGateway": type<ec2.InternetGatewayArgs>()({
    service,
    make: ({ tags }) =>
      new CreateInternetGatewayCommand({ TagSpecifications: tagged("internet-gateway", tags) }),
    id: ({ InternetGateway }) => InternetGateway?.InternetGatewayId,
    finish: ({ vpcId }, InternetGatewayId) => [
      new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }),
    ],
    look: (id) => new DescribeInternetGatewaysCommand({ InternetGatewayIds: [id] }),
    see: ({ InternetGateways }) =>
      first(InternetGateways, (gateway) => ({
        vpcId: gateway.Attachments?.[0]?.VpcId,
        tags: tagsOf(gateway.Tags),
      })),
    unmake: (InternetGatewayId, { vpcId }) => [
      new DetachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }),
      new DeleteInternetGatewayCommand({ InternetGatewayId }),
    ],
  }),
  "aws:ec2/subnet:Subnet": type<ec2.SubnetArgs>()({
    service,
    make: ({ vpcId, cidrBlock, availabilityZone, tags }) =>
      new CreateSubnetCommand({
        VpcId: vpcId,
        CidrBlock: cidrBlock,
        AvailabilityZone: availabilityZone,
        TagSpecifications: tagged("subnet", tags),
      }),
    id: ({ Subnet }) => Subnet?.SubnetId,
    look: (id) => new DescribeSubnetsCommand({ SubnetIds: [id] }),
    see: ({ Subnets }) =>
      first(Subnets, (subnet) => ({
        vpcId: subnet.VpcId,
        cidrBlock: subnet.CidrBlock,
        availabilityZone: subnet.AvailabilityZone,
        tags: tagsOf(subnet.Tags),
      })),
    unmake: (SubnetId) => [new DeleteSubnetCommand({ SubnetId })],
  }),
  "aws:ec2/subnetCidrReservation:SubnetCidrReservation": type<ec2.SubnetCidrReservationArgs>()({
    service,
    make: ({ subnetId, cidrBlock, reservationType, description }) =>
      new CreateSubnetCidrReservationCommand({
        SubnetId: subnetId,
        Cidr: cidrBlock,
        ReservationType: reservationType as SubnetCidrReservationType,
        Description: description,
      }),
    id: ({ SubnetCidrReservation }) => SubnetCidrReservation?.SubnetCidrReservationId,
    look: (_id, { subnetId }) => new GetSubnetCidrReservationsCommand({ SubnetId: subnetId }),
    see: ({ SubnetIpv4CidrReservations = [] }, id) => {
      const found = SubnetIpv4CidrReservations.find((one) => one.SubnetCidrReservationId === id);
      return (
        found && {
          subnetId: found.SubnetId,
          cidrBlock: found.Cidr,
          reservationType: found.ReservationType,
          description: found.Description,
        }
      );
    },
    unmake: (SubnetCidrReservationId) => [
      new DeleteSubnetCidrReservationCommand({ SubnetCidrReservationId }),
    ],
  }),
  "aws:ec2/eip:Eip": type<ec2.EipArgs>()({
    service,
    make: ({ domain, tags }) =>
      new AllocateAddressCommand({
        Domain: domain as DomainType,
        TagSpecifications: tagged("elastic-ip", tags),
      }),
    id: ({ AllocationId }) => AllocationId,
    look: (id) => new DescribeAddressesCommand({ AllocationIds: [id] }),
    see: ({ Addresses }) =>
      first(Addresses, (address) => ({
        domain: address.Domain,
        publicIp: address.PublicIp,
        tags: tagsOf(address.Tags),
      })),
    unmake: (AllocationId) => [new ReleaseAddressCommand({ AllocationId })],
  }),
  "aws:ec2/natGateway:NatGateway": type<ec2.NatGatewayArgs>()({
    service,
    make: ({ allocationId, subnetId, tags }) =>
      new CreateNatGatewayCommand({
        AllocationId: allocationId,
        SubnetId: subnetId,
        TagSpecifications: tagged("natgateway", tags),
      }),
    id: ({ NatGateway }) => NatGateway?.NatGatewayId,
    look: (id) => new DescribeNatGatewaysCommand({ NatGatewayIds: [id] }),
    see: ({ NatGateways }) =>
      first(
        NatGateways?.filter(({ State }) => State !== "deleted"),
        (gateway) => ({
          subnetId: gateway.SubnetId,
          allocationId: gateway.NatGatewayAddresses?.[0]?.AllocationId,
          tags: tagsOf(gateway.Tags),
        }),
      ),
    unmake: (NatGatewayId) => [new DeleteNatGatewayCommand({ NatGatewayId })],
  }),
};
