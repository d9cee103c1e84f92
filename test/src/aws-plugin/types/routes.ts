// SPDX-License-Identifier: Apache-2.0
import {
  AssociateRouteTableCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  DeleteRouteCommand,
  DeleteRouteTableCommand,
  DescribeRouteTablesCommand,
  DisassociateRouteTableCommand,
} from "@aws-sdk/client-ec2";
import type * as ec2 from "@pulumi/aws/ec2";
import { first, type } from "../resource-type";
import { tagged, tagsOf } from "../tags";

const service = "ec2";

/** Who finds the way where. */
export const routes = {
  "aws:ec2/routeTable:RouteTable": type<ec2.RouteTableArgs>()({
    service,
    make: ({ vpcId, tags }) =>
      new CreateRouteTableCommand({ VpcId: vpcId, TagSpecifications: tagged("route-table", tags) }),
    id: ({ RouteTable }) => RouteTable?.RouteTableId,
    look: (id) => new DescribeRouteTablesCommand({ RouteTableIds: [id] }),
    see: ({ RouteTables }) =>
      first(RouteTables, (table) => ({ vpcId: table.VpcId, tags: tagsOf(table.Tags) })),
    unmake: (RouteTableId) => [new DeleteRouteTableCommand({ RouteTableId })],
  }),
  "aws:ec2/route:Route": type<ec2.RouteArgs>()({
    service,
    make: ({ routeTableId, destinationCidrBlock, gatewayId, natGatewayId }) =>
      new CreateRouteCommand({
        RouteTableId: routeTableId,
        DestinationCidrBlock: destinationCidrBlock,
        GatewayId: gatewayId,
        NatGatewayId: natGatewayId,
      }),
    id: (_made, { routeTableId, destinationCidrBlock }) => `${routeTableId}_${destinationCidrBlock}`,
    look: (_id, { routeTableId }) => new DescribeRouteTablesCommand({ RouteTableIds: [routeTableId] }),
    see: ({ RouteTables }, _id, { destinationCidrBlock }) => {
      const route = RouteTables?.[0]?.Routes?.find(
        (one) => one.DestinationCidrBlock === destinationCidrBlock,
      );
      return route && { gatewayId: route.GatewayId, natGatewayId: route.NatGatewayId };
    },
    unmake: (_id, { routeTableId, destinationCidrBlock }) => [
      new DeleteRouteCommand({ RouteTableId: routeTableId, DestinationCidrBlock: destinationCidrBlock }),
    ],
  }),
  "aws:ec2/routeTableAssociation:RouteTableAssociation": type<ec2.RouteTableAssociationArgs>()({
    service,
    make: ({ subnetId, routeTableId }) =>
      new AssociateRouteTableCommand({ SubnetId: subnetId, RouteTableId: routeTableId }),
    id: ({ AssociationId }) => AssociationId,
    look: (_id, { routeTableId }) => new DescribeRouteTablesCommand({ RouteTableIds: [routeTableId] }),
    see: ({ RouteTables }, id) => {
      const found = RouteTables?.[0]?.Associations?.find((one) => one.RouteTableAssociationId === id);
      return found && { subnetId: found.SubnetId, routeTableId: found.RouteTableId };
    },
    unmake: (AssociationId) => [new DisassociateRouteTableCommand({ AssociationId })],
  }),
};
