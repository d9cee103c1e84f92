// SPDX-License-Identifier: Apache-2.0
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetInstanceProfileCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import type * as iam from "@pulumi/aws/iam";
import { type Plain, type } from "../resource-type";
import { tagList, tagsOf } from "../tags";

const service = "iam";

type Inputs = Plain<iam.RolePolicyArgs>;

/** `@pulumi/aws` takes policies as objects, too; ours are texts. */
function text(policy: Inputs["policy"]): string {
  if (typeof policy !== "string") throw new Error("a policy that is no text is not carried");
  return policy;
}

function put({ role, policy }: Inputs, name: string | undefined): PutRolePolicyCommand {
  return new PutRolePolicyCommand({ RoleName: role, PolicyName: name, PolicyDocument: text(policy) });
}

/** What machines may do. */
export const roles = {
  "aws:iam/role:Role": type<iam.RoleArgs>()({
    service,
    named: true,
    make: ({ assumeRolePolicy, tags }, name) =>
      new CreateRoleCommand({
        RoleName: name,
        AssumeRolePolicyDocument: text(assumeRolePolicy),
        Tags: tagList(tags),
      }),
    id: ({ Role }) => Role?.RoleName,
    look: (id) => new GetRoleCommand({ RoleName: id }),
    see: ({ Role }) =>
      Role && {
        arn: Role.Arn,
        assumeRolePolicy: decodeURIComponent(Role.AssumeRolePolicyDocument ?? ""),
        tags: tagsOf(Role.Tags),
      },
    unmake: (RoleName) => [new DeleteRoleCommand({ RoleName })],
  }),
  "aws:iam/rolePolicy:RolePolicy": type<iam.RolePolicyArgs>()({
    service,
    named: true,
    make: put,
    id: (_made, { role, name }) => `${role}:${name}`,
    look: (_id, { role, name }) => new GetRolePolicyCommand({ RoleName: role, PolicyName: name }),
    see: ({ RoleName, PolicyDocument }) => ({
      role: RoleName,
      policy: decodeURIComponent(PolicyDocument ?? ""),
    }),
    changes: ["policy"],
    change: (inputs) => [put(inputs, inputs.name)],
    unmake: (_id, { role, name }) => [new DeleteRolePolicyCommand({ RoleName: role, PolicyName: name })],
  }),
  "aws:iam/instanceProfile:InstanceProfile": type<iam.InstanceProfileArgs>()({
    service,
    named: true,
    make: ({ tags }, name) =>
      new CreateInstanceProfileCommand({ InstanceProfileName: name, Tags: tagList(tags) }),
    id: ({ InstanceProfile }) => InstanceProfile?.InstanceProfileName,
    finish: ({ role }, InstanceProfileName) => [
      new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: role }),
    ],
    look: (id) => new GetInstanceProfileCommand({ InstanceProfileName: id }),
    see: ({ InstanceProfile }) =>
      InstanceProfile && {
        role: InstanceProfile.Roles?.[0]?.RoleName,
        arn: InstanceProfile.Arn,
        tags: tagsOf(InstanceProfile.Tags),
      },
    unmake: (InstanceProfileName, { role }) => [
      new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName: role }),
      new DeleteInstanceProfileCommand({ InstanceProfileName }),
    ],
  }),
};
