// SPDX-License-Identifier: Apache-2.0

/** The first `most` items on one line, by `each`, and how many more there are. */
export function listed(
  items: readonly string[],
  most: number,
  each: (item: string) => string = (item) => item,
): string {
  const more = items.length - most;
  return items.slice(0, most).map(each).join(", ") + (more > 0 ? ` and ${more} more` : "");
}
