// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { type MesosError, parseAccess, type SshAccess } from "@pulumi-mesos/model";
import { identity } from "../certificates.test.support";
import { json, servers } from "../http-server.test.support";
import { isRefused, MarathonClient, MesosClient, probeEnsemble, probeMember, ZooKeeper } from "../index";
import { missingSsh, SshServer } from "../testing";
import { type TestZooKeeper, testZooKeeper } from "../zookeeper-server.test.support";
import { SocksServer } from "./socks-server.test.support";
import { sshFault } from "./ssh-faults";
import { type Way, wayOf } from "./way";

const { signal } = new AbortController();
/** Where nobody listens. */
const dead = { name: "dead", host: "127.83.6.9", port: 8080 };
const noWay = { code: "MESOS_CLIENT_ACCESS" };

function toward(access: string, environment: NodeJS.ProcessEnv = process.env): Way {
  return wayOf(parseAccess(access), environment) as Way;
}

/** What every client does by any way. */
function behavesAsAWay(open: () => { readonly way: Way }): void {
  const serve = servers();

  it("carries requests, also where a redirect leads", async () => {
    const last = await serve((_, response) => json(response, 200, { apps: [] }));
    const first = await serve((_, response) =>
      json(response, 307, {}, { Location: `http://${last.host}/v2/apps` }),
    );
    const client = new MarathonClient({ urls: [first.url], way: open().way });
    deepEqual(await client.getApps(signal), []);
    deepEqual([first.received.length, last.received.length], [1, 1]);
    const masters = await serve((_, response) => json(response, 200, { get_agents: {} }));
    deepEqual(await new MesosClient({ masters: [masters.host], way: open().way }).getAgents(signal), []);
  });

  it("carries TLS, whose certificate is held against the address that was meant", async () => {
    const authority = identity("authority");
    const own = identity("marathon", { ip: "127.83.2.1", authority });
    const secure = await serve((_, response) => json(response, 200, { apps: [] }), own);
    const client = new MarathonClient({ urls: [secure.url], ca: authority.cert, way: open().way });
    deepEqual(await client.getApps(signal), []);
  });

  it("tells a connection that is refused there from one that cannot be made", async () => {
    const url = `http://${dead.host}:${dead.port}`;
    await rejects(new MarathonClient({ urls: [url], way: open().way }).getApps(signal), (error) => {
      ok(isRefused(error), String(error));
      return true;
    });
    const answer = await probeMember("marathon", dead, signal, { way: open().way });
    deepEqual([answer.up, answer.silent], [false, undefined], answer.detail);
  });

  it("sends a write elsewhere that was certainly not carried out", async () => {
    const alive = await serve((_, response) =>
      json(response, 201, { id: "/web", deployments: [{ id: "d-1" }] }),
    );
    const urls = [`http://${dead.host}:${dead.port}`, alive.url];
    const client = new MarathonClient({ urls, way: open().way });
    await client.createApp({ id: "/web" }, signal);
    equal(alive.received.length, 1);
  });
}

describe("ways to addresses that this machine does not reach", function () {
  // A bound against hanging.
  this.timeout(120_000);

  it("are none where it reaches them itself", () => {
    equal(wayOf({ by: "direct" }, {}), undefined);
  });

  describe("through a SOCKS proxy", () => {
    let socks: SocksServer;
    const way = (): Way => wayOf({ by: "socks", ...socks.place }, {}) as Way;
    before(async () => {
      socks = await SocksServer.start("127.83.6.1");
    });
    after(() => socks.close());

    behavesAsAWay(() => ({ way: way() }));

    it("fails when the proxy is gone, and calls no member down for that", async () => {
      const gone = await SocksServer.start("127.83.6.1");
      const there = wayOf({ by: "socks", ...gone.place }, {}) as Way;
      gone.close();
      const message = /^access: no SOCKS proxy listens at 127\.83\.6\.1:\d+ \(connect ECONNREFUSED/;
      await rejects(probeEnsemble("mesos-master", [dead], signal, { way: there }), { ...noWay, message });
      const client = new MarathonClient({ urls: ["http://127.83.6.9:8080"], way: there });
      await rejects(client.getApps(signal), /no SOCKS proxy listens/);
    });
  });

  describe("through ssh", () => {
    let server: SshServer | undefined;
    let way: Way | undefined;

    before(async function () {
      const why = missingSsh();
      if (why !== undefined) {
        this.test?.parent?.eachTest((test) => {
          test.title += ` (not on this machine: ${why})`;
          test.fn = async () => undefined;
        });
        return;
      }
      server = await SshServer.start("127.83.6.2");
      way = toward(server.access());
    });
    after(() => server?.close());
    const standing = (): { readonly server: SshServer; readonly way: Way } => {
      if (server === undefined || way === undefined) throw new Error("there is no ssh");
      return { server, way };
    };

    behavesAsAWay(standing);

    it("opens the tunnel anew when it has ended", async () => {
      const listener = await wordServer("127.83.6.3");
      try {
        const member = { name: "zk", host: "127.83.6.3", port: 2181 };
        const ask = () => probeMember("zookeeper", member, signal, { way: standing().way });
        equal((await ask()).detail, "standalone");
        standing().server.cut();
        // Until the end of the old one is seen, it is no way.
        for (;;) {
          const answer = await ask().catch((error: MesosError) => {
            if (!error.retryable) throw error;
            return undefined;
          });
          if (answer?.up) break;
        }
      } finally {
        listener.close();
      }
    });

    it("keeps a session of ZooKeeper over the end of a tunnel", async () => {
      const zookeeper: TestZooKeeper = await testZooKeeper("127.83.6.4");
      try {
        await zookeeper.start();
        const session = await ZooKeeper.connect(
          { servers: zookeeper.servers, sessionTimeoutMs: 30_000, way: standing().way },
          signal,
        );
        await session.put("/kept", Buffer.from("one"));
        const lost = new Promise<void>((resolve) => {
          session.onStateChange((state) => state === "disconnected" && resolve());
        });
        standing().server.cut();
        await lost;
        await session.put("/kept", Buffer.from("two"));
        equal((await session.get("/kept"))?.version, 1);
        await session.close();
      } finally {
        await zookeeper.remove();
      }
    });

    it("leads through Session Manager, by the AWS CLI that ssh starts", async () => {
      const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-aws-cli-"));
      try {
        const carry = `const s = require("net").connect(2222, "127.83.6.2"); process.stdin.pipe(s).pipe(process.stdout)`;
        const text = `#!/bin/sh\necho "$@" "$PULUMI_SECRET" >'${directory}/asked'\nexec '${process.execPath}' -e '${carry}'\n`;
        writeFileSync(path.join(directory, "aws"), text, { mode: 0o755 });
        const { port, ...known } = parseAccess(standing().server.access()) as SshAccess;
        const instance = {
          ...known,
          by: "ssm",
          host: "i-0123456789abcdef0",
          region: "eu-central-1",
        } as const;
        const PATH = `${directory}${path.delimiter}${process.env["PATH"]}`;
        await wayOf(instance, { ...process.env, PATH, PULUMI_SECRET: "hush" })?.open(signal);
        equal(
          readFileSync(path.join(directory, "asked"), "utf8").trim(),
          "ssm start-session --region eu-central-1 --target i-0123456789abcdef0 --document-name AWS-StartSSHSession --parameters portNumber=22",
        );
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    });

    it("fails when the AWS CLI is not there, has no credentials, or does not get to the instance", async () => {
      const { port, ...known } = parseAccess(standing().server.access()) as SshAccess;
      const instance = { ...known, by: "ssm", host: "i-0123456789abcdef0" } as const;
      const fault = (said: string): string => sshFault(instance, said.split("\n")).message;
      const echo = "\nkex_exchange_identification: Connection closed by remote host";
      match(fault(`/bin/sh: 1: exec: aws: not found${echo}`), /^access: there is no program aws here/);
      match(fault(`SessionManagerPlugin is not found.${echo}`), /has no session-manager-plugin here/);
      for (const said of [
        'Unable to locate credentials. You can configure credentials by running "aws configure".',
        "Error loading SSO Token: Token for shop does not exist",
        "An error occurred (ExpiredTokenException) when calling the StartSession operation: it is expired",
      ])
        match(
          fault(`${said}${echo}`),
          /^access: the AWS CLI has no valid credentials here \(.+\); sign in so that/,
        );
      match(
        fault(`An error occurred (TargetNotConnected) when calling the StartSession operation${echo}`),
        /^access: Session Manager does not lead to \S+@i-0123456789abcdef0: An error occurred \(TargetNotConnected/,
      );
    });

    it("ends the tunnel with the process that opened it, however that ends", async () => {
      const own = await SshServer.start("127.83.6.7");
      try {
        const program = `require(${JSON.stringify(path.join(__dirname, "way.js"))})
          .wayOf(${JSON.stringify(parseAccess(own.access()))}, process.env)
          .open(new AbortController().signal).then(() => { console.log("open"); process.stdin.resume(); })`;
        const child = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
        await once(child.stdout, "data");
        equal(own.connections, 1);
        child.kill("SIGKILL");
        while (own.connections > 0) await new Promise((resolve) => setImmediate(resolve));
      } finally {
        await own.close();
      }
    });

    it("fails when the host key is not known, before anything is asked", async () => {
      const stranger = toward(standing().server.access("unknown host key"));
      const message = /^access: the host key of \S+@127\.83\.6\.2 is not known here; sign in once by hand/;
      await rejects(probeEnsemble("marathon", [dead], signal, { way: stranger }), { ...noWay, message });
      const zookeeper = { servers: "127.83.6.9:2181", way: stranger };
      await rejects(ZooKeeper.connect(zookeeper, signal), { ...noWay, message });
    });

    it("fails when the login is refused", async () => {
      const stranger = toward(standing().server.access("unknown user key"));
      const message = /^access: \S+@127\.83\.6\.2 refuses the login \(.*Permission denied \(publickey\)/;
      await rejects(new MarathonClient({ urls: ["http://127.83.6.9:8080"], way: stranger }).getApps(signal), {
        ...noWay,
        message,
      });
    });

    it("fails when the machine between forbids forwarding", async () => {
      const closed = await SshServer.start("127.83.6.5", ["AllowTcpForwarding no"]);
      try {
        const message = /^access: the machine at the end of the tunnel forbids forwarding/;
        const probe = probeEnsemble("marathon", [dead], signal, { way: toward(closed.access()) });
        await rejects(probe, { ...noWay, message });
      } finally {
        await closed.close();
      }
    });

    it("fails when nobody listens there, until somebody does", async () => {
      const restarted = await SshServer.start("127.83.6.6");
      try {
        await restarted.stop();
        const there = toward(restarted.access());
        const message = /^access: no tunnel to \S+@127\.83\.6\.6: .*Connection refused/;
        await rejects(there.open(signal), { ...noWay, message, retryable: true });
        await restarted.start();
        for (let isOpen = false; !isOpen; ) {
          isOpen = await there.open(signal).then(
            () => true,
            () => new Promise((resolve) => setImmediate(resolve, false)),
          );
        }
      } finally {
        await restarted.close();
      }
    });
  });

  it("fails when there is no program ssh", async () => {
    const environment = { PATH: "/nowhere" };
    const message = /^access: there is no program ssh here; install OpenSSH's client$/;
    await rejects(toward("ssh://me@127.83.6.9", environment).open(signal), { ...noWay, message });
  });
});

/** Answers `srvr` as a ZooKeeper without others. */
function wordServer(host: string): Promise<Server> {
  const server = createServer((socket) =>
    socket.once("data", (word) => socket.end(String(word) === "srvr" ? "Mode: standalone\n" : "")),
  );
  return new Promise((resolve) => server.listen(2181, host, () => resolve(server)));
}
