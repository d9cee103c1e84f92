// SPDX-License-Identifier: Apache-2.0

/** Flags of a Mesos or Marathon program by name without dashes; `true` and `false` become `--x` and `--no-x`. */
export type Flags = Readonly<Record<string, string | number | boolean>>;

/** Command line of Mesos programs (stout's syntax: `--name=value`, `--name`, `--no-name`), sorted by name. */
export function mesosArgs(flags: Flags): string[] {
  return Object.entries(flags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      if (value === true) return `--${name}`;
      if (value === false) return `--no-${name}`;
      return `--${name}=${value}`;
    });
}

/** Command line of Marathon (scallop's syntax: booleans are `--name` and `--disable_name`), sorted by name. */
export function marathonArgs(flags: Flags): string[] {
  return Object.entries(flags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, value]) => {
      if (value === true) return [`--${name}`];
      if (value === false) return [`--disable_${name}`];
      return [`--${name}`, String(value)];
    });
}
