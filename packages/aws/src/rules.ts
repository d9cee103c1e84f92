// SPDX-License-Identifier: Apache-2.0

/** A resource as a policy pack or a recording of a program has it. */
export interface DeclaredResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** What one resource is blamed for. */
export interface Finding {
  readonly rule: string;
  readonly resource: string;
  readonly message: string;
}

type Inputs = Readonly<Record<string, unknown>>;

interface Rule {
  readonly name: string;
  /** By type of resource: what is wrong with it; nothing when all is well. */
  readonly faults: Readonly<Record<string, (inputs: Inputs) => readonly string[]>>;
}

const world = new Set(["0.0.0.0/0", "::/0"]);
/** What the edge's clients may reach from anywhere; every other port is somebody's who administers. */
const openPorts = new Set([80, 443]);

function object(value: unknown): Inputs {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Inputs) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function disk(value: unknown): string[] {
  return String(object(value)["encrypted"]) === "true" ? [] : ["every disk must be encrypted: true"];
}

const encryption: Rule = {
  name: "encryption",
  faults: {
    "aws:ebs/volume:Volume": disk,
    "aws:ec2/instance:Instance": (inputs) =>
      [inputs["rootBlockDevice"], ...list(inputs["ebsBlockDevices"])].flatMap(disk),
    "aws:ec2/launchTemplate:LaunchTemplate": (inputs) =>
      list(inputs["blockDeviceMappings"]).flatMap((mapping) => disk(object(mapping)["ebs"])),
    "aws:ssm/parameter:Parameter": ({ type }) =>
      type === "SecureString" ? [] : ["a parameter must be a SecureString"],
  },
};

function metadataFaults(inputs: Inputs): string[] {
  const { httpTokens, httpPutResponseHopLimit: hops } = object(inputs["metadataOptions"]);
  return [
    ...(httpTokens === "required" ? [] : ['metadataOptions.httpTokens must be "required" (IMDSv2)']),
    ...(hops === 1 || hops === 2 ? [] : ["metadataOptions.httpPutResponseHopLimit must be 1 or 2"]),
  ];
}

const metadata: Rule = {
  name: "imdsv2",
  faults: {
    "aws:ec2/instance:Instance": metadataFaults,
    "aws:ec2/launchTemplate:LaunchTemplate": metadataFaults,
  },
};

function openFaults(rows: readonly unknown[]): string[] {
  return rows.map(object).flatMap((row) => {
    const { fromPort, toPort } = row;
    const sources = [
      row["cidrIpv4"],
      row["cidrIpv6"],
      ...list(row["cidrBlocks"]),
      ...list(row["ipv6CidrBlocks"]),
    ];
    if (!sources.some((source) => world.has(String(source)))) return [];
    if (fromPort === toPort && openPorts.has(Number(fromPort))) return [];
    return [`ports ${fromPort ?? "0"} to ${toPort ?? "65535"} must not be open to the world`];
  });
}

const closedPorts: Rule = {
  name: "no-world-open-admin-port",
  faults: {
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (inputs) => openFaults([inputs]),
    "aws:ec2/securityGroup:SecurityGroup": ({ ingress }) => openFaults(list(ingress)),
    "aws:ec2/securityGroupRule:SecurityGroupRule": (inputs) =>
      inputs["type"] === "egress" ? [] : openFaults([inputs]),
  },
};

function publicFaults(inputs: Inputs): string[] {
  const closed = ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"];
  return closed.filter((key) => inputs[key] !== true).map((key) => `${key} must be true`);
}

const privateBuckets: Rule = {
  name: "no-public-bucket",
  faults: { "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": publicFaults },
};

/** By which everything of a stack is found, and bills are split. */
const neededTags = ["pulumi-mesos.project", "pulumi-mesos.stack"];

function tagFaults({ tags }: Inputs): string[] {
  return neededTags.filter((tag) => object(tags)[tag] === undefined).map((tag) => `tag ${tag} is missing`);
}

const taggedTypes = [
  "aws:cloudwatch/logGroup:LogGroup",
  "aws:cloudwatch/metricAlarm:MetricAlarm",
  "aws:ebs/volume:Volume",
  "aws:ec2/eip:Eip",
  "aws:ec2/instance:Instance",
  "aws:ec2/internetGateway:InternetGateway",
  "aws:ec2/launchTemplate:LaunchTemplate",
  "aws:ec2/natGateway:NatGateway",
  "aws:ec2/networkInterface:NetworkInterface",
  "aws:ec2/routeTable:RouteTable",
  "aws:ec2/securityGroup:SecurityGroup",
  "aws:ec2/subnet:Subnet",
  "aws:ec2/vpc:Vpc",
  "aws:iam/role:Role",
  "aws:lb/loadBalancer:LoadBalancer",
  "aws:lb/targetGroup:TargetGroup",
  "aws:route53/zone:Zone",
  "aws:s3/bucket:Bucket",
  "aws:ssm/parameter:Parameter",
];

const tagged: Rule = {
  name: "tags",
  faults: Object.fromEntries(taggedTypes.map((type) => [type, tagFaults])),
};

/** Actions that AWS lets nobody narrow to a resource. */
const unnarrowed =
  /^(ssm:UpdateInstanceInformation|ssmmessages:\w+|ecr:GetAuthorizationToken|autoscaling:DescribeAutoScalingGroups|ec2:DescribeInstances)$/;

function policyFaults({ policy }: Inputs): string[] {
  const document = typeof policy === "string" ? (JSON.parse(policy) as unknown) : policy;
  return list(object(document)["Statement"]).map(object).flatMap(statementFaults);
}

function statementFaults(statement: Inputs): string[] {
  if (statement["Effect"] !== "Allow") return [];
  const actions = list(statement["Action"]).map(String);
  const everywhere = list(statement["Resource"]).includes("*");
  return [
    ...(statement["NotAction"] === undefined ? [] : ["NotAction allows whatever AWS adds"]),
    ...actions.filter((action) => action.includes("*")).map((action) => `action ${action} is a wildcard`),
    ...actions
      .filter((action) => everywhere && !unnarrowed.test(action))
      .map((action) => `action ${action} is allowed on every resource`),
  ];
}

const iam: Rule = {
  name: "no-wildcard-iam",
  faults: { "aws:iam/rolePolicy:RolePolicy": policyFaults, "aws:iam/policy:Policy": policyFaults },
};

const rules: readonly Rule[] = [encryption, metadata, closedPorts, privateBuckets, tagged, iam];

/** Names of all rules. */
export const ruleNames: readonly string[] = rules.map(({ name }) => name);

/**
 * What is wrong with a program's AWS resources: encryption, IMDSv2, ports and buckets open to the world, tags, wildcards in IAM.
 *
 * @example
 * new PolicyPack("mesos", { policies: [{ name: "mesos-aws", description: "Safe AWS resources", enforcementLevel: "mandatory",
 *   validateResource: ({ type, name, props }, report) => {
 *     for (const { rule, message } of checkResources([{ type, name, inputs: props }])) report(`${rule}: ${message}`);
 *   } }] });
 */
export function checkResources(resources: readonly DeclaredResource[]): Finding[] {
  return resources.flatMap(({ type, name, inputs }) =>
    rules.flatMap((rule) =>
      (rule.faults[type]?.(inputs) ?? []).map((message) => ({ rule: rule.name, resource: name, message })),
    ),
  );
}
