// SPDX-License-Identifier: Apache-2.0
import { generateKeyPairSync } from "node:crypto";
import { isIP } from "node:net";
import { md, pki } from "node-forge";

export interface CertificateOptions {
  /** Bits of the key. @default 2048 */
  readonly bits?: number;
  /** In milliseconds from now. @default an hour */
  readonly validForMs?: number;
}

/** A key and a certificate of its own for an IP address or a host's name, valid for an hour. */
export function selfSigned(
  host: string,
  { bits = 2048, validForMs = 3_600_000 }: CertificateOptions = {},
): { readonly key: string; readonly certificate: string } {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: bits,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const made = pki.createCertificate();
  made.publicKey = pki.publicKeyFromPem(pair.publicKey);
  made.serialNumber = "01";
  const now = Date.now();
  made.validity.notBefore = new Date(Math.min(now, now + validForMs) - 60_000);
  made.validity.notAfter = new Date(now + validForMs);
  const name = [{ name: "commonName", value: host }];
  made.setSubject(name);
  made.setIssuer(name);
  made.setExtensions([
    { name: "basicConstraints", cA: true },
    { name: "subjectAltName", altNames: [isIP(host) ? { type: 7, ip: host } : { type: 2, value: host }] },
  ]);
  made.sign(pki.privateKeyFromPem(pair.privateKey), md.sha256.create());
  return { key: pair.privateKey, certificate: pki.certificateToPem(made) };
}

/** Both in one text, as HAProxy reads them. */
export function pemFor(host: string, options: CertificateOptions = {}): string {
  const { key, certificate } = selfSigned(host, options);
  return certificate + key;
}
