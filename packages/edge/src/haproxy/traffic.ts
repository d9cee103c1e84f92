// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from "node:net";
import { isMesosError } from "@pulumi-mesos/model";
import type { Routes } from "../routing/route";
import type { Runtime } from "./runtime";
import type { Counts, StatRow } from "./stat";

/** One app's requests; all its ports and its parts of rules together. */
export interface AppTraffic extends Counts {
  readonly requestsPerSecond: number;
  readonly openRequests: number;
}

const nothing: Counts = { requests: 0, errors: 0, connectionFailures: 0 };

/**
 * Sums up by app what HAProxy counts by backend or, where apps share one, by server. The sums outlive HAProxy's worker;
 * they begin anew with this controller, or when an app leaves the routes.
 */
export class TrafficCounter {
  #before: ReadonlyMap<string, Counts> = new Map();
  #sums = new Map<string, Counts>();
  #looking: Promise<ReadonlyMap<string, AppTraffic>> | undefined;

  /**
   * What has been counted up to now; nothing while a worker hands over to the next and does not answer. One look at a time:
   * counts of an earlier one would seem to go back.
   */
  look(
    runtime: Pick<Runtime, "stat">,
    generation: number,
    routes: Routes,
  ): Promise<ReadonlyMap<string, AppTraffic>> {
    this.#looking ??= this.#look(runtime, generation, routes).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(
    runtime: Pick<Runtime, "stat">,
    generation: number,
    routes: Routes,
  ): Promise<ReadonlyMap<string, AppTraffic>> {
    try {
      return this.add(generation, await runtime.stat(generation, sharedBackends(routes)), routes);
    } catch (error) {
      if (isMesosError(error) && error.code === "MESOS_EDGE_RUNTIME_FAILED") return new Map();
      throw error;
    }
  }

  /** Adds what `rows` count more than those of before. */
  add(generation: number, rows: readonly StatRow[], routes: Routes): ReadonlyMap<string, AppTraffic> {
    const appOf = owners(routes);
    const seen = new Map<string, Counts>();
    const traffic = new Map<string, AppTraffic>();
    for (const { backend, server, counts, requestsPerSecond, openRequests } of rows) {
      const key = [generation, backend, server?.name, server?.address].join(" ");
      seen.set(key, counts);
      const app = appOf.get(ownerKey(backend, server?.address));
      if (app === undefined) continue;
      // What a slot counted before its task came may be another app's.
      const before = this.#before.get(key) ?? (server ? counts : nothing);
      const sum = plus(traffic.get(app) ?? this.#sums.get(app) ?? nothing, counts, before);
      const now = traffic.get(app);
      traffic.set(app, {
        ...sum,
        requestsPerSecond: (now?.requestsPerSecond ?? 0) + requestsPerSecond,
        openRequests: (now?.openRequests ?? 0) + openRequests,
      });
    }
    this.#before = seen;
    this.#sums = traffic;
    return traffic;
  }
}

function plus(sum: Counts, now: Counts, before: Counts): Counts {
  return {
    requests: sum.requests + now.requests - before.requests,
    errors: sum.errors + now.errors - before.errors,
    connectionFailures: sum.connectionFailures + now.connectionFailures - before.connectionFailures,
  };
}

/** Names of the backends in which several apps have tasks. */
function sharedBackends({ backends }: Routes): string[] {
  return backends.filter(isShared).map(({ name }) => name);
}

function isShared({ servers }: Routes["backends"][number]): boolean {
  return servers.some((server) => server.appId !== undefined);
}

/** Whose a backend is or, where several apps share it, an address in it. */
function owners({ routes, ports, backends }: Routes): ReadonlyMap<string, string> {
  const byBackend = [...routes, ...ports].map(
    ({ backend = "", appId }) => [ownerKey(backend), appId] as const,
  );
  const apps = new Map<string, string>(byBackend);
  for (const backend of backends.filter(isShared)) {
    apps.delete(ownerKey(backend.name));
    for (const { address, port, appId } of backend.servers) {
      const at = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
      if (appId !== undefined) apps.set(ownerKey(backend.name, at), appId);
    }
  }
  return apps;
}

function ownerKey(backend: string, address = ""): string {
  return `${backend} ${address}`;
}
