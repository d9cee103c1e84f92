// SPDX-License-Identifier: Apache-2.0

import { normaliseLinuxInfo, normalisePersistent } from "./app-normal-container";
import { asSet, executorDefaults, filled, normaliseUnreachable } from "./app-normal-form";
import { defined, nonEmpty, normaliseNetwork } from "./app-normal-networks";
import { resolved } from "./path-id";
import { Pod } from "./pod";
import { normaliseContainers } from "./pod-normal-container";
import { isRecord, prune, schemaView } from "./schema-view";
import { atLeast, defaultServerFacts, type ServerFacts } from "./server-facts";

type Json = Readonly<Record<string, unknown>>;

/**
 * What Marathon would answer for the pod `document`, without its version (reference §1.9).
 *
 * Idempotent; what does not fit the schema stays as it is; sets hold each element once.
 */
export function normalisePod(document: object, facts: ServerFacts = defaultServerFacts): Pod {
  const pod = prune(schemaView(Pod), document) as Json;
  const networks = mapped(pod["networks"], (n) => normaliseNetwork(n, facts));
  const volumes = mapped(pod["volumes"], normaliseVolume);
  const persistent =
    Array.isArray(volumes) && volumes.some((v) => isRecord(v) && v["persistent"] !== undefined);
  const { version: _, ...rest } = pod;
  return defined({
    ...rest,
    id: resolved(pod["id"]),
    labels: nonEmpty(pod["labels"]),
    environment: nonEmpty(pod["environment"]),
    secrets: nonEmpty(pod["secrets"]),
    containers: normaliseContainers(pod["containers"], networks),
    networks: nonEmpty(networks),
    volumes: nonEmpty(volumes),
    scaling: filled(pod["scaling"] ?? {}, { kind: "fixed", instances: 1 }),
    scheduling: normaliseScheduling(pod["scheduling"] ?? {}, persistent, facts),
    executorResources: filled(pod["executorResources"] ?? {}, executorDefaults),
    role: atLeast(facts.version, 9) ? (pod["role"] ?? facts.role) : undefined,
    linuxInfo: normaliseLinuxInfo(pod["linuxInfo"]),
  }) as unknown as Pod;
}

function normaliseVolume(volume: Json): Json {
  const { persistent } = volume;
  return isRecord(persistent) ? { ...volume, persistent: normalisePersistent(persistent) } : volume;
}

function normaliseScheduling(scheduling: unknown, persistent: boolean, facts: ServerFacts): unknown {
  if (!isRecord(scheduling)) return scheduling;
  const { backoff, upgrade, placement, killSelection, unreachableStrategy } = scheduling;
  const careful = persistent && upgrade === undefined;
  return {
    backoff: filled(backoff ?? {}, {
      backoff: 1,
      backoffFactor: 1.15,
      maxLaunchDelay: atLeast(facts.version, 8) ? 300 : 3600,
    }),
    upgrade: filled(upgrade ?? {}, {
      minimumHealthCapacity: careful ? 0.5 : 1,
      maximumOverCapacity: careful ? 0 : 1,
    }),
    placement: normalisePlacement(placement ?? {}),
    killSelection: killSelection ?? "YOUNGEST_FIRST",
    unreachableStrategy: normaliseUnreachable(unreachableStrategy, persistent),
  };
}

function normalisePlacement(placement: unknown): unknown {
  if (!isRecord(placement)) return placement;
  return defined({
    constraints: nonEmpty(asSet(placement["constraints"])),
    acceptedResourceRoles: nonEmpty(asSet(placement["acceptedResourceRoles"])),
  });
}

function mapped(list: unknown, each: (item: Json) => unknown): unknown {
  return Array.isArray(list) ? list.map((item) => (isRecord(item) ? each(item) : item)) : list;
}
