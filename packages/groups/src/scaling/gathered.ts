// SPDX-License-Identifier: Apache-2.0
import { attributeOf, isGathering } from "../autoscale/constraints";
import type { Constraint, SizedAgent, Work } from "../autoscale/world";

/**
 * Works with CLUSTER and no value, by which Marathon puts all tasks where the first one is: while one runs, they name that
 * value. Pure.
 */
export function gathered(works: readonly Work[], agents: readonly SizedAgent[]): Work[] {
  const known = new Map(agents.map((agent) => [agent.id, agent]));
  return works.map((work) => {
    if (!work.constraints.some(isGathering)) return work;
    const first = work.on.map((id) => known.get(id)).find((agent) => agent !== undefined);
    if (first === undefined) return work;
    const constraints = work.constraints.map((one): Constraint => {
      const [field, operator] = one;
      const value = attributeOf(field, first.attributes ?? {}, first.host ?? first.id);
      return isGathering(one) && value !== undefined ? [field, operator, value] : one;
    });
    return { ...work, constraints };
  });
}
