// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { Provider as AwsProvider } from "@pulumi/aws/provider";
import { BambooEdge, containers, InvalidArgsError, Masters, type PoolArgs, ZooKeeper } from "pulumi-mesos";
import { AwsPlatform } from "./aws-platform";
import type { AwsPlatformArgs } from "./platform-args";
import { cluster, find, ofAws, region, run, short, titles, usual, written } from "./recording.test.support";
import { checkResources } from "./rules";
import { sha256Of } from "./stored-object";

describe("AwsPlatform", function () {
  this.timeout(60_000);
  const subnets = ["a", "b", "c"].map((letter, i) => ({
    id: `subnet-${letter}`,
    cidr: `10.9.${i}.0/24`,
    zone: `${region}${letter}`,
  }));
  const given = { vpcId: "vpc-1", privateSubnets: subnets, publicSubnets: ["subnet-p"] };

  it("makes nothing of a network that is given, and puts members where it says", async () => {
    const network = { ...given, privateSubnets: subnets.map((subnet) => ({ ...subnet, firstHost: 64 })) };
    const all = await run(() => {
      new ZooKeeper("zk", { platform: new AwsPlatform({ ...usual, network }), size: 1 });
    });
    const ofNetwork = /Vpc$|Subnet|Route(Table)?|Gateway|Eip|Endpoint|DefaultSecurityGroup/;
    assert.deepEqual(
      ofAws(all)
        .filter(({ type }) => ofNetwork.test(short(type)))
        .map(({ name }) => name),
      [],
    );
    const { inputs } = find(all, "NetworkInterface", "zk-1-interface");
    assert.match(String(inputs["subnetId"]), /^subnet-[abc]$/);
    assert.ok(Number((inputs["privateIps"] as string[])[0]?.split(".").at(-1)) >= 64);
    assert.equal(find(all, "SecurityGroup", "platform-edge").inputs["vpcId"], "vpc-1");
  });

  it("tells both providers how its addresses are reached", async () => {
    const accesses = async (access?: string): Promise<unknown[]> => {
      const all = await run(() => void cluster(new AwsPlatform({ ...usual, access })));
      return all
        .filter(({ type }) => type === "pulumi:providers:mesos")
        .map(({ inputs }) => inputs["access"]);
    };
    assert.deepEqual(await accesses(), ["direct", "direct"]);
    assert.deepEqual(await accesses("ssh://me@bastion"), ["ssh://me@bastion", "ssh://me@bastion"]);
  });

  it("makes a gateway for each zone, or none, when it is told so", async () => {
    const gateways = async (nat: "zone" | "none"): Promise<string[]> => {
      const all = await run(() => {
        new AwsPlatform({ ...usual, network: { nat } });
      });
      return titles(all).filter((title) => /^(NatGateway|Route) /.test(title));
    };
    const zones = ["a", "b", "c"];
    assert.deepEqual(await gateways("zone"), [
      ...zones.map((z) => `NatGateway platform-nat-${z}`),
      ...zones.map((z) => `Route platform-private-${z}`),
      "Route platform-public",
    ]);
    assert.deepEqual(await gateways("none"), ["Route platform-public"]);
  });

  it("serves HTTPS by a certificate of ACM under a name of Route 53, and takes the caller's account, key and machines", async () => {
    const urls: string[] = [];
    const all = await run(() => {
      const platform = new AwsPlatform({
        ...usual,
        image: {
          ami: "ami-0123",
          architecture: "arm64",
          packages: ["docker.io", "awscli"],
          aptMirror: { primary: "http://mirror.example/ubuntu" },
        },
        provider: new AwsProvider("account", { region }),
        kmsKeyArn: "arn:aws:kms:key",
        machines: { edge: { instanceType: "c7gn.large" } },
        edge: {
          certificateArn: "arn:aws:acm:cert",
          domain: { zoneId: "Z1", name: "shop.example" },
          clients: ["203.0.113.0/24"],
        },
        name: "other",
        tags: { team: "shop" },
      });
      const zookeeper = { connectionString: "z:2181", ready: [] };
      const edge = new BambooEdge("edge", {
        platform,
        zookeeper,
        marathon: { urls: ["http://m:8080"], ready: [] },
      });
      edge.url.apply((url) => urls.push(url));
    });
    for (const { name, provider } of ofAws(all)) assert.equal(provider, "account", name);
    assert.deepEqual(urls, ["https://shop.example"]);
    const { inputs } = find(all, "Listener", "edge-tls");
    assert.deepEqual(
      [inputs["port"], inputs["protocol"], inputs["certificateArn"]],
      [443, "TLS", "arn:aws:acm:cert"],
    );
    assert.deepEqual(find(all, "Record", "other-public").inputs["aliases"], [
      { name: "other-public.elb.amazonaws.com", zoneId: "other-public-zone", evaluateTargetHealth: true },
    ]);
    assert.equal(find(all, "Instance", "edge-1").inputs["instanceType"], "c7gn.large");
    assert.match(
      String(find(all, "Instance", "edge-1").inputs["userData"]),
      /mirror\.example\/ubuntu.*"packages":\["docker\.io"/,
    );
    assert.equal(find(all, "Volume", "edge-1-data").inputs["kmsKeyId"], "arn:aws:kms:key");
    assert.equal((find(all, "Role", "other-edge").inputs["tags"] as Record<string, string>)["team"], "shop");
    find(all, "SecurityGroupIngressRule", "other-public-balancer-80-tcp-from-clients-203.0.113.0/24");
    assert.deepEqual(checkResources(all), []);
  });

  it("compresses user data that are too long for EC2, and leaves others as they are", async () => {
    const env = Object.fromEntries(Array.from({ length: 700 }, (_, i) => [`OPTION_${i}`, `value of ${i}`]));
    const zookeeper = { ...containers.simulator.zookeeper, env };
    const distribution = { ...containers.simulator, zookeeper } as AwsPlatformArgs["distribution"];
    const long = await run(() => {
      new ZooKeeper("zk", { platform: new AwsPlatform({ ...usual, distribution }), size: 1 });
    });
    const { inputs } = find(long, "Instance", "zk-1");
    assert.equal(inputs["userData"], undefined);
    const text = gunzipSync(Buffer.from(String(inputs["userDataBase64"]), "base64")).toString();
    assert.match(text, /^#cloud-config\n.*OPTION_699/);
    const short = await run(() => {
      new ZooKeeper("zk", { platform: new AwsPlatform(usual), size: 1 });
    });
    assert.equal(find(short, "Instance", "zk-1").inputs["userDataBase64"], undefined);
  });

  /** As good as random: nothing makes it shorter. */
  const noise = Array.from({ length: 700 }, (_, i) => [`OPTION_${i}`, sha256Of(String(i))]);
  const zookeeper = { ...containers.simulator.zookeeper, env: Object.fromEntries(noise) };
  const withLargeFile = { ...containers.simulator, zookeeper } as AwsPlatformArgs["distribution"];

  it("begins the name of its bucket by what S3 takes of a platform's name", async () => {
    for (const [name, prefix] of [
      ["platform", undefined],
      ["My_platform", "my-platform-files-"],
    ] as const) {
      const all = await run(() => {
        const platform = new AwsPlatform({ ...usual, distribution: withLargeFile, name });
        new ZooKeeper("zk", { platform, size: 1 });
      });
      assert.equal(find(all, "Bucket", `${name}-files`).inputs["bucketPrefix"], prefix);
    }
  });

  it("keeps plain files that fit into no user data in a closed bucket, and lets each machine read its own alone", async () => {
    const kmsKeyArn = "arn:aws:kms:key";
    const all = await run(() => {
      const platform = new AwsPlatform({ ...usual, distribution: withLargeFile, kmsKeyArn });
      new ZooKeeper("zk", { platform, size: 1 });
      new Masters("masters", { platform, zookeeper: { connectionString: "z:2181", ready: [] }, size: 3 });
    });
    const ofBucket = all.filter(({ type }) => type.startsWith("aws:s3/"));
    assert.deepEqual(titles(ofBucket), [
      "Bucket platform-files",
      "BucketObjectv2 zk-1-environment",
      "BucketPolicy platform-files",
      "BucketPublicAccessBlock platform-files",
      "BucketServerSideEncryptionConfiguration platform-files",
    ]);
    const object = find(all, "BucketObjectv2", "zk-1-environment");
    const content = String(object.inputs["content"]);
    assert.match(content, /OPTION_699/);
    const key = `zk-1/environment/${sha256Of(content)}`;
    assert.equal(object.inputs["key"], key);
    assert.deepEqual(
      object.dependsOn,
      Array(4).fill("platform-files"),
      "closed and encrypted before it lies there",
    );
    assert.deepEqual(find(all, "BucketServerSideEncryptionConfiguration", "platform-files").inputs["rules"], [
      {
        applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: kmsKeyArn },
        bucketKeyEnabled: true,
      },
    ]);
    const instance = find(all, "Instance", "zk-1");
    assert.match(
      written(instance, "/opt/pulumi-mesos/prepare"),
      new RegExp(`^load \\S+ ${sha256Of(content)} \\S+ ${key}$`, "m"),
    );
    assert.doesNotMatch(JSON.stringify(instance.inputs), /OPTION_699/);
    const policy = find(all, "RolePolicy", "zk-1-files");
    assert.equal(policy.inputs["role"], "platform-zookeeper");
    assert.match(String(policy.inputs["policy"]), /"Resource":\["arn:\S*platform-files\/zk-1\/\*"\]/);
    assert.equal(all.filter(({ name }) => name.endsWith("-files")).length, 5, "nobody else reads any");
    assert.deepEqual(checkResources(all), []);
  });

  it("leaves stack traces as they were, those of its own errors among them", async () => {
    await run(() => {
      const { stackTraceLimit } = Error;
      const platform = new AwsPlatform(usual);
      new ZooKeeper("zk", { platform, size: 1 });
      const service = { software: "mesos-agent" } as PoolArgs["service"];
      assert.throws(
        () => platform.pool("web", { group: "web", service, most: 1000, mostPath: "size" }, {}),
        (error) => error instanceof InvalidArgsError && `${error.stack}`.includes(__filename),
      );
      assert.equal(Error.stackTraceLimit, stackTraceLimit);
    });
  });

  it("fails in one line for each thing that cannot work, before it makes anything", async () => {
    const small = { ...subnets[0], cidr: "10.9.0.0/25" };
    const cases: readonly [Partial<AwsPlatformArgs>, RegExp][] = [
      [{ region: "Frankfurt" }, /^region: must be a region such as "eu-central-1", got "Frankfurt"$/],
      [{ network: { cidr: "10.0.0.0/28" } }, /^network\.cidr: must be a \/16 to a \/22/],
      [{ network: { zones: [] } }, /^network\.zones: must be one to three different zones/],
      [
        { network: { ...given, privateSubnets: subnets.slice(0, 2) } },
        /in 2 zones, fewer than the 3 .* set network\.spread to 2$/,
      ],
      [
        { network: { ...given, privateSubnets: [...subnets, { ...small, id: "s", zone: `${region}a` }] } },
        /must not overlap 10\.9\.0\.0\/24 of subnet-a/,
      ],
      [{ network: { ...given, publicSubnets: [] } }, /^network\.publicSubnets: must have a subnet/],
      [
        { image: { ami: "ami-1", architecture: "arm64" }, machines: { edge: { instanceType: "m6i.large" } } },
        /^machines\.edge\.instanceType: is x86_64, but the image of the operating system is arm64/,
      ],
      [
        { machines: { edge: { instanceType: "large" } } },
        /^machines\.edge\.instanceType: must be an instance type/,
      ],
      [
        { machines: { zookeeper: { dataGiB: 0.5 } } },
        /^machines\.zookeeper\.dataGiB: must be a whole number/,
      ],
      [
        { agents: { web: { instanceTypes: [] } } },
        /^agents\.web\.instanceTypes: must name one instance type or more/,
      ],
      [
        { agents: { web: { instanceTypes: ["t3.large", "m7g.large"] } } },
        /^agents\.web\.instanceTypes\[1\]: is arm64, but the image/,
      ],
      [
        { agents: { web: { instanceTypes: ["p6-b200.48xlarge", "p6e-gb200.36xlarge"] } } },
        /^agents\.web\.instanceTypes\[1\]: is arm64, but the image/,
      ],
      [
        { agents: { web: { instanceTypes: ["t3.large"], most: 201 } } },
        /^agents\.web\.most: must be a whole number from 1 to 200/,
      ],
      [{ administrators: [] }, /^administrators: must have the CIDR from which Pulumi reaches the cluster/],
      [{ access: "bastion" }, /^access: must be "direct", "socks5:/],
      [{ administrators: ["0.0.0.0/0"] }, /^administrators\[0\]: must be a \/8 or less/],
      [{ administrators: ["10.8.0.1"] }, /^administrators\[0\]: must be a CIDR/],
      [{ edge: { clients: ["everywhere"] } }, /^edge\.clients\[0\]: must be a CIDR/],
      [
        { image: { ...usual.image, aptMirror: { primary: "mirror.example" } } },
        /^image\.aptMirror\.primary: must be a URL such as "http:\/\/mirror\.example\/debian", got "mirror\.example"$/,
      ],
      [{ registry: "https://x/" }, /^registry: must be a host with a path/],
    ];
    for (const [change, message] of cases) {
      const all = await run(() => {
        assert.throws(
          () => new AwsPlatform({ ...usual, ...change }),
          (error) => error instanceof InvalidArgsError && error.hideStack && message.test(error.message),
          String(message),
        );
      });
      assert.deepEqual(all, []);
    }
  });

  it("fails in one line when a group may not have as many agents, or when two want one port", async () => {
    const agents = { web: { size: 3, resources: { cpus: 1, mem: 512 } } };
    const few = { ...usual, agents: { web: { instanceTypes: ["t3.large"], most: 2 } } };
    await assert.rejects(
      run(() => void cluster(new AwsPlatform(few), { agents })),
      /agents\.web\.size: must be 2 or less, which platform\.agents\.web\.most says, got 3/,
    );
    await assert.rejects(
      run(() => {
        const platform = new AwsPlatform({ ...usual, edge: { certificateArn: "arn:aws:acm:cert" } });
        cluster(platform, { edge: { certificates: { "shop.pem": "key" } } });
      }),
      /wants port 443 of the public load balancer, which demo-edge has; .*leave out either edge\.certificateArn/,
    );
  });
});
