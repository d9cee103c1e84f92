// SPDX-License-Identifier: Apache-2.0
import { createHash, X509Certificate } from "node:crypto";

/** Whose authority it is, however often its certificate is renewed: a digest of its name and public key. */
export function authorityId(cert: string): string {
  const { subject, publicKey } = new X509Certificate(cert);
  const key = publicKey.export({ format: "der", type: "spki" });
  return createHash("sha256").update(`${subject}\n`).update(key).digest("hex");
}
