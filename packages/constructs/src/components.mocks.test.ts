// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import {
  basicAuthorization,
  credentialRole,
  type Door,
  deriveCredential,
  doors,
  type Frameworks,
  frameworkRole,
  type MemberStatus,
  masterAcls,
  type UserOf,
} from "@pulumi-mesos/model";
import { deriveAuthority, issue, keySeedLength } from "@pulumi-mesos/model/certificates";
import { Cluster, type ClusterArgs, type ClusterSecurity } from "./cluster";
import { Credentials } from "./credentials";
import { InvalidArgsError } from "./invalid-args-error";
import { LocalPlatform } from "./local-platform";
import { Masters, type MastersArgs } from "./masters";
import { type Recorded, record } from "./testing/recorded";
import { ZooKeeper, type ZooKeeperArgs } from "./zookeeper";

const network = "127.77.0.0/16";

function member(name: string, state: Partial<MemberStatus>): MemberStatus {
  return { name, up: true, joined: true, leading: false, detail: "", ...state };
}

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

describe("ZooKeeper on the local platform", () => {
  it("makes an ensemble, and for each server a volume, a process and two gates, and nothing else", async () => {
    const all = await record(() => {
      new ZooKeeper("zk", { platform: new LocalPlatform({ network }), size: 3 });
    });
    const servers = ["zk-1", "zk-2", "zk-3"];
    assert.deepEqual(
      all.map((r) => `${r.type} ${r.name}`).sort(),
      [
        "mesos:index:Ensemble zk-ensemble",
        "mesos:index:Ready zk-ready",
        "mesos:index:ZooKeeper zk",
        "pulumi:providers:mesos platform",
        ...servers.flatMap((name) => [
          `mesos:index:Leave ${name}-leave`,
          `mesos:index:Ready ${name}-ready`,
          `mesos:local:Process ${name}`,
          `mesos:local:Volume ${name}-data`,
        ]),
      ].sort(),
    );
    for (const resource of all.filter((r) => r.parent === "")) {
      assert.ok(["zk", "platform"].includes(resource.name), resource.name);
    }
    for (const resource of all.filter((r) => r.parent !== "")) {
      assert.equal(resource.parent, "zk", resource.name);
      assert.equal(resource.provider, "platform", resource.name);
    }
  });

  it("starts all in parallel when nobody answers, and changes broken members first and the leader last", async () => {
    const program = (): void => {
      new ZooKeeper("zk", { platform: new LocalPlatform({ network }), size: 3 });
    };
    for (const resource of (await record(() => void program())).filter(
      (r) => r.type === "mesos:local:Process",
    )) {
      assert.ok(resource.dependsOn.includes("zk-ensemble"));
      assert.ok(!resource.dependsOn.some((name) => name.endsWith("-ready")), resource.name);
    }
    const all = await record(program, [
      member("zk-1", { leading: true }),
      member("zk-2", {}),
      member("zk-3", { up: false, joined: false }),
    ]);
    const ready = (name: string): string[] =>
      find(all, name, "mesos:local:Process").dependsOn.filter((d) => d.endsWith("-ready"));
    assert.deepEqual(ready("zk-3"), []);
    assert.deepEqual(ready("zk-2"), ["zk-3-ready"]);
    assert.deepEqual(ready("zk-1"), ["zk-2-ready"]);
  });

  it("starts servers that came later one by one after the first where nobody answers, for those may be empty yet", async () => {
    const all = await record(
      () => void new ZooKeeper("zk", { platform: new LocalPlatform({ network }), size: 3 }),
      [],
      (type) => (type === "mesos:index:Ensemble" ? { founders: 1 } : {}),
    );
    const gates = ["zk-1", "zk-2", "zk-3"].map((name) =>
      find(all, name, "mesos:local:Process").dependsOn.filter((d) => d.endsWith("-ready")),
    );
    assert.deepEqual(gates, [[], ["zk-1-ready"], ["zk-2-ready"]]);
  });

  it("gives each process its address, its ports to keep and the volume of its name", async () => {
    const all = await record(() => {
      new ZooKeeper("zk", { platform: new LocalPlatform({ network }), size: 3 });
    });
    const { inputs, deleteBeforeReplace } = find(all, "zk-2", "mesos:local:Process");
    const prefix = String((inputs.listen as { host: string }[])[0]?.host).replace(/\d+$/, "");
    assert.deepEqual(inputs.command, ["zookeeper-server", "{conf}/zoo.cfg"]);
    assert.equal(inputs.volume, "zk-2");
    assert.equal(inputs.name, "zk-2");
    assert.ok(deleteBeforeReplace);
    assert.deepEqual(inputs.listen, [
      { host: `${prefix}2`, port: 2181 },
      { host: `${prefix}2`, port: 2888 },
      { host: `${prefix}2`, port: 3888 },
    ]);
    const leave = find(all, "zk-2-leave");
    assert.equal(leave.deletedWith, "zk-ensemble");
    assert.equal(leave.inputs.incarnation, "zk-2-incarnation");
    assert.equal(find(all, "zk-ready").inputs.whole, true);
  });
});

describe("ZooKeeper on its way between three servers and five", () => {
  it("counts the votes of the first alone, and clients know those that stay", async () => {
    let connection = "";
    const all = await record(() => {
      const platform = new LocalPlatform({ network });
      const zookeeper = new ZooKeeper("zk", { platform, size: 5, quorumOf: 4 });
      connection = zookeeper.connectionString;
    });
    assert.equal(connection.split(",").length, 3);
    const [config] = find(all, "zk-2", "mesos:local:Process").inputs.files as { content: string }[];
    assert.match(config?.content ?? "", /^weight\.4=1\nweight\.5=0$/m);
    const { size, quorum, voters } = find(all, "zk-ensemble").inputs;
    assert.deepEqual([size, quorum, voters], [5, 3, 4]);
    const asked = (name: string): string[] =>
      (find(all, name).inputs.peers as { name: string }[]).map((peer) => peer.name);
    assert.deepEqual(asked("zk-1-leave"), ["zk-2", "zk-3", "zk-4"]);
    assert.deepEqual(asked("zk-5-ready"), ["zk-1", "zk-2", "zk-3", "zk-4"]);
    assert.deepEqual(asked("zk-ready"), ["zk-2", "zk-3", "zk-4", "zk-5"]);
  });

  it("fails when quorumOf is given with another size", async () => {
    const platform = new LocalPlatform({ network });
    await assert.rejects(
      record(() => {
        new ZooKeeper("zk", { platform, size: 3, quorumOf: 4 });
      }),
      /zookeeper\.quorumOf: must be 3 or 4 with a size of 5, on the way between 3 and 5, or left out, got 4 with a size of 3/,
    );
  });
});

describe("Masters", () => {
  it("computes the quorum and waits for ZooKeeper", async () => {
    const all = await record(() => {
      const platform = new LocalPlatform({ network });
      const zookeeper = new ZooKeeper("zk", { platform, size: 1 });
      new Masters("m", { platform, zookeeper, size: 5, flags: { offer_timeout: "2mins" } });
    });
    const command = find(all, "m-1", "mesos:local:Process").inputs.command as string[];
    assert.ok(command.includes("--quorum=3"));
    assert.ok(command.includes("--offer_timeout=2mins"));
    assert.ok(find(all, "m-ensemble").dependsOn.includes("zk-ready"));
    const { members, ...size } = find(all, "m-ensemble").inputs;
    assert.deepEqual(size, { kind: "mesos-master", size: 5, quorum: 3 });
    assert.deepEqual(
      (members as { name: string }[]).map(({ name }) => name),
      ["m-1", "m-2", "m-3", "m-4", "m-5"],
    );
  });

  it("leaves those who stay the quorum of five while two leave, who must be gone before the next step", async () => {
    const all = await record(() => {
      const platform = new LocalPlatform({ network });
      const zookeeper = { connectionString: "h:2181", ready: [] };
      new Masters("m", { platform, zookeeper, size: 3, quorumOf: 5 });
    });
    const master = find(all, "m-3", "mesos:local:Process").inputs.command as string[];
    assert.ok(master.includes("--quorum=3"));
    const { size, quorum, left } = find(all, "m-ensemble").inputs;
    assert.deepEqual([size, quorum], [3, 3]);
    assert.deepEqual(
      (left as { name: string }[]).map(({ name }) => name),
      ["m-4", "m-5"],
    );
    assert.equal(all.filter(({ type }) => type === "mesos:local:Process").length, 3);
  });

  it("fails when quorumOf is given where nobody leaves", async () => {
    const platform = new LocalPlatform({ network });
    const zookeeper = { connectionString: "h:2181", ready: [] };
    await assert.rejects(
      record(() => {
        new Masters("m", { platform, zookeeper, size: 5, quorumOf: 5 });
      }),
      /masters\.quorumOf: must be 5 with a size of 3, on the way from 5 to 3, or left out, got 5 with a size of 5/,
    );
  });

  it("fails when the size is not 3 or 5, in one line that says why", async () => {
    const platform = new LocalPlatform({ network });
    const zookeeper = { connectionString: "h:2181", ready: [] };
    await assert.rejects(
      record(() => {
        // @ts-expect-error: 4 masters do not compile either
        new Masters("m", { platform, zookeeper, size: 4 });
      }),
      /masters\.size: must be 3 or 5 so that a majority survives one loss, got 4/,
    );
  });
});

describe("Cluster", function () {
  this.timeout(60_000);
  const program = (edge: ClusterArgs["edge"] = { size: 1 }, group: object = { size: 2 }): Cluster =>
    new Cluster("demo", {
      platform: new LocalPlatform({ network }),
      secret: "a-secret-of-thirty-two-characters",
      zookeeper: { size: 3 },
      masters: { size: 3 },
      agents: { web: { ...group, resources: { cpus: 2, mem: 1024 } } },
      marathon: { size: 2 },
      edge,
    });

  it("gives its provider plain endpoints and makes it wait for every part", async () => {
    const provider = find(await record(() => void program()), "demo-provider");
    const { marathonUrls, bambooUrls, mesosUrls, clusterInStack } = provider.inputs;
    assert.equal(String(clusterInStack), "true");
    assert.equal("bambooToken" in provider.inputs, false);
    const urls =
      typeof marathonUrls === "string" ? (JSON.parse(marathonUrls) as string[]) : (marathonUrls as string[]);
    assert.equal(urls.length, 2);
    assert.match(String(bambooUrls), /:8000/);
    assert.equal(String(mesosUrls).match(/http:\/\/[\d.]+:5050/g)?.length, 3);
    for (const name of ["demo-marathon-ready", "demo-edge-ready", "demo-groups-ready", "demo-web"]) {
      assert.ok(provider.dependsOn.includes(name), name);
    }
  });

  it("passes the edge a derived password, as a secret, and puts the cluster's secret nowhere", async () => {
    const all = await record(() => void program());
    assert.ok(!JSON.stringify(all).includes("a-secret-of-thirty-two-characters"));
    const env = find(all, "demo-edge-1", "mesos:local:Process").inputs.env as {
      value: Record<string, string>;
    };
    // The mocks show a secret as an envelope; a nested one marks the whole property.
    assert.equal(Object.values(env)[0], "1b47061264138c4ac30d75fd1eb44270");
    assert.match(env.value.EDGE_STATS_PASSWORD ?? "", /^[A-Za-z0-9_-]{43}$/);
  });

  it("gives the token of the edge's API to the edge, its gates, the controller that reads its counts and the provider, as a secret, and nobody else", async () => {
    const apiToken = "hush-token";
    const all = await record(() => void program({ size: 1, apiToken }));
    const isSecret = (value: unknown): boolean =>
      JSON.stringify(value).includes("1b47061264138c4ac30d75fd1eb44270");
    const holders = all.filter((r) => JSON.stringify(r.inputs).includes(apiToken));
    assert.deepEqual(holders.map((r) => r.name).sort(), [
      "demo-edge-1",
      "demo-edge-1-leave",
      "demo-edge-1-ready",
      "demo-edge-ensemble",
      "demo-edge-ready",
      "demo-groups-1",
      "demo-provider",
    ]);
    const env = find(all, "demo-edge-1", "mesos:local:Process").inputs.env as {
      value: Record<string, string>;
    };
    assert.equal(env.value.EDGE_API_TOKEN, apiToken);
    assert.ok(isSecret(env));
    assert.ok(isSecret(find(all, "demo-provider").inputs.bambooToken));
  });

  it("hands certificates to the edge as secret files and opens HTTPS for them", async () => {
    const pem = "-----BEGIN PRIVATE KEY-----";
    let url = "";
    const all = await record(() => {
      program({ size: 1, certificates: { "shop.pem": pem } }).edge.httpsUrl?.apply((known) => {
        url = known;
      });
    });
    const holders = all.filter((r) => JSON.stringify(r.inputs).includes(pem));
    assert.deepEqual(
      holders.map((r) => r.name),
      ["demo-edge-1"],
    );
    const { files, listen, command } = find(all, "demo-edge-1", "mesos:local:Process").inputs;
    assert.ok(JSON.stringify(files).includes("1b47061264138c4ac30d75fd1eb44270"));
    assert.ok(JSON.stringify(files).includes('"certificates/shop.pem"'));
    assert.ok(JSON.stringify(files).includes('"live":true'), "another certificate restarts no edge");
    assert.ok(JSON.stringify(listen).includes("8443"));
    assert.ok(JSON.stringify(command).includes("--ssl-certs={conf}/certificates"));
    assert.match(url, /^https:\/\/127\.[\d.]+:8443$/);
  });

  it("declares each agent group under the cluster's name with the platform's addresses", async () => {
    const pool = find(await record(() => void program()), "demo-web", "mesos:index:AgentPool");
    const { cluster, declaration } = pool.inputs as {
      cluster: string;
      declaration: {
        size: number;
        backend: { network: string; taskPorts: number[] };
        template: { command: string[] };
      };
    };
    assert.equal(cluster, "demo");
    assert.equal(declaration.size, 2);
    assert.match(declaration.backend.network, /^127\.77\.\d+\.0\/24$/);
    assert.deepEqual(declaration.backend.taskPorts, [31000, 31499]);
    assert.ok(declaration.template.command.includes("--ip={address}"));
    assert.ok(pool.dependsOn.includes("demo-groups-ready"));
  });

  it("runs as many controllers of agent groups as it is told, each at an address of its own, and refuses what is no number of them", async () => {
    const of = (size: number) =>
      record(() => {
        void new Cluster("demo", {
          platform: new LocalPlatform({ network: "127.77.0.0/16" }),
          secret: "a-secret-of-thirty-two-characters",
          zookeeper: { size: 1 },
          masters: { size: 3 },
          agentController: { size },
        });
      });
    const all = await of(2);
    const binds = ["demo-groups-1", "demo-groups-2"].map((name) => {
      const { command } = find(all, name, "mesos:local:Process").inputs as { command: string[] };
      return command.find((word) => word.startsWith("--bind="));
    });
    assert.equal(new Set(binds).size, 2);
    const { dependsOn } = find(all, "demo-groups-ready");
    for (const gate of ["demo-groups-1-ready", "demo-groups-2-ready"])
      assert.ok(dependsOn.includes(gate), gate);
    await assert.rejects(of(0), /agentController\.size: must be a whole number from 1 to 9, got 0/);
  });

  it("declares bounds and policy of a group that sizes itself", async () => {
    const autoscale = { min: 1, max: 4, targetUtilization: 0.8 };
    const all = await record(() => void program({ size: 1 }, { autoscale }));
    const pool = find(all, "demo-web", "mesos:index:AgentPool").inputs as { declaration: object };
    const { size, autoscale: declared } = pool.declaration as Record<string, unknown>;
    assert.deepEqual([size, declared], [0, autoscale]);
  });

  it("parents everything below itself", async () => {
    const all = await record(() => void program());
    assert.deepEqual(
      all
        .filter((r) => r.parent === "")
        .map((r) => r.name)
        .sort(),
      ["demo", "platform"],
    );
  });
});

describe("Credentials", () => {
  const closed = (secret: string, credentials = new Credentials({ secret, cluster: "zk" })): void => {
    new ZooKeeper("zk", { platform: new LocalPlatform({ network }), size: 1, credentials });
  };

  it("close a construct that stands alone", async () => {
    const all = await record(() => closed("a-secret-of-thirty-two-characters"));
    const files = JSON.stringify(find(all, "zk-1", "mesos:local:Process").inputs.files);
    assert.match(files, /enforce\.auth\.enabled=true/);
  });

  it("fail in one line when their secret is too short", async () => {
    await assert.rejects(
      record(() => closed("short")),
      /secret: must be a text of 16 characters or more, .* got 5; make one by/,
    );
  });

  it("fail without a word of the resources that hang on theirs", async () => {
    const owner = new pulumi.ComponentResource("test:index:Owner", "owner");
    const credentials = () => new Credentials({ secret: "short", cluster: "demo" }, owner);
    assert.throws(credentials, (error) => !inspect(error).includes("test:index:Owner"));
  });
});

describe("a closed Cluster", () => {
  const stack = { project: "project", stack: "stack" };
  const secret = "a-secret-of-thirty-two-characters";
  const program = (): void => {
    new Cluster("demo", {
      ...{ platform: new LocalPlatform({ network }), secret, security: { authentication: true } },
      ...{ zookeeper: { size: 3 }, masters: { size: 3 }, marathon: { size: 1 }, edge: { size: 1 } },
      agents: { web: { size: 2, resources: { cpus: 2, mem: 1024 } } },
    });
  };
  const passwordOf = <D extends Door>(door: D, user: UserOf<D>): string =>
    deriveCredential(secret, stack, credentialRole("demo", door, user));
  // The mocks show a secret as an envelope; a nested one marks the whole property.
  const opened = (value: unknown): unknown => {
    const { "4dabf18193072939515e22adb298388d": mark, value: inner } = value as Record<string, unknown>;
    assert.equal(mark, "1b47061264138c4ac30d75fd1eb44270");
    return inner;
  };

  it("tells every program its own credentials in files and variables, never in its command", async () => {
    const all = await record(program);
    const files = (name: string): Record<string, string> => {
      const list = opened(find(all, name, "mesos:local:Process").inputs.files) as {
        path: string;
        content: string;
      }[];
      return Object.fromEntries(list.map(({ path, content }) => [path, content]));
    };
    assert.ok(files("demo-zookeeper-1")["peers.conf"]?.includes(passwordOf("peers", "zookeeper")));
    const master = files("demo-masters-1");
    assert.ok(master["zk"]?.startsWith(`zk://masters:${passwordOf("zookeeper", "masters")}@127.`));
    const { credentials } = JSON.parse(master["credentials.json"] ?? "") as {
      credentials: { principal: string }[];
    };
    assert.deepEqual(credentials.map(({ principal }) => principal).sort(), [...doors.mesos].sort());
    assert.equal(files("demo-marathon-1")["secret"], passwordOf("mesos", "marathon"));
    for (const { inputs } of all.filter(({ type }) => type === "mesos:local:Process")) {
      for (const door of Object.keys(doors) as Door[]) {
        for (const user of doors[door]) {
          assert.ok(!JSON.stringify(inputs.command).includes(passwordOf(door, user as UserOf<typeof door>)));
        }
      }
    }
  });

  it("gives its gates and its provider what opens the members, as secrets", async () => {
    const all = await record(program);
    const header = basicAuthorization({ user: "operator", password: passwordOf("mesos", "operator") });
    for (const gate of ["demo-masters-1-ready", "demo-masters-2-leave", "demo-masters-ready"]) {
      assert.equal(opened(find(all, gate).inputs.authorization), header);
    }
    assert.equal(
      opened(find(all, "demo-edge-1-ready").inputs.authorization),
      `Bearer ${passwordOf("edge", "operator")}`,
    );
    assert.equal(find(all, "demo-zookeeper-1-ready").inputs.authorization, undefined);
    const { marathonUser, marathonPassword, mesosUser, mesosPassword } = find(all, "demo-provider").inputs;
    assert.deepEqual([marathonUser, mesosUser], ["operator", "operator"]);
    assert.equal(opened(marathonPassword), passwordOf("marathon", "operator"));
    assert.equal(opened(mesosPassword), passwordOf("mesos", "operator"));
    const pool = find(all, "demo-web", "mesos:index:AgentPool").inputs;
    assert.equal(opened(pool.zookeeperCredential), `groups:${passwordOf("zookeeper", "groups")}`);
  });

  it("lets frameworks of one's own register at its masters, each by its own secret, and no other", async () => {
    let known: pulumi.Output<unknown> | undefined;
    const all = await record(() => {
      const frameworks = { mine: { roles: ["batch"] } };
      const { credentials } = new Cluster("demo", {
        ...{
          platform: new LocalPlatform({ network }),
          secret,
          security: { authentication: true, frameworks },
        },
        ...{ zookeeper: { size: 3 }, masters: { size: 3 } },
      });
      known = credentials?.framework("mine");
    });
    const own = { user: "mine", password: deriveCredential(secret, stack, frameworkRole("demo", "mine")) };
    assert.ok(known);
    assert.deepEqual(await new Promise((resolve) => known?.apply(resolve)), own);
    assert.equal(await pulumi.isSecret(known), true);
    for (const name of ["demo-masters-1", "demo-masters-3"]) {
      const files = opened(find(all, name, "mesos:local:Process").inputs.files) as Record<string, string>[];
      const text = (path: string) => files.find((file) => file["path"] === path)?.["content"] ?? "";
      assert.ok(text("credentials.json").includes(`{"principal":"mine","secret":"${own.password}"}`));
      assert.equal(text("acls.json"), masterAcls({ mine: { roles: ["batch"] } }));
    }
    for (const { name, inputs } of all.filter((r) => !r.name.startsWith("demo-masters")))
      assert.ok(!JSON.stringify(inputs).includes(own.password), name);
  });

  it("tells its agents who may do what, unless authorization is off", async () => {
    const flags = async (authorization?: boolean): Promise<string[]> => {
      const all = await record(() => {
        new Cluster("demo", {
          ...{ platform: new LocalPlatform({ network }), secret },
          security: { authentication: true, authorization },
          ...{ zookeeper: { size: 3 }, masters: { size: 3 } },
          agents: { web: { size: 1, resources: { cpus: 1, mem: 512 } } },
        });
      });
      const declaration = opened(find(all, "demo-web", "mesos:index:AgentPool").inputs.declaration);
      const { command } = (declaration as { template: { command: string[] } }).template;
      return command.filter((word) => word.startsWith("--acls"));
    };
    assert.deepEqual(await flags(), ["--acls=file://{conf}/acls.json"]);
    assert.deepEqual(await flags(false), []);
  });

  it("fails with everything wrong about frameworks of one's own at once", async () => {
    const made = (authentication: boolean, frameworks: object): Promise<unknown> =>
      record(() => {
        new Cluster("demo", {
          ...{ platform: new LocalPlatform({ network }), secret },
          security: { authentication, frameworks: frameworks as Frameworks },
          ...{ zookeeper: { size: 3 }, masters: { size: 3 } },
        });
      });
    await assert.rejects(
      made(false, { mine: { roles: ["a"] } }),
      /security\.frameworks: needs authentication/,
    );
    const wrong = { marathon: { roles: ["a"] }, "a:b": { roles: [] }, mine: { roles: ["a"], users: "root" } };
    await assert.rejects(made(true, wrong), (error: Error) => {
      for (const path of [
        '["marathon"]: a principal',
        '["a:b"]: a principal',
        '["a:b"].roles',
        '["mine"].users',
      ])
        assert.ok(error.message.includes(`security.frameworks${path}`), error.message);
      return true;
    });
  });

  it("marks its ensembles with a fingerprint of the secret that tells nothing of it", async () => {
    const all = await record(program);
    const marks = all
      .filter(({ type }) => type === "mesos:index:Ensemble")
      .map(({ inputs }) => inputs.fingerprint);
    assert.equal(new Set(marks).size, 1);
    assert.match(String(marks[0]), /^[0-9a-f]{16}$/);
  });

  it("fails when a flag would take the place of what follows from security", async () => {
    await assert.rejects(
      record(() => {
        new Cluster("demo", {
          ...{ platform: new LocalPlatform({ network }), secret, security: { authentication: true } },
          ...{ zookeeper: { size: 3 }, masters: { size: 3, flags: { credentials: "/mine" } } },
        });
      }),
      /masters\.flags\.credentials: follows from the program and cannot be set/,
    );
  });
});

describe("a cluster that speaks TLS", () => {
  const secret = "a-secret-of-thirty-two-characters";
  const envelope = "4dabf18193072939515e22adb298388d";
  const program = (security: ClusterSecurity) => () => {
    new Cluster("demo", {
      ...{ platform: new LocalPlatform({ network }), secret, security },
      ...{ zookeeper: { size: 1 }, masters: { size: 3 }, marathon: { size: 1 }, edge: { size: 1 } },
      agents: { web: { size: 1, resources: { cpus: 2, mem: 1024 } } },
    });
  };
  const authorityIn = (all: Awaited<ReturnType<typeof record>>): string =>
    String(find(all, "demo-masters-1-ready").inputs.ca);

  it("has one authority, which is no secret, for gates and provider, and none for ZooKeeper", async () => {
    const all = await record(program({ tls: true }));
    const ca = authorityIn(all);
    assert.match(ca, /^-----BEGIN CERTIFICATE-----/);
    for (const gate of [
      "demo-marathon-ready",
      "demo-edge-1-leave",
      "demo-groups-ensemble",
      "demo-masters-ensemble",
    ])
      assert.equal(find(all, gate).inputs.ca, ca, gate);
    assert.equal(find(all, "demo-zookeeper-1-ready").inputs.ca, undefined);
    const { inputs } = find(all, "demo-provider");
    assert.deepEqual([inputs.marathonCa, inputs.bambooCa, inputs.mesosCa], [ca, ca, ca]);
    assert.match(JSON.stringify(inputs.mesosUrls), /https:\/\/127/);
    assert.doesNotMatch(JSON.stringify([inputs.mesosUrls, inputs.marathonUrls, inputs.bambooUrls]), /http:/);
  });

  it("keeps private keys secret, and gives each member one of its own", async () => {
    const all = await record(program({ tls: true }));
    const keys = ["demo-masters-1", "demo-masters-2", "demo-marathon-1"].map((name) => {
      const files = find(all, name, "mesos:local:Process").inputs.files as Record<string, unknown>;
      assert.ok(envelope in files, `${name}: its files are secret`);
      const list = files["value"] as { path: string; content: string }[];
      return list.find(({ path }) => path === "tls/key.pem")?.content ?? "";
    });
    for (const key of keys) assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
    assert.equal(new Set(keys).size, keys.length);
    for (const { inputs } of all) assert.ok(!JSON.stringify(inputs.command ?? "").includes("PRIVATE KEY"));
  });

  it("has the same certificates each time, others of another authority, and fails for one that cannot sign", async () => {
    const first = await record(program({ tls: true }));
    const second = await record(program({ tls: true }));
    const filesOf = (all: typeof first) => find(all, "demo-marathon-1", "mesos:local:Process").inputs.files;
    assert.deepEqual(filesOf(first), filesOf(second));
    const own = deriveAuthority("mine", Buffer.alloc(keySeedLength, 7));
    const mine = await record(program({ tls: { ca: own } }));
    assert.equal(authorityIn(mine), own.cert);
    const leaf = issue(own, { name: "leaf", names: ["127.0.0.1"] }, Buffer.alloc(keySeedLength, 8));
    await assert.rejects(
      record(program({ tls: { ca: leaf } })),
      /security\.tls\.ca: cert: must be of an authority \(basicConstraints CA:TRUE\)/,
    );
  });
});

describe("bad arguments", () => {
  it("do not compile where a size is not one of those that work", () => {
    const refused: [MastersArgs["size"][], ZooKeeperArgs["size"][]] = [
      [
        // @ts-expect-error four masters survive no more losses than three
        4,
        // @ts-expect-error one master survives none
        1,
        // @ts-expect-error it decides how many resources exist, so it is a plain value
        pulumi.output(3),
      ],
      // @ts-expect-error two servers survive no loss
      [2],
    ];
    assert.equal(refused.length, 2);
  });

  const platform = new LocalPlatform({ network });
  const parts = { platform, secret: "a-secret-of-thirty-two-characters" };

  it("fails with everything wrong in a cluster's parts at once, before any is made", async () => {
    const wrong = {
      ...parts,
      zookeeper: { size: 2 },
      masters: { size: 4, flags: { quorum: 1, "--offer_timeout": "2mins" } },
      agents: { "Web!": { size: 1.5, resources: { cpus: "many" } } },
      marathon: { size: 0 },
      edge: { size: 17, certificates: { "../key": "" } },
    } as unknown as ClusterArgs;
    const made: string[] = [];
    const failing = record(() => {
      const cluster = new Cluster("demo", wrong);
      made.push(cluster.zookeeper.connectionString);
    });
    await assert.rejects(failing, (error) => {
      assert.ok(error instanceof InvalidArgsError);
      assert.deepEqual(
        error.failures.map((f) => f.path),
        [
          "zookeeper.size",
          "masters.size",
          "masters.flags.quorum",
          'masters.flags["--offer_timeout"]',
          "marathon.size",
          'edge.certificates["../key"]',
          "edge.size",
          "agents.Web!",
          "agents.Web!.size",
          "agents.Web!.resources.cpus",
          "agents.Web!.resources.mem",
        ],
      );
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    assert.deepEqual(made, []);
  });

  it("fails in one line each for bounds that cross, a target that nothing can meet, and two sizes", async () => {
    const refused = async (group: object, pattern: RegExp): Promise<void> => {
      const agents = { web: { resources: { cpus: 1, mem: 64 }, ...group } } as ClusterArgs["agents"];
      const args = { ...parts, zookeeper: { size: 1 as const }, masters: { size: 3 as const }, agents };
      await assert.rejects(
        record(() => void new Cluster("demo", args)),
        pattern,
      );
    };
    const min = /agents\.web\.autoscale\.min: must be max \(2\) or less, got 3; raise max or lower min$/;
    await refused({ autoscale: { min: 3, max: 2 } }, min);
    const target = /agents\.web\.autoscale\.targetUtilization: must be 1 or less, got 70$/;
    await refused({ autoscale: { min: 1, max: 2, targetUtilization: 70 } }, target);
    await refused(
      { autoscale: { min: 0, max: 0 } },
      /agents\.web\.autoscale\.max: must be 1 or more, got 0; /,
    );
    await refused({ size: 2, autoscale: { min: 1, max: 2 } }, /agents\.web\.size: must be left out where/);
    await refused({}, /agents\.web\.size: must be a whole number, 0 or more, got nothing$/);
    const lanes = /agents\.web\.update\.canary: must be between 1 and 200, got 0$/;
    await refused({ size: 1, update: { canary: 0 } }, lanes);
    await refused(
      { size: 1, onDrainTimeout: "kill" },
      /agents\.web\.onDrainTimeout: must be "report" or "end"/,
    );
    await refused({ autoscale: { min: 1, max: 99 } }, /agents\.web\.autoscale\.max: must be 25 or less, /);
  });

  it("fails in one line when a size is an Output or left out", async () => {
    const make = (size: unknown) =>
      record(() => {
        new ZooKeeper("zk", { platform, size } as ZooKeeperArgs);
      });
    await assert.rejects(
      make(pulumi.output(3)),
      /^[^\n]*got an Output, whose value a preview may not know$/m,
    );
    await assert.rejects(make(undefined), /got nothing$/);
  });

  it("fails in one line when a network is not of the loopback, by an error that Pulumi prints without a stack", () => {
    assert.throws(
      () => new LocalPlatform({ network: "10.0.0.0/16" }),
      (error) =>
        error instanceof InvalidArgsError && pulumi.ResourceError.isInstance(error) && error.hideStack,
    );
  });
});

describe("LocalPlatform", () => {
  it("gives five addresses that begin with the three it gave before, and no two names the same", () => {
    const platform = new LocalPlatform({ network });
    const three = platform.addresses("a", 3);
    assert.deepEqual(platform.addresses("a", 5).slice(0, 3), three);
    const hosts = [...platform.addresses("a", 5), ...platform.addresses("b", 5)].map((a) => a.host);
    assert.equal(new Set(hosts).size, 10);
  });
});
