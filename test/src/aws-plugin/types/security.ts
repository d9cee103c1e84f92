// SPDX-License-Identifier: Apache-2.0
import {
  AuthorizeSecurityGroupEgressCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DescribeSecurityGroupRulesCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupEgressCommand,
  RevokeSecurityGroupIngressCommand,
  type SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import type * as ec2 from "@pulumi/aws/ec2";
import type * as vpc from "@pulumi/aws/vpc";
import { first, type Plain, type } from "../resource-type";
import { tagged, tagList, tagsOf } from "../tags";

const service = "ec2";

/** What AWS lets every new group do, and the provider takes away. */
const everythingOut: IpPermission[] = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];

type Rule = Plain<vpc.SecurityGroupIngressRuleArgs>;

function permission(rule: Rule): IpPermission[] {
  const { ipProtocol, fromPort, toPort, description, cidrIpv4, referencedSecurityGroupId } = rule;
  const from =
    cidrIpv4 === undefined
      ? { UserIdGroupPairs: [{ GroupId: referencedSecurityGroupId, Description: description }] }
      : { IpRanges: [{ CidrIp: cidrIpv4, Description: description }] };
  return [{ IpProtocol: ipProtocol, FromPort: fromPort, ToPort: toPort, ...from }];
}

function ruleSeen([rule]: SecurityGroupRule[] = []): Partial<Rule> | undefined {
  return (
    rule && {
      securityGroupId: rule.GroupId,
      ipProtocol: rule.IpProtocol,
      fromPort: rule.FromPort,
      toPort: rule.ToPort,
      cidrIpv4: rule.CidrIpv4,
      referencedSecurityGroupId: rule.ReferencedGroupInfo?.GroupId,
      description: rule.Description,
    }
  );
}

/** Who may call whom. */
export const security = {
  "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": type<ec2.DefaultSecurityGroupArgs>()({
    service,
    make: ({ vpcId = "" }) =>
      new DescribeSecurityGroupsCommand({
        Filters: [
          { Name: "vpc-id", Values: [vpcId] },
          { Name: "group-name", Values: ["default"] },
        ],
      }),
    id: ({ SecurityGroups }) => SecurityGroups?.[0]?.GroupId,
    finish: ({ ingress = [], egress = [], tags }, id, { SecurityGroups }) => {
      if (ingress.length + egress.length > 0) throw new Error("rules of a default group are not carried");
      const { IpPermissions: into = [], IpPermissionsEgress: out = [] } = SecurityGroups?.[0] ?? {};
      return [
        ...(into.length > 0
          ? [new RevokeSecurityGroupIngressCommand({ GroupId: id, IpPermissions: into })]
          : []),
        ...(out.length > 0
          ? [new RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: out })]
          : []),
        new CreateTagsCommand({ Resources: [id], Tags: tagList(tags) }),
      ];
    },
    look: (id) => new DescribeSecurityGroupsCommand({ GroupIds: [id] }),
    see: ({ SecurityGroups }) =>
      first(SecurityGroups, (group) => ({
        ingress: group.IpPermissions ?? [],
        egress: group.IpPermissionsEgress ?? [],
        tags: tagsOf(group.Tags),
      })),
    // It goes with its VPC.
    unmake: () => [],
  }),
  "aws:ec2/securityGroup:SecurityGroup": type<ec2.SecurityGroupArgs>()({
    service,
    named: true,
    make: ({ vpcId, description, tags }, name) =>
      new CreateSecurityGroupCommand({
        GroupName: name,
        Description: description,
        VpcId: vpcId,
        TagSpecifications: tagged("security-group", tags),
      }),
    id: ({ GroupId }) => GroupId,
    finish: (_inputs, id) => [
      new RevokeSecurityGroupEgressCommand({ GroupId: id, IpPermissions: everythingOut }),
    ],
    look: (id) => new DescribeSecurityGroupsCommand({ GroupIds: [id] }),
    see: ({ SecurityGroups }) =>
      first(SecurityGroups, (group) => ({
        vpcId: group.VpcId,
        description: group.Description,
        tags: tagsOf(group.Tags),
      })),
    unmake: (GroupId) => [new DeleteSecurityGroupCommand({ GroupId })],
  }),
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": type<vpc.SecurityGroupIngressRuleArgs>()({
    service,
    make: (rule) =>
      new AuthorizeSecurityGroupIngressCommand({
        GroupId: rule.securityGroupId,
        IpPermissions: permission(rule),
      }),
    id: ({ SecurityGroupRules }) => SecurityGroupRules?.[0]?.SecurityGroupRuleId,
    look: (id) => new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] }),
    see: ({ SecurityGroupRules }) => ruleSeen(SecurityGroupRules),
    unmake: (id, { securityGroupId }) => [
      new RevokeSecurityGroupIngressCommand({ GroupId: securityGroupId, SecurityGroupRuleIds: [id] }),
    ],
  }),
  "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": type<vpc.SecurityGroupEgressRuleArgs>()({
    service,
    make: (rule) =>
      new AuthorizeSecurityGroupEgressCommand({
        GroupId: rule.securityGroupId,
        IpPermissions: permission(rule),
      }),
    id: ({ SecurityGroupRules }) => SecurityGroupRules?.[0]?.SecurityGroupRuleId,
    look: (id) => new DescribeSecurityGroupRulesCommand({ SecurityGroupRuleIds: [id] }),
    see: ({ SecurityGroupRules }) => ruleSeen(SecurityGroupRules),
    unmake: (id, { securityGroupId }) => [
      new RevokeSecurityGroupEgressCommand({ GroupId: securityGroupId, SecurityGroupRuleIds: [id] }),
    ],
  }),
};
