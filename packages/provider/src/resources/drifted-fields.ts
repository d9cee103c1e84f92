// SPDX-License-Identifier: Apache-2.0

/** `known` with the values of `now` in those top-level fields in which one of `paths` lies. */
export function withDrift<T extends object>(
  known: T,
  now: T,
  paths: readonly { readonly path: string }[],
): T {
  const drifted = new Set(paths.map(({ path }) => /^[A-Za-z]+/.exec(path)?.[0] ?? path));
  const live = new Map(Object.entries(now).filter(([, value]) => value !== undefined));
  const kept = Object.entries(known).filter(([key]) => !drifted.has(key) || live.has(key));
  const shown = [...live].filter(([key]) => drifted.has(key));
  return Object.fromEntries([...kept, ...shown]) as T;
}
