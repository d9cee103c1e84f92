// SPDX-License-Identifier: Apache-2.0
import type { Backend, Server } from "./route";

/** HAProxy's largest weight of a server. */
const most = 256;

/** An app's share of a rule's requests, and the app's tasks as a backend of its own would have them. */
export interface Part {
  readonly appId: string;
  readonly weight: number;
  readonly backend: Backend;
}

/**
 * Weights of servers by which each app gets its share of the requests, however many tasks it has: of each part one
 * weight a task. Apps without tasks leave their share to the others. An app of weight 0 gets none as long as there is a
 * task of another; when all those are gone, it is better than nobody.
 *
 * The shares are as exact as weights from 0 to 256 allow: where one task must get more than 256 times what another gets,
 * some of the others get nothing.
 */
export function serverWeights(
  parts: readonly { readonly weight: number; readonly tasks: number }[],
): number[][] {
  const isServed = parts.some((part) => part.weight > 0 && part.tasks > 0);
  const effective = isServed ? parts : parts.map(({ tasks }) => ({ weight: 1, tasks }));
  const served = effective.filter((part) => part.weight > 0 && part.tasks > 0);
  const scale = Math.min(...served.map((part) => (most * part.tasks) / part.weight));
  return effective.map(({ weight, tasks }) => {
    if (weight === 0 || tasks === 0) return new Array<number>(tasks).fill(0);
    const total = Math.max(1, Math.min(most * tasks, Math.round(scale * weight)));
    const [each, rest] = [Math.floor(total / tasks), total % tasks];
    return Array.from({ length: tasks }, (_, index) => each + (index < rest ? 1 : 0));
  });
}

/**
 * The tasks of several apps behind one name. What they are checked by must be the same, or only connections are checked;
 * apps that speak another protocol than the first are left out.
 */
export function weighted(
  name: string,
  all: readonly Part[],
): { readonly backend: Backend; readonly leftOut: ReadonlyMap<string, string> } {
  const tls = all[0]?.backend.tls ?? false;
  const parts = all.filter((part) => part.backend.tls === tls);
  const leftOut = all
    .filter((part) => part.backend.tls !== tls)
    .map(({ appId }) => [`${name} ${appId}`, "one of its apps speaks TLS and another does not"] as const);
  const paths = new Set(parts.map((part) => part.backend.checkPath));
  const [checkPath] = paths.size === 1 ? paths : [];
  const seconds = parts.flatMap((part) => part.backend.checkSeconds ?? []);
  const takers = parts.map(({ backend }) => backend.servers.filter((s) => s.state === "ready"));
  const weights = serverWeights(
    parts.map(({ weight }, index) => ({ weight, tasks: takers[index]?.length ?? 0 })),
  );
  const servers = parts.flatMap(({ appId, backend }, part): Server[] => {
    const left = [...(weights[part] ?? [])];
    return backend.servers.map((server) =>
      server.state === "ready" ? { ...server, appId, weight: left.shift() ?? 0 } : { ...server, appId },
    );
  });
  return {
    backend: {
      name,
      ...(checkPath !== undefined && { checkPath }),
      ...(checkPath !== undefined && seconds.length > 0 && { checkSeconds: Math.max(...seconds) }),
      tls,
      // By the fewest connections the largest weight would get every request of a quiet hour.
      options: { mode: "http", balance: "roundrobin" },
      servers,
    },
    leftOut: new Map(leftOut),
  };
}
