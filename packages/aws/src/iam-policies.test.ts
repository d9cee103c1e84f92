// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  agentStatements,
  controllerStatements,
  ecrHostOf,
  fileStatements,
  imageStatements,
  logStatement,
  policyText,
  type Statement,
  secretStatements,
  sessionManagerStatement,
  trustText,
} from "./iam-policies";

const region = "eu-central-1";
const registry = `123456789012.dkr.ecr.${region}.amazonaws.com`;
const parameter = `arn:aws:ssm:${region}:123456789012:parameter/pulumi-mesos/p/s/zk-1/peers.conf`;
const key = `arn:aws:kms:${region}:123456789012:key/1`;

/** Actions that AWS lets nobody narrow. */
const unnarrowed =
  /^(ssm:UpdateInstanceInformation|ssmmessages:\w+|ecr:GetAuthorizationToken|autoscaling:DescribeAutoScalingGroups|ec2:DescribeInstances)$/;

const images = fc.oneof(
  fc.constantFrom("zookeeper:3.8", "ghcr.io/someone/edge@sha256:00"),
  fc.stringMatching(/^[a-z]{1,9}(\/[a-z]{1,9}){0,2}(:[a-z0-9]{1,5})?$/).map((name) => `${registry}/${name}`),
);

describe("policies", () => {
  it("allow no wildcard action, and everything only where AWS cannot narrow it", () => {
    const all = fc
      .record({
        image: images,
        parameters: fc.array(fc.constant(parameter)),
        key: fc.option(fc.constant(key), { nil: undefined }),
      })
      .map(({ image, parameters, key: own }): Statement[] => [
        sessionManagerStatement,
        ...secretStatements(parameters, region, own),
        ...fileStatements("arn:aws:s3:::files", "demo-edge-1", region, own),
        ...imageStatements(image),
        ...controllerStatements(region, { project: "p", stack: "s" }),
        ...agentStatements(region, { project: "p", stack: "s" }),
        logStatement(`arn:aws:logs:${region}:123456789012:log-group:demo`),
      ]);
    fc.assert(
      fc.property(all, (statements) => {
        for (const { Action, Resource } of statements) {
          for (const action of Action) {
            assert.doesNotMatch(action, /\*/);
            if (Resource === "*") assert.match(action, unnarrowed);
          }
          for (const one of [Resource].flat()) if (one !== "*") assert.match(one, /^arn:aws:/);
        }
        const sids = statements.map(({ Sid }) => Sid);
        assert.equal(new Set(sids).size, sids.length);
      }),
    );
  });

  it("let an agent's machine say that machines of its stack go, and hold its end open, and no more", () => {
    const statements = agentStatements(region, { project: "p", stack: "s" });
    assert.deepEqual(
      statements.flatMap(({ Action }) => Action),
      ["ec2:CreateTags", "autoscaling:RecordLifecycleActionHeartbeat"],
    );
    const ofStack = {
      "aws:ResourceTag/pulumi-mesos.project": "p",
      "aws:ResourceTag/pulumi-mesos.stack": "s",
    };
    for (const { Condition } of statements) assert.deepEqual(Condition?.["StringEquals"], ofStack);
    assert.deepEqual(statements[0]?.Condition?.["ForAllValues:StringEquals"], {
      "aws:TagKeys": ["pulumi-mesos.notice"],
    });
  });

  it("let a member read its own secrets, by the user's key through Parameter Store alone", () => {
    assert.deepEqual(secretStatements([], region, key), []);
    const [read, decrypt, ...others] = secretStatements([parameter], region, key);
    assert.deepEqual(others, []);
    assert.deepEqual([read?.Action, read?.Resource], [["ssm:GetParameter"], [parameter]]);
    assert.deepEqual(decrypt?.Condition, {
      StringEquals: { "kms:ViaService": "ssm.eu-central-1.amazonaws.com" },
    });
    assert.equal(secretStatements([parameter], region).length, 1);
    const [get, open, ...more] = fileStatements("arn:aws:s3:::files", "demo-edge-1", region, key);
    assert.deepEqual(more, []);
    assert.deepEqual([get?.Action, get?.Resource], [["s3:GetObject"], ["arn:aws:s3:::files/demo-edge-1/*"]]);
    assert.deepEqual(open?.Condition, { StringEquals: { "kms:ViaService": `s3.${region}.amazonaws.com` } });
    assert.equal(fileStatements("arn:aws:s3:::files", "demo-edge-1", region).length, 1);
  });

  it("let an instance pull its one image where the registry is one of ECR", () => {
    assert.deepEqual(ecrHostOf(`${registry}/mesos/edge:1`), {
      host: registry,
      account: "123456789012",
      region,
    });
    assert.deepEqual(imageStatements("zookeeper:3.8"), []);
    for (const image of ["mesos/edge:1", "mesos/edge@sha256:00", "mesos/edge"])
      assert.deepEqual(imageStatements(`${registry}/${image}`)[1]?.Resource, [
        `arn:aws:ecr:${region}:123456789012:repository/mesos/edge`,
      ]);
  });

  it("are written as IAM takes them, and only instances take the roles", () => {
    const { Version, Statement: statements } = JSON.parse(policyText([sessionManagerStatement]));
    assert.equal(Version, "2012-10-17");
    assert.deepEqual(statements, [sessionManagerStatement]);
    assert.deepEqual(JSON.parse(trustText).Statement[0].Principal, { Service: "ec2.amazonaws.com" });
  });
});
