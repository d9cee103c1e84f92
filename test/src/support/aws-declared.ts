// SPDX-License-Identifier: Apache-2.0
import type { Bag } from "../aws-plugin/resource-type";

const region = "eu-central-1";
const tags = { Name: "a", stack: "b" };
const metadataOptions = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 };
const disk = { volumeSize: 20, volumeType: "gp3" };
const everywhere = "0.0.0.0/0";
/** A policy that allows one action. */
export const mayDo = (action: string): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: [action], Resource: "*" }],
  });
const trust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["sts:AssumeRole"], Principal: { Service: "ec2.amazonaws.com" } }],
});

/** What AWS has made so far, by the names of this file. */
export type Ids = Readonly<Record<string, string>>;

/** One of each type as `AwsPlatform` makes it, in an order in which each finds what it needs. */
export const declared: readonly (readonly [string, string, (ids: Ids) => Bag])[] = [
  [
    "vpc",
    "ec2/vpc:Vpc",
    () => ({ cidrBlock: "10.9.0.0/16", enableDnsHostnames: true, enableDnsSupport: true, tags }),
  ],
  [
    "default",
    "ec2/defaultSecurityGroup:DefaultSecurityGroup",
    ({ vpc }) => ({ vpcId: vpc, ingress: [], egress: [], tags }),
  ],
  ["internet", "ec2/internetGateway:InternetGateway", ({ vpc }) => ({ vpcId: vpc, tags })],
  ["routes", "ec2/routeTable:RouteTable", ({ vpc }) => ({ vpcId: vpc, tags })],
  [
    "route",
    "ec2/route:Route",
    ({ routes, internet }) => ({
      routeTableId: routes,
      destinationCidrBlock: everywhere,
      gatewayId: internet,
    }),
  ],
  [
    "subnet",
    "ec2/subnet:Subnet",
    ({ vpc }) => ({ vpcId: vpc, cidrBlock: "10.9.0.0/18", availabilityZone: `${region}a`, tags }),
  ],
  [
    "kept",
    "ec2/subnetCidrReservation:SubnetCidrReservation",
    ({ subnet }) => ({
      subnetId: subnet,
      cidrBlock: "10.9.32.0/19",
      reservationType: "explicit",
      description: "members",
    }),
  ],
  [
    "association",
    "ec2/routeTableAssociation:RouteTableAssociation",
    ({ subnet, routes }) => ({ subnetId: subnet, routeTableId: routes }),
  ],
  ["address", "ec2/eip:Eip", () => ({ domain: "vpc", tags })],
  [
    "nat",
    "ec2/natGateway:NatGateway",
    ({ address, subnet }) => ({ allocationId: address, subnetId: subnet, tags }),
  ],
  [
    "endpoint",
    "ec2/vpcEndpoint:VpcEndpoint",
    ({ vpc, routes }) => ({
      vpcId: vpc,
      serviceName: `com.amazonaws.${region}.s3`,
      vpcEndpointType: "Gateway",
      routeTableIds: [routes],
      tags,
    }),
  ],
  [
    "group",
    "ec2/securityGroup:SecurityGroup",
    ({ vpc }) => ({ name: "group", vpcId: vpc, description: "pulumi-mesos edge", tags }),
  ],
  [
    "out",
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
    ({ group }) => ({
      securityGroupId: group,
      ipProtocol: "-1",
      cidrIpv4: everywhere,
      description: "anything out",
    }),
  ],
  [
    "in",
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ({ group }) => ({
      securityGroupId: group,
      ipProtocol: "tcp",
      fromPort: 80,
      toPort: 80,
      referencedSecurityGroupId: group,
      description: "80 from edge",
    }),
  ],
  ["role", "iam/role:Role", () => ({ name: "role", assumeRolePolicy: trust, tags })],
  [
    "policy",
    "iam/rolePolicy:RolePolicy",
    ({ role }) => ({ name: "policy", role, policy: mayDo("ec2:DescribeInstances") }),
  ],
  ["profile", "iam/instanceProfile:InstanceProfile", ({ role }) => ({ name: "profile", role, tags })],
  [
    "face",
    "ec2/networkInterface:NetworkInterface",
    ({ subnet, group }) => ({
      subnetId: subnet,
      privateIps: ["10.9.32.4"],
      securityGroups: [group],
      description: "member",
      tags,
    }),
  ],
  [
    "volume",
    "ebs/volume:Volume",
    () => ({ availabilityZone: `${region}a`, size: 20, type: "gp3", encrypted: true, tags }),
  ],
  [
    "machine",
    "ec2/instance:Instance",
    ({ face, profile }) => ({
      ami: "ami-12c6146b",
      instanceType: "t3.small",
      primaryNetworkInterface: { networkInterfaceId: face },
      iamInstanceProfile: profile,
      metadataOptions,
      rootBlockDevice: { ...disk, deleteOnTermination: true, encrypted: true, tags },
      userData: "#cloud-config\n",
      userDataReplaceOnChange: true,
      tags,
    }),
  ],
  [
    "attachment",
    "ec2/volumeAttachment:VolumeAttachment",
    ({ machine, volume }) => ({
      instanceId: machine,
      volumeId: volume,
      deviceName: "/dev/sdf",
      stopInstanceBeforeDetaching: true,
    }),
  ],
  [
    "alarm",
    "cloudwatch/metricAlarm:MetricAlarm",
    ({ machine }) => ({
      name: "alarm",
      alarmDescription: "recover",
      namespace: "AWS/EC2",
      metricName: "StatusCheckFailed_System",
      dimensions: { InstanceId: machine },
      statistic: "Maximum",
      comparisonOperator: "GreaterThanThreshold",
      threshold: 0,
      period: 60,
      evaluationPeriods: 3,
      alarmActions: [`arn:aws:automate:${region}:ec2:recover`],
      tags,
    }),
  ],
  [
    "zone",
    "route53/zone:Zone",
    ({ vpc }) => ({
      name: "dev.project.internal",
      comment: "pulumi-mesos",
      forceDestroy: false,
      vpcs: [{ vpcId: vpc, vpcRegion: region }],
      tags,
    }),
  ],
  [
    "name",
    "route53/record:Record",
    ({ zone }) => ({
      zoneId: zone,
      name: "a.dev.project.internal",
      type: "A",
      ttl: 60,
      records: ["10.9.32.4"],
    }),
  ],
  [
    "secret",
    "ssm/parameter:Parameter",
    () => ({
      name: "/pulumi-mesos/a",
      type: "SecureString",
      tier: "Intelligent-Tiering",
      value: "c2VjcmV0",
      tags,
    }),
  ],
  [
    "balancer",
    "lb/loadBalancer:LoadBalancer",
    ({ subnet, group }) => ({
      name: "mesos-1",
      namePrefix: "mesos-",
      loadBalancerType: "network",
      internal: true,
      subnets: [subnet],
      securityGroups: [group],
      enableCrossZoneLoadBalancing: true,
      tags,
    }),
  ],
  [
    "targets",
    "lb/targetGroup:TargetGroup",
    ({ vpc }) => ({
      name: "mesos-2",
      namePrefix: "mesos-",
      vpcId: vpc,
      port: 80,
      protocol: "TCP",
      targetType: "ip",
      preserveClientIp: "true",
      deregistrationDelay: 30,
      healthCheck: { protocol: "HTTP", port: "8000", path: "/status", matcher: "200" },
      tags,
    }),
  ],
  [
    "target",
    "lb/targetGroupAttachment:TargetGroupAttachment",
    ({ targets }) => ({ targetGroupArn: targets, targetId: "10.9.32.4", port: 80 }),
  ],
  [
    "listener",
    "lb/listener:Listener",
    ({ balancer, targets }) => ({
      loadBalancerArn: balancer,
      defaultActions: [{ type: "forward", targetGroupArn: targets }],
      port: 80,
      protocol: "TCP",
      tags,
    }),
  ],
  [
    "template",
    "ec2/launchTemplate:LaunchTemplate",
    ({ profile, group }) => ({
      name: "template",
      imageId: "ami-12c6146b",
      updateDefaultVersion: true,
      iamInstanceProfile: { name: profile },
      metadataOptions,
      vpcSecurityGroupIds: [group],
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { ...disk, encrypted: "true", deleteOnTermination: "true" } },
      ],
      userData: "eA==",
      tagSpecifications: [{ resourceType: "instance", tags }],
      tags,
    }),
  ],
  [
    "agents",
    "autoscaling/group:Group",
    ({ subnet, template }) => ({
      name: "agents",
      minSize: 0,
      maxSize: 100,
      desiredCapacity: 0,
      vpcZoneIdentifiers: [subnet],
      mixedInstancesPolicy: {
        launchTemplate: {
          launchTemplateSpecification: { launchTemplateId: template, version: "1" },
          overrides: [{ instanceType: "m6i.large" }],
        },
        instancesDistribution: {
          onDemandBaseCapacity: 0,
          onDemandPercentageAboveBaseCapacity: 0,
          spotAllocationStrategy: "price-capacity-optimized",
        },
      },
      protectFromScaleIn: true,
      suspendedProcesses: ["AZRebalance"],
      healthCheckType: "EC2",
      waitForCapacityTimeout: "0",
      forceDelete: true,
      tags: [{ key: "a", value: "b", propagateAtLaunch: false }],
    }),
  ],
  [
    "hook",
    "autoscaling/lifecycleHook:LifecycleHook",
    ({ agents }) => ({
      name: "hook",
      autoscalingGroupName: agents,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      heartbeatTimeout: 1800,
      defaultResult: "ABANDON",
    }),
  ],
];
