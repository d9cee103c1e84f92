// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { AgentPoolDeclaration, decoder } from "@pulumi-mesos/model";
import type { HourlyCost } from "pulumi-mesos";
import type { Recorded } from "pulumi-mesos/testing";
import { AwsPlatform } from "./aws-platform";
import { cluster, ecr, find, region, run, short, usual, written } from "./recording.test.support";
import { checkResources } from "./rules";

describe("a cluster on AWS", function () {
  this.timeout(60_000);
  const urls: string[] = [];
  let all: Recorded[] = [];
  let cost: HourlyCost | undefined;
  before(async () => {
    all = await run(() => {
      const platform = new AwsPlatform({
        ...usual,
        logs: { retentionDays: 30 },
        registry: ecr,
        agents: { batch: { instanceTypes: ["m6i.large", "m7i.large"], spot: true, diskGiB: 100, most: 20 } },
      });
      const made = cluster(platform, {
        edge: { size: 2, certificates: { "shop.pem": "the text of a key" } },
        agents: {
          web: { size: 2, resources: { cpus: 2, mem: 4096 } },
          batch: { size: 5, resources: { cpus: 2, mem: 4096 } },
        },
      });
      cost = made.hourlyCost;
      pulumi
        .all([made.edge.url, made.edge.httpsUrl, made.masters.uiUrl, made.marathon.url])
        .apply((found) => urls.push(...found.map(String)));
    });
  });

  it("breaks no rule of ours", () => {
    assert.deepEqual(checkResources(all), []);
  });

  it("has a public load balancer before the edges and an internal one before masters and Marathon, and no more", () => {
    const balancers = all.filter(({ type }) => short(type) === "LoadBalancer");
    assert.deepEqual(
      balancers
        .map(({ name, inputs }) => [
          name,
          inputs["internal"],
          inputs["loadBalancerType"],
          (inputs["subnets"] as string[]).length,
        ])
        .sort(),
      [
        ["platform-internal", true, "network", 3],
        ["platform-public", false, "network", 3],
      ],
    );
    assert.deepEqual(urls, [
      "http://platform-public.elb.amazonaws.com",
      "https://platform-public.elb.amazonaws.com",
      "https://platform-internal.elb.amazonaws.com:5050",
      "https://platform-internal.elb.amazonaws.com:8080",
    ]);
    const targets = all
      .filter(({ type }) => short(type) === "TargetGroupAttachment")
      .map(({ inputs }) => `${inputs["port"]}`);
    assert.deepEqual(targets.sort(), ["443", "443", "5050", "5050", "5050", "80", "80", "8080", "8080"]);
    const check = find(all, "TargetGroup", "demo-edge").inputs["healthCheck"];
    assert.deepEqual(check, { matcher: "200", path: "/status", port: "8000", protocol: "HTTPS" });
    assert.deepEqual(find(all, "Listener", "demo-edge-https").inputs["port"], 443);
  });

  it("tells each master its zone", () => {
    for (const name of ["demo-masters-1", "demo-masters-2", "demo-masters-3"]) {
      const zone = find(all, "Volume", `${name}-data`).inputs["availabilityZone"];
      const domain = JSON.stringify({ fault_domain: { region: { name: region }, zone: { name: zone } } });
      assert.ok(
        written(find(all, "Instance", name), "/opt/pulumi-mesos/run").includes(`'--domain=${domain}'`),
        name,
      );
    }
  });

  it("has a launch template and an auto-scaling group for each agent group, which the controller alone sizes", () => {
    const { inputs, ignoreChanges } = find(all, "Group", "demo-batch");
    assert.deepEqual(
      [
        inputs["name"],
        inputs["minSize"],
        inputs["maxSize"],
        inputs["desiredCapacity"],
        inputs["protectFromScaleIn"],
      ],
      ["project-stack-demo-batch", 0, 20, 0, true],
    );
    assert.deepEqual(ignoreChanges, ["desiredCapacity"]);
    assert.deepEqual(inputs["suspendedProcesses"], ["AZRebalance"]);
    assert.equal((inputs["vpcZoneIdentifiers"] as string[]).length, 3);
    assert.deepEqual(inputs["mixedInstancesPolicy"], {
      launchTemplate: {
        launchTemplateSpecification: { launchTemplateId: "demo-batch-id", version: "3" },
        overrides: [{ instanceType: "m6i.large" }, { instanceType: "m7i.large" }],
      },
      instancesDistribution: {
        onDemandBaseCapacity: 0,
        onDemandPercentageAboveBaseCapacity: 0,
        spotAllocationStrategy: "price-capacity-optimized",
      },
    });
    const web = find(all, "Group", "demo-web").inputs["mixedInstancesPolicy"] as typeof inputs;
    assert.equal((web["instancesDistribution"] as typeof inputs)["onDemandPercentageAboveBaseCapacity"], 100);
    assert.equal(find(all, "Group", "demo-web").parent, "demo-web");
  });

  it("has machines of a group wait until their agent is ready, and until it is drained", () => {
    const hooks = ["ready", "drained"].map((kind) => find(all, "LifecycleHook", `demo-batch-${kind}`));
    assert.deepEqual(
      hooks.map(({ inputs, parent }) => [inputs, parent]),
      [
        [
          {
            name: "pulumi-mesos-ready",
            autoscalingGroupName: "project-stack-demo-batch",
            lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
            heartbeatTimeout: 1800,
            defaultResult: "ABANDON",
          },
          "demo-batch",
        ],
        [
          {
            name: "pulumi-mesos-drained",
            autoscalingGroupName: "project-stack-demo-batch",
            lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
            heartbeatTimeout: 900,
            defaultResult: "CONTINUE",
          },
          "demo-batch",
        ],
      ],
    );
    assert.deepEqual(
      find(all, "AgentPool", "demo-batch")
        .dependsOn.filter((name) => name.startsWith("demo-batch-"))
        .sort(),
      ["demo-batch-drained", "demo-batch-ready"],
    );
  });

  it("declares an agent group by the launch template's version, so that the group launches by it first", () => {
    const { inputs, dependsOn, timeouts } = find(all, "AgentPool", "demo-web");
    // The mocks show a secret as an envelope; agents have credentials.
    const declaration = inputs["declaration"] as { template: Record<string, unknown>; backend: object };
    assert.deepEqual(declaration.backend, { kind: "aws", group: "project-stack-demo-web" });
    assert.equal(declaration.template["launchTemplate"], "demo-web-id:3");
    assert.deepEqual(declaration.template["env"] ?? declaration.template["files"], undefined);
    assert.ok(dependsOn.includes("demo-web"));
    const real = { ...declaration, template: { ...declaration.template, launchTemplate: "lt-1:3" } };
    assert.ok(decoder(AgentPoolDeclaration).decode(real).ok);
    assert.deepEqual(timeouts, { create: "30m", update: "6h", delete: "2h" });
  });

  it("launches agents that ask where they are, with their tags, by IMDSv2 and with an encrypted disk", () => {
    const { inputs } = find(all, "LaunchTemplate", "demo-batch");
    assert.deepEqual(inputs["metadataOptions"], {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
    });
    const [disk] = inputs["blockDeviceMappings"] as { ebs: Record<string, unknown> }[];
    assert.deepEqual([disk?.ebs["encrypted"], disk?.ebs["volumeSize"]], ["true", 100]);
    const tags = { "pulumi-mesos.project": "project", "pulumi-mesos.stack": "stack" };
    assert.deepEqual(inputs["tagSpecifications"], [
      { resourceType: "instance", tags },
      { resourceType: "volume", tags },
    ]);
    const userData = Buffer.from(String(inputs["userData"]), "base64").toString();
    const agent = { ...find(all, "LaunchTemplate", "demo-batch"), inputs: { userData } };
    const script = written(agent, "/opt/pulumi-mesos/run");
    assert.match(script, /^\. \/run\/pulumi-mesos\/place$/m);
    assert.match(script, /--ip="\$address" .*--resources='?cpus:2;mem:4096;disk:10240;ports:\[31000-32000\]/);
    assert.match(script, /"name":"'"\$zone"'"/);
    assert.match(script, /--volume \/var\/run\/docker\.sock:\/var\/run\/docker\.sock/);
    assert.doesNotMatch(userData, /hostname":/);
    assert.match(written(agent, "/opt/pulumi-mesos/prepare"), /^fetch \S+\/demo-batch\/credential\.json:7 /m);
  });

  it("lets the controller change what bears its stack's tags, and nothing else", () => {
    const text = String(find(all, "RolePolicy", "platform-groups-base").inputs["policy"]);
    const { Statement } = JSON.parse(text) as {
      Statement: { Sid: string; Condition?: { StringEquals: object } }[];
    };
    const own = {
      "aws:ResourceTag/pulumi-mesos.project": "project",
      "aws:ResourceTag/pulumi-mesos.stack": "stack",
    };
    for (const sid of ["OwnGroups", "OwnInstances"])
      assert.deepEqual(Statement.find(({ Sid }) => Sid === sid)?.Condition?.StringEquals, own, sid);
    const words = written(find(all, "Instance", "demo-groups-1"), "/opt/pulumi-mesos/run");
    assert.match(words, /--members=aws:eu-central-1\/project\/stack /);
    assert.doesNotMatch(
      String(find(all, "RolePolicy", "platform-marathon-base").inputs["policy"]),
      /autoscaling/,
    );
  });

  it("keeps every secret out of user data: Parameter Store has it, and a member reads its own alone", () => {
    const secret = /a-secret-of-thirty-two|text of a key|EDGE_STATS_PASSWORD|password="/;
    for (const { name, inputs } of all.filter(({ type }) => short(type) === "Instance"))
      assert.doesNotMatch(String(inputs["userData"]), secret, name);
    const parameters = all.filter(({ type }) => short(type) === "Parameter");
    for (const { name, inputs } of parameters) {
      assert.equal(inputs["type"], "SecureString", name);
      // The mocks show a secret as an envelope.
      assert.ok(JSON.stringify(inputs["value"]).includes("1b47061264138c4ac30d75fd1eb44270"), name);
    }
    const pem = find(all, "Parameter", "demo-edge-1-certificates-shop.pem");
    assert.equal(pem.inputs["name"], "/pulumi-mesos/project/stack/demo-edge-1/certificates-shop.pem");
    const { value } = pem.inputs["value"] as { value: string };
    assert.equal(Buffer.from(value, "base64").toString(), "the text of a key");
    const prepare = written(find(all, "Instance", "demo-edge-1"), "/opt/pulumi-mesos/prepare");
    assert.match(
      prepare,
      /^fetch \S+\/demo-edge-1\/certificates-shop\.pem:7 \/run\/pulumi-mesos\/conf\/certificates\/shop\.pem 0400$/m,
    );
    for (const { name, inputs } of all.filter(({ name: own }) => own.endsWith("-secrets"))) {
      const member = name.slice(0, -"-secrets".length);
      const { Statement } = JSON.parse(String(inputs["policy"])) as {
        Statement: { Action: string[]; Resource: string[] }[];
      };
      assert.deepEqual(
        Statement.flatMap(({ Action }) => Action),
        ["ssm:GetParameter"],
      );
      const own = parameters.filter((parameter) => parameter.name.startsWith(`${member}-`));
      assert.deepEqual(Statement[0]?.Resource.length, own.length, name);
      for (const arn of Statement[0]?.Resource ?? []) assert.ok(arn.includes(`:${member}-`), arn);
    }
  });

  it("tells agents who signs for their addresses, and for those of no member with an identity", () => {
    const { value } = find(all, "Parameter", "demo-web-tls-issuer.pem").inputs["value"] as { value: string };
    const pem = Buffer.from(value, "base64").toString();
    const text = execFileSync("openssl", ["x509", "-noout", "-text"], { input: pem, encoding: "utf8" });
    const permitted = [...text.matchAll(/IP:([\d.]+)\/([\d.]+)/g)].map(([, base, mask]) => `${base} ${mask}`);
    assert.deepEqual(
      permitted,
      [0, 64, 128].map((third) => `10.77.${third}.0 255.255.224.0`),
    );
    const member = find(all, "Parameter", "demo-masters-1-tls-cert.pem").inputs["value"] as {
      value: string;
    };
    const names = new X509Certificate(Buffer.from(member.value, "base64")).subjectAltName;
    assert.match(
      names ?? "",
      /^IP Address:10\.77\.\d+\.\d+, DNS:demo-masters-1, DNS:\*\.elb\.eu-central-1\.amazonaws\.com$/,
    );
  });

  it("has masters call a Marathon back at the port that is open to them", () => {
    const marathon = find(all, "Parameter", "demo-marathon-1-environment").inputs["value"] as {
      value: string;
    };
    const text = Buffer.from(marathon.value, "base64").toString();
    assert.match(text, /^LIBPROCESS_PORT='8081'$/m);
    assert.match(text, /^LIBPROCESS_IP='10\.77\.\d+\.\d+'$/m);
    find(all, "SecurityGroupIngressRule", "platform-marathon-8081-tcp-from-mesos-master");
  });

  it("sends output to one log group, which each role may write", () => {
    assert.equal(find(all, "LogGroup", "platform-logs").inputs["retentionInDays"], 30);
    assert.match(
      written(find(all, "Instance", "demo-masters-1"), "/opt/pulumi-mesos/run"),
      /awslogs-group=\/pulumi-mesos\/project\/stack\/platform /,
    );
    const policy = String(find(all, "RolePolicy", "platform-marathon-base").inputs["policy"]);
    assert.match(policy, /logs:PutLogEvents.*platform-logs:log-stream:\*/);
    assert.match(policy, /repository\/pulumi-mesos\/simulator"/);
  });

  it("knows what it costs an hour", () => {
    // Eleven members: 3 + 2 + 1 t3.small, 3 + 2 t3.medium; seven agents; disks; a gateway and two balancers with addresses.
    const gib = 11 * 20 + 3 * 20 + 3 * 20 + 2 * 8 + 2 * 50 + 5 * 100;
    const machines = 6 * 0.0208 + 5 * 0.0416 + 2 * 0.0832 + 5 * 0.096;
    const expected = machines + (gib * 0.08) / 730 + 0.045 + 2 * 0.0225 + 4 * 0.005;
    assert.ok(cost && Math.abs(cost.usd - expected) < 0.0001, `${cost?.usd} ${expected}`);
    assert.deepEqual(cost.unpriced, []);
  });
});
