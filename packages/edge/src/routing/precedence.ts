// SPDX-License-Identifier: Apache-2.0
import type { Route } from "./route";

/** Larger numbers come first, one after the other; then ids. */
export function byPrecedence(a: Route, b: Route): number {
  const [left, right] = [precedence(a), precedence(b)];
  for (const [i, value] of left.entries()) if (value !== right[i]) return (right[i] ?? 0) - value;
  return compare(a.appId, b.appId);
}

function precedence({ acl }: Route): [kind: number, order: number, length: number] {
  if (acl.kind === "prefix") return [1, 0, acl.path.length];
  if (acl.kind === "host") return [2, acl.weight, acl.path.length];
  const prefix = /^\s*path_beg(?:\s+-i)?\s+(\/\S*)\s*$/.exec(acl.text)?.[1];
  if (prefix === "/" && acl.priority <= 0) return [0, acl.priority, 0];
  return [3, acl.priority, prefix?.length ?? Number.MAX_SAFE_INTEGER];
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
