// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, verify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import fc from "fast-check";
import { md, pki } from "node-forge";
import { authorityId } from "./authority-id";
import { authorityFault, deriveAuthority, type Identity, issue, issueAuthority } from "./certificates";
import { keyFrom, keySeedLength, signerOf } from "./keys";
import { keystore } from "./keystore";

const seed = (text: string): Buffer => Buffer.alloc(keySeedLength, text);
const authority = deriveAuthority("demo of quickstart/dev", seed("authority"));
const master = issue(
  authority,
  { name: "demo-masters-1", names: ["127.0.0.1", "demo-masters-1"] },
  seed("master"),
);

/** A user's own authority with a key of RSA. */
function rsaAuthority(pathLenConstraint?: number): Identity {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date("2025-01-01T00:00:00Z");
  certificate.validity.notAfter = new Date("2045-01-01T00:00:00Z");
  const name = [{ name: "commonName", value: "Ünser Root" }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  const below = pathLenConstraint === undefined ? {} : { pathLenConstraint };
  certificate.setExtensions([
    { name: "basicConstraints", cA: true, ...below },
    { name: "subjectKeyIdentifier" },
  ]);
  certificate.sign(pki.privateKeyFromPem(privateKey), md.sha256.create());
  return { cert: pki.certificateToPem(certificate), key: privateKey };
}

/** What a client that believes `ca` says of a server on 127.0.0.1. */
async function handshake(server: tls.TlsOptions, client: tls.ConnectionOptions): Promise<string> {
  const listening = tls.createServer(server, (socket) => socket.end());
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  try {
    return await new Promise<string>((resolve) => {
      const { port } = listening.address() as AddressInfo;
      const socket = tls.connect({ host: "127.0.0.1", port, ...client });
      socket.once("secureConnect", () => {
        resolve(`${socket.getProtocol()}`);
        socket.destroy();
      });
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  } finally {
    await new Promise((resolve) => listening.close(resolve));
  }
}

describe("certificates that derive from a secret", () => {
  it("are the same for the same input, and share no key, number or certificate with those of another", () => {
    const bytes = fc.uint8Array({ minLength: keySeedLength, maxLength: keySeedLength });
    const parts = fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), ip: fc.ipV4(), by: bytes });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        const made = ({ name, ip, by }: typeof one) => issue(authority, { name, names: [ip] }, by);
        assert.deepEqual(made(one), made(one));
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        const [first, second] = [one, other].map((each) => new X509Certificate(made(each).cert));
        assert.notEqual(first?.serialNumber, second?.serialNumber);
        if (!Buffer.from(one.by).equals(other.by)) assert.notEqual(made(one).key, made(other).key);
        assert.equal(first?.checkIP(one.ip), one.ip);
        assert.ok(first.verify(new X509Certificate(authority.cert).publicKey));
      }),
      { numRuns: 25 },
    );
  });

  it("say who they are for, for how long, and that they issue nothing", () => {
    const [ca, own] = [authority.cert, master.cert].map((pem) => new X509Certificate(pem));
    assert.equal(ca?.ca, true);
    assert.equal(own?.ca, false);
    assert.ok(ca && own?.checkIssued(ca));
    assert.equal(own?.subjectAltName, "IP Address:127.0.0.1, DNS:demo-masters-1");
    assert.equal(own?.checkHost("demo-masters-1"), "demo-masters-1");
    assert.equal(own?.validTo, "Dec 31 23:59:59 2049 GMT");
    assert.deepEqual(own?.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.ok(own?.checkPrivateKey(createPrivateKey(master.key)));
  });

  it("are believed by OpenSSL, which checks them strictly", () => {
    const directory = mkdtempSync(join(tmpdir(), "certificates-"));
    try {
      const [ca, cert] = [join(directory, "ca.pem"), join(directory, "cert.pem")];
      for (const by of [authority, rsaAuthority()]) {
        writeFileSync(ca, by.cert);
        writeFileSync(cert, issue(by, { name: "m", names: ["10.0.0.1"] }, seed("m")).cert);
        const strict = by === authority ? ["-x509_strict"] : [];
        const said = execFileSync("openssl", [
          ...["verify", "-CAfile", ca, ...strict, "-purpose", "sslserver", "-verify_ip", "10.0.0.1", cert],
        ]);
        assert.equal(said.toString().trim(), `${cert}: OK`);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("let an authority below theirs sign for addresses of its ranges, and for no host name", () => {
    const directory = mkdtempSync(join(tmpdir(), "certificates-"));
    const at = (name: string): string => join(directory, name);
    const issuer = issueAuthority(authority, { name: "demo-web", ranges: ["10.0.0.0/19"] }, seed("web"));
    /** What OpenSSL says of a certificate for `names` that it has signed by the key of `by`. */
    const says = (by: Identity, names: string, constraint = "CA:FALSE"): string => {
      writeFileSync(at("issuer.pem"), by.key + by.cert);
      writeFileSync(at("leaf.cnf"), `basicConstraints=critical,${constraint}\nsubjectAltName=${names}\n`);
      const asks = ["req", "-new", "-key", at("key.pem"), "-subj", "/CN=of a test", "-out", at("csr.pem")];
      execFileSync("openssl", asks, { stdio: "pipe" });
      const signs = ["-CA", at("issuer.pem"), "-CAkey", at("issuer.pem"), "-set_serial", "1", "-days", "30"];
      const files = ["-in", at("csr.pem"), "-extfile", at("leaf.cnf"), "-out", at("leaf.pem")];
      execFileSync("openssl", ["x509", "-req", ...signs, ...files], { stdio: "pipe" });
      const believes = ["-CAfile", at("ca.pem"), "-untrusted", at("issuer.pem"), at("leaf.pem")];
      const { stdout, stderr } = spawnSync("openssl", ["verify", ...believes], { encoding: "utf8" });
      return /OK$|error \d+ .*$/m.exec(`${stdout}${stderr}`)?.[0] ?? `${stdout}${stderr}`;
    };
    try {
      writeFileSync(at("ca.pem"), authority.cert);
      writeFileSync(at("key.pem"), master.key);
      assert.equal(says(issuer, "IP:10.0.31.255"), "OK");
      for (const names of ["IP:10.0.32.0", "IP:10.0.0.1,IP:127.0.0.1", "DNS:demo-masters-1", "DNS:a.example"])
        assert.match(says(issuer, names), /permitted subtree violation/, names);
      assert.match(says(master, "IP:10.0.0.1"), /invalid CA certificate/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it("fail for members that sign their own by an authority that lets none sign below it", () => {
    const below = issueAuthority(authority, { name: "below", ranges: ["10.0.0.0/8"] }, seed("below"));
    assert.equal(new X509Certificate(below.cert).ca, true);
    const range = { name: "web", ranges: ["10.0.0.0/19"] };
    assert.throws(() => issueAuthority(rsaAuthority(0), range, seed("web")), /pathLenConstraint 0/);
    for (const by of [rsaAuthority(), rsaAuthority(1)]) issueAuthority(by, range, seed("web"));
  });

  it("open a connection to whoever believes their authority, by the only ciphers that Mesos is told", async () => {
    const mesos = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" } as const;
    const ca = authority.cert;
    assert.equal(await handshake(master, { ca }), "TLSv1.3");
    assert.equal(await handshake({ ...master, ...mesos }, { ca }), "TLSv1.2");
    const signedByUser = issue(rsaAuthority(), { name: "m", names: ["127.0.0.1"] }, seed("m"));
    assert.equal(await handshake({ ...signedByUser, ...mesos }, { ca }), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    const far = issue(authority, { name: "far", names: ["10.0.0.1"] }, seed("far"));
    assert.equal(await handshake(far, { ca }), "ERR_TLS_CERT_ALTNAME_INVALID");
    const stranger = deriveAuthority("demo of quickstart/dev", seed("another secret"));
    assert.match(await handshake(master, { ca: stranger.cert }), /SELF_SIGNED|UNABLE_TO|SIGNATURE/);
  });
});

describe("an authority of a user's own", () => {
  it("signs with RSA, and with ECDSA on every curve, the same bytes alike", () => {
    const keys = [
      generateKeyPairSync("rsa", { modulusLength: 2048 }),
      ...["P-256", "P-384", "P-521"].map((namedCurve) => generateKeyPairSync("ec", { namedCurve })),
    ];
    const digests = ["sha256", "sha256", "sha384", "sha512"];
    for (const [i, { privateKey, publicKey }] of keys.entries()) {
      const bytes = Buffer.from("what is signed");
      const { sign } = signerOf(privateKey);
      assert.deepEqual(Buffer.from(sign(bytes)), Buffer.from(sign(bytes)));
      assert.ok(verify(digests[i], bytes, publicKey, sign(bytes)), digests[i]);
    }
  });

  it("keeps its identity when its certificate is renewed", () => {
    const { cert } = rsaAuthority();
    assert.equal(authorityId(cert), authorityId(`${cert}\n`));
    assert.notEqual(authorityId(cert), authorityId(authority.cert));
  });

  it("is refused when it can sign nothing that is believed, in one line without its key", () => {
    const other = deriveAuthority("another", seed("another"));
    const ed25519 = generateKeyPairSync("ed25519")
      .privateKey.export({ format: "pem", type: "pkcs8" })
      .toString();
    assert.equal(authorityFault(authority), undefined);
    assert.equal(authorityFault(rsaAuthority()), undefined);
    const faults: [Identity, RegExp][] = [
      [master, /^cert: must be of an authority \(basicConstraints CA:TRUE\)/],
      [{ ...authority, key: other.key }, /^key: is not the key of cert$/],
      [{ ...authority, key: ed25519 }, /^key: is not the key of cert$/],
      [{ ...authority, key: "none" }, /^key: cannot be read as PEM/],
      [{ ...authority, cert: "none" }, /^cert: cannot be read as PEM/],
    ];
    for (const [given, words] of faults) {
      const fault = authorityFault(given) ?? "";
      assert.match(fault, words);
      assert.doesNotMatch(fault, /PRIVATE|\n/);
    }
    assert.throws(
      () => signerOf(createPrivateKey(ed25519)),
      /must be a key of RSA or of ECDSA on .*, got ed25519$/,
    );
  });
});

describe("a keystore for Java", () => {
  it("is the same each time, opens with its password alone, and serves its certificate", async () => {
    const passphrase = "opens-the-keystore";
    const pfx = keystore(master, authority.cert, "demo-marathon-1", passphrase);
    assert.deepEqual(pfx, keystore(master, authority.cert, "demo-marathon-1", passphrase));
    assert.equal(await handshake({ pfx, passphrase }, { ca: authority.cert }), "TLSv1.3");
    assert.throws(() => tls.createSecureContext({ pfx, passphrase: "guessed" }), /mac verify failure/);
    assert.ok(
      !pfx.includes(Buffer.from(keyFrom(seed("master")).export({ format: "jwk" }).d ?? "", "base64url")),
    );
    const asClient = { pfx, passphrase, ca: undefined };
    assert.equal(await handshake(master, asClient), "TLSv1.3", "its authority is trusted");
  });
});
