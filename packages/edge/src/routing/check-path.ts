// SPDX-License-Identifier: Apache-2.0
import type { HealthCheck } from "../discovery/apps";

/** A path that HAProxy takes as one plain word: everything unusual percent-encoded. */
export function checkPath(check: HealthCheck): string {
  const path = check.path ?? "/";
  const encoded = [...Buffer.from(path.startsWith("/") ? path : `/${path}`, "utf8")]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~!()*+,;=:@/%?&]/.test(char)
        ? char
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
  return encoded.slice(0, 1024);
}
