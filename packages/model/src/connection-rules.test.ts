// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { md, pki } from "node-forge";
import { computed } from "./computed";
import { connectionFaults } from "./connection-rules";

const https = ["https://m:8443"];
const http = ["http://m:8080"];

describe("connectionFaults", function () {
  this.timeout(60_000);
  let key: string;
  let cert: string;
  let otherKey: string;

  before(() => {
    const pair = () =>
      generateKeyPairSync("rsa", {
        modulusLength: 2048,
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" },
      });
    const own = pair();
    key = own.privateKey;
    otherKey = pair().privateKey;
    const certificate = pki.createCertificate();
    certificate.publicKey = pki.publicKeyFromPem(own.publicKey);
    certificate.sign(pki.privateKeyFromPem(key), md.sha256.create());
    cert = pki.certificateToPem(certificate);
  });

  const said = (...of: Parameters<typeof connectionFaults>) =>
    connectionFaults(...of).map((f) => `${f.option}: ${f.message}`);

  it("takes nothing at all, and everything that fits", () => {
    assert.deepEqual(said({}, http), []);
    assert.deepEqual(said({ user: "u", password: "p:q" }, http), []);
    assert.deepEqual(said({ token: "Bearer abc", ca: cert + cert, cert, key }, https), []);
    assert.deepEqual(said({ insecure: true, token: "t" }, https), []);
    assert.deepEqual(said({ insecure: false }, http), []);
  });

  it("takes what is not known yet for right", () => {
    const unknown = { user: computed, password: "p", ca: computed, cert: computed, key };
    assert.deepEqual(said(unknown, undefined), []);
    assert.deepEqual(said({ ca: cert, insecure: computed }, undefined), []);
  });

  it("refuses halves and contradictions, by the user's names", () => {
    const name = (option: string) => `m-${option}`;
    assert.deepEqual(said({ user: "u", token: "t", key }, https, name), [
      "user: m-user and m-password go together; give m-password too",
      "key: m-cert and m-key go together; give m-cert too",
      "token: m-token and m-user exclude each other; keep one of them",
    ]);
    assert.deepEqual(said({ insecure: true, ca: cert }, https), [
      "insecure: takes any certificate, so ca has no use; remove one of them",
    ]);
    assert.deepEqual(said({ cert, key: otherKey }, https), [
      "key: is not the key of the first certificate in cert",
    ]);
    assert.deepEqual(
      connectionFaults({ ca: cert, cert, key, insecure: true }, http).map((f) => f.option),
      ["insecure", "ca", "cert", "insecure"],
    );
  });

  it("refuses what is no PEM, an encrypted key and texts that no header can carry, showing none", () => {
    const encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\ngeheim\n-----END ENCRYPTED PRIVATE KEY-----";
    const cut = cert.replace(/\n-----END/, "geheim\n-----END").slice(40);
    const lines = [
      ...said({ ca: "./geheim.pem" }, https),
      ...said({ ca: `-----BEGIN CERTIFICATE-----\n${cut}` }, https),
      ...said({ cert, key: encrypted }, https),
      ...said({ cert, key: `${key.slice(0, 200)}\n-----END PRIVATE KEY-----` }, https),
      ...said({ token: "geheim\n" }, http),
      ...said({ user: "ge:heim", password: "geheim" }, http),
    ];
    assert.deepEqual(lines, [
      "ca: must be PEM, beginning with -----BEGIN CERTIFICATE-----; a path is not read: give the file's content",
      "ca: holds a certificate that cannot be read; is it cut off, or are its line ends lost?",
      "key: is encrypted; decrypt it (openssl pkey -in key.pem) and give it as a secret",
      "key: holds a key that cannot be read; is it cut off, or are its line ends lost?",
      "token: must be one line of visible ASCII characters, without spaces or line ends around it",
      "user: must not contain a colon: HTTP basic authentication cannot carry it",
    ]);
  });
});
