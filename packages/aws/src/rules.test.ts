// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { checkResources, ruleNames } from "./rules";

const tags = { "pulumi-mesos.project": "p", "pulumi-mesos.stack": "s" };
const metadataOptions = { httpTokens: "required", httpPutResponseHopLimit: 1 };
const instance = { tags, metadataOptions, rootBlockDevice: { encrypted: true } };
const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const policy = (statement: object): object => ({
  policy: JSON.stringify({ Statement: [{ Effect: "Allow", ...statement }] }),
});

/** Names of the rules that one resource breaks. */
const broken = (type: string, inputs: object): string[] =>
  checkResources([{ type, name: "one", inputs: inputs as Record<string, unknown> }]).map(({ rule }) => rule);

describe("the rules of AWS resources", () => {
  it("find nothing wrong with what is right", () => {
    assert.deepEqual(broken("aws:ec2/instance:Instance", instance), []);
    assert.deepEqual(broken("aws:ebs/volume:Volume", { tags, encrypted: true }), []);
    assert.deepEqual(broken("aws:ssm/parameter:Parameter", { tags, type: "SecureString" }), []);
    assert.deepEqual(broken(ingress, { cidrIpv4: "0.0.0.0/0", fromPort: 443, toPort: 443 }), []);
    assert.deepEqual(broken(ingress, { cidrIpv4: "10.0.0.0/8", fromPort: 22, toPort: 22 }), []);
    assert.deepEqual(
      broken(
        "aws:iam/rolePolicy:RolePolicy",
        policy({ Action: ["ssm:GetParameter"], Resource: ["arn:aws:ssm:::x"] }),
      ),
      [],
    );
    assert.deepEqual(
      broken("aws:ec2/launchTemplate:LaunchTemplate", {
        tags,
        metadataOptions,
        blockDeviceMappings: [{ ebs: { encrypted: "true" } }],
      }),
      [],
    );
    assert.deepEqual(broken("mesos:index:Ready", {}), []);
  });

  it("fails for a disk that is not encrypted, and for a parameter that anyone reads", () => {
    assert.deepEqual(broken("aws:ebs/volume:Volume", { tags }), ["encryption"]);
    assert.deepEqual(broken("aws:ec2/instance:Instance", { tags, metadataOptions }), ["encryption"]);
    assert.deepEqual(
      broken("aws:ec2/instance:Instance", { ...instance, ebsBlockDevices: [{ encrypted: false }] }),
      ["encryption"],
    );
    assert.deepEqual(
      broken("aws:ec2/launchTemplate:LaunchTemplate", {
        tags,
        metadataOptions,
        blockDeviceMappings: [{ ebs: {} }],
      }),
      ["encryption"],
    );
    assert.deepEqual(broken("aws:ssm/parameter:Parameter", { tags, type: "String" }), ["encryption"]);
  });

  it("fails for metadata without a token, or for every container behind the instance", () => {
    assert.deepEqual(
      broken("aws:ec2/instance:Instance", { ...instance, metadataOptions: { httpPutResponseHopLimit: 1 } }),
      ["imdsv2"],
    );
    assert.deepEqual(
      broken("aws:ec2/instance:Instance", {
        ...instance,
        metadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 64 },
      }),
      ["imdsv2"],
    );
  });

  it("fails for whatever is open to the world but 80 and 443, IPv6 and whole ranges included", () => {
    const open = ["no-world-open-admin-port"];
    assert.deepEqual(broken(ingress, { cidrIpv4: "0.0.0.0/0", fromPort: 5050, toPort: 5050 }), open);
    assert.deepEqual(broken(ingress, { cidrIpv6: "::/0", fromPort: 22, toPort: 22 }), open);
    assert.deepEqual(broken(ingress, { cidrIpv4: "0.0.0.0/0", fromPort: 80, toPort: 443 }), open);
    assert.deepEqual(
      broken("aws:ec2/securityGroup:SecurityGroup", { tags, ingress: [{ cidrBlocks: ["0.0.0.0/0"] }] }),
      open,
    );
    const rule = { cidrBlocks: ["0.0.0.0/0"], fromPort: 22, toPort: 22 };
    assert.deepEqual(
      broken("aws:ec2/securityGroupRule:SecurityGroupRule", { ...rule, type: "ingress" }),
      open,
    );
    assert.deepEqual(broken("aws:ec2/securityGroupRule:SecurityGroupRule", { ...rule, type: "egress" }), []);
  });

  it("fails for each tag that is missing", () => {
    assert.deepEqual(
      checkResources([
        { type: "aws:ec2/vpc:Vpc", name: "net", inputs: { tags: { "pulumi-mesos.project": "p" } } },
      ]),
      [{ rule: "tags", resource: "net", message: "tag pulumi-mesos.stack is missing" }],
    );
  });

  it("fails for a bucket that may become public in any way", () => {
    const type = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock";
    const acls = { blockPublicAcls: true, ignorePublicAcls: true };
    const closed = { ...acls, blockPublicPolicy: true, restrictPublicBuckets: true };
    assert.deepEqual(broken(type, closed), []);
    assert.deepEqual(broken(type, { ...closed, restrictPublicBuckets: false }), ["no-public-bucket"]);
    assert.deepEqual(broken(type, acls), ["no-public-bucket", "no-public-bucket"]);
  });

  it("fails for wildcards in policies, whether text or object", () => {
    const type = "aws:iam/rolePolicy:RolePolicy";
    const all = { Action: "ec2:*", Resource: "arn:aws:ec2:::x" };
    assert.deepEqual(broken(type, policy(all)), ["no-wildcard-iam"]);
    assert.deepEqual(
      broken("aws:iam/policy:Policy", { policy: { Statement: { Effect: "Allow", ...all } } }),
      ["no-wildcard-iam"],
    );
    assert.deepEqual(broken(type, policy({ Action: ["ec2:RunInstances"], Resource: "*" })), [
      "no-wildcard-iam",
    ]);
    assert.deepEqual(broken(type, policy({ NotAction: ["iam:PassRole"], Resource: "arn:aws:s3:::x" })), [
      "no-wildcard-iam",
    ]);
    assert.deepEqual(broken(type, policy({ Effect: "Deny", Action: "*", Resource: "*" })), []);
  });

  it("have names", () => {
    assert.deepEqual(ruleNames, [
      "encryption",
      "imdsv2",
      "no-world-open-admin-port",
      "no-public-bucket",
      "tags",
      "no-wildcard-iam",
    ]);
  });
});
