// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { pemFor, selfSigned } from "../testing/certificate.test.support";
import { outOfTime, readPem } from "./pem";

describe("a certificate's file", function () {
  this.timeout(60_000);
  const { key, certificate } = selfSigned("a.example");
  const read = (text: string) => readPem(text).pem ?? assert.fail(readPem(text).reason);

  it("holds key and certificates in any order, with whatever stands between them", () => {
    const chain = selfSigned("ca.example").certificate;
    const text = `Bag Attributes\r\n    friendlyName: a\r\n\r\n${certificate}\n\n${chain}\nsubject=CN\n${key}`;
    const pem = read(text);
    assert.deepEqual(pem.names, ["a.example"]);
    assert.equal(pem.fingerprint, new X509Certificate(certificate).fingerprint256);
    assert.equal(pem.text.match(/BEGIN CERTIFICATE/g)?.length, 2);
    // HAProxy takes an empty line for the end.
    assert.doesNotMatch(pem.text, /\n\n|\r|friendlyName|subject=/);
    assert.deepEqual(read(pem.text), pem);
  });

  it("is refused with a reason that does not repeat it", () => {
    const encrypted = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" },
    }).privateKey;
    const other = selfSigned("b.example");
    const cases: [string, RegExp][] = [
      ["", /no certificate/],
      [key, /no certificate/],
      [certificate, /no private key/],
      [certificate + key + other.key, /2 private keys/],
      [certificate + encrypted, /encrypted/],
      [other.certificate + key, /not that of its first certificate/],
      [other.certificate + certificate + key, /not that of its first certificate/],
      [
        certificate + certificate.replace(/\n\w{8}/, "\n????????") + key,
        /certificate 2 in it cannot be read/,
      ],
      [certificate + key.replace(/\n\w{8}/, "\nAAAAAAAA"), /private key cannot be read/],
    ];
    for (const [text, expected] of cases) {
      const { pem, reason } = readPem(text);
      assert.equal(pem, undefined);
      assert.match(reason ?? "", expected);
      assert.doesNotMatch(reason ?? "", /BEGIN/);
    }
  });

  it("is never an exception, whatever stands in it", () => {
    const parts = [
      certificate,
      key,
      certificate.slice(0, 100),
      "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----",
    ];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...parts), fc.string({ unit: "binary" })))
      .map((all) => all.join("\n"));
    fc.assert(
      fc.property(text, (some) => void readPem(some)),
      { numRuns: 30 },
    );
  });

  it("is out of time before its first and from its last moment on", () => {
    const pem = read(pemFor("a.example"));
    assert.equal(outOfTime(pem, pem.notBefore), undefined);
    assert.match(outOfTime(pem, pem.notBefore - 1) ?? "", /does not hold before/);
    assert.match(outOfTime(pem, pem.notAfter) ?? "", /expired at/);
  });
});
