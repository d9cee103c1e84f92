// SPDX-License-Identifier: Apache-2.0
import { MarathonClient } from "@pulumi-mesos/client";
import { MesosError } from "@pulumi-mesos/model";
import { type Clock, systemClock } from "../clock";
import type { Log } from "../log";
import { readOptionFile } from "../option-files";
import type { EventFields } from "./cluster-state";
import type { MarathonSource } from "./discovery";
import { MarathonAddresses, type MarathonZooKeeper } from "./marathon-addresses";

/** Where Marathon is and who we are to it. */
export interface MarathonAccess {
  /** Not needed with {@link marathonZookeeper}. */
  readonly marathonUrls: readonly string[];
  /** Where Marathon's addresses are found in place of {@link marathonUrls}. */
  readonly marathonZookeeper?: MarathonZooKeeper;
  readonly marathonUser?: string;
  readonly marathonPassword?: string;
  /** PEM file of the authorities of its certificates. @default those that the machine trusts */
  readonly marathonCa?: string;
}

export interface MarathonSourceOptions {
  readonly log: Log;
  /** A stream that is silent for so long is broken: Marathon sends blank lines in between. @default 30000 */
  readonly stallMs?: number;
  /** @default the system's */
  readonly clock?: Clock;
}

/** Marathon through its client: any of its addresses that answers, the leader's events. */
export function marathonSource(access: MarathonAccess, o: MarathonSourceOptions): MarathonSource {
  const { stallMs = 30_000, clock = systemClock, log } = o;
  if (access.marathonZookeeper === undefined) return fixedSource(access, access.marathonUrls, stallMs);
  return foundSource(access, new MarathonAddresses(access.marathonZookeeper, clock, log), stallMs, clock);
}

function fixedSource(access: MarathonAccess, urls: readonly string[], stallMs: number): MarathonSource {
  const ca = access.marathonCa && readOptionFile("--marathon-ca", access.marathonCa);
  const client = new MarathonClient({
    urls,
    ...(access.marathonUser !== undefined && { user: access.marathonUser }),
    ...(access.marathonPassword !== undefined && { password: access.marathonPassword }),
    ...(ca !== undefined && { ca }),
    timeoutMs: 10_000,
  });
  return {
    getApps: (signal) => client.getAppDocuments(signal),
    getApp: (id, signal) => client.getAppDocument(id, signal),
    async *events(signal) {
      for await (const event of client.events({ signal, stallMs })) {
        yield { type: event.type, fields: "data" in event ? event.data : {} };
      }
    },
  };
}

/** Asks whom ZooKeeper names, and begins the stream anew when it names others. */
function foundSource(
  access: MarathonAccess,
  addresses: MarathonAddresses,
  stallMs: number,
  clock: Clock,
): MarathonSource {
  let known: { urls: readonly string[]; source: MarathonSource } | undefined;
  const source = (): MarathonSource => {
    const { urls } = addresses;
    if (urls.length === 0)
      throw new MesosError("MESOS_EDGE_MARATHON_UNKNOWN", addresses.problem, { retryable: true });
    if (known?.urls !== urls) known = { urls, source: fixedSource(access, urls, stallMs) };
    return known.source;
  };
  return {
    run: (signal) => addresses.run(signal),
    getApps: async (signal) => source().getApps(signal),
    getApp: async (id, signal) => source().getApp(id, signal),
    async *events(signal): AsyncGenerator<EventFields, void> {
      while (!signal.aborted) {
        const until = AbortSignal.any([signal, addresses.changed]);
        if (addresses.urls.length === 0) await clock.pause(60_000, until);
        else yield* source().events(until);
      }
    },
  };
}
