// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { md, pki } from "node-forge";

/** A key and a certificate of its own for an IP address, valid for an hour. */
export function selfSigned(ip: string): { readonly key: string; readonly certificate: string } {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const made = pki.createCertificate();
  made.publicKey = pki.publicKeyFromPem(pair.publicKey);
  made.serialNumber = "01";
  made.validity.notBefore = new Date(Date.now() - 60_000);
  made.validity.notAfter = new Date(Date.now() + 3_600_000);
  const name = [{ name: "commonName", value: ip }];
  made.setSubject(name);
  made.setIssuer(name);
  made.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: [{ type: 7, ip }] },
  ]);
  made.sign(pki.privateKeyFromPem(pair.privateKey), md.sha256.create());
  return { key: pair.privateKey, certificate: pki.certificateToPem(made) };
}
