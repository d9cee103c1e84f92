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

/** S3 takes 63 characters: Pulumi adds 8, and AWS adds 26 to a prefix. */
const mostNamed = 63 - 8;
const mostPrefix = 63 - 26;

/**
 * Begins the name of a bucket whose resource's name S3 would refuse, in which Pulumi begins it otherwise; nothing where it is
 * right as it is but for capitals, which Pulumi lowers.
 */
export function bucketPrefix(resource: string): string | undefined {
  if (resource.length <= mostNamed && /^[a-z0-9](\.?[a-z0-9-])*$/i.test(resource)) return undefined;
  const words = resource.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return `${words.join("-").slice(0, mostPrefix - 1)}-`;
}
