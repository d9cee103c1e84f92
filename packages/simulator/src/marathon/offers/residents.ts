// SPDX-License-Identifier: Apache-2.0
import { isResident } from "../app/complete-volumes";
import type { Clock } from "../clock";
import type { Instance } from "../instances/instance";
import type { Tracker } from "../instances/tracker";
import type { Offer, Operation, Resource } from "../mesos/messages";
import { isResidentPod } from "../pod/types";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import {
  acceptedRoles,
  type Circumstances,
  type Match,
  matchResources,
  placeOf,
  type RefusalReason,
  refusalsOf,
} from "./match";
import {
  hasVolumes,
  newVolumes,
  releaseOperations,
  reserveOperations,
  type SplitOffer,
  takeVolumes,
} from "./reservations";
import { OfferResources } from "./resources";

/** What can be done for a resident instance with an offer. */
export type ResidentMatch =
  | { readonly refused: RefusalReason[] }
  | { readonly launch: Match }
  | { readonly reserve: Operation[] };

const unreserved: ReadonlySet<string> = new Set(["*"]);
const cleanUpMs = 60_000;

/** Whether the instances of `spec` live on reservations of their own. */
export function livesOnReservations(spec: RunSpec): boolean {
  return isPod(spec) ? isResidentPod(spec) : isResident(spec);
}

/**
 * Reservations of apps and pods with persistent volumes: made by one offer, used by a later one, given back when their instance
 * is gone. A reservation that Mesos does not offer back in time is taken for failed.
 */
export class Residents {
  readonly #clock: Clock;
  readonly #tracker: Tracker;
  readonly #newId: () => string;
  readonly #principal: string | undefined;
  readonly #timeoutMs: number;
  readonly #changed: (wanted: boolean) => void;
  readonly #timers = new Map<string, () => void>();
  /** Instances that are no more, whose volumes were not offered yet. */
  readonly #leftovers = new Map<string, { readonly instance: Instance; readonly cancel: () => void }>();
  frameworkId: string | undefined;

  constructor(parts: {
    clock: Clock;
    tracker: Tracker;
    newId: () => string;
    principal: string | undefined;
    timeoutMs: number;
    /** Something waits for offers anew (`wanted`), or does not any more. */
    changed: (wanted: boolean) => void;
  }) {
    this.#clock = parts.clock;
    this.#tracker = parts.tracker;
    this.#newId = parts.newId;
    this.#principal = parts.principal;
    this.#timeoutMs = parts.timeoutMs;
    this.#changed = parts.changed;
  }

  /** Whether offers are wanted only to give resources back. */
  get cleaning(): boolean {
    return this.#leftovers.size > 0;
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    for (const { cancel } of this.#leftovers.values()) cancel();
  }

  /** Reservations that were under way when another leader ended are awaited anew. */
  subscribed(frameworkId: string): void {
    this.frameworkId = frameworkId;
    for (const instance of this.#tracker.all()) {
      if (instance.reservation?.confirmed === false) this.#await(instance.id);
    }
  }

  /** An instance with a reservation is gone: its resources are given back when they are offered. */
  gone(instance: Instance): void {
    this.#timers.get(instance.id)?.();
    this.#timers.delete(instance.id);
    const cancel = this.#clock.after(cleanUpMs, () => {
      this.#leftovers.delete(instance.id);
      this.#changed(false);
    });
    this.#leftovers.set(instance.id, { instance, cancel });
    this.#changed(true);
  }

  /** What `split` holds for instances that are not known any more is given back. */
  release(split: SplitOffer): Operation[] {
    return [...split.reserved].flatMap(([instanceId, resources]) => {
      const volumes = this.#tracker.get(instanceId)?.reservation?.volumes;
      const known = volumes?.some((v) => resources.some((r) => r.disk?.persistence?.id === v.persistenceId));
      const underWay = volumes !== undefined && !resources.some((r) => r.disk?.persistence !== undefined);
      if (known === true || underWay) return [];
      this.#released(instanceId, resources);
      return releaseOperations(resources);
    });
  }

  /** A pod's tasks may be offered before its executor, which has the volumes, has ended: only those end the wait. */
  #released(instanceId: string, resources: readonly Resource[]): void {
    const leftover = this.#leftovers.get(instanceId);
    if (leftover === undefined || !hasVolumes(resources, leftover.instance.reservation?.volumes ?? []))
      return;
    leftover.cancel();
    this.#leftovers.delete(instanceId);
  }

  match(
    instance: Instance,
    spec: RunSpec,
    offer: Offer,
    split: SplitOffer,
    around: Circumstances,
  ): ResidentMatch {
    if (instance.reservation !== undefined) return this.#onReservation(instance, spec, offer, split, around);
    return this.#reserve(instance, spec, offer, split, around);
  }

  #onReservation(
    instance: Instance,
    spec: RunSpec,
    offer: Offer,
    split: SplitOffer,
    around: Circumstances,
  ): ResidentMatch {
    const { reservation } = instance;
    const resources = split.reserved.get(instance.id) ?? [];
    if (reservation === undefined || !hasVolumes(resources, reservation.volumes))
      return { refused: ["NoCorrespondingReservationFound"] };
    const volumes = resources.filter((r) => r.disk?.persistence !== undefined);
    const left = new OfferResources({ resources: resources.filter((r) => !volumes.includes(r)) });
    // Agents with GPUs are no reason to stay away from what is reserved there already.
    const refused = refusalsOf(spec, offer, around).filter((reason) => reason !== "DeclinedScarceResources");
    const match = matchResources(spec, left, new Set([spec.role]), around.portFrom);
    if (Array.isArray(match)) return { refused: [...refused, ...match] };
    if (refused.length > 0) return { refused };
    this.#timers.get(instance.id)?.();
    this.#timers.delete(instance.id);
    const taken = match.take();
    const [first = [], ...others] = taken.shares;
    const shares = [[...first, ...volumes], ...others];
    return { launch: { ...taken, shares, resources: [...taken.resources, ...volumes] } };
  }

  #reserve(
    instance: Instance,
    spec: RunSpec,
    offer: Offer,
    split: SplitOffer,
    around: Circumstances,
  ): ResidentMatch {
    const offered = offer.allocation_info?.role;
    const roles = acceptedRoles(spec, around.rules);
    if (
      (offered !== undefined && offered !== spec.role) ||
      !roles.has("*") ||
      !split.free.offersAny(unreserved)
    )
      return { refused: ["UnfulfilledRole"] };
    const refused = refusalsOf(spec, offer, around);
    const match = matchResources(spec, split.free, unreserved, around.portFrom);
    if (Array.isArray(match)) return { refused: [...refused, ...match] };
    if (refused.length > 0) return { refused };
    const choices = takeVolumes(spec, split);
    if (choices === undefined) return { refused: ["InsufficientDisk"] };
    const { resources } = match.take();
    const volumes = newVolumes(spec, choices, this.#newId);
    this.#tracker.put({
      ...instance,
      reservation: { volumes, agentId: offer.agent_id.value, ...placeOf(offer), confirmed: false },
    });
    this.#await(instance.id);
    const who = { instanceId: instance.id, role: spec.role, frameworkId: this.frameworkId };
    return {
      reserve: reserveOperations(resources, choices, volumes, { ...who, principal: this.#principal }),
    };
  }

  #await(instanceId: string): void {
    this.#timers.get(instanceId)?.();
    this.#timers.set(
      instanceId,
      this.#clock.after(this.#timeoutMs, () => {
        this.#timers.delete(instanceId);
        const instance = this.#tracker.get(instanceId);
        if (instance?.reservation?.confirmed !== false) return;
        const { reservation: _failed, ...rest } = instance;
        this.#tracker.put(rest);
        this.#changed(true);
      }),
    );
  }
}
