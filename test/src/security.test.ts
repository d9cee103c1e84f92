// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { runCli } from "@pulumi-mesos/cli";
import { MesosClient, ZooKeeper } from "@pulumi-mesos/client";
import { basicAuthorization, isMesosError, parseLoopbackNetwork, type UserOf } from "@pulumi-mesos/model";
import { deriveAuthority, keySeedLength } from "@pulumi-mesos/model/certificates";
import { ClusterKeys } from "./support/cluster-keys";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";
import { listenersIn } from "./support/processes";
import { repository } from "./support/repository";
import { TestStack } from "./support/test-stack";

const secret = "the-secret-of-this-closed-cluster-alone";
const network = "127.87.0.0/16";
const cluster = new ClusterView(parseLoopbackNetwork(network));

const program = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: "${network}" }),
  secret: config.requireSecret("clusterSecret"),
  security: {
    tls: config.require("tls") === "true",
    ...(config.require("authentication") === "true"
      ? { authentication: true, frameworks: { "my-framework": { roles: ["analytics"] } } }
      : { authentication: false }),
  },
  zookeeper: { size: 3 },
  masters: { size: 3 },
  agents: { web: { size: 1, resources: { cpus: 2, mem: 1024 } } },
  marathon: { size: 2 },
  edge: { size: 1 },
});
const app = new mesos.marathon.App("web", {
  cpus: 0.1, mem: 32, instances: 1,
  container: { type: "DOCKER", docker: { image: "nginx:latest" }, portMappings: [{ containerPort: 80, hostPort: 0 }] },
  networks: [{ mode: "container/bridge" }],
  healthChecks: [{ protocol: "HTTP", path: "/", portIndex: 0, gracePeriodSeconds: 60, intervalSeconds: 1 }],
}, { provider: cluster.provider });
new mesos.bamboo.Service("web", { appId: app.appId, acl: "path_beg /" }, { provider: cluster.provider });
new mesos.Quota("batch", { role: "batch", limits: { cpus: 1 } }, { provider: cluster.provider });
exports.ca = cluster.tls?.ca;
`;

const keys = new ClusterKeys({ project: "quickstart", stack: "dev" }, secret, "demo", ["my-framework"]);

/** What answers at a port: to everybody, and to its operator alone. */
interface Port {
  readonly open: readonly string[];
  readonly closed: readonly (readonly [method: string, path: string])[];
  /** The header that opens it. */
  readonly key: string;
}

const get = (...paths: string[]) => paths.map((p) => ["GET", p] as const);
const ports: Readonly<Record<number, Port>> = {
  5050: {
    open: ["/health", "/version"],
    closed: [
      ...get("/state", "/metrics/snapshot", "/slaves", "/flags", "/roles", "/files/browse"),
      ["POST", "/api/v1"],
      ["POST", "/api/v1/scheduler"],
      ["POST", "/teardown"],
    ],
    key: keys.basic("mesos", "operator"),
  },
  5051: {
    open: ["/health", "/version"],
    closed: [...get("/state", "/metrics/snapshot", "/flags", "/files/browse"), ["POST", "/api/v1"]],
    key: keys.basic("agents", "operator"),
  },
  8080: {
    open: [],
    closed: [
      ...get("/ping", "/v2/apps", "/v2/info", "/metrics", "/ui/", "/v2/events"),
      ["POST", "/v2/apps"],
      ["DELETE", "/v2/leader"],
    ],
    key: keys.basic("marathon", "operator"),
  },
  8000: {
    open: ["/status", "/"],
    closed: [
      ...get("/api/services", "/api/state", "/api/health", "/metrics"),
      ...get("/api/overview", "/api/haproxy", "/api/route?url=/", "/api/changes"),
      ["POST", "/api/services"],
    ],
    key: keys.bearer("edge"),
  },
  8010: {
    open: ["/health"],
    closed: get("/status"),
    key: keys.bearer("groups"),
  },
};

/** Whether nobody else reaches a file below `root`: it, or a directory above it, is its owner's alone. */
function isPrivate(file: string, root: string): boolean {
  if ((statSync(file).mode & 0o077) === 0) return true;
  return file !== root && isPrivate(path.dirname(file), root);
}

describe("a cluster that is closed to strangers", function () {
  this.timeout(1_200_000);
  let stack: TestStack;
  let ca: string;

  before(async () => {
    stack = await TestStack.create({
      program: { source: program },
      config: { authentication: "true", tls: "true" },
      secrets: { clusterSecret: secret },
    });
    await stack.up();
    ca = await stack.ok("stack", "output", "ca");
  });
  after(() => stack?.close());

  async function withZooKeeper<T>(
    credential: string | undefined,
    work: (session: ZooKeeper) => Promise<T>,
  ): Promise<T> {
    const servers = cluster.hosts("zookeeper", 3).map((host) => `${host}:2181`);
    const signal = AbortSignal.timeout(30_000);
    const session = await ZooKeeper.connect({ servers: servers.join(","), credential }, signal);
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  it("stands after one up, changes nothing at a second one, and sees no drift", async () => {
    await stack.unchanged();
    await stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("answers at each port whoever has its own credential, and everybody else where health is told alone", async () => {
    const task = /^3[12]\d{3}$/;
    const known = new Set([2181, 2888, 3888, 8888, ...Object.keys(ports).map(Number)]);
    const listeners = listenersIn(cluster.octet).map((text) => text.split(":") as [string, string]);
    for (const [host, port] of listeners)
      assert.ok(known.has(Number(port)) || task.test(port), `${host}:${port}`);
    for (const port of known)
      assert.ok(
        listeners.some(([, each]) => Number(each) === port),
        `${port}`,
      );
    const wrong = [
      undefined,
      basicAuthorization({ user: "operator", password: "guessed-by-a-stranger" }),
      "Bearer guessed-by-a-stranger",
    ];
    const stolen = keys.basic("agents", "operator");
    for (const [host, port] of listeners) {
      const { open, closed, key } = ports[Number(port)] ?? { open: [], closed: [], key: "" };
      const status = async (method: string, where: string, authorization?: string): Promise<number> => {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
        const url = `https://${host}:${port}${where}`;
        return (await request(url, { method, headers, ca, ...(method === "POST" ? { json: {} } : {}) }))
          .status;
      };
      for (const where of open) assert.equal(await status("GET", where), 200, `${host}:${port}${where}`);
      for (const [method, where] of closed) {
        for (const authorization of [...wrong, ...(key === stolen ? [] : [stolen])]) {
          assert.equal(await status(method, where, authorization), 401, `${method} ${host}:${port}${where}`);
        }
      }
      const first = closed[0]?.[1];
      // A standby sends one on to its leader.
      if (first !== undefined)
        assert.match(`${await status("GET", first, key)}`, /^(200|307)$/, `${host}:${port}`);
    }
    // Of a task that is slow to answer its health check the edge takes the traffic away for a moment.
    await eventually(hangMs, async () =>
      assert.equal((await request(`${cluster.edgeUrl}/`)).status, 200, "traffic is for everybody"),
    );
  });

  it("speaks nothing but TLS to whom it asks for a credential, by certificates of its own authority", async () => {
    const secure = listenersIn(cluster.octet).filter((at) => ports[Number(at.split(":")[1])] !== undefined);
    assert.deepEqual(new Set(secure.map((at) => at.split(":")[1])), new Set(Object.keys(ports)));
    const stranger = deriveAuthority(
      "demo of quickstart/dev",
      Buffer.alloc(keySeedLength, "another secret"),
    ).cert;
    for (const at of secure) {
      await assert.rejects(request(`http://${at}/health`), /ECONNRESET|EPIPE|socket hang up/, at);
      await assert.rejects(request(`https://${at}/health`, { ca: stranger }), /certificate/, at);
    }
  });

  it("lets each principal do at the masters only what it is for", async () => {
    const masters = cluster.hosts("masters", 3).map((host) => `${host}:5050`);
    const leader = await new MesosClient({ masters, tls: { ca } }).leader(AbortSignal.timeout(30_000));
    const call = async (principal: UserOf<"mesos">, json: object): Promise<number> => {
      const headers = { authorization: keys.basic("mesos", principal) };
      return (await request(`https://${leader}/api/v1`, { method: "POST", headers, json, ca })).status;
    };
    const noAgent = { agent_id: { value: "nobody" } };
    const quota = { type: "UPDATE_QUOTA", update_quota: { quota_configs: [{ role: "batch" }] } };
    const drain = { type: "DRAIN_AGENT", drain_agent: noAgent };
    const gone = { type: "MARK_AGENT_GONE", mark_agent_gone: noAgent };
    for (const principal of ["groups", "marathon", "agents"] as const) {
      assert.equal(await call(principal, quota), 403, principal);
    }
    for (const principal of ["marathon", "agents"] as const) {
      assert.equal(await call(principal, drain), 403, principal);
      assert.equal(await call(principal, gone), 403, principal);
    }
    for (const principal of ["operator", "groups"] as const)
      assert.notEqual(await call(principal, drain), 403, principal);
  });

  it("lets the example of a framework of one's own register with the role that the program gives it, and with no other", async () => {
    const example = path.join(repository, "examples/own-framework/dist/index.js");
    const authority = path.join(stack.directory, "ca.pem");
    writeFileSync(authority, ca);
    const registers = async (env: Record<string, string>): Promise<string> => {
      const url = `https://${cluster.hosts("masters", 1)[0]}:5050`;
      const believing = { NODE_EXTRA_CA_CERTS: authority };
      const child = spawn(process.execPath, [example, url], {
        env: { ...process.env, ...believing, ...env },
      });
      let printed = "";
      for (const output of [child.stdout, child.stderr])
        output.on("data", (chunk: Buffer) => {
          printed += String(chunk);
          if (/: cpus /.test(printed)) child.kill("SIGINT");
        });
      await once(child, "close");
      return printed;
    };
    const own = {
      MESOS_PRINCIPAL: "my-framework",
      MESOS_SECRET: keys.framework("my-framework"),
      MESOS_ROLE: "analytics",
    };
    assert.match(await registers(own), /^subscribed as \S+\n127\.\S+: cpus /);
    assert.match(await registers({ ...own, MESOS_ROLE: "*" }), /Not authorized to use roles/);
    assert.match(await registers({ ...own, MESOS_SECRET: "guessed-by-a-stranger" }), / 401 /);
  });

  it("opens ZooKeeper to its own programs alone, each for what it made", async () => {
    const asks = (work: Promise<unknown>): Promise<void> => assert.rejects(work, /it asks for a credential/);
    await asks(withZooKeeper(undefined, (session) => session.children("/")));
    const denied = (error: unknown): boolean =>
      isMesosError(error) && error.code === "MESOS_ZOOKEEPER_DENIED";
    for (const credential of ["marathon:guessed", `agents:${keys.password("zookeeper", "agents")}`]) {
      await withZooKeeper(credential, async (session) => {
        for (const closed of ["/marathon/state", "/bamboo", "/pulumi-mesos/demo/pools/demo-web"]) {
          await assert.rejects(session.get(closed), denied, closed);
        }
        for (const node of ["/stranger", "/zookeeper/quota/stranger"]) {
          await assert.rejects(session.create(node, Buffer.alloc(0), "persistent"), denied, node);
        }
        for (const read of ["/mesos", "/marathon"]) {
          await assert.rejects(session.put(`${read}/json.info_0`, Buffer.from("{}")), denied, read);
        }
      });
    }
    const own = `groups:${keys.password("zookeeper", "groups")}`;
    assert.ok(await withZooKeeper(own, (session) => session.get("/pulumi-mesos/demo/pools/demo-web")));
  });

  it("lets no stranger into ZooKeeper's elections", async () => {
    // What a server of number 99 says first (QuorumCnxManager): its protocol, number and address; then it should log in.
    const address = Buffer.from("127.0.0.1:3888");
    const hello = Buffer.alloc(20);
    hello.writeBigInt64BE(-65_536n, 0);
    hello.writeBigInt64BE(99n, 8);
    hello.writeInt32BE(address.length, 16);
    for (const host of cluster.hosts("zookeeper", 3)) {
      const said = await new Promise<Buffer>((resolve, reject) => {
        const chunks: Buffer[] = [];
        const socket = connect(3888, host, () =>
          socket.write(Buffer.concat([hello, address, Buffer.alloc(64)])),
        );
        socket.on("data", (chunk: Buffer) => chunks.push(chunk));
        socket.on("error", reject);
        socket.on("close", () => resolve(Buffer.concat(chunks)));
      });
      assert.equal(said.length, 0, `${host} tells a stranger nothing`);
    }
  });

  it("keeps its credentials out of command lines, logs, the plain state, and what tasks get", async () => {
    const all = [secret, ...keys.passwords.values()];
    const isKey = (text: string): boolean => text.includes("PRIVATE KEY-----");
    for (const { argv, environ } of stack.processes()) {
      assert.ok(!isKey([...argv, ...environ].join("\n")), argv.join(" "));
      assert.deepEqual(keys.shownIn(argv.join("\n")), [], argv.join(" "));
      const holders = /marathon|mesos-edge|mesos-agent-groups/;
      if (!argv.some((word) => holders.test(word)))
        assert.deepEqual(keys.shownIn(environ.join("\n")), [], argv.join(" "));
    }
    const pages = [
      [cluster.hosts("masters", 1)[0], 5050, "/flags", keys.basic("mesos", "operator")],
      [cluster.hosts("marathon", 1)[0], 8080, "/v2/info", keys.basic("marathon", "operator")],
      [cluster.hosts("edge", 1)[0], 8000, "/api/health", keys.bearer("edge")],
      [cluster.hosts("groups", 1)[0], 8010, "/status", keys.bearer("groups")],
    ] as const;
    for (const [host, port, where, authorization] of pages) {
      const { body } = await request(`https://${host}:${port}${where}`, { headers: { authorization }, ca });
      assert.deepEqual(keys.shownIn(body), [], where);
    }
    const exported = await stack.ok("stack", "export");
    assert.ok(!isKey(exported) && !all.some((each) => exported.includes(each)), "the state is encrypted");
    const files = readdirSync(stack.state, { recursive: true, withFileTypes: true }).filter((f) =>
      f.isFile(),
    );
    const holding = files
      .map((file) => path.join(file.parentPath, file.name))
      .filter((file) => {
        const text = readFileSync(file, "latin1");
        return isKey(text) || keys.shownIn(text).length > 0;
      });
    for (const file of holding) {
      // Files for programs, what ZooKeeper keeps of the agents' declaration, HAProxy's own file.
      assert.match(path.relative(stack.state, file), /\/conf\/|^volumes\/demo-(zookeeper|edge)-\d\//);
      assert.ok(isPrivate(file, stack.state), `${file} is for its owner alone`);
    }
    assert.ok(holding.length > 0);
  });

  /** `pulumi-mesos status` with these arguments, which must find all well. */
  async function showsItself(environment: NodeJS.ProcessEnv, ...words: string[]): Promise<void> {
    const lines: string[] = [];
    const code = await runCli(["status", ...words], {
      directory: stack.directory,
      environment,
      out: (line) => lines.push(line),
      err: (line) => lines.push(line),
      signal: AbortSignal.timeout(60_000),
    });
    const text = lines.join("\n");
    assert.equal(code, 0, text);
    for (const word of [
      /all well/,
      /^Masters( demo-masters)?: 3 of 3/m,
      /^Marathon( demo-marathon)?: 2 of 2/m,
      /^Agents: 1 active/m,
      /^Apps: 1; 1 of 1 tasks run/m,
    ]) {
      assert.match(text, word);
    }
    assert.ok(![...keys.passwords.values()].some((password) => text.includes(password)));
  }

  it("shows itself to pulumi-mesos by what the stack knows", () => showsItself(stack.env));

  it("shows itself to pulumi-mesos by addresses, an authority in a file and credentials in the environment", async () => {
    writeFileSync(path.join(stack.directory, "authority.pem"), ca);
    const at = (flag: string, part: "masters" | "marathon" | "edge", size: number, port: number): string[] =>
      cluster.hosts(part, size).flatMap((host) => [flag, `https://${host}:${port}`]);
    await showsItself(
      {
        MESOS_PASSWORD: keys.password("mesos", "operator"),
        MARATHON_PASSWORD: keys.password("marathon", "operator"),
        EDGE_TOKEN: keys.password("edge", "operator"),
      },
      ...["--zk", cluster.hosts("zookeeper", 3).join(",")],
      ...at("--masters", "masters", 3, 5050),
      ...at("--marathon", "marathon", 2, 8080),
      ...at("--edge", "edge", 1, 8000),
      ...["--ca", "authority.pem", "--mesos-user", "operator", "--user", "operator"],
    );
  });

  it("refuses another secret, to be opened, and to speak without TLS, before anything is touched", async () => {
    const refused = async (key: string, value: string, words: RegExp): Promise<void> => {
      await stack.ok("config", "set", ...(key === "clusterSecret" ? ["--secret"] : []), key, value);
      const { code, output } = await stack.pulumi(["preview"]);
      assert.notEqual(code, 0);
      assert.match(output, words);
    };
    await refused(
      "clusterSecret",
      `another-${secret}`,
      /the secret of a cluster with authentication cannot change/,
    );
    await stack.ok("config", "set", "--secret", "clusterSecret", secret);
    await refused("authentication", "false", /authentication cannot be turned off while the ensemble stands/);
    await stack.ok("config", "set", "authentication", "true");
    await refused("tls", "false", /tls cannot be turned off while the ensemble stands/);
    await stack.ok("config", "set", "tls", "true");
    await stack.unchanged();
  });
});
