// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Identity, identity } from "./certificates.test.support";
import { json, servers, type TestServer } from "./http-server.test.support";
import { MarathonClient, type MarathonOptions } from "./index";
import { tlsError } from "./tls-faults";

const signal = new AbortController().signal;
const ip = "127.83.2.1";
const version = { version: "1.10.26" };

describe("MarathonClient over TLS", function () {
  this.timeout(60_000);
  let authority: Identity;
  let own: Identity;
  let user: Identity;
  const make = servers();

  before(() => {
    authority = identity("authority");
    own = identity("marathon", { ip, authority });
    user = identity("user", { authority });
  });

  const serve = (tls?: Parameters<typeof make>[1]) => make((_, r) => json(r, 200, version), tls);

  const info = (server: { url: string }, o: Partial<MarathonOptions> = {}) =>
    new MarathonClient({ urls: [server.url], ...o }).getInfo(signal);

  async function fails(asked: Promise<unknown>, message: RegExp): Promise<void> {
    await assert.rejects(asked, (error: Error) => {
      assert.equal("code" in error && error.code, "MESOS_CLIENT_TLS", error.message);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }

  it("trusts the authority that it is given", async () => {
    assert.deepEqual(await info(await serve(own), { ca: authority.cert }), version);
  });

  it("checks through an address map whose certificate it is by the server's own name", async () => {
    const [named, unreached] = [identity("named", { ip: "127.83.2.9", authority }), "127.83.2.9:8443"];
    const through = (server: TestServer): Partial<MarathonOptions> => ({
      ca: authority.cert,
      addressMap: { [unreached]: server.host },
    });
    const server = await serve(named);
    assert.deepEqual(await info({ url: `https://${unreached}` }, through(server)), version);
    await fails(info({ url: `https://${unreached}` }, through(await serve(own))), /127\.83\.2\.9/);
  });

  it("fails when it does not know the authority, and names the setting that mends it", async () => {
    const server = await serve(own);
    await fails(info(server), new RegExp(`^${server.host} .*this machine does not trust; give .* as ca$`));
    const optionName = (option: string) => `marathon-${option}`;
    const other = identity("other");
    await fails(
      info(server, { ca: other.cert, optionName }),
      /marathon-ca does not hold; give .* as marathon-ca$/,
    );
    assert.equal(server.received.length, 0);
  });

  it("takes any certificate only when asked to", async () => {
    const server = await serve(identity("alone", { ip }));
    await fails(info(server), /give that authority's certificate/);
    assert.deepEqual(await info(server, { insecure: true }), version);
  });

  it("fails when the certificate is for another host, expired, or not valid yet", async () => {
    const ca = authority.cert;
    const foreign = await serve(identity("elsewhere", { ip: "10.9.8.7", authority }));
    await fails(info(foreign, { ca }), /is for other names \(10\.9\.8\.7\); use one of them/);
    const expired = await serve(identity("old", { ip, authority, shiftDays: -3 }));
    await fails(info(expired, { ca }), /has expired; renew it/);
    const early = await serve(identity("new", { ip, authority, shiftDays: 3 }));
    await fails(info(early, { ca }), /is not valid yet; compare the clocks/);
  });

  it("shows its certificate where one is asked for", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const server = await serve({ ...own, ca: authority.cert, requestCert: true, maxVersion });
      assert.deepEqual(await info(server, { ca: authority.cert, cert: user.cert, key: user.key }), version);
    }
  });

  it("fails in words when a server refuses the client's certificate, or wants one", () => {
    const alerts = [
      { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" },
      { code: "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE" },
      { code: "EPROTO", message: "write EPROTO 00:error:0A000412:SSL routines::sslv3 alert bad certificate" },
      { code: "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA" },
    ];
    for (const alert of alerts) {
      const error = Object.assign(new Error(alert.message ?? "write failed"), alert);
      const word = (given: object) => tlsError("https://m:8443/v2", error, given, (o) => o)?.message;
      assert.equal(word({}), "m:8443 asks for a certificate of the client; give cert and key in PEM");
      assert.match(word({ cert: "" }) ?? "", /^m:8443 refuses the certificate in cert; give one/);
    }
  });

  it("fails when one side speaks TLS and the other does not", async () => {
    const plain = await serve();
    const plainHost = plain.host.replaceAll(".", "\\.");
    await fails(
      info({ url: `https://${plain.host}` }),
      new RegExp(`does not speak TLS; write http://${plainHost},`),
    );
  });

  it("fails at once for options that cannot work, with no value in the message", () => {
    const make = (o: Partial<MarathonOptions>) => () => new MarathonClient({ urls: ["http://m:8080"], ...o });
    assert.throws(make({ token: "geheim", user: "u", password: "p" }), {
      code: "MESOS_CLIENT_OPTIONS",
      message: "token: token and user exclude each other; keep one of them",
    });
    assert.throws(make({ insecure: true }), /^MesosError: insecure: has no use, because no URL begins/);
  });

  it("goes on where another address can be trusted", async () => {
    const untrusted = await serve(identity("alone", { ip }));
    const trusted = await serve(own);
    const client = new MarathonClient({ urls: [untrusted.url, trusted.url], ca: authority.cert });
    assert.deepEqual(await client.getInfo(signal), version);
    await client.createApp({ id: "/x" }, signal).catch(() => undefined);
    assert.equal(untrusted.received.length, 0);
  });

  it("opens the event stream with the same certificates and credentials", async () => {
    const server = await serve({ ...own, ca: authority.cert, requestCert: true });
    server.answer = (_, r) => {
      r.writeHead(200, { "Content-Type": "text/event-stream" });
      r.write('event: deployment_success\ndata: {"id":"d1"}\n\n');
    };
    const stop = new AbortController();
    const client = new MarathonClient({
      urls: [server.url],
      ca: authority.cert,
      cert: user.cert,
      key: user.key,
      token: "Bearer abc",
    });
    for await (const event of client.events({ signal: stop.signal })) {
      if (event.type === "deployment_success") stop.abort();
    }
    assert.equal(server.received[0]?.headers.authorization, "Bearer abc");
  });

  it("never follows a redirect that leaves TLS", async () => {
    const plain = await serve();
    const server = await serve(own);
    server.answer = (_, r) => r.writeHead(302, { Location: plain.url }).end();
    await assert.rejects(info(server, { ca: authority.cert }), /redirects to http:.*, which is not secure$/);
    assert.equal(plain.received.length, 0);
  });
});
