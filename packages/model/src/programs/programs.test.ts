// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { expandPlaceholders, type Service } from "../service";
import { agentAcls, masterAcls } from "./acls";
import { edgeService } from "./edge";
import { marathonArgs, mesosArgs } from "./flags";
import { groupsService } from "./groups";
import { marathonService } from "./marathon";
import { agentService, closedAgentFlags } from "./mesos-agent";
import { masterService } from "./mesos-master";
import { connectionString, peersFile, zookeeperService } from "./zookeeper";

const members = [1, 2, 3].map((n) => ({ name: `zk-${n}`, host: `127.77.1.${n}` }));

function file(service: Service, path: string): string {
  const found = service.files.find((f) => f.path === path);
  assert.ok(found, `${path} is among the files`);
  return found.content;
}

describe("mesosArgs", () => {
  it("writes flags as stout reads them, sorted", () => {
    assert.deepEqual(
      mesosArgs({ zk: "zk://h:2181/mesos", log_auto_initialize: false, authenticate: true, quorum: 2 }),
      ["--authenticate", "--no-log_auto_initialize", "--quorum=2", "--zk=zk://h:2181/mesos"],
    );
  });
});

describe("marathonArgs", () => {
  it("writes flags as Marathon reads them, sorted", () => {
    assert.deepEqual(marathonArgs({ http_port: 8080, ha: false, checkpoint: true }), [
      "--checkpoint",
      "--disable_ha",
      "--http_port",
      "8080",
    ]);
  });
});

describe("zookeeperService", () => {
  it("names every server of the ensemble and itself by its number", () => {
    const service = zookeeperService({ members, index: 1, heapMiB: 128, tickTimeMs: 2000 });
    const config = file(service, "zoo.cfg");
    assert.match(config, /^server\.1=127\.77\.1\.1:2888:3888$/m);
    assert.match(config, /^server\.3=127\.77\.1\.3:2888:3888$/m);
    assert.match(config, /^tickTime=2000$/m);
    assert.equal(file(service, "{data}/myid"), "2\n");
    assert.deepEqual(service.ports, { client: 2181, peer: 2888, election: 3888 });
  });

  it("runs a single server without an ensemble", () => {
    const service = zookeeperService({
      members: members.slice(0, 1),
      index: 0,
      heapMiB: 128,
      tickTimeMs: 2000,
    });
    assert.doesNotMatch(file(service, "zoo.cfg"), /^server\./m);
    assert.deepEqual(service.ports, { client: 2181 });
  });
});

describe("connectionString", () => {
  it("names every server with its client port", () => {
    assert.equal(connectionString(members), "127.77.1.1:2181,127.77.1.2:2181,127.77.1.3:2181");
  });
});

describe("masterService", () => {
  it("computes the quorum and keeps the registry on disk whatever an image's default is", () => {
    const { args } = masterService({
      zk: "zk://h:2181/mesos",
      size: 5,
      cluster: "demo",
      flags: { offer_timeout: "2mins" },
    });
    assert.ok(args.includes("--quorum=3"));
    assert.ok(args.includes("--registry=replicated_log"));
    assert.ok(args.includes("--offer_timeout=2mins"));
    assert.ok(args.includes("--hostname={address}"));
  });
});

describe("agentService", () => {
  it("offers what the group says and the ports of its member", () => {
    const { args } = agentService({
      master: "zk://h:2181/mesos",
      resources: { cpus: 2, mem: 1024 },
      attributes: { rack: "b", group: "web" },
      flags: {},
    });
    assert.ok(args.includes("--resources=cpus:2;mem:1024;disk:10240;ports:[{ports}]"));
    assert.ok(args.includes("--attributes=group:web;rack:b"));
  });

  it("leaves attributes out when there are none", () => {
    const { args } = agentService({
      master: "m",
      resources: { cpus: 1, mem: 1, gpus: 1 },
      attributes: {},
      flags: {},
    });
    assert.ok(args.includes("--resources=cpus:1;mem:1;disk:10240;gpus:1;ports:[{ports}]"));
    assert.ok(!args.some((arg) => arg.startsWith("--attributes")));
  });
});

describe("zookeeperService of servers that do not all vote", () => {
  const five = Array.from({ length: 5 }, (_, n) => ({ name: `z${n + 1}`, host: `10.0.0.${n + 1}` }));
  const settings = { members: five, index: 4, heapMiB: 128, tickTimeMs: 2000 };

  it("lists all of them and gives the first the weight, the same for each server", () => {
    const config = file(zookeeperService({ ...settings, voters: 3 }), "zoo.cfg");
    assert.match(config, /^server\.5=10\.0\.0\.5:2888:3888\ngroup\.1=1:2:3:4:5\nweight\.1=1$/m);
    assert.match(config, /^weight\.3=1\nweight\.4=0\nweight\.5=0$/m);
    assert.equal(file(zookeeperService({ ...settings, voters: 3, index: 0 }), "zoo.cfg"), config);
  });

  it("has no weights where all vote", () => {
    assert.doesNotMatch(file(zookeeperService(settings), "zoo.cfg"), /weight|group/);
    assert.doesNotMatch(file(zookeeperService({ ...settings, voters: 5 }), "zoo.cfg"), /weight|group/);
  });
});

describe("services that refuse strangers", () => {
  const secretless = (service: Service): void => {
    assert.doesNotMatch(
      JSON.stringify(service),
      /zk:\/\//,
      "what holds a password is in a file or a variable",
    );
  };

  it("make ZooKeeper ask clients for a digest and servers for the ensemble's password", () => {
    const service = zookeeperService({
      ...{ members, index: 0, heapMiB: 128, tickTimeMs: 2000 },
      authentication: true,
    });
    const config = file(service, "zoo.cfg");
    assert.match(config, /^enforce\.auth\.enabled=true$/m);
    assert.match(config, /^quorum\.auth\.learnerRequireSasl=true$/m);
    assert.match(service.env["JVMFLAGS"] ?? "", /java\.security\.auth\.login\.config=\{conf\}\/peers\.conf$/);
    const peers = peersFile({ user: "zookeeper", password: "pass" });
    assert.match(peers, /^ {2}user_zookeeper="pass";$/m);
    assert.match(peers, /^ {2}username="zookeeper"\n {2}password="pass";$/m);
  });

  it("let masters, agents and Marathon ask everybody, and read what they are told from files", () => {
    const master = masterService({
      ...{ zk: "zk://h/mesos", size: 3, cluster: "c", flags: {} },
      authentication: true,
    });
    secretless(master);
    for (const flag of [
      "zk=file://{conf}/zk",
      "credentials={conf}/credentials.json",
      "authenticate_agents",
    ]) {
      assert.ok(master.args.includes(`--${flag}`), flag);
    }
    const agent = agentService({
      ...{ master: "zk://h/mesos", resources: { cpus: 1, mem: 1 }, attributes: {}, flags: {} },
      authentication: true,
    });
    secretless(agent);
    for (const flag of ["master=file://{conf}/master", "credential={conf}/credential.json"]) {
      assert.ok(agent.args.includes(`--${flag}`), flag);
    }
    const marathon = marathonService({
      ...{ master: "zk://h/mesos", zk: "zk://h/marathon", flags: {} },
      authentication: true,
    });
    secretless(marathon);
    assert.ok(!marathon.args.includes("--zk") && !marathon.args.includes("--master"));
    assert.equal(marathon.ready.http, undefined, "it answers nobody without a credential");
  });
});

describe("services of a cluster with TLS", () => {
  const resources = { cpus: 1, mem: 1 };
  const marathonUrls = ["https://h:8080"];
  const services = {
    master: masterService({ zk: "zk://h/mesos", size: 3, cluster: "c", flags: {}, tls: true }),
    agent: agentService({ master: "zk://h/mesos", resources, attributes: {}, flags: {}, tls: true }),
    marathon: marathonService({ master: "zk://h/mesos", zk: "zk://h/marathon", flags: {}, tls: true }),
    edge: edgeService({ marathonUrls, zookeeper: "h:2181", trafficPort: 80, tls: true }),
    groups: groupsService({
      cluster: "c",
      zookeeper: "h:2181",
      masters: ["h:5050"],
      marathonUrls,
      tls: true,
    }),
  };

  it("tell Mesos's programs to speak nothing else, and to believe who has a certificate for its address", () => {
    for (const { env } of [services.master, services.agent, services.marathon]) {
      assert.equal(env["LIBPROCESS_SSL_ENABLED"], "true");
      assert.equal(env["LIBPROCESS_SSL_SUPPORT_DOWNGRADE"], "false");
      assert.equal(env["LIBPROCESS_SSL_VERIFY_SERVER_CERT"], "true");
      assert.equal(env["LIBPROCESS_SSL_VERIFY_CERT"], "true", "as Mesos 1.9 calls it");
      assert.equal(env["LIBPROCESS_SSL_KEY_FILE"], "{conf}/tls/key.pem");
    }
    const executors = file(services.agent, "executor-environment.json");
    assert.deepEqual(JSON.parse(executors), services.agent.env);
    assert.ok(
      services.agent.args.includes(
        "--executor_environment_variables=file://{conf}/executor-environment.json",
      ),
    );
  });

  it("close Marathon's plain port, and take its place", () => {
    const { args } = services.marathon;
    assert.ok(args.includes("--disable_http"));
    for (const [flag, value] of [
      ["--https_port", "8080"],
      ["--https_address", "{address}"],
      ["--ssl_keystore_path", "{conf}/tls/keystore.p12"],
    ] as const) {
      assert.equal(args[args.indexOf(flag) + 1], value);
    }
  });

  it("give edge and controller their certificate, and whom they believe", () => {
    assert.ok(services.edge.args.includes("--api-certificate={conf}/tls/pair.pem"));
    assert.ok(services.edge.args.includes("--marathon-ca={conf}/tls/ca.pem"));
    assert.equal(services.edge.env["BAMBOO_ENDPOINT"], "https://{address}:8000");
    assert.ok(services.groups.args.includes("--certificate={conf}/tls/pair.pem"));
    assert.ok(services.groups.args.includes("--ca={conf}/tls/ca.pem"));
  });

  it("are ready when their port is open, because no probe speaks TLS", () => {
    for (const { ready } of Object.values(services)) assert.match(ready.tcp ?? "", /^\{address\}:\d+$/);
  });
});

describe("masterAcls", () => {
  const acls = JSON.parse(masterAcls()) as Record<string, { principals: { values: string[] } }[]>;
  const may = (principal: string): string[] =>
    Object.keys(acls).filter(
      (action) => action !== "permissive" && acls[action]?.[0]?.principals.values.includes(principal),
    );

  it("lets agents register, Marathon run what it has, and the controller empty agents, and nothing more", () => {
    assert.equal(acls["permissive"], false);
    assert.deepEqual(may("agents"), ["register_agents"]);
    assert.ok(may("marathon").includes("run_tasks"));
    assert.deepEqual(
      may("marathon").filter((action) => /agents|quota|view|endpoints|weights|teardown/.test(action)),
      [],
    );
    assert.deepEqual(
      may("groups").filter((action) => !/^view_(frameworks|tasks|executors)$/.test(action)),
      [
        "drain_agents",
        "deactivate_agents",
        "reactivate_agents",
        "mark_agents_gone",
        "get_maintenance_schedules",
      ],
    );
    assert.ok(!may("operator").includes("register_frameworks"));
  });

  it("lets a framework of one's own register with its roles and run tasks as its users, and nothing of others", () => {
    const access = { roles: ["batch", "batch/%"], users: ["nobody"] };
    const text = masterAcls({ mine: access, other: { roles: ["other"] } });
    const theirs = JSON.parse(text) as Record<string, { principals: { values: string[] } }[]>;
    const of = (principal: string): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(theirs)
          .filter(([action]) => action !== "permissive")
          .flatMap(([action, rules]) =>
            rules
              .filter(({ principals }) => principals.values.includes(principal))
              .map(({ principals: _, ...about }) => [action, about] as const),
          ),
      );
    const roles = { roles: { type: "SOME", values: access.roles } };
    const own = { type: "SOME", values: ["mine"] };
    assert.deepEqual(of("mine"), {
      register_frameworks: roles,
      run_tasks: { users: { type: "SOME", values: ["nobody"] } },
      teardown_frameworks: { framework_principals: own },
      reserve_resources: roles,
      unreserve_resources: { reserver_principals: own },
      create_volumes: roles,
      destroy_volumes: { creator_principals: own },
      resize_volumes: roles,
    });
    assert.deepEqual(of("other")["run_tasks"], { users: { type: "ANY" } });
    assert.deepEqual(Object.keys(of("marathon")), may("marathon"));
  });

  it("stands in a file beside the master that it is for", () => {
    const settings = { zk: "zk://h/mesos", size: 3, cluster: "c", flags: {}, authentication: true };
    const service = masterService(settings);
    assert.ok(service.args.includes("--acls=file://{conf}/acls.json"));
    assert.equal(file(service, "acls.json"), masterAcls());
    assert.deepEqual(masterService({ ...settings, authorization: false }).files, []);
  });
});

describe("agentAcls", () => {
  it("lets the operator see everything of an agent and start nothing, and is told to agents that ask who one is", () => {
    const { permissive, ...acls } = JSON.parse(agentAcls()) as Record<string, unknown>;
    assert.equal(permissive, false);
    assert.deepEqual(
      Object.keys(acls).filter((action) => !/^(view|access|get)_/.test(action)),
      ["set_log_level"],
    );
    const settings = { master: "m", resources: { cpus: 1, mem: 1 }, attributes: {}, flags: {} };
    const closed = agentService({ ...settings, authentication: true });
    assert.ok(closed.args.includes("--acls=file://{conf}/acls.json"));
    assert.equal(file(closed, "acls.json"), agentAcls());
    assert.ok(closedAgentFlags.includes("acls"));
    for (const open of [{}, { authentication: true, authorization: false }])
      assert.deepEqual(agentService({ ...settings, ...open }).files, []);
  });
});

describe("the other services", () => {
  it("point Marathon at the masters and at its own state", () => {
    const { args } = marathonService({ master: "zk://h:2181/mesos", zk: "zk://h:2181/marathon", flags: {} });
    assert.deepEqual(args.slice(args.indexOf("--master"), args.indexOf("--master") + 2), [
      "--master",
      "zk://h:2181/mesos",
    ]);
    assert.deepEqual(args.slice(-2), ["--zk", "zk://h:2181/marathon"]);
  });

  it("give the edge Bamboo's environment", () => {
    const { env, args } = edgeService({
      marathonUrls: ["http://a:8080", "http://b:8080"],
      zookeeper: "h:2181",
      trafficPort: 80,
    });
    assert.equal(env.MARATHON_ENDPOINT, "http://a:8080,http://b:8080");
    assert.equal(env.BAMBOO_ZK_HOST, "h:2181");
    assert.ok(args.includes("--frontend-bind={address}:80"));
    assert.doesNotMatch(args.join(" "), /ssl|https/);
  });

  it("have the edge serve HTTPS only with a port for it", () => {
    const { args, ports } = edgeService({
      marathonUrls: ["http://a:8080"],
      zookeeper: "h:2181",
      trafficPort: 80,
      httpsPort: 443,
    });
    assert.deepEqual(args.slice(-2), ["--https-bind={address}:443", "--ssl-certs={conf}/certificates"]);
    assert.equal(ports.https, 443);
  });

  it("tell the group controller whom to ask", () => {
    const { args } = groupsService({
      cluster: "demo",
      zookeeper: "h:2181",
      masters: ["a:5050", "b:5050"],
      marathonUrls: ["http://a:8080"],
    });
    assert.ok(args.includes("--masters=a:5050,b:5050"));
    assert.ok(args.includes("--members={members}"));
  });
});

describe("expandPlaceholders", () => {
  it("fills in what is known and leaves other braces alone", () => {
    assert.equal(
      expandPlaceholders("{address}:{name}:{data}:{x}", { address: "127.0.0.1", name: "n" }),
      "127.0.0.1:n:{data}:{x}",
    );
  });
});
