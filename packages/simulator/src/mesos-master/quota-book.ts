// SPDX-License-Identifier: Apache-2.0
import { isPlain, reservedFor } from "../protocol/kinds";
import {
  addQuantities,
  cutTo,
  excess,
  fromValues,
  type Quantities,
  quantitiesOf,
} from "../protocol/quantities";
import { add, isEmpty, noResources, only, type Resources, subtract } from "../protocol/resources";
import type { Context } from "./context";
import { useOf } from "./roles";

interface Entry {
  readonly guarantees: Quantities;
  readonly limits: Quantities;
  consumed: Quantities;
}

/**
 * Limits and guarantees during one allocation (docs/quota.md).
 *
 * They are those of the role itself: roles below it take from its guarantee and count against its limit, but are neither served first nor
 * limited, as in Mesos, which knows no quota of nested roles.
 */
export class QuotaBook {
  readonly #entries = new Map<string, Entry>();
  #headroom: Quantities = new Map();

  /** @param free what is free on all agents; asked for only where there is quota */
  constructor(context: Context, free: () => readonly Resources[]) {
    const quotas = Object.entries(context.registrar.registry.quotas ?? {});
    if (quotas.length === 0) return;
    for (const [role, config] of quotas) {
      const { consumed, offered } = useOf(context.state, role);
      this.#entries.set(role, {
        guarantees: fromValues(config.guarantees),
        limits: fromValues(config.limits),
        consumed: addQuantities(consumed, offered),
      });
    }
    this.#headroom = addQuantities(...free().map((r) => quantitiesOf(unreserved(r))));
  }

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  /** Whether a role has less than it is guaranteed. */
  isOwed(role: string): boolean {
    const entry = this.#entries.get(role);
    return entry !== undefined && [...owed(entry).values()].some((value) => value > 0);
  }

  /** What a role gets before others share: something of what it is owed, with what else the agent has; else nothing. */
  guaranteed(role: string, r: Resources): Resources {
    const entry = this.#entries.get(role);
    if (entry === undefined) return noResources;
    const open = openScalars(r);
    const granted = upTo(open, owed(entry));
    if (isEmpty(granted)) return noResources;
    const most = excess(left(entry), quantitiesOf(granted));
    const more = cutTo(cutTo(subtract(open, granted), most), this.#surplus());
    return add(add(subtract(r, open), granted), more);
  }

  /** What a role may have beyond its guarantee: within its limits, and never what is still owed to somebody. */
  shared(role: string, r: Resources): Resources {
    const entry = this.#entries.get(role);
    const within = entry === undefined ? r : cutTo(r, left(entry));
    return this.empty ? within : cutTo(within, this.#surplus());
  }

  allocated(role: string, r: Resources): void {
    if (this.empty) return;
    const open = unreserved(r);
    if (isEmpty(open)) return;
    this.#headroom = excess(this.#headroom, quantitiesOf(open));
    const entry = this.#entries.get(role.split("/")[0] ?? role);
    if (entry !== undefined) entry.consumed = addQuantities(entry.consumed, quantitiesOf(open));
  }

  /** What is free on all agents beyond what is owed. */
  #surplus(): Quantities {
    return excess(this.#headroom, addQuantities(...[...this.#entries.values()].map(owed)));
  }
}

const unreserved = (r: Resources): Resources => only(r, (kind) => reservedFor(kind) === "*");

/** Quota is for unreserved scalars only. */
function openScalars(r: Resources): Resources {
  return { scalars: new Map([...r.scalars].filter(([key]) => isPlain(key))), ranges: new Map() };
}

/** Nothing of a name that `most` does not have. */
function upTo(r: Resources, most: Quantities): Resources {
  const named = new Map([...r.scalars].filter(([key]) => most.has(key)));
  return cutTo({ scalars: named, ranges: r.ranges }, most);
}

function owed(entry: Entry): Quantities {
  return excess(entry.guarantees, entry.consumed);
}

function left(entry: Entry): Quantities {
  return excess(entry.limits, entry.consumed);
}
