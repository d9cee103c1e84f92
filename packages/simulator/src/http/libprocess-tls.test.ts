// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deriveAuthority, type Identity, issue, keySeedLength } from "@pulumi-mesos/model/certificates";
import { raw } from "../marathon/testing/raw";
import { surroundingsIn } from "../surroundings";
import { Fixture, http, until } from "../test-cluster.test";
import { libprocessTls } from "./libprocess-tls";

const seed = (text: string): Buffer => Buffer.alloc(keySeedLength, text);
const authority = deriveAuthority("cluster", seed("authority"));
const stranger = deriveAuthority("another", seed("stranger"));
const certificate = (ip: string, by: Identity = authority): Identity =>
  issue(by, { name: ip, names: [ip] }, seed(ip));

describe("LIBPROCESS_SSL_* (docs/ssl.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let directory: string;
  beforeEach(() => {
    fixture = new Fixture();
    directory = mkdtempSync(join(tmpdir(), "libprocess-tls-"));
  });
  afterEach(async () => {
    await fixture.end();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The variables of a program with this certificate that believes `ca`. */
  const variables = (name: string, own: Identity, ca = authority.cert): Record<string, string> => {
    const file = (of: string, text: string): string => {
      const path = join(directory, `${name}-${of}.pem`);
      writeFileSync(path, text);
      return path;
    };
    return {
      LIBPROCESS_SSL_ENABLED: "1",
      LIBPROCESS_SSL_KEY_FILE: file("key", own.key),
      LIBPROCESS_SSL_CERT_FILE: file("cert", own.cert),
      LIBPROCESS_SSL_CA_FILE: file("ca", ca),
      LIBPROCESS_SSL_VERIFY_SERVER_CERT: "true",
      LIBPROCESS_SSL_VERIFY_IPADD: "true",
      LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME: "openssl",
      LIBPROCESS_SSL_CIPHERS: "ECDHE-ECDSA-AES128-GCM-SHA256",
    };
  };
  const around = (env: Record<string, string>) => surroundingsIn(env, (message) => assert.fail(message));

  it("lets masters and agents speak TLS alone, and an agent believe only a master of its authority", async () => {
    const master = await fixture.master(
      "m",
      [],
      "127.84.1.1",
      around(variables("m", certificate("127.84.1.1"))),
    );
    await until("a leader", () => master.program.leader);
    const agents = () => master.program.leader?.context.state.agents.size ?? 0;
    const own = certificate("127.84.2.1");
    const argv = [`--master=${master.address}`];
    const lines: string[] = [];
    const doubting = around(variables("w", own, stranger.cert));
    await fixture.agent("doubting", argv, {}, undefined, {
      around: doubting,
      log: (line) => lines.push(line),
    });
    await until("its doubt", () => lines.some((line) => /self-signed|unable to/.test(line)));
    assert.equal(agents(), 0);
    const agent = await fixture.agent("a", argv, {}, undefined, { around: around(variables("a", own)) });
    await until("registered", () => agents() === 1);
    for (const at of [master.address, agent.pid.split("@")[1] ?? ""]) {
      await assert.rejects(
        http("GET", `http://${at}/health`),
        { code: "ECONNRESET" },
        "plain HTTP is refused",
      );
      const { status } = await raw(`https://${at}`, "GET", "/health", {}, undefined, authority.cert);
      assert.equal(status, 200);
      await assert.rejects(raw(`https://${at}`, "GET", "/health", {}, undefined, stranger.cert));
    }
  });

  it("asks clients for a certificate where it is told to", async () => {
    const env = { ...variables("m", certificate("127.84.1.1")), LIBPROCESS_SSL_REQUIRE_CLIENT_CERT: "true" };
    const master = await fixture.master("m", [], "127.84.1.1", around(env));
    await assert.rejects(raw(`https://${master.address}`, "GET", "/health", {}, undefined, authority.cert));
    await until("a leader", () => master.program.leader);
    const own = around(variables("a", certificate("127.84.2.1")));
    await fixture.agent("a", [`--master=${master.address}`], {}, undefined, { around: own });
    await until("registered", () => (master.program.leader?.context.state.agents.size ?? 0) === 1);
  });

  it("is off unless it is turned on", () => {
    assert.equal(libprocessTls({}), undefined);
    assert.equal(
      libprocessTls({ LIBPROCESS_SSL_ENABLED: "false", LIBPROCESS_SSL_KEY_FILE: "/none" }),
      undefined,
    );
  });

  it("fails for what cannot work or is not simulated, in one line that names the variable", () => {
    const good = variables("m", certificate("127.84.1.1"));
    const other = variables("o", certificate("127.84.1.2"));
    const faults: [Record<string, string | undefined>, RegExp][] = [
      [{ ENABLED: "yes" }, /^LIBPROCESS_SSL_ENABLED: must be true or false, got yes$/],
      [{ KEY_FILE: undefined }, /^LIBPROCESS_SSL_KEY_FILE: must name the file/],
      [{ CERT_FILE: "/none.pem" }, /^LIBPROCESS_SSL_CERT_FILE: cannot be read: ENOENT/],
      [{ CERT_FILE: other["LIBPROCESS_SSL_CERT_FILE"] }, /cannot be used: .*key values mismatch$/],
      [
        { SUPPORT_DOWNGRADE: "true" },
        /^LIBPROCESS_SSL_SUPPORT_DOWNGRADE: is not simulated; set it to false$/,
      ],
      [{ ENABLE_TLS_V1_0: "1" }, /^LIBPROCESS_SSL_ENABLE_TLS_V1_0: is not simulated/],
      [
        { ENABLE_TLS_V1_2: "0" },
        /^LIBPROCESS_SSL_ENABLE_TLS_V1_2: must be true, for no other version is on$/,
      ],
      [{ CA_FILE: undefined }, /^LIBPROCESS_SSL_CA_FILE: must name the file of the authority/],
      [{ VERIFY_IPADD: "false" }, /^LIBPROCESS_SSL_VERIFY_IPADD: must be true/],
      [{ HOSTNAME_VALIDATION_SCHEME: undefined }, /_SCHEME: must be openssl, .*, got legacy$/],
    ];
    for (const [change, message] of faults) {
      const changed = Object.entries(change).map(([name, value]) => [`LIBPROCESS_SSL_${name}`, value]);
      assert.throws(() => libprocessTls({ ...good, ...Object.fromEntries(changed) }), {
        code: "MESOS_SIMULATOR_TLS",
        message,
      });
    }
  });
});
