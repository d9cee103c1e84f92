// SPDX-License-Identifier: Apache-2.0
import {
  type ActionTypeEnum,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DeleteListenerCommand,
  DeleteLoadBalancerCommand,
  DeleteTargetGroupCommand,
  DeregisterTargetsCommand,
  DescribeListenersCommand,
  DescribeLoadBalancersCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type LoadBalancerTypeEnum,
  ModifyLoadBalancerAttributesCommand,
  ModifyTargetGroupAttributesCommand,
  type ProtocolEnum,
  RegisterTargetsCommand,
  type TargetTypeEnum,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type * as lb from "@pulumi/aws/lb";
import { first, type Plain, type } from "../resource-type";
import { tagList } from "../tags";

const service = "elb";

function attributes(all: Readonly<Record<string, unknown>>) {
  return Object.entries(all).map(([Key, value]) => ({ Key, Value: String(value) }));
}

function target({ targetGroupArn, targetId, port }: Plain<lb.TargetGroupAttachmentArgs>) {
  return { TargetGroupArn: targetGroupArn, Targets: [{ Id: targetId, Port: port }] };
}

/** What stands before the members. */
export const balancers = {
  "aws:lb/loadBalancer:LoadBalancer": type<lb.LoadBalancerArgs>()({
    service,
    named: true,
    make: (inputs, name) =>
      new CreateLoadBalancerCommand({
        Name: name,
        Type: inputs.loadBalancerType as LoadBalancerTypeEnum,
        Scheme: inputs.internal ? "internal" : "internet-facing",
        Subnets: inputs.subnets,
        SecurityGroups: inputs.securityGroups,
        Tags: tagList(inputs.tags),
      }),
    id: ({ LoadBalancers }) => LoadBalancers?.[0]?.LoadBalancerArn,
    finish: ({ enableCrossZoneLoadBalancing }, id) => [
      new ModifyLoadBalancerAttributesCommand({
        LoadBalancerArn: id,
        Attributes: attributes({ "load_balancing.cross_zone.enabled": enableCrossZoneLoadBalancing }),
      }),
    ],
    look: (id) => new DescribeLoadBalancersCommand({ LoadBalancerArns: [id] }),
    see: ({ LoadBalancers }, arn) =>
      first(LoadBalancers, (balancer) => ({
        arn,
        dnsName: balancer.DNSName,
        zoneId: balancer.CanonicalHostedZoneId,
        loadBalancerType: balancer.Type,
        internal: balancer.Scheme === "internal",
        securityGroups: balancer.SecurityGroups,
        subnets: balancer.AvailabilityZones?.map(({ SubnetId = "" }) => SubnetId),
      })),
    unmake: (id) => [new DeleteLoadBalancerCommand({ LoadBalancerArn: id })],
  }),
  "aws:lb/targetGroup:TargetGroup": type<lb.TargetGroupArgs>()({
    service,
    named: true,
    make: (inputs, name) => {
      const { protocol, port, path, matcher } = inputs.healthCheck ?? {};
      return new CreateTargetGroupCommand({
        Name: name,
        VpcId: inputs.vpcId,
        Port: inputs.port,
        Protocol: inputs.protocol as ProtocolEnum,
        TargetType: inputs.targetType as TargetTypeEnum,
        HealthCheckProtocol: protocol as ProtocolEnum,
        HealthCheckPort: port,
        HealthCheckPath: path,
        Matcher: matcher === undefined ? undefined : { HttpCode: matcher },
        Tags: tagList(inputs.tags),
      });
    },
    id: ({ TargetGroups }) => TargetGroups?.[0]?.TargetGroupArn,
    finish: ({ preserveClientIp, deregistrationDelay }, id) => [
      new ModifyTargetGroupAttributesCommand({
        TargetGroupArn: id,
        Attributes: attributes({
          "preserve_client_ip.enabled": preserveClientIp,
          "deregistration_delay.timeout_seconds": deregistrationDelay,
        }),
      }),
    ],
    look: (id) => new DescribeTargetGroupsCommand({ TargetGroupArns: [id] }),
    see: ({ TargetGroups }, arn) =>
      first(TargetGroups, (group) => ({
        arn,
        vpcId: group.VpcId,
        port: group.Port,
        protocol: group.Protocol,
        targetType: group.TargetType,
        healthCheck: {
          protocol: group.HealthCheckProtocol,
          port: group.HealthCheckPort,
          path: group.HealthCheckPath,
          matcher: group.Matcher?.HttpCode,
        },
      })),
    unmake: (id) => [new DeleteTargetGroupCommand({ TargetGroupArn: id })],
  }),
  "aws:lb/targetGroupAttachment:TargetGroupAttachment": type<lb.TargetGroupAttachmentArgs>()({
    service,
    make: (inputs) => new RegisterTargetsCommand(target(inputs)),
    id: (_made, { targetGroupArn, targetId, port }) => `${targetGroupArn} ${targetId}:${port}`,
    look: (_id, { targetGroupArn }) => new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
    see: ({ TargetHealthDescriptions = [] }, _id, { targetId, port }) => {
      const found = TargetHealthDescriptions.find(
        ({ Target }) => Target?.Id === targetId && Target?.Port === port,
      );
      return found && { targetId: found.Target?.Id, port: found.Target?.Port };
    },
    unmake: (_id, state) => [new DeregisterTargetsCommand(target(state))],
  }),
  "aws:lb/listener:Listener": type<lb.ListenerArgs>()({
    service,
    make: ({ loadBalancerArn, port, protocol, defaultActions, tags }) =>
      new CreateListenerCommand({
        LoadBalancerArn: loadBalancerArn,
        Port: port,
        Protocol: protocol as ProtocolEnum,
        DefaultActions: defaultActions.map((one) => ({
          Type: one.type as ActionTypeEnum,
          TargetGroupArn: one.targetGroupArn,
        })),
        Tags: tagList(tags),
      }),
    id: ({ Listeners }) => Listeners?.[0]?.ListenerArn,
    look: (id) => new DescribeListenersCommand({ ListenerArns: [id] }),
    see: ({ Listeners }) =>
      first(Listeners, (listener) => ({
        loadBalancerArn: listener.LoadBalancerArn,
        port: listener.Port,
        protocol: listener.Protocol,
        defaultActions: listener.DefaultActions?.map((one) => ({
          type: one.Type ?? "",
          targetGroupArn: one.TargetGroupArn,
        })),
      })),
    unmake: (id) => [new DeleteListenerCommand({ ListenerArn: id })],
  }),
};
