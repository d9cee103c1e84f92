// SPDX-License-Identifier: Apache-2.0
import type { HostPort } from "@pulumi-mesos/model";

/** By `host:port` of a master, of how many the quorum is by which the program of this run wants it to count. */
export type DeclaredCounts = ReadonlyMap<string, number>;

/**
 * What ensembles said in this run, before any of their members is touched. A gate's delete is given nothing but what was declared
 * before, and could not tell a restart that ends a step from any other.
 */
export const declaredCounts = new Map<string, number>();

export function placeOf({ host, port }: HostPort): string {
  return `${host}:${port}`;
}
