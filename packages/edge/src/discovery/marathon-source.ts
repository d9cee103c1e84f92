// SPDX-License-Identifier: Apache-2.0
import { MarathonClient } from "@pulumi-mesos/client";
import type { MarathonSource } from "./discovery";

/** Where Marathon is and who we are to it. */
export interface MarathonAccess {
  readonly marathonUrls: readonly string[];
  readonly marathonUser?: string;
  readonly marathonPassword?: string;
}

/**
 * Marathon through its client: any of `marathonUrls` that answers, the leader's events. A stream that is silent for
 * `stallMs` is broken: Marathon sends blank lines in between.
 */
export function marathonSource(access: MarathonAccess, stallMs = 30_000): MarathonSource {
  const client = new MarathonClient({
    urls: access.marathonUrls,
    ...(access.marathonUser !== undefined && { user: access.marathonUser }),
    ...(access.marathonPassword !== undefined && { password: access.marathonPassword }),
    timeoutMs: 10_000,
  });
  return {
    getApps: (signal) => client.getApps(signal),
    getApp: (id, signal) => client.getApp(id, signal),
    async *events(signal) {
      for await (const event of client.events({ signal, stallMs })) {
        yield { type: event.type, fields: "data" in event ? event.data : {} };
      }
    },
  };
}
