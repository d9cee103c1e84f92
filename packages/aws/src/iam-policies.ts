// SPDX-License-Identifier: Apache-2.0
import {
  memberLabel,
  noticeLabel,
  poolLabel,
  type StackName,
  stackLabels,
  templateLabel,
} from "@pulumi-mesos/model";
import { objectPrefix } from "./stored-object";

/** One statement of a policy: what may be done to what. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy as IAM takes it. */
export function policyText(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Who may take a role: instances. */
export const trustText = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: ["sts:AssumeRole"], Principal: { Service: "ec2.amazonaws.com" } }],
});

/**
 * What the agent of SSM Session Manager needs, by which administrators reach a machine without an SSH key or an open port.
 * None of these actions can be narrowed to a resource: each speaks for the calling instance alone.
 */
export const sessionManagerStatement: Statement = {
  Sid: "SessionManager",
  Effect: "Allow",
  Action: [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
  ],
  Resource: "*",
};

/** Reads the secrets of one member, and decrypts with a key of the user's own only what comes by Parameter Store. */
export function secretStatements(parameters: readonly string[], region: string, key?: string): Statement[] {
  if (parameters.length === 0) return [];
  const read: Statement = {
    Sid: "OwnSecrets",
    Effect: "Allow",
    Action: ["ssm:GetParameter"],
    Resource: [...parameters],
  };
  return [read, ...decryptStatements("OwnSecretsKey", `ssm.${region}.amazonaws.com`, key)];
}

/** Reads the files of one member in a bucket, by their names alone, and decrypts with a key of the user's own only what comes from S3. */
export function fileStatements(bucketArn: string, member: string, region: string, key?: string): Statement[] {
  const read: Statement = {
    Sid: "OwnFiles",
    Effect: "Allow",
    Action: ["s3:GetObject"],
    Resource: [`${bucketArn}/${objectPrefix(member)}*`],
  };
  return [read, ...decryptStatements("OwnFilesKey", `s3.${region}.amazonaws.com`, key)];
}

function decryptStatements(sid: string, service: string, key: string | undefined): Statement[] {
  if (key === undefined) return [];
  const Condition = { StringEquals: { "kms:ViaService": service } };
  return [{ Sid: sid, Effect: "Allow", Action: ["kms:Decrypt"], Resource: [key], Condition }];
}

/** Lets nobody read or write a bucket but by TLS. */
export function tlsOnlyText(bucketArn: string): string {
  const statement = {
    Sid: "TlsOnly",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucketArn, `${bucketArn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

/** Writes the log of the cluster's programs. */
export function logStatement(group: string): Statement {
  return {
    Sid: "Logs",
    Effect: "Allow",
    Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
    Resource: [`${group}:log-stream:*`],
  };
}

/**
 * What the controller of agent groups may: see what there is, which AWS lets nobody narrow, and change the groups and instances
 * that bear its stack's tags, these in no other tags than its own.
 */
export function controllerStatements(region: string, stack: StackName): Statement[] {
  const ofStack = bearsTagsOf(stack);
  const tags = [memberLabel, poolLabel, templateLabel, "Name"];
  return [
    {
      Sid: "See",
      Effect: "Allow",
      Action: ["autoscaling:DescribeAutoScalingGroups", "ec2:DescribeInstances"],
      Resource: "*",
    },
    {
      Sid: "OwnGroups",
      Effect: "Allow",
      Action: [
        "autoscaling:CompleteLifecycleAction",
        "autoscaling:SetDesiredCapacity",
        "autoscaling:TerminateInstanceInAutoScalingGroup",
      ],
      Resource: [groupsIn(region)],
      Condition: ofStack,
    },
    {
      Sid: "OwnInstances",
      Effect: "Allow",
      Action: ["ec2:CreateTags", "ec2:DeleteTags"],
      Resource: [`arn:aws:ec2:${region}:*:instance/*`],
      Condition: { ...ofStack, "ForAllValues:StringEquals": { "aws:TagKeys": tags } },
    },
  ];
}

/** What an agent's machine may: say about machines of its stack that they go, and have its end wait. */
export function agentStatements(region: string, stack: StackName): Statement[] {
  const ofStack = bearsTagsOf(stack);
  return [
    {
      Sid: "Notice",
      Effect: "Allow",
      Action: ["ec2:CreateTags"],
      Resource: [`arn:aws:ec2:${region}:*:instance/*`],
      Condition: { ...ofStack, "ForAllValues:StringEquals": { "aws:TagKeys": [noticeLabel] } },
    },
    {
      Sid: "WaitAtEnd",
      Effect: "Allow",
      Action: ["autoscaling:RecordLifecycleActionHeartbeat"],
      Resource: [groupsIn(region)],
      Condition: ofStack,
    },
  ];
}

function bearsTagsOf(stack: StackName): { readonly StringEquals: Readonly<Record<string, string>> } {
  const own = Object.entries(stackLabels(stack)).map(([tag, value]) => [`aws:ResourceTag/${tag}`, value]);
  return { StringEquals: Object.fromEntries(own) as Record<string, string> };
}

function groupsIn(region: string): string {
  return `arn:aws:autoscaling:${region}:*:autoScalingGroup:*:autoScalingGroupName/*`;
}

/** A registry of ECR by its host: `123456789012.dkr.ecr.eu-central-1.amazonaws.com`. */
export interface EcrHost {
  readonly host: string;
  readonly account: string;
  readonly region: string;
}

/** The registry of an image, where it is one of ECR, which asks for a login. */
export function ecrHostOf(image: string): EcrHost | undefined {
  const [, host, account, region] = /^((\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com)\//.exec(image) ?? [];
  return host === undefined || account === undefined || region === undefined
    ? undefined
    : { host, account, region };
}

/** Pulls one image. A login names no repository, so that AWS knows no resource for it. */
export function imageStatements(image: string): Statement[] {
  const ecr = ecrHostOf(image);
  if (ecr === undefined) return [];
  const repository = image.slice(ecr.host.length + 1).replace(/[:@].*$/, "");
  return [
    { Sid: "RegistryLogin", Effect: "Allow", Action: ["ecr:GetAuthorizationToken"], Resource: "*" },
    {
      Sid: "Image",
      Effect: "Allow",
      Action: ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
      Resource: [`arn:aws:ecr:${ecr.region}:${ecr.account}:repository/${repository}`],
    },
  ];
}
