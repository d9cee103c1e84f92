// SPDX-License-Identifier: Apache-2.0
import type { PathPart, SecretPaths } from "./secret-paths";
import type { Bag } from "./wire";

/** Shorter ones can be guessed, and hiding them would tell them: `depends [secret]` stands for "depends on". */
const shortest = 4;
const shown = "[secret]";

/** A function that takes the secret texts of `bags` out of a line, as they are and as JSON writes them. */
export function hidingSecrets(bags: readonly Bag[]): (line: string) => string {
  const texts = new Set<string>();
  for (const bag of bags) collect(bag.values, [], false, bag.secrets, texts);
  const longestFirst = [...texts].sort((a, b) => b.length - a.length);
  return (line) => longestFirst.reduce((rest, text) => rest.replaceAll(text, shown), line);
}

/** Takes secrets out of what an error says; the error stays the one it was. */
export function hideIn(error: unknown, hide: (line: string) => string): unknown {
  if (error instanceof Error) {
    const message = hide(error.message);
    if (message !== error.message) error.message = message;
    hideIn(error.cause, hide);
  }
  return error;
}

function collect(
  value: unknown,
  path: readonly PathPart[],
  inside: boolean,
  secrets: SecretPaths,
  texts: Set<string>,
): void {
  const secret = inside || secrets.has(path);
  if (typeof value === "string") {
    if (!secret || value.length < shortest) return;
    texts.add(value).add(JSON.stringify(value).slice(1, -1)).add(value.replace(/\s+/g, " ").trim());
  } else if (typeof value === "object" && value !== null) {
    const entries: readonly (readonly [PathPart, unknown])[] = Array.isArray(value)
      ? value.map((item: unknown, i) => [i, item] as const)
      : Object.entries(value);
    for (const [key, item] of entries) collect(item, [...path, key], secret, secrets, texts);
  }
}
