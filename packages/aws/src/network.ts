// SPDX-License-Identifier: Apache-2.0
import * as ec2 from "@pulumi/aws/ec2";
import * as pulumi from "@pulumi/pulumi";
import { type Cidr, formatCidr, parseCidr, sizeOf } from "./cidr";
import type { MemberSubnet } from "./member-addresses";
import { planNetwork, type ZonePlan } from "./network-plan";
import { type GivenNetwork, type OwnNetwork, zonesOf } from "./platform-args";
import { named, type Surroundings, shared } from "./surroundings";

/** A subnet for members, with the addresses that are theirs. */
export interface PrivateSubnet extends MemberSubnet {
  readonly id: pulumi.Input<string>;
}

/** A network, made here or given. */
export interface Network {
  readonly vpcId: pulumi.Input<string>;
  readonly privateSubnets: readonly PrivateSubnet[];
  readonly publicSubnetIds: readonly pulumi.Input<string>[];
  readonly natGateways: number;
}

/** The user's network: one subnet of each zone, as many as members are spread over. */
export function givenNetwork({ vpcId, privateSubnets, publicSubnets, spread = 3 }: GivenNetwork): Network {
  const firsts = privateSubnets.filter(
    ({ zone }, index) => privateSubnets.findIndex((other) => other.zone === zone) === index,
  );
  return {
    vpcId,
    publicSubnetIds: publicSubnets,
    natGateways: 0,
    privateSubnets: firsts.slice(0, spread).map(({ id, cidr: text, zone, firstHost }) => {
      const cidr = parseCidr(text) as Cidr;
      return { id, cidr, zone, firstHost: firstHost ?? sizeOf(cidr) / 2 };
    }),
  };
}

/** A VPC with a private and a public subnet in each zone; its default security group lets nothing through. */
export function ownNetwork(around: Surroundings, cidr: Cidr, args: OwnNetwork): Network {
  const { name } = around;
  const { nat = "one" } = args;
  const { zones } = planNetwork(cidr, zonesOf(args, around.region));
  const options = shared(around);
  const vpc = new ec2.Vpc(
    `${name}-vpc`,
    {
      cidrBlock: formatCidr(cidr),
      enableDnsHostnames: true,
      enableDnsSupport: true,
      tags: named(around, name),
    },
    options,
  );
  new ec2.DefaultSecurityGroup(
    `${name}-default`,
    { vpcId: vpc.id, ingress: [], egress: [], tags: named(around, `${name}-default`) },
    options,
  );
  const gateways = publicSide(around, vpc, zones, nat);
  const privates = zones.map((zone, index) =>
    privateSide(around, vpc, zone, gateways.nat[Math.min(index, gateways.nat.length - 1)]),
  );
  new ec2.VpcEndpoint(
    `${name}-s3`,
    {
      vpcId: vpc.id,
      serviceName: `com.amazonaws.${around.region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: privates.map(({ routes }) => routes.id),
      tags: named(around, `${name}-s3`),
    },
    options,
  );
  return {
    vpcId: vpc.id,
    publicSubnetIds: gateways.subnets.map(({ id }) => id),
    natGateways: gateways.nat.length,
    privateSubnets: zones.map((zone, index) => ({
      id: privates[index]?.id ?? "",
      zone: zone.zone,
      cidr: zone.private,
      firstHost: zone.members.base - zone.private.base,
    })),
  };
}

/** `a` of `eu-central-1a`. */
function letterOf({ zone }: ZonePlan): string {
  return zone.slice(-1);
}

function publicSide(
  around: Surroundings,
  vpc: ec2.Vpc,
  zones: readonly ZonePlan[],
  nat: "one" | "zone" | "none",
): { subnets: readonly ec2.Subnet[]; nat: readonly ec2.NatGateway[] } {
  const { name } = around;
  const options = shared(around);
  const tags = named(around, `${name}-public`);
  const internet = new ec2.InternetGateway(
    `${name}-internet`,
    { vpcId: vpc.id, tags: named(around, name) },
    options,
  );
  const routes = new ec2.RouteTable(`${name}-public`, { vpcId: vpc.id, tags }, options);
  const route = new ec2.Route(
    `${name}-public`,
    { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", gatewayId: internet.id },
    options,
  );
  const subnets = zones.map((zone) => {
    const own = `${name}-public-${letterOf(zone)}`;
    const args = { vpcId: vpc.id, cidrBlock: formatCidr(zone.public), availabilityZone: zone.zone };
    const subnet = new ec2.Subnet(own, { ...args, tags: named(around, own) }, options);
    new ec2.RouteTableAssociation(own, { subnetId: subnet.id, routeTableId: routes.id }, options);
    return { subnet, zone };
  });
  const wanted = nat === "none" ? [] : nat === "one" ? subnets.slice(0, 1) : subnets;
  const gateways = wanted.map(({ subnet, zone }) => {
    const own = `${name}-nat-${letterOf(zone)}`;
    const address = new ec2.Eip(
      own,
      { domain: "vpc", tags: named(around, own) },
      { ...options, dependsOn: [route] },
    );
    return new ec2.NatGateway(
      own,
      { allocationId: address.id, subnetId: subnet.id, tags: named(around, own) },
      { ...options, dependsOn: [route] },
    );
  });
  return { subnets: subnets.map(({ subnet }) => subnet), nat: gateways };
}

function privateSide(
  around: Surroundings,
  vpc: ec2.Vpc,
  zone: ZonePlan,
  nat: ec2.NatGateway | undefined,
): { id: pulumi.Output<string>; routes: ec2.RouteTable } {
  const own = `${around.name}-private-${letterOf(zone)}`;
  const options = shared(around);
  const tags = named(around, own);
  const subnet = new ec2.Subnet(
    own,
    { vpcId: vpc.id, cidrBlock: formatCidr(zone.private), availabilityZone: zone.zone, tags },
    options,
  );
  // AWS gives none of these to a machine that asks for no address of its own.
  const reserved = new ec2.SubnetCidrReservation(
    own,
    {
      subnetId: subnet.id,
      cidrBlock: formatCidr(zone.members),
      reservationType: "explicit",
      description: "members",
    },
    options,
  );
  const routes = new ec2.RouteTable(own, { vpcId: vpc.id, tags }, options);
  const association = new ec2.RouteTableAssociation(
    own,
    { subnetId: subnet.id, routeTableId: routes.id },
    options,
  );
  const out = nat && { routeTableId: routes.id, destinationCidrBlock: "0.0.0.0/0", natGatewayId: nat.id };
  const ways = out === undefined ? [] : [new ec2.Route(own, out, options)];
  // Whoever lives there waits until its address is kept and there is a way out, by which it installs what it runs.
  const id = pulumi
    .all([reserved.subnetId, association.id, ...ways.map((way) => way.id)])
    .apply(([first = ""]) => first);
  return { id, routes };
}
