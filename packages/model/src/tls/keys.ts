// SPDX-License-Identifier: Apache-2.0
import { createECDH, createPrivateKey, type KeyObject, sign } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist";
import { MesosError } from "../errors";
import { type Node, nothing, oid, sequence } from "./der";

/** Bytes from which {@link keyFrom} makes a key: 128 bits more than the curve has, so that no key is likelier than another. */
export const keySeedLength = 48;

/** A private key of P-256 that follows from a seed (FIPS 186-5, A.2.1). */
export function keyFrom(seed: Uint8Array): KeyObject {
  const order = p256.Point.Fn.ORDER;
  const scalar = (BigInt(`0x${Buffer.from(seed).toString("hex")}`) % (order - 1n)) + 1n;
  const d = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const pair = createECDH("prime256v1");
  pair.setPrivateKey(d);
  const point = pair.getPublicKey();
  const base64 = (bytes: Buffer): string => bytes.toString("base64url");
  const jwk = {
    kty: "EC",
    crv: "P-256",
    d: base64(d),
    x: base64(point.subarray(1, 33)),
    y: base64(point.subarray(33)),
  };
  return createPrivateKey({ key: jwk, format: "jwk" });
}

/** Signs so that the same key gives the same signature for the same bytes. */
export interface Signer {
  readonly algorithm: Node;
  sign(bytes: Uint8Array): Uint8Array;
}

const curves = {
  "P-256": { curve: p256, algorithm: "1.2.840.10045.4.3.2" },
  "P-384": { curve: p384, algorithm: "1.2.840.10045.4.3.3" },
  "P-521": { curve: p521, algorithm: "1.2.840.10045.4.3.4" },
} as const;

/** ECDSA with the nonces of RFC 6979, or RSA with PKCS #1 v1.5; other keys sign at random, or Java 8 does not know them. */
export function signerOf(key: KeyObject): Signer {
  if (key.asymmetricKeyType === "rsa") {
    const algorithm = sequence(oid("1.2.840.113549.1.1.11"), nothing());
    return { algorithm, sign: (bytes) => sign("sha256", bytes, key) };
  }
  const { crv, d } = key.asymmetricKeyType === "ec" ? key.export({ format: "jwk" }) : {};
  const known = Object.entries(curves).find(([name]) => name === crv)?.[1];
  if (known === undefined || d === undefined) {
    const kind = crv ?? key.asymmetricKeyType ?? "unknown";
    throw new MesosError(
      "MESOS_TLS_KEY",
      `must be a key of RSA or of ECDSA on P-256, P-384 or P-521, got ${kind}`,
    );
  }
  const { curve, algorithm } = known;
  return {
    algorithm: sequence(oid(algorithm)),
    sign: (bytes) =>
      curve.sign(bytes, Buffer.from(d, "base64url"), { prehash: true, lowS: false }).toBytes("der"),
  };
}
