// SPDX-License-Identifier: Apache-2.0

/** Texts of what does not change while one task of a thousand apps comes or goes. */
export function remembered<K extends object>(make: (key: K) => string): (key: K) => string {
  const texts = new WeakMap<K, string>();
  return (key) => {
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = make(key);
    texts.set(key, text);
    return text;
  };
}
