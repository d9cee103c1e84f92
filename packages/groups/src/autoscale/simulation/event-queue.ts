// SPDX-License-Identifier: Apache-2.0

interface Entry<E> {
  readonly at: number;
  readonly order: number;
  readonly event: E;
}

/** Events by time, those of one time in the order in which they were added: a binary heap. */
export class EventQueue<E> {
  readonly #heap: Entry<E>[] = [];
  #added = 0;

  add(at: number, event: E): void {
    const heap = this.#heap;
    const entry = { at, order: this.#added++, event };
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const above = (i - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !before(entry, parent)) break;
      heap[i] = parent;
      i = above;
    }
    heap[i] = entry;
  }

  /** The time of the next event; infinite when there is none. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  take(): E | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.event;
    let i = 0;
    for (;;) {
      let below = 2 * i + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left === undefined) break;
      if (right !== undefined && before(right, left)) below++;
      const child = heap[below];
      if (child === undefined || !before(child, last)) break;
      heap[i] = child;
      i = below;
    }
    heap[i] = last;
    return first.event;
  }
}

function before<E>(a: Entry<E>, b: Entry<E>): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
