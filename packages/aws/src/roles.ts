// SPDX-License-Identifier: Apache-2.0
import * as iam from "@pulumi/aws/iam";
import * as pulumi from "@pulumi/pulumi";
import {
  fileStatements,
  imageStatements,
  logStatement,
  policyText,
  type Statement,
  secretStatements,
  sessionManagerStatement,
  trustText,
} from "./iam-policies";
import { named, type Surroundings, shared } from "./surroundings";

/** What one role may be used for. */
export interface RoleArgs {
  readonly image: string;
  /** What it may beside. @default nothing */
  readonly more?: readonly Statement[];
  /** ARN of the log group, where there is one. */
  readonly logGroupArn?: pulumi.Input<string>;
}

/** The role of the machines that run one program. */
export interface MachineRole {
  readonly role: iam.Role;
  readonly profile: iam.InstanceProfile;
  /** Gives the role what every such machine may. */
  readonly base: iam.RolePolicy;
}

/** A role that instances take, with what every machine of it may. */
export function makeRole(around: Surroundings, program: string, args: RoleArgs): MachineRole {
  const own = `${around.name}-${program}`;
  const options = shared(around);
  const role = new iam.Role(own, { assumeRolePolicy: trustText, tags: named(around, own) }, options);
  const statements = pulumi
    .output(args.logGroupArn)
    .apply((group) => [
      sessionManagerStatement,
      ...imageStatements(args.image),
      ...(args.more ?? []),
      ...(group === undefined ? [] : [logStatement(group)]),
    ]);
  const base = new iam.RolePolicy(
    `${own}-base`,
    { role: role.name, policy: statements.apply(policyText) },
    options,
  );
  const profile = new iam.InstanceProfile(own, { role: role.name, tags: named(around, own) }, options);
  return { role, profile, base };
}

interface Reach {
  readonly region: string;
  readonly kmsKeyArn?: pulumi.Input<string>;
}

/** Lets the machines of one role read the files of one member in a bucket; nothing where it has none. */
export function allowFiles(
  role: MachineRole,
  member: string,
  bucketArn: pulumi.Input<string> | undefined,
  { region, kmsKeyArn }: Reach,
  options: pulumi.CustomResourceOptions,
): readonly iam.RolePolicy[] {
  if (bucketArn === undefined) return [];
  const policy = pulumi
    .all([bucketArn, kmsKeyArn])
    .apply(([arn, key]) => policyText(fileStatements(arn, member, region, key)));
  return [new iam.RolePolicy(`${member}-files`, { role: role.role.name, policy }, options)];
}

/** Lets the machines of one role read the secrets of one member; nothing where it has none. */
export function allowSecrets(
  role: MachineRole,
  member: string,
  parameters: readonly pulumi.Input<string>[],
  { region, kmsKeyArn }: Reach,
  options: pulumi.CustomResourceOptions,
): readonly iam.RolePolicy[] {
  if (parameters.length === 0) return [];
  const policy = pulumi
    .all([pulumi.all([...parameters]), kmsKeyArn])
    .apply(([arns, key]) => policyText(secretStatements(arns, region, key)));
  return [new iam.RolePolicy(`${member}-secrets`, { role: role.role.name, policy }, options)];
}
