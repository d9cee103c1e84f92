// SPDX-License-Identifier: Apache-2.0
import { hkdfSync } from "node:crypto";

/**
 * A credential derived from the cluster secret: HKDF-SHA-256 (RFC 5869) with the stack as salt and the role as info.
 *
 * Because it is derived it is known at the very first preview, and differs for each stack and role.
 *
 * @returns 43 characters of base64url, 256 bits.
 */
export function deriveCredential(
  secret: string,
  stack: { project: string; stack: string },
  role: string,
): string {
  const key = hkdfSync("sha256", secret, `${stack.project}/${stack.stack}`, role, 32);
  return Buffer.from(key).toString("base64url");
}
