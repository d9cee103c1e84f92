// SPDX-License-Identifier: Apache-2.0
import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import type * as pulumi from "@pulumi/pulumi";
import { type Opening, type Outsider, openings, type Party, parties, rangeOf } from "./port-table";
import { named, type Surroundings, shared } from "./surroundings";

/** Id of the security group of each party; whoever uses it waits until it may call out. */
export type SecurityGroups = Readonly<Record<Party, pulumi.Output<string>>>;

/** One group a party, with one rule an opening of the table; all may call out. */
export function makeSecurityGroups(
  around: Surroundings,
  vpcId: pulumi.Input<string>,
  outsiders: Readonly<Record<Outsider, readonly string[]>>,
): SecurityGroups {
  const options = shared(around);
  const entries = parties.map((party) => {
    const own = `${around.name}-${party}`;
    const group = new ec2.SecurityGroup(
      own,
      { vpcId, description: `pulumi-mesos ${party}`, tags: named(around, own) },
      options,
    );
    const out = new vpc.SecurityGroupEgressRule(
      `${own}-out`,
      { securityGroupId: group.id, ipProtocol: "-1", cidrIpv4: "0.0.0.0/0", description: "anything out" },
      options,
    );
    return [party, out.securityGroupId] as const;
  });
  const groups = Object.fromEntries(entries) as Record<Party, pulumi.Output<string>>;
  for (const opening of openings) openTo(around, groups, opening, outsiders);
  return groups;
}

function openTo(
  around: Surroundings,
  groups: SecurityGroups,
  { to, from, protocol, first, last }: Opening,
  outsiders: Readonly<Record<Outsider, readonly string[]>>,
): void {
  const range = rangeOf({ first, last });
  const own = `${around.name}-${to}-${range}-${protocol}-from-${from}`;
  const rule = {
    securityGroupId: groups[to],
    ipProtocol: protocol,
    fromPort: first,
    toPort: last,
    description: `${range} from ${from}`,
  };
  if (from === "administrators" || from === "clients") {
    for (const cidr of outsiders[from])
      new vpc.SecurityGroupIngressRule(`${own}-${cidr}`, { ...rule, cidrIpv4: cidr }, shared(around));
    return;
  }
  new vpc.SecurityGroupIngressRule(own, { ...rule, referencedSecurityGroupId: groups[from] }, shared(around));
}
