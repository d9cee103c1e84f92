// SPDX-License-Identifier: Apache-2.0

/** JSON as Go's encoder writes it: `<`, `>`, `&` and the two Unicode line ends escaped. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** `map` with sorted keys, as Go writes maps. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The value of a key that Go would take for `name`: letters of any case, the last one wins, and null changes nothing. */
export function goField(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.entries(object)
    .filter(([key, value]) => key.toLowerCase() === name && value !== null)
    .at(-1)?.[1];
}
