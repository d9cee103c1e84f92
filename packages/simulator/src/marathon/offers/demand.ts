// SPDX-License-Identifier: Apache-2.0
import { portsOf, usesOwnExecutor } from "../app/types";
import { endpointsOf } from "../pod/types";
import { isPod, type RunSpec } from "../run-spec/run-spec";

/** What one of the parts of an instance takes. */
export interface Share {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus?: number;
}

/** What one instance takes of an offer. */
export interface Demand {
  /** An app has one share, and one for an executor of its own; a pod its executor's, then one for each container. */
  readonly shares: readonly Share[];
  /** The host port asked for by every port or endpoint: 0 = any, undefined = none. */
  readonly hostPorts: readonly (number | undefined)[];
}

const executorDefaults: Share = { cpus: 0.1, mem: 32, disk: 10 };

export function demandOf(spec: RunSpec): Demand {
  if (isPod(spec)) {
    return {
      shares: [spec.executorResources, ...spec.containers.map((c) => c.resources)],
      hostPorts: endpointsOf(spec).map((e) => e.hostPort),
    };
  }
  const executor = usesOwnExecutor(spec) ? [spec.executorResources ?? executorDefaults] : [];
  return { shares: [spec, ...executor], hostPorts: portsOf(spec).map((p) => p.hostPort) };
}
