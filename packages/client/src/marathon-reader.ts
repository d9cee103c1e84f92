// SPDX-License-Identifier: Apache-2.0
import type { MarathonClient } from "./marathon";
import { groupsIn, type MarathonApp, type MarathonGroup, type MarathonPodStatus } from "./marathon-documents";
import { type ReadClock, SharedReads } from "./shared-reads";

/** One Marathon's apps, groups and pods for many readers at once: see {@link SharedReads}. */
export class MarathonReader {
  readonly apps: SharedReads<MarathonApp>;
  readonly groups: SharedReads<MarathonGroup>;
  readonly pods: SharedReads<MarathonPodStatus>;

  constructor(client: MarathonClient, clock?: ReadClock) {
    const writes = () => client.writes;
    this.apps = new SharedReads(
      {
        one: (id, signal) => client.getApp(id, signal),
        all: async (signal) => byId(await client.getApps(signal)),
        writes,
      },
      clock,
    );
    this.groups = new SharedReads(
      {
        one: (id, signal) => client.getGroup(id, signal),
        all: async (signal) => byId(groupsIn(await client.getGroup("/", signal))),
        writes,
      },
      clock,
    );
    this.pods = new SharedReads(
      {
        one: (id, signal) => client.getPodStatus(id, signal),
        all: async (signal) => byId(await client.getPodStatuses(signal)),
        writes,
      },
      clock,
    );
  }
}

function byId<T extends { readonly id: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((one) => [one.id, one]));
}
