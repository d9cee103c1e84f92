// SPDX-License-Identifier: Apache-2.0
import { canonicalJson, digestOf } from "@pulumi-mesos/model";
import type { Routes } from "../routing/route";
import type { SlotTable } from "../routing/slots";

/** What HAProxy has. */
interface Applied {
  readonly routes: Routes;
  readonly table: SlotTable;
}

/** Makes digests of what HAProxy routes, which are equal on edges that route alike; the last one is kept. */
export function appliedDigests(): (applied: Applied) => string {
  let last: (Applied & { readonly digest: string }) | undefined;
  return ({ routes, table }) => {
    if (last?.routes === routes && last.table === table) return last.digest;
    const digest = digestOf(canonicalJson([routes.routes, [...table]]));
    last = { routes, table, digest };
    return digest;
  };
}
