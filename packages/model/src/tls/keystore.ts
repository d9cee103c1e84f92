// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createHash, createHmac, createPrivateKey, X509Certificate } from "node:crypto";
import * as forge from "node-forge";
import type { Identity } from "./certificates";
import { binary, bmp, encode, type Node, nothing, octets, oid, sequence, set, small, tagged } from "./der";

const oids = {
  data: "1.2.840.113549.1.7.1",
  keyBag: "1.2.840.113549.1.12.10.1.2",
  certBag: "1.2.840.113549.1.12.10.1.3",
  x509: "1.2.840.113549.1.9.22.1",
  friendlyName: "1.2.840.113549.1.9.20",
  localKeyId: "1.2.840.113549.1.9.21",
  tripleDes: "1.2.840.113549.1.12.1.3",
  sha1: "1.3.14.3.2.26",
  /** Java takes a certificate without a key as one to trust only with this. */
  trustedKeyUsage: "2.16.840.1.113894.746875.1.1",
  anyPurpose: "2.5.29.37.0",
} as const;

/** Of node-forge; its types leave it out. */
const { pbe } = forge as unknown as {
  readonly pbe: {
    generatePkcs12Key(
      password: string,
      salt: forge.util.ByteBuffer,
      purpose: number,
      rounds: number,
      length: number,
    ): forge.util.ByteBuffer;
  };
};

const rounds = 2048;
/** What {@link derive} makes (RFC 7292, B.3). */
const purposes = { key: 1, iv: 2, mac: 3 } as const;

/**
 * A PKCS #12 keystore (RFC 7292) with a key, its certificate, and the authority that is trusted; the same input gives the
 * same bytes. Encrypted as every Java since 8 and OpenSSL 3 read it: what keeps it closed are the permissions of its file.
 */
export function keystore(identity: Identity, authority: string, name: string, password: string): Buffer {
  const own = new X509Certificate(identity.cert);
  const id = createHash("sha1").update(own.raw).digest();
  const attributes = [attribute(oids.friendlyName, bmp(name)), attribute(oids.localKeyId, octets(id))];
  const salt = (what: string): Buffer =>
    createHash("sha256").update(`${what}\n`).update(password).update(own.raw).digest().subarray(0, 8);
  const certificates = sequence(
    bag(oids.certBag, certificateOf(own), attributes),
    bag(oids.certBag, certificateOf(new X509Certificate(authority)), [
      attribute(oids.friendlyName, bmp("authority")),
      attribute(oids.trustedKeyUsage, oid(oids.anyPurpose)),
    ]),
  );
  const keys = sequence(bag(oids.keyBag, shrouded(identity.key, password, salt("key")), attributes));
  const safe = encode(sequence(data(encode(certificates)), data(encode(keys))));
  const macSalt = salt("mac");
  const mac = createHmac("sha1", derive(password, macSalt, purposes.mac, 20))
    .update(safe)
    .digest();
  const digest = sequence(sequence(oid(oids.sha1), nothing()), octets(mac));
  return encode(sequence(small(3), data(safe), sequence(digest, octets(macSalt), small(rounds))));
}

function data(bytes: Uint8Array): Node {
  return sequence(oid(oids.data), tagged(0, [octets(bytes)]));
}

function bag(id: string, value: Node, attributes: readonly Node[]): Node {
  return sequence(oid(id), tagged(0, [value]), set(...attributes));
}

function attribute(id: string, value: Node): Node {
  return sequence(oid(id), set(value));
}

function certificateOf({ raw }: X509Certificate): Node {
  return sequence(oid(oids.x509), tagged(0, [octets(raw)]));
}

function shrouded(key: string, password: string, salt: Buffer): Node {
  const plain = createPrivateKey(key).export({ format: "der", type: "pkcs8" });
  const cipher = createCipheriv(
    "des-ede3-cbc",
    derive(password, salt, purposes.key, 24),
    derive(password, salt, purposes.iv, 8),
  );
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const algorithm = sequence(oid(oids.tripleDes), sequence(octets(salt), small(rounds)));
  return sequence(algorithm, octets(encrypted));
}

function derive(password: string, salt: Buffer, purpose: number, length: number): Buffer {
  const bytes = pbe.generatePkcs12Key(
    password,
    forge.util.createBuffer(binary(salt)),
    purpose,
    rounds,
    length,
  );
  return Buffer.from(bytes.getBytes(), "binary");
}
