// SPDX-License-Identifier: Apache-2.0

/** Draws from 0 to below 1, the same ones from the same id: who seeds the ids seeds the order. */
export function randomFrom(uuid: string): () => number {
  let state = Number.parseInt(uuid.replace(/-/g, "").slice(0, 8), 16);
  return () => {
    // Xorshift after a golden-ratio step (mulberry32): small, and even enough for an order.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** All of them in a random order; who weighs twice as much comes first twice as often as another. */
export function shuffled<T>(
  all: readonly T[],
  random: () => number,
  weight: (one: T) => number = () => 1,
): T[] {
  return all
    .map((one) => ({ one, turn: -Math.log(1 - random()) / weight(one) }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ one }) => one);
}

/** What a role weighs among all: in the tree of roles, siblings share what their parent has. */
export function relativeWeight(
  role: string,
  all: readonly string[],
  weights: Readonly<Record<string, number>>,
): number {
  const path = role.split("/");
  let share = 1;
  for (let level = 0; level < path.length; level++) {
    const parent = path.slice(0, level);
    const siblings = new Set(
      all
        .map((other) => other.split("/"))
        .filter((other) => parent.every((part, at) => other[at] === part))
        // A role beside those below it is one of them, with the weight 1.
        .map((other) => other.slice(0, level + 1).join("/") + (other.length === level ? "/." : "")),
    );
    const sum = [...siblings].reduce((total, sibling) => total + (weights[sibling] ?? 1), 0);
    share *= (weights[path.slice(0, level + 1).join("/")] ?? 1) / sum;
  }
  const below = all.some((other) => other.startsWith(`${role}/`));
  if (!below) return share;
  const children = all.filter((other) => other.startsWith(`${role}/`)).map((c) => c.split("/")[path.length]);
  const sum = [...new Set(children)].reduce((total, c) => total + (weights[`${role}/${c}`] ?? 1), 1);
  return share / sum;
}
