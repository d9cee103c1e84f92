// SPDX-License-Identifier: Apache-2.0

import type { Authorizer } from "../authorizer";
import type { Clock } from "../clock";
import type { MasterInfo } from "../protocol/types";
import type { MasterFlags } from "./flags";
import type { Registrar } from "./registry";
import type { Agent, ClusterState, Offer } from "./state";

/** What the parts of a leading master share. */
export interface Context {
  readonly state: ClusterState;
  readonly registrar: Registrar;
  readonly clock: Clock;
  readonly info: MasterInfo;
  readonly flags: MasterFlags;
  readonly authorizer: Authorizer;
  /** Milliseconds. */
  readonly electedAt: number;
  /** Number of the next agent, framework or offer. */
  next(kind: "agent" | "framework" | "offer"): number;
  /** A random UUID; tests give their own. */
  uuid(): string;
  log(message: string): void;
  /** This master leads no more: whoever goes now, nothing follows from it. */
  readonly stopped: () => boolean;
  /** This master cannot go on. */
  fail(error: Error): void;
  /** Gives what is free on these agents, or on all, to frameworks, soon. */
  allocate(agents?: Iterable<Agent>): void;
}

/** Takes an offer back and tells its framework. */
export function rescind(context: Context, offer: Offer): void {
  context.clock.clear(offer.timer);
  context.state.removeOffer(offer);
  offer.framework.link?.send({ type: "RESCIND", rescind: { offer_id: { value: offer.id } } });
}
