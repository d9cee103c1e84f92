// SPDX-License-Identifier: Apache-2.0
import { timestamp } from "../clock";
import type { Offer, Resource } from "../mesos/messages";
import { attributeValue } from "./attributes";
import { type RefusalReason, refusals } from "./match";
import { roleOf } from "./resources";

interface Refused {
  readonly offer: Offer;
  readonly reasons: readonly RefusalReason[];
  readonly at: number;
}

/** What happened to the offers that one waiting app was shown, as `/v2/queue` tells it (marathon.md §2.6). */
export class OfferStatistics {
  readonly since: number;
  #processed = 0;
  #unused = 0;
  #lastUsedAt: number | undefined;
  #lastUnusedAt: number | undefined;
  readonly #attempt = new Map<RefusalReason, number>();
  readonly #lastByAgent = new Map<string, Refused | undefined>();

  constructor(since: number) {
    this.since = since;
  }

  used(offer: Offer, at: number): void {
    this.#processed += 1;
    this.#lastUsedAt = at;
    this.#lastByAgent.set(offer.agent_id.value, undefined);
  }

  refused(offer: Offer, reasons: readonly RefusalReason[], at: number): void {
    this.#processed += 1;
    this.#unused += 1;
    this.#lastUnusedAt = at;
    const first = firstOf(reasons);
    this.#attempt.set(first, (this.#attempt.get(first) ?? 0) + 1);
    this.#lastByAgent.set(offer.agent_id.value, { offer, reasons, at });
  }

  summary(): Record<string, unknown> {
    const last = new Map<RefusalReason, number>();
    for (const refused of this.#lastByAgent.values()) {
      if (refused === undefined) continue;
      const first = firstOf(refused.reasons);
      last.set(first, (last.get(first) ?? 0) + 1);
    }
    return {
      processedOffersCount: this.#processed,
      unusedOffersCount: this.#unused,
      ...(this.#lastUnusedAt === undefined ? {} : { lastUnusedOfferAt: timestamp(this.#lastUnusedAt) }),
      ...(this.#lastUsedAt === undefined ? {} : { lastUsedOfferAt: timestamp(this.#lastUsedAt) }),
      rejectSummaryLastOffers: funnel(last, this.#lastByAgent.size),
      rejectSummaryLaunchAttempt: funnel(this.#attempt, this.#processed),
    };
  }

  lastUnusedOffers(): Record<string, unknown>[] {
    return [...this.#lastByAgent.values()]
      .filter((refused) => refused !== undefined)
      .map(({ offer, reasons, at }) => ({
        offer: {
          id: offer.id.value,
          hostname: offer.hostname,
          agentId: offer.agent_id.value,
          resources: (offer.resources ?? []).map(renderResource),
          attributes: (offer.attributes ?? []).map((a) => ({
            name: a.name,
            ...(a.scalar === undefined ? { text: attributeValue(a) } : { scalar: a.scalar.value }),
          })),
        },
        reason: reasons,
        timestamp: timestamp(at),
      }));
  }
}

function firstOf(reasons: readonly RefusalReason[]): RefusalReason {
  return refusals.find((reason) => reasons.includes(reason)) ?? "UnfulfilledConstraint";
}

function funnel(counts: ReadonlyMap<RefusalReason, number>, processed: number): Record<string, unknown>[] {
  let left = processed;
  return refusals.map((reason) => {
    const declined = counts.get(reason) ?? 0;
    const line = { reason, declined, processed: left };
    left -= declined;
    return line;
  });
}

function renderResource(resource: Resource): Record<string, unknown> {
  return {
    name: resource.name,
    role: roleOf(resource),
    ...(resource.scalar === undefined ? {} : { scalar: resource.scalar.value }),
    ...(resource.ranges === undefined ? {} : { ranges: resource.ranges.range ?? [] }),
  };
}
