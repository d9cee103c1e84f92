// SPDX-License-Identifier: Apache-2.0
import {
  AgentPoolDeclaration,
  decoder,
  describeFailures,
  messageOf,
  templateDigest,
} from "@pulumi-mesos/model";
import { addressIn, type Backend, ofKind } from "./backends/backend";
import type { Member, PoolState, ScaleState } from "./observed";
import { runningTemplate } from "./plan-roll";
import type { ScaledPool } from "./scaling/sense";

/** A pool as it is declared, as it is, and as the controller left it. */
export interface Pool {
  readonly name: string;
  readonly declaration: AgentPoolDeclaration;
  /** Version of the declaration's node. */
  readonly version: number;
  readonly state: PoolState;
  readonly members: readonly Member[];
  /** What autoscaling decided last; nothing of a pool with a size of its own. */
  readonly scale: ScaleState | undefined;
}

const declarations = decoder(AgentPoolDeclaration);

export type Decoded =
  | { readonly declaration: AgentPoolDeclaration }
  | { readonly failure: string; readonly value: unknown };

/** A declaration whose members can be made here, or why it is none. */
export function decodeDeclaration(data: Buffer, kind: Backend["kind"]): Decoded {
  let value: unknown;
  try {
    value = JSON.parse(data.toString("utf8"));
  } catch (error) {
    return { failure: `the declaration is not JSON: ${messageOf(error)}`, value: undefined };
  }
  const result = declarations.decode(value);
  if (!result.ok)
    return { failure: `the declaration does not fit: ${describeFailures(result.failures)}`, value };
  try {
    ofKind(result.value.backend, kind);
    return { declaration: result.value };
  } catch (error) {
    return { failure: `the declaration does not fit: ${messageOf(error)}`, value: result.value };
  }
}

/** The pool as sizing sees it; `refusedAt`: when its backend last refused a member. */
export function scaledPool(pool: Pool, backend: Backend, refusedAt: number | undefined): ScaledPool {
  const where = pool.state.backend ?? pool.declaration.backend;
  const target = templateDigest(pool.declaration.template, pool.declaration.backend);
  return {
    ...pool,
    addressOf: (index) => addressIn(where, pool.members, index),
    capacity: backend.capacity(where),
    stale: pool.members.filter((m) => runningTemplate(pool, m) !== target).map(({ name }) => name),
    refusedAt,
  };
}

/** The pools that size themselves with the places that their backend spreads members over, where it says them. */
export function withPlaces(
  pools: readonly ScaledPool[],
  { places }: Backend,
  log: { warn(details: object, message: string): void },
): Promise<ScaledPool[]> {
  return Promise.all(
    pools.map(async (pool) => {
      if (places === undefined || pool.declaration.autoscale === undefined) return pool;
      try {
        return { ...pool, places: await places(pool.state.backend ?? pool.declaration.backend) };
      } catch (error) {
        log.warn(
          { pool: pool.name, reason: messageOf(error) },
          "its backend does not say where members come",
        );
        return pool;
      }
    }),
  );
}

/** The addresses of all members that there are. */
export function hostsOf(pools: readonly Pool[]): string[] {
  return pools.flatMap(({ state, declaration, members }) =>
    members.map(({ index }) => addressIn(state.backend ?? declaration.backend, members, index)),
  );
}
