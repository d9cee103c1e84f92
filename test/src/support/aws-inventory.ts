// SPDX-License-Identifier: Apache-2.0
import { AutoScalingClient, DescribeAutoScalingGroupsCommand } from "@aws-sdk/client-auto-scaling";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import {
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeInternetGatewaysCommand,
  DescribeLaunchTemplatesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcEndpointsCommand,
  DescribeVpcsCommand,
  EC2Client,
} from "@aws-sdk/client-ec2";
import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient, ListInstanceProfilesCommand, ListRolesCommand } from "@aws-sdk/client-iam";
import { ListHostedZonesCommand, Route53Client } from "@aws-sdk/client-route-53";
import { DescribeParametersCommand, SSMClient } from "@aws-sdk/client-ssm";

type Ids = readonly (string | undefined)[];

/** Everything that an account of moto's holds in the services that a platform uses, by kind; what is ended does not count. */
export async function inventory(endpoint: string, region: string): Promise<Record<string, Ids>> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const config = { endpoint, region, credentials };
  const [ec2, iam] = [new EC2Client(config), new IAMClient(config)];
  const balancing = new ElasticLoadBalancingV2Client(config);
  const [vpcs, subnets, tables, gateways, nats, addresses] = await Promise.all([
    ec2.send(new DescribeVpcsCommand({})),
    ec2.send(new DescribeSubnetsCommand({})),
    ec2.send(new DescribeRouteTablesCommand({})),
    ec2.send(new DescribeInternetGatewaysCommand({})),
    ec2.send(new DescribeNatGatewaysCommand({})),
    ec2.send(new DescribeAddressesCommand({})),
  ]);
  const [groups, rules, faces, volumes, machines, templates, endpoints] = await Promise.all([
    ec2.send(new DescribeSecurityGroupsCommand({})),
    ec2.send(new DescribeSecurityGroupRulesCommand({})),
    ec2.send(new DescribeNetworkInterfacesCommand({})),
    ec2.send(new DescribeVolumesCommand({})),
    ec2.send(new DescribeInstancesCommand({})),
    ec2.send(new DescribeLaunchTemplatesCommand({})),
    ec2.send(new DescribeVpcEndpointsCommand({})),
  ]);
  const [scaling, alarms, roles, profiles, zones, parameters, balancers, targets] = await Promise.all([
    new AutoScalingClient(config).send(new DescribeAutoScalingGroupsCommand({})),
    new CloudWatchClient(config).send(new DescribeAlarmsCommand({})),
    iam.send(new ListRolesCommand({})),
    iam.send(new ListInstanceProfilesCommand({})),
    new Route53Client(config).send(new ListHostedZonesCommand({})),
    new SSMClient(config).send(new DescribeParametersCommand({})),
    balancing.send(new DescribeLoadBalancersCommand({})),
    balancing.send(new DescribeTargetGroupsCommand({})),
  ]);
  const instances = machines.Reservations?.flatMap(({ Instances = [] }) => Instances) ?? [];
  return sorted({
    vpcs: vpcs.Vpcs?.map((one) => one.VpcId),
    subnets: subnets.Subnets?.map((one) => one.SubnetId),
    routeTables: tables.RouteTables?.map((one) => one.RouteTableId),
    internetGateways: gateways.InternetGateways?.map((one) => one.InternetGatewayId),
    natGateways: nats.NatGateways?.filter(({ State }) => State !== "deleted").map((one) => one.NatGatewayId),
    addresses: addresses.Addresses?.map((one) => one.AllocationId),
    securityGroups: groups.SecurityGroups?.map((one) => one.GroupId),
    rules: rules.SecurityGroupRules?.map((one) => one.SecurityGroupRuleId),
    // Those without tags are moto's own, of machines and gateways, with which AWS ends them.
    interfaces: faces.NetworkInterfaces?.filter(({ TagSet = [] }) => TagSet.length > 0).map(
      (one) => one.NetworkInterfaceId,
    ),
    volumes: volumes.Volumes?.map((one) => one.VolumeId),
    instances: instances.filter(({ State }) => State?.Name !== "terminated").map((one) => one.InstanceId),
    launchTemplates: templates.LaunchTemplates?.map((one) => one.LaunchTemplateId),
    endpoints: endpoints.VpcEndpoints?.filter(({ State }) => State?.toLowerCase() !== "deleted").map(
      (one) => one.VpcEndpointId,
    ),
    scalingGroups: scaling.AutoScalingGroups?.map((one) => one.AutoScalingGroupName),
    alarms: alarms.MetricAlarms?.map((one) => one.AlarmName),
    roles: roles.Roles?.map((one) => one.RoleName),
    profiles: profiles.InstanceProfiles?.map((one) => one.InstanceProfileName),
    zones: zones.HostedZones?.map((one) => one.Id),
    parameters: parameters.Parameters?.map((one) => one.Name),
    balancers: balancers.LoadBalancers?.map((one) => one.LoadBalancerArn),
    targetGroups: targets.TargetGroups?.map((one) => one.TargetGroupArn),
  });
}

function sorted(all: Readonly<Record<string, Ids | undefined>>): Record<string, Ids> {
  return Object.fromEntries(Object.entries(all).map(([kind, ids = []]) => [kind, [...ids].sort()]));
}
