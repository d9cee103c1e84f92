// SPDX-License-Identifier: Apache-2.0
import { type Address, type AddressMap, type MemberAddress, mapOfMembers } from "@pulumi-mesos/model";
import type { Platform } from "./platform";

/** A node's port with where the machine that runs Pulumi reaches it. */
export function memberAt(platform: Platform, { name, host }: Address, port: number): MemberAddress {
  const via = platform.via?.({ name, host }, port);
  return { name, host, port, ...(via === undefined ? {} : { via }) };
}

/** By which names a node's certificate is asked for: its address, its own name, and those that the platform has outside. */
export function namesOf(platform: Platform, { name, host }: Address): string[] {
  return [host, name, ...(platform.outerNames ?? [])];
}

/** Where connections to these ports of nodes go; undefined where they are reached at their own addresses. */
export function addressMapOf(
  platform: Platform,
  places: readonly { readonly addresses: readonly Address[]; readonly port: number }[],
): AddressMap | undefined {
  return mapOfMembers(
    places.flatMap(({ addresses, port }) => addresses.map((address) => memberAt(platform, address, port))),
  );
}
