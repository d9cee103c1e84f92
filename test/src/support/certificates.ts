// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { asn1, md, pkcs12, pki } from "node-forge";

/** A private key and a certificate in PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

const dayMs = 86_400_000;

/** A certificate for `ip` or a client, of `authority`; without one an authority. Valid from yesterday to tomorrow. */
export function identity(name: string, authority?: Identity, ip?: string): Identity {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = Buffer.from(name).toString("hex");
  certificate.validity.notBefore = new Date(Date.now() - dayMs);
  certificate.validity.notAfter = new Date(Date.now() + dayMs);
  certificate.setSubject([{ name: "commonName", value: name }]);
  const issuer = authority === undefined ? certificate : pki.certificateFromPem(authority.cert);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: "basicConstraints", cA: authority === undefined },
    ...(ip === undefined ? [] : [{ name: "subjectAltName", altNames: [{ type: 7, ip }] }]),
  ]);
  certificate.sign(pki.privateKeyFromPem(authority?.key ?? pair.privateKey), md.sha256.create());
  return { key: pair.privateKey, cert: pki.certificateToPem(certificate) };
}

/** An identity as the PKCS12 keystore that Marathon reads. */
export function keystore({ key, cert }: Identity, passphrase: string): Buffer {
  const store = pkcs12.toPkcs12Asn1(pki.privateKeyFromPem(key), pki.certificateFromPem(cert), passphrase, {
    algorithm: "aes256",
  });
  return Buffer.from(asn1.toDer(store).getBytes(), "binary");
}
