// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { identity, keystore } from "./support/certificates";
import { appThing } from "./support/marathon-things";
import { PluginDriver } from "./support/plugin";

const ip = "127.130.5.1";
const [user, password, token] = ["admin", "hush-password", "hush-token"];
const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const hidden = /hush|aHVzaC|BEGIN/;

describe("auth: basic, ACS token, TLS CA, insecure: a Marathon of the simulator behind TLS", function () {
  this.timeout(300_000);
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-access-"));
  const authority = identity("authority");
  const stranger = identity("stranger");
  const server = identity("marathon", authority, ip);
  const client = identity("client", authority);
  let cluster: Cluster;
  /** Before the same Marathon: lets in whom its authority knows, or who has the token. */
  let gate: https.Server;
  let gateUrl: string;
  const url = `https://${ip}:8443`;

  before(async () => {
    const file = path.join(directory, "keystore.p12");
    writeFileSync(file, keystore(server, "changeit"));
    cluster = await startCluster({
      network: "127.130.5",
      agents: 1,
      flags: {
        marathon: {
          ssl_keystore_path: file,
          ssl_keystore_password: "changeit",
          http_credentials: `${user}:${password}`,
        },
      },
    });
    gate = https.createServer(
      { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        if (!(request.socket as TLSSocket).authorized) {
          // As nginx says it; a server that refuses within the handshake is among the client's own tests.
          return void response.writeHead(400).end("<h1>The SSL certificate error</h1>");
        }
        if (request.headers.authorization !== `token=${token}`) return void response.writeHead(401).end();
        const headers = { ...request.headers, authorization };
        const { method } = request;
        const on = http.request(cluster.marathon.url + request.url, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        on.on("error", () => response.destroy());
        request.pipe(on);
        response.on("close", () => on.destroy());
      },
    );
    await new Promise<void>((resolve) => gate.listen(0, ip, resolve));
    gateUrl = `https://${ip}:${(gate.address() as AddressInfo).port}`;
  });
  after(async () => {
    gate?.closeAllConnections();
    gate?.close();
    await cluster?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function whole(config: Record<string, unknown>): Promise<void> {
    const plugin = await PluginDriver.start(config);
    try {
      const made = await plugin.create(appThing.type, appThing.inputs("/let-in"));
      const changed = await plugin.update(made, appThing.inputs("/let-in", { env: "2" }));
      assert.deepEqual((await plugin.read(changed))?.inputs, changed.inputs);
      await plugin.delete(changed);
      const lines = JSON.stringify([plugin.lines, plugin.warnings, made.state, changed.state]);
      assert.doesNotMatch(lines, hidden);
    } finally {
      plugin.close();
    }
  }

  /** The one line of a refusal, for writes and reads alike. */
  async function refused(config: Record<string, unknown>, words: RegExp): Promise<void> {
    const plugin = await PluginDriver.start(config);
    try {
      const inputs = appThing.inputs("/left-out");
      const works = [
        () => plugin.create(appThing.type, inputs),
        () => plugin.import(appThing.type, "/left-out"),
      ];
      for (const work of works) {
        await assert.rejects(work(), (error: Error & { details: string }) => {
          assert.match(error.details, words);
          assert.doesNotMatch(error.details, hidden);
          assert.ok(!error.details.includes("\n"), "one line");
          return true;
        });
      }
    } finally {
      plugin.close();
    }
  }

  const basic = { marathonUser: user, marathonPassword: password };
  const trusting = { marathonUrls: [url], marathonCa: authority.cert };

  it("auth: basic, TLS CA: an app lives its life", () => whole({ ...trusting, ...basic }));

  it("auth: insecure: any certificate is taken when asked for", () =>
    whole({ marathonUrls: [url], marathonInsecure: true, ...basic }));

  it("auth: ACS token with a client certificate: an app lives its life", () =>
    whole({
      marathonUrls: [gateUrl],
      marathonCa: authority.cert,
      marathonCert: client.cert,
      marathonKey: client.key,
      marathonToken: token,
    }));

  it("auth: fails in one line without the credential for a wrong password, token or none", async () => {
    await refused(
      { ...trusting, ...basic, marathonPassword: "hush-wrong" },
      /answered 401: .*marathonUser and marathonPassword, or marathonToken, are not the right ones/,
    );
    await refused(
      trusting,
      /answered 401: .*it asks for marathonUser and marathonPassword, or marathonToken/,
    );
    const shown = {
      marathonUrls: [gateUrl],
      marathonCa: authority.cert,
      marathonCert: client.cert,
      marathonKey: client.key,
    };
    await refused({ ...shown, marathonToken: "hush-wrong" }, /answered 401: .*are not the right ones/);
  });

  it("auth: fails in one line for a certificate of another authority, on either side", async () => {
    await refused(
      { marathonUrls: [url], ...basic },
      /shows a certificate of an authority that this machine does not trust; .*marathonCa/,
    );
    await refused(
      { ...trusting, ...basic, marathonCa: stranger.cert },
      /of an authority that marathonCa does not hold/,
    );
    const foreign = identity("foreign", stranger);
    const shown = { marathonUrls: [gateUrl], marathonCa: authority.cert, marathonToken: token };
    await refused(
      { ...shown, marathonCert: foreign.cert, marathonKey: foreign.key },
      /answered 400: The SSL certificate error/,
    );
    await refused(shown, /answered 400: The SSL certificate error/);
    await refused(
      { ...basic, marathonUrls: [cluster.marathon.url.replace("http:", "https:")] },
      /does not speak TLS/,
    );
  });
});
