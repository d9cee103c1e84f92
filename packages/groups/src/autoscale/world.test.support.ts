// SPDX-License-Identifier: Apache-2.0
import { type AutoscalePolicy, fillAutoscalePolicy } from "@pulumi-mesos/model";
import type { Policies, Resources, SizedAgent, SizedGroup, Work, World } from "./world";

export const minute = 60_000;
/** An hour of no meaning, far from 0. */
export const start = 1_000 * 3_600_000;

export function resources(cpus: number, mem = cpus * 1024): Resources {
  return { cpus, mem, disk: 0, gpus: 0 };
}

export function group(name: string, more: Partial<SizedGroup> = {}): SizedGroup {
  return { name, size: 0, resources: resources(8), attributes: {}, ...more };
}

/** Ready agents `<group>-1` … that were started ten hours ago. */
export function agents(name: string, count: number, more: Partial<SizedAgent> = {}): SizedAgent[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${name}-${i + 1}`,
    group: name,
    state: "ready",
    startedAt: start - 600 * minute,
    leaving: false,
    doomed: false,
    ...more,
  }));
}

export function work(id: string, cpus: number, on: readonly string[], more: Partial<Work> = {}): Work {
  return { id, kind: "service", need: resources(cpus), constraints: [], on, ailing: false, ...more };
}

export function world(more: Partial<World>): World {
  return { now: start, groups: [group("web")], agents: [], works: [], waiting: new Map(), ...more };
}

/** Policies with nothing kept free and nothing waited for, but what is given. */
export function plain(policies: Readonly<Record<string, Partial<AutoscalePolicy>>>): Policies {
  return Object.fromEntries(
    Object.entries(policies).map(([name, policy]) => [
      name,
      fillAutoscalePolicy({
        min: 0,
        max: 100,
        targetUtilization: 1,
        ...policy,
        scaleDown: { stabilizationSeconds: 0, cooldownSeconds: 0, maxStepShare: 1, ...policy.scaleDown },
      }),
    ]),
  );
}
