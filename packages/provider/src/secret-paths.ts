// SPDX-License-Identifier: Apache-2.0

/** A key of an object or an index of an array. */
export type PathPart = string | number;

/** The places of a property bag whose values are secret. */
export class SecretPaths {
  private readonly paths = new Map<string, readonly PathPart[]>();

  add(path: readonly PathPart[]): void {
    this.paths.set(JSON.stringify(path), path);
  }

  /** Whether exactly this place is secret. */
  has(path: readonly PathPart[]): boolean {
    return this.paths.size > 0 && this.paths.has(JSON.stringify(path));
  }

  /** Whether a secret lies at, above or below this place. */
  touches(path: readonly PathPart[]): boolean {
    return [...this.paths.values()].some((secret) => {
      const [short, long] = secret.length < path.length ? [secret, path] : [path, secret];
      return short.every((part, i) => String(part) === String(long[i]));
    });
  }

  /** All places of both. */
  with(other: SecretPaths): SecretPaths {
    const all = new SecretPaths();
    for (const path of [...this.paths.values(), ...other.paths.values()]) all.add(path);
    return all;
  }

  /**
   * The same places in `values`, which may have another shape: where a place is not there, what is left of the way to
   * it is secret as a whole, because what was secret may have moved within it.
   */
  within(values: Readonly<Record<string, unknown>>): SecretPaths {
    const present = new SecretPaths();
    for (const path of this.paths.values()) {
      const reached = path.slice(0, depthOf(values, path));
      if (reached.length > 0) present.add(reached);
    }
    return present;
  }
}

/** How many parts of `path` can be followed in `values`. */
function depthOf(values: unknown, path: readonly PathPart[]): number {
  let at = values;
  for (const [depth, part] of path.entries()) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return depth;
    at = (at as Readonly<Record<PathPart, unknown>>)[part];
    if (at === undefined) return depth;
  }
  return path.length;
}

/** Takes a property path (`files[0].content`, `env["A.B"]`) apart. */
export function parsePath(path: string): PathPart[] {
  return [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, key]) =>
    index !== undefined
      ? Number(index)
      : quoted !== undefined
        ? String(JSON.parse(`"${quoted}"`))
        : (key ?? ""),
  );
}

/** Whether `path` lies at or below `outer`, in which `*` stands for any key or index. */
export function isWithin(path: string, outer: string): boolean {
  const parts = parsePath(path);
  return parsePath(outer).every((part, i) => part === "*" || String(part) === String(parts[i]));
}
