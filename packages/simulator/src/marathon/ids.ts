// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from "node:crypto";

/** Where deployment and instance ids come from. */
export type NewId = () => string;

export const randomIds: NewId = () => randomUUID();

/** The same ids in the same order for the same seed. */
export function seededIds(seed: string): NewId {
  let n = 0;
  return () => {
    const hex = createHash("sha256").update(`${seed}/${n++}`).digest("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
}
