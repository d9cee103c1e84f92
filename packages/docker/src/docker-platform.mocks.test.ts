// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { MemberAddress } from "@pulumi-mesos/model";
import { BambooEdge, Cluster, type ClusterSecurity, InvalidArgsError, ZooKeeper } from "pulumi-mesos";
import { type Recorded, record } from "pulumi-mesos/testing";
import { simulator } from "./distribution";
import { DockerPlatform, type DockerPlatformArgs } from "./docker-platform";

const network = "10.77.0.0/16";
const types = {
  container: "docker:index/container:Container",
  network: "docker:index/network:Network",
  volume: "docker:index/volume:Volume",
};

function find(all: readonly Recorded[], name: string, type?: string): Recorded {
  const found = all.filter((r) => r.name === name && (type === undefined || r.type === type));
  assert.equal(
    found.length,
    1,
    `${name} is registered once, got ${all.map((r) => `${r.type} ${r.name}`).join(", ")}`,
  );
  const [one] = found;
  assert.ok(one);
  return one;
}

interface ContainerInputs {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly entrypoints: readonly string[];
  readonly envs?: unknown;
  readonly uploads: readonly { file: string; content: string; permissions: string }[];
  readonly networksAdvanced: unknown;
  readonly volumes: readonly object[];
  readonly labels: readonly { label: string; value: string }[];
  readonly memory?: number;
  readonly healthcheck: { tests: string[]; interval: string };
}

function container(all: readonly Recorded[], name: string): ContainerInputs {
  return find(all, name, types.container).inputs as unknown as ContainerInputs;
}

describe("a Bamboo of the user's own on Docker", () => {
  const edge = (own: object) =>
    record(() => {
      const platform = new DockerPlatform({ network, ...own });
      const zookeeper = { connectionString: "z:2181", ready: [] };
      const marathon = { urls: ["http://m:8080"], ready: [] };
      const bamboo = { template: "bind {address}:80" };
      new BambooEdge("edge", { platform, zookeeper, marathon, size: 1, controller: "bamboo", bamboo });
    });

  it("runs from the image that the distribution names, with its file and template uploaded", async () => {
    const bamboo = { image: "bamboo:mine", command: ["bamboo"] };
    const { image, command, uploads } = container(
      await edge({ distribution: { ...simulator, bamboo } }),
      "edge-1",
    );
    assert.equal(image, "bamboo:mine");
    assert.match(command.join(" "), /^bamboo -config=\/\S+\/bamboo\.json -bind=10\.77\.\d+\.1:8000$/);
    const template = uploads.find(({ file }) => file.endsWith("/haproxy_template.cfg"));
    assert.match(template?.content ?? "", /^bind 10\.77\.\d+\.1:80$/);
  });

  it("fails without one, in one line that says how to name it", async () => {
    await assert.rejects(edge({}), /platform\.distribution\.bamboo: is missing, .*image: "bamboo:mine"/);
  });
});

describe("ZooKeeper on Docker", () => {
  const program = (): void => {
    new ZooKeeper("zk", { platform: new DockerPlatform({ network }), size: 3 });
  };

  it("makes a network, and for each server a volume, a container and two gates, and nothing else", async () => {
    const all = await record(() => program());
    const servers = ["zk-1", "zk-2", "zk-3"];
    assert.deepEqual(
      all.map((r) => `${r.type} ${r.name}`).sort(),
      [
        `${types.network} platform-network`,
        "mesos:index:Ensemble zk-ensemble",
        "mesos:index:Ready zk-ready",
        "mesos:index:ZooKeeper zk",
        "pulumi:providers:mesos platform",
        ...servers.flatMap((name) => [
          `${types.container} ${name}`,
          `${types.volume} ${name}-data`,
          `mesos:index:Leave ${name}-leave`,
          `mesos:index:Ready ${name}-ready`,
        ]),
      ].sort(),
    );
    for (const { name, parent } of all)
      assert.equal(parent, ["zk", "platform", "platform-network"].includes(name) ? "" : "zk", name);
    for (const { name, type, provider } of all.filter((r) => r.parent !== ""))
      assert.equal(provider, type.startsWith("mesos:") ? "platform" : "", name);
  });

  it("gives the network a subnet, and each container its address, name, volume, labels and health check", async () => {
    const all = await record(() => program());
    const { inputs } = find(all, "platform-network");
    assert.equal(inputs["name"], "project-stack");
    assert.deepEqual(inputs["ipamConfigs"], [{ gateway: "10.77.0.1", subnet: network }]);
    const zk = container(all, "zk-2");
    assert.equal(zk.name, "project-stack-zk-2");
    const [{ ipv4Address, ...place } = { ipv4Address: "" }] = zk.networksAdvanced as {
      ipv4Address: string;
    }[];
    assert.match(ipv4Address, /^10\.77\.\d+\.2$/);
    assert.deepEqual(place, { name: "project-stack", aliases: ["zk-2"] });
    assert.deepEqual(zk.volumes, [
      { containerPath: "/var/lib/pulumi-mesos", volumeName: "project-stack-zk-2" },
    ]);
    const labels = Object.fromEntries(zk.labels.map(({ label, value }) => [label, value]));
    assert.deepEqual(labels, {
      "pulumi-mesos.project": "project",
      "pulumi-mesos.stack": "stack",
      "pulumi-mesos.member": "zk-2",
    });
    assert.deepEqual(find(all, "zk-2-data").inputs["labels"], zk.labels);
    assert.ok(zk.healthcheck.tests.at(-1)?.includes(`/dev/tcp/${ipv4Address}/2181`));
    assert.deepEqual(zk.entrypoints, ["/bin/sh", "/etc/pulumi-mesos/.start"]);
    assert.deepEqual(zk.command, ["zookeeper-server", "/etc/pulumi-mesos/zoo.cfg"]);
    assert.equal(zk.memory, 512);
  });

  it("replaces a container only after it is gone, and never its data with it", async () => {
    const all = await record(() => program());
    assert.ok(find(all, "zk-1", types.container).deleteBeforeReplace);
    assert.ok(find(all, "zk-1", types.container).dependsOn.includes("zk-ensemble"));
    assert.deepEqual(find(all, "zk-1-data").dependsOn, []);
  });

  it("uploads files read-only, the environment among them, and sets none on the container", async () => {
    const zk = container(await record(() => program()), "zk-3");
    const files = new Map(zk.uploads.map((upload) => [upload.file, upload]));
    assert.match(
      files.get("/etc/pulumi-mesos/zoo.cfg")?.content ?? "",
      /^dataDir=\/var\/lib\/pulumi-mesos$/m,
    );
    assert.equal(files.get("/var/lib/pulumi-mesos/myid")?.content, "3\n");
    assert.match(files.get("/etc/pulumi-mesos/.environment")?.content ?? "", /^JVMFLAGS='-Xmx128m /m);
    for (const { file, permissions } of zk.uploads)
      assert.equal(permissions, file.endsWith("/.start") ? "0500" : "0400", file);
    assert.equal(zk.envs, undefined);
  });

  it("takes the caller's Docker host and images", async () => {
    const all = await record(() => {
      const provider = new docker.Provider("remote", { host: "tcp://docker.example:2376" });
      const program = { image: "zookeeper:3.8", command: ["zkServer.sh", "start-foreground"], cpus: 0.5 };
      const distribution = { ...simulator, zookeeper: program };
      const platform = new DockerPlatform({ network, provider, distribution, name: "other" });
      new ZooKeeper("zk", { platform, size: 1 });
    });
    for (const { name, type, provider } of all.filter((r) => Object.values(types).includes(r.type)))
      assert.equal(provider, "remote", `${type} ${name}`);
    const zk = find(all, "zk-1", types.container).inputs;
    assert.equal(zk["image"], "zookeeper:3.8");
    assert.deepEqual(zk["command"], ["zkServer.sh", "start-foreground", "/etc/pulumi-mesos/zoo.cfg"]);
    assert.deepEqual([zk["cpuPeriod"], zk["cpuQuota"], zk["memory"]], [100_000, 50_000, undefined]);
    find(all, "other-network");
  });
});

describe("a cluster on Docker", function () {
  // A bound against hanging: its first test loads everything.
  this.timeout(60_000);
  const program = (security?: ClusterSecurity, taskContainers?: boolean): void => {
    const cluster = new Cluster("demo", {
      ...(security === undefined ? {} : { security }),
      platform: new DockerPlatform({ network, socket: "/run/docker/d.sock", taskContainers }),
      secret: "a-secret-of-thirty-two-characters",
      zookeeper: { size: 3 },
      masters: { size: 3 },
      agents: { web: { size: 2, resources: { cpus: 2, mem: 1024 } } },
      edge: { size: 1, certificates: { "shop.pem": "the text of a key" } },
    });
    const { url, httpsUrl } = cluster.edge;
    pulumi
      .all([url, httpsUrl])
      .apply((urls) => assert.match(urls.join(" "), /^http:\/\/(10\.77\.\d+\.1) https:\/\/\1$/));
  };

  it("refuses strangers unless its program says otherwise", async () => {
    const asks = (all: readonly Recorded[]): boolean =>
      container(all, "demo-masters-1").command.includes("--authenticate_http_readonly");
    assert.equal(asks(await record(() => program())), true);
    assert.equal(asks(await record(() => program({ authentication: false }))), false);
  });

  it("gives dockerd's socket to the controller of agent groups and to nobody else", async () => {
    const all = await record(() => program());
    const bind = { containerPath: "/var/run/docker.sock", hostPath: "/run/docker/d.sock" };
    for (const { name, inputs } of all.filter((r) => r.type === types.container)) {
      const bound = JSON.stringify(inputs["volumes"]).includes("docker.sock");
      assert.equal(bound, name === "demo-groups-1", name);
    }
    const groups = container(all, "demo-groups-1");
    assert.deepEqual(groups.volumes, [bind]);
    assert.ok(groups.command.includes("--members=docker:project/stack"));
  });

  interface Declaration {
    readonly template: { image: string; command: string[]; env: Record<string, string> };
    readonly backend: { kind: string; network: string; taskPorts: number[]; socket?: string };
  }

  async function declared(taskContainers?: boolean): Promise<Declaration> {
    const all = await record(() => program(undefined, taskContainers));
    const { inputs } = find(all, "demo-web", "mesos:index:AgentPool");
    // The mocks show a secret as an envelope; agents have credentials.
    return (inputs["declaration"] as { value: Declaration }).value;
  }

  it("gives agents dockerd's socket and tells them so, unless their tasks are to be inside their containers", async () => {
    const { template, backend } = await declared();
    assert.equal(backend.socket, "/run/docker/d.sock");
    assert.equal(template.env["MESOS_DOCKER_MESOS_IMAGE"], template.image);
    const inside = await declared(false);
    assert.equal(inside.backend.socket, undefined);
    assert.equal(inside.template.env["MESOS_DOCKER_MESOS_IMAGE"], undefined);
  });

  it("declares agents as containers of the stack's network, which the controller makes", async () => {
    const { template, backend } = await declared();
    assert.match(template.image, /^pulumi-mesos\/simulator:\d/);
    assert.ok(template.command.includes("--ip={address}"));
    assert.match(backend.network, /^10\.77\.\d+\.0\/24$/);
    assert.deepEqual([backend.kind, ...backend.taskPorts], ["docker", 31000, 32000]);
  });

  it("uploads certificates, a keystore as the bytes that it is", async () => {
    const all = await record(() => program());
    const { value } = find(all, "demo-marathon-1", types.container).inputs["uploads"] as {
      value: { file: string; content?: string; contentBase64?: string }[];
    };
    const named = (file: string) => value.find((upload) => upload.file === `/etc/pulumi-mesos/tls/${file}`);
    assert.equal(named("keystore.p12")?.content, undefined);
    // A PKCS #12 begins with a sequence of version 3.
    const bytes = Buffer.from(named("keystore.p12")?.contentBase64 ?? "", "base64");
    assert.match(bytes.toString("hex"), /^3082....020103/);
    assert.match(named("cert.pem")?.content ?? "", /^-----BEGIN CERTIFICATE-----/);
    const { inputs } = find(all, "demo-masters-1", types.container);
    assert.match(
      JSON.stringify(inputs["uploads"]),
      /LIBPROCESS_SSL_KEY_FILE='\/etc\/pulumi-mesos\/tls\/key\.pem'/,
    );
  });

  it("speaks plain HTTP where its program says so", async () => {
    const all = await record(() => program({ tls: false }));
    const { inputs } = find(all, "demo-masters-1", types.container);
    assert.doesNotMatch(JSON.stringify(inputs), /LIBPROCESS_SSL|tls\//);
    assert.match(JSON.stringify(find(all, "demo-provider").inputs["mesosUrls"]), /"http:\/\/10\.77\./);
  });

  it("keeps what derives from the cluster's secret in secret uploads", async () => {
    const all = await record(() => program());
    assert.ok(!JSON.stringify(all).includes("a-secret-of-thirty-two-characters"));
    const { inputs } = find(all, "demo-edge-1", types.container);
    // The mocks show a secret as an envelope.
    const text = JSON.stringify(inputs["uploads"]);
    assert.match(text, /EDGE_STATS_PASSWORD='[A-Za-z0-9_-]{43}'/);
    assert.ok(text.includes("1b47061264138c4ac30d75fd1eb44270"));
    const { uploads, ...others } = inputs;
    assert.ok(uploads);
    assert.doesNotMatch(JSON.stringify(others), /EDGE_STATS_PASSWORD|text of a key/);
    assert.match(text, /"\/etc\/pulumi-mesos\/certificates\/shop\.pem"/);
    assert.match(JSON.stringify(others), /--ssl-certs=\/etc\/pulumi-mesos\/certificates/);
  });
});

describe("a cluster on Docker behind published ports", function () {
  this.timeout(60_000);
  const program = (own: object = {}): void => {
    const cluster = new Cluster("demo", {
      platform: new DockerPlatform({ network, reach: "published", ...own }),
      secret: "a-secret-of-thirty-two-characters",
      zookeeper: { size: 3 },
      masters: { size: 3 },
      agents: { web: { size: 2, resources: { cpus: 2, mem: 1024 } } },
      edge: { size: 2, certificates: { "shop.pem": "the text of a key" } },
    });
    const { edge, masters, marathon } = cluster;
    pulumi
      .all([edge.url, edge.httpsUrl, edge.urls, masters.uiUrl, marathon.url])
      .apply((urls) => said.push(...urls.flatMap((url) => url ?? [])));
  };
  let said: string[] = [];
  beforeEach(() => {
    said = [];
  });

  interface Published {
    readonly internal: number;
    readonly external: number;
    readonly ip: string;
  }

  /** `host:port` inside by where it is published. */
  function publishedBy(all: readonly Recorded[]): Map<string, string> {
    const entries = all
      .filter(({ type }) => type === types.container)
      .flatMap(({ inputs }) => {
        const [{ ipv4Address } = { ipv4Address: "" }] = inputs["networksAdvanced"] as {
          ipv4Address: string;
        }[];
        return ((inputs["ports"] ?? []) as Published[]).map(
          ({ internal, external, ip }) => [`${ipv4Address}:${internal}`, `${ip}:${external}`] as const,
        );
      });
    return new Map(entries);
  }

  it("publishes what people and the plugin ask, on loopback alone, each at a port of its own", async () => {
    const all = await record(() => program());
    const published = publishedBy(all);
    const count = (port: number): number =>
      [...published.keys()].filter((at) => at.endsWith(`:${port}`)).length;
    assert.deepEqual([2181, 5050, 8080, 8000, 80, 443, 8010].map(count), [3, 3, 2, 2, 2, 2, 1]);
    assert.equal(published.size, 15, "and not what servers say among themselves");
    assert.equal(new Set(published.values()).size, 15);
    for (const at of published.values()) assert.match(at, /^127\.0\.0\.1:1\d{4}$/);
    assert.deepEqual([...publishedBy(await record(() => program()))], [...published]);
  });

  it("names in certificates where ports are published, too", async () => {
    const named = async (own: object): Promise<string[]> => {
      const all = await record(() => program(own));
      return ["demo-masters-1", "demo-groups-1"].map((name) => {
        const { value } = find(all, name, types.container).inputs["uploads"] as {
          value: { file: string; content: string }[];
        };
        const pem = value.find(({ file }) => /tls\/(cert|pair)\.pem$/.test(file))?.content ?? "";
        const from = pem.indexOf("-----BEGIN CERTIFICATE");
        return new X509Certificate(pem.slice(from)).subjectAltName?.split(", ").slice(1).join(" ") ?? "";
      });
    };
    const own = ["DNS:demo-masters-1", "DNS:demo-groups-1"];
    const at = (host: string): string[] => own.map((name) => `${name} IP Address:${host}`);
    assert.deepEqual(await named({}), at("127.0.0.1"));
    assert.deepEqual(await named({ publish: { address: "10.1.2.3" } }), at("10.1.2.3"));
    assert.deepEqual(await named({ reach: "network" }), own);
  });

  it("sends the plugin and people to published ports, and members to each other", async () => {
    const all = await record(() => program());
    const published = publishedBy(all);
    for (const { name, type, inputs } of all.filter(({ type }) => /Ready|Leave|Ensemble/.test(type))) {
      const { member, peers = [], members = [] } = inputs as unknown as Record<string, MemberAddress[]>;
      for (const { host, port, via } of [
        ...(member === undefined ? [] : [member].flat()),
        ...peers,
        ...members,
      ])
        assert.equal(via, published.get(`${host}:${port}`), `${type} ${name}`);
    }
    const { marathonUrls, bambooUrls, mesosUrls, addressMap } = find(all, "demo-provider")
      .inputs as unknown as {
      addressMap: Record<string, string>;
    } & Record<string, string[]>;
    const urls = [marathonUrls, bambooUrls, mesosUrls].flatMap((list) => list ?? []);
    assert.equal(urls.length, 7);
    for (const url of urls)
      assert.equal(addressMap[new URL(url).host], published.get(new URL(url).host), url);
    const pool = find(all, "demo-web", "mesos:index:AgentPool").inputs;
    const servers = [...published].filter(([at]) => at.endsWith(":2181")).map(([, via]) => via);
    assert.equal(pool["zookeeper"], servers.join(","));
    const where = new Set(published.values());
    assert.equal(said.length, 6);
    for (const url of said) assert.ok(where.has(url.replace(/^https?:\/\//, "")), url);
    for (const name of ["demo-masters-1", "demo-marathon-1", "demo-edge-1", "demo-groups-1"])
      assert.doesNotMatch(JSON.stringify(find(all, name, types.container).inputs["command"]), /127\.0\.0\.1/);
  });

  it("publishes at the address and from the port that the program says", async () => {
    const publish = { address: "192.0.2.7", firstPort: 20_000 };
    const published = [...publishedBy(await record(() => program({ publish }))).values()];
    assert.ok(published.includes("192.0.2.7:20000"));
    for (const at of published) assert.match(at, /^192\.0\.2\.7:200\d\d$/);
  });

  it("fails with everything wrong about publishing at once", () => {
    const wrong = (args: object): string[] => {
      try {
        new DockerPlatform({ network, ...args } as DockerPlatformArgs);
      } catch (error) {
        assert.ok(error instanceof InvalidArgsError);
        return error.failures.map(({ path }) => path);
      }
      return [];
    };
    assert.deepEqual(wrong({ publish: {} }), ["publish"]);
    assert.deepEqual(wrong({ reach: "tunnel" }), ["reach"]);
    const publish = { address: "0.0.0.0", firstPort: 80 };
    assert.deepEqual(wrong({ reach: "published", publish }), ["publish.address", "publish.firstPort"]);
  });
});

describe("DockerPlatform", () => {
  it("fails in one line when a network is not a private one", () => {
    assert.throws(
      () => new DockerPlatform({ network: "127.77.0.0/16" }),
      (error) => error instanceof InvalidArgsError && error.hideStack && !error.message.includes("\n"),
    );
  });
});
