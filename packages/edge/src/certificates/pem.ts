// SPDX-License-Identifier: Apache-2.0
import { createHash, createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/** A certificate with its chain and private key. */
export interface Pem {
  /** Key and certificates, nothing else: what HAProxy reads. Secret. */
  readonly text: string;
  /** Of `text`. */
  readonly digest: string;
  /** Host names that the certificate is for. */
  readonly names: readonly string[];
  /** First and last moment at which it holds, in milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256 of the certificate, as browsers show it. */
  readonly fingerprint: string;
}

/** What was found in a file: a certificate, or the reason why it is none. A reason never repeats the text. */
export type PemVerdict =
  | { readonly pem: Pem; readonly reason?: undefined }
  | { readonly pem?: undefined; readonly reason: string };

/** Reads a certificate, its chain and its key as HAProxy does: in any order, the certificate before its chain. */
export function readPem(text: string): PemVerdict {
  const blocks = blocksOf(text);
  const certificates = blocks.filter(({ label }) => label === "CERTIFICATE");
  const keys = blocks.filter(({ label }) => label.endsWith("PRIVATE KEY"));
  const [key] = keys;
  if (certificates.length === 0) return { reason: "there is no certificate in it" };
  if (key === undefined)
    return { reason: "there is no private key in it, nor in a file of its name and .key" };
  if (keys.length > 1) return { reason: `there are ${keys.length} private keys in it` };
  if (/ENCRYPTED/.test(key.text))
    return { reason: "its private key is encrypted, and HAProxy has no password" };
  const read = certificates.map(({ text: one }) => attempt(() => new X509Certificate(one)));
  const broken = read.indexOf(undefined);
  if (broken >= 0) return { reason: `certificate ${broken + 1} in it cannot be read` };
  const secret = attempt(() => createPrivateKey(key.text));
  const leaf = read[0];
  if (secret === undefined || leaf === undefined) return { reason: "its private key cannot be read" };
  if (!belongs(leaf, secret)) return { reason: "its private key is not that of its first certificate" };
  const parameters = blocks.filter(({ label }) => label === "DH PARAMETERS");
  return { pem: describe([key, ...certificates, ...parameters].map((block) => block.text).join(""), leaf) };
}

/** Why a certificate does not hold at `time`, if it does not. */
export function outOfTime({ notBefore, notAfter }: Pem, time: number): string | undefined {
  if (time >= notAfter) return `it expired at ${new Date(notAfter).toISOString()}`;
  return time < notBefore ? `it does not hold before ${new Date(notBefore).toISOString()}` : undefined;
}

function describe(text: string, leaf: X509Certificate): Pem {
  const names = [...(leaf.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name);
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return {
    text,
    digest: createHash("sha256").update(text).digest("hex"),
    names: names.length > 0 ? names : common === undefined ? [] : [common],
    notBefore: Date.parse(leaf.validFrom),
    notAfter: Date.parse(leaf.validTo),
    fingerprint: leaf.fingerprint256,
  };
}

/** The blocks of a text, without empty lines: HAProxy takes one for the end of what it is told at run time. */
function blocksOf(text: string): { label: string; text: string }[] {
  const blocks: { label: string; text: string }[] = [];
  for (let from = 0; ; ) {
    const begin = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text.slice(from));
    if (begin === null) return blocks;
    const label = begin[1] ?? "";
    const start = from + begin.index;
    const last = `-----END ${label}-----`;
    const end = text.indexOf(last, start);
    if (end < 0) return blocks;
    from = end + last.length;
    const lines = text.slice(start, from).split(/\r?\n/);
    const kept = lines.map((line) => line.trim()).filter(Boolean);
    blocks.push({ label, text: `${kept.join("\n")}\n` });
  }
}

function belongs(leaf: X509Certificate, key: KeyObject): boolean {
  return attempt(() => leaf.checkPrivateKey(key)) ?? false;
}

/** What OpenSSL makes of a text; its own words are left out, because nobody promises that they hold nothing of the key. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code === "string") return undefined;
    throw error;
  }
}
