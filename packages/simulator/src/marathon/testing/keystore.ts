// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { asn1, pkcs12, pki } from "node-forge";

/** A self-signed certificate for `addresses`, as PEM and as a PKCS12 keystore. */
export function selfSigned(addresses: readonly string[], passphrase: string): { cert: string; pfx: Buffer } {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = "01";
  certificate.validity.notBefore = new Date(Date.now() - 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000);
  const name = [{ name: "commonName", value: "marathon" }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: addresses.map((ip) => ({ type: 7, ip })) },
  ]);
  const key = pki.privateKeyFromPem(pair.privateKey);
  certificate.sign(key);
  const store = pkcs12.toPkcs12Asn1(key, certificate, passphrase, { algorithm: "aes256" });
  return {
    cert: pki.certificateToPem(certificate),
    pfx: Buffer.from(asn1.toDer(store).getBytes(), "binary"),
  };
}
