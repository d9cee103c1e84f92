// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { TSchema } from "@sinclair/typebox";
import { inOrder, isRecord, schemaView } from "./schema-view";

/** Maps of the user's own keys: none of their keys has a default. */
const maps = new Set(["env", "environment", "labels", "options", "secrets"]);

/** How {@link shortest} knows what can go. */
export interface Shortening {
  /** Gives the order of the keys. */
  readonly schema: TSchema;
  /** What other fields of the document depend on; the first guess keeps it whole. */
  readonly base: readonly string[];
  /** Keys that must be given, at any depth, although they may have a default. */
  readonly required: ReadonlySet<string>;
  /** The normal form. */
  readonly normalise: (document: object) => object;
  /** Whether a document still means the same. */
  readonly same: (document: object) => boolean;
}

/**
 * The shortest document that means what `target`, a normal form, means: without every key whose absence makes no
 * difference, at any depth. Elements of lists stay, because what they mean depends on their place.
 */
export function shortest<T extends object>(target: T, by: Shortening): T {
  const bold = withoutDefaults(target, by);
  const document = by.same(bold) ? bold : structuredClone(target);
  leaveOut(document, by.required, () => by.same(document));
  return inOrder(schemaView(by.schema), document) as T;
}

/** Most fields at once: those that are as in a document of which only the base is known. */
function withoutDefaults<T extends object>(target: T, { base, normalise }: Shortening): T {
  const entries = Object.entries(target);
  const kept = Object.fromEntries(entries.filter(([key]) => base.includes(key)));
  const bare = new Map(Object.entries(normalise(structuredClone(kept))));
  const given = entries.filter(([key, value]) => !isDeepStrictEqual(value, bare.get(key)));
  return structuredClone({ ...kept, ...Object.fromEntries(given) }) as T;
}

function leaveOut(value: unknown, required: ReadonlySet<string>, same: () => boolean): void {
  if (Array.isArray(value)) {
    for (const item of value) leaveOut(item, required, same);
  } else if (isRecord(value)) {
    for (const key of Object.keys(value)) {
      const kept = value[key];
      delete value[key];
      if (!required.has(key) && same()) continue;
      value[key] = kept;
      if (!maps.has(key)) leaveOut(kept, required, same);
    }
  }
}
