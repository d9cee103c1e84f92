// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";

/** A plain file in S3, known by what is in it. */
export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  /** In hex. */
  readonly sha256: string;
}

/** The checksum by which a file is named and believed, in hex. */
export function sha256Of(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Begins the names of all objects of one member. */
export function objectPrefix(member: string): string {
  return `${member}/`;
}

/** Name of the object that is one file of a member: another content has another. */
export function objectKey(member: string, file: string, sha256: string): string {
  return `${objectPrefix(member)}${file}/${sha256}`;
}
