// SPDX-License-Identifier: Apache-2.0

/**
 * Where the leader keeps its state: documents under keys such as `instance/<id>`.
 *
 * Writes return at once and reach the store in the order they were made; `durable` resolves when all made so far are in.
 */
export interface StateStore {
  /** Every document by its key. Called once, before the first write. */
  load(): Promise<ReadonlyMap<string, unknown>>;
  put(key: string, value: unknown): void;
  remove(key: string): void;
  durable(): Promise<void>;
}

/** A store that lasts as long as the object. Documents go through JSON, as they would anywhere else. */
export class MemoryStore implements StateStore {
  readonly documents = new Map<string, string>();

  async load(): Promise<ReadonlyMap<string, unknown>> {
    return new Map([...this.documents].map(([key, text]) => [key, JSON.parse(text) as unknown]));
  }

  put(key: string, value: unknown): void {
    this.documents.set(key, JSON.stringify(value));
  }

  remove(key: string): void {
    this.documents.delete(key);
  }

  async durable(): Promise<void> {}
}

/** `/a/b` as one part of a key: `_a_b`. */
export function keyOf(id: string): string {
  return id.replaceAll("/", "_");
}
