// SPDX-License-Identifier: Apache-2.0

import { addQuantities, type Quantities, quantitiesOf } from "../protocol/quantities";
import type { Resources } from "../protocol/resources";
import type { Context } from "./context";
import { relativeWeight, shuffled } from "./random-order";
import type { Framework } from "./state";

/** Whose turn it is: the least dominant share first, by the tree of roles, then by framework (docs/roles.md), or who is drawn. */
export class FairShare {
  readonly #context: Context;
  #total: Quantities | undefined;
  readonly #weights: Readonly<Record<string, number>>;
  readonly #excluded: ReadonlySet<string>;
  /** By the role itself, and by `role/framework`. */
  readonly #held = new Map<string, Quantities>();
  /** How often each was served: breaks ties. */
  readonly #served: Map<string, number>;
  readonly #random: () => number;

  constructor(context: Context, served: Map<string, number>, random: () => number) {
    const { state, registrar, flags } = context;
    this.#context = context;
    this.#weights = registrar.registry.weights ?? {};
    this.#excluded = new Set(flags.fair_sharing_excluded_resource_names);
    this.#served = served;
    this.#random = random;
    for (const framework of state.frameworks.values()) {
      for (const by of [framework.usedBy, framework.offeredBy]) {
        for (const [role, held] of by) this.#hold(framework, role, quantitiesOf(held));
      }
    }
  }

  /** The roles, whose turn it is first. */
  roles(all: readonly string[]): readonly string[] {
    if (all.length < 2) return all;
    if (this.#context.flags.role_sorter === "random") {
      return shuffled(all, this.#random, (role) => relativeWeight(role, all, this.#weights));
    }
    return [...all].sort((a, b) => this.#compareRoles(a, b));
  }

  frameworks(role: string, all: readonly Framework[]): readonly Framework[] {
    if (all.length < 2) return all;
    if (this.#context.flags.framework_sorter === "random") return shuffled(all, this.#random);
    const key = (f: Framework): string => frameworkKey(role, f);
    return [...all].sort(
      (a, b) =>
        this.#share(this.#held.get(key(a))) - this.#share(this.#held.get(key(b))) ||
        (this.#served.get(key(a)) ?? 0) - (this.#served.get(key(b)) ?? 0),
    );
  }

  allocated(framework: Framework, role: string, resources: Resources): void {
    this.#hold(framework, role, quantitiesOf(resources));
    for (const key of [role, frameworkKey(role, framework)]) {
      this.#served.set(key, (this.#served.get(key) ?? 0) + 1);
    }
  }

  #hold(framework: Framework, role: string, held: Quantities): void {
    for (const key of [role, frameworkKey(role, framework)]) {
      this.#held.set(key, addQuantities(this.#held.get(key) ?? new Map(), held));
    }
  }

  #share(held: Quantities | undefined, weight = 1): number {
    this.#total ??= this.#count(); // nobody asks where one framework is alone
    let most = 0;
    for (const [name, value] of held ?? []) {
      const total = this.#total.get(name) ?? 0;
      if (total > 0 && name !== "ports" && !this.#excluded.has(name)) most = Math.max(most, value / total);
    }
    return most / weight;
  }

  #count(): Quantities {
    return addQuantities(...[...this.#context.state.agents.values()].map((a) => quantitiesOf(a.total)));
  }

  /** Siblings of the tree compare by what they and all below them hold. */
  #compareRoles(a: string, b: string): number {
    const [one, other] = [a.split("/"), b.split("/")];
    let level = 0;
    while (one[level] !== undefined && one[level] === other[level]) level++;
    const difference = this.#nodeShare(one, level) - this.#nodeShare(other, level);
    return difference || (this.#served.get(a) ?? 0) - (this.#served.get(b) ?? 0) || (a < b ? -1 : 1);
  }

  #nodeShare(path: readonly string[], level: number): number {
    const role = path.slice(0, level + 1).join("/");
    if (level >= path.length) return this.#share(this.#held.get(role)); // the role itself beside those below it
    const below = [...this.#held].filter(
      ([key]) => key === role || (key.startsWith(`${role}/`) && !key.includes("\n")),
    );
    return this.#share(addQuantities(...below.map(([, held]) => held)), this.#weights[role] ?? 1);
  }
}

function frameworkKey(role: string, framework: Framework): string {
  return `${role}\n${framework.id}`;
}
