// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { md, pki } from "node-forge";

/** A private key and a certificate in PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

const dayMs = 86_400_000;

/** A certificate for `ip`, of `authority` or self-signed, that is valid for a day before and after today and `shiftDays`. */
export function identity(
  name: string,
  o: { readonly ip?: string; readonly authority?: Identity; readonly shiftDays?: number } = {},
): Identity {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const certificate = pki.createCertificate();
  certificate.publicKey = pki.publicKeyFromPem(pair.publicKey);
  certificate.serialNumber = Buffer.from(name).toString("hex");
  const now = Date.now() + (o.shiftDays ?? 0) * dayMs;
  certificate.validity.notBefore = new Date(now - dayMs);
  certificate.validity.notAfter = new Date(now + dayMs);
  certificate.setSubject([{ name: "commonName", value: name }]);
  const issuer = o.authority === undefined ? certificate : pki.certificateFromPem(o.authority.cert);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: "basicConstraints", cA: o.ip === undefined },
    ...(o.ip === undefined ? [] : [{ name: "subjectAltName", altNames: [{ type: 7, ip: o.ip }] }]),
  ]);
  certificate.sign(pki.privateKeyFromPem(o.authority?.key ?? pair.privateKey), md.sha256.create());
  return { key: pair.privateKey, cert: pki.certificateToPem(certificate) };
}
