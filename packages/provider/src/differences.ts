// SPDX-License-Identifier: Apache-2.0
import { hasComputed } from "@pulumi-mesos/model";

/** One changed property. */
export interface Difference {
  /** A property path such as `listen[0].port`. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  /** Whether the resource must be replaced for it. */
  readonly replace: boolean;
  /** Whether an input changed, or (false) the thing itself. */
  readonly input: boolean;
}

/** Top-level inputs whose change replaces the resource: all, or those that are named. */
export type ReplaceOn = "all" | readonly string[];

/** Compares inputs property by property, as deep as they go; a `computed` value counts as changed. */
export function compareInputs(
  olds: Readonly<Record<string, unknown>>,
  news: Readonly<Record<string, unknown>>,
  replaceOn: ReplaceOn,
): Difference[] {
  return [...new Set([...Object.keys(olds), ...Object.keys(news)])].flatMap((key) => {
    const replace = replaceOn === "all" || replaceOn.includes(key);
    return [...compare(append("", key), olds[key], news[key])].map((d) => ({ ...d, replace, input: true }));
  });
}

/** A difference of the thing itself, seen when it was read. */
export function drift(path: string): Difference {
  return { path, kind: "update", replace: false, input: false };
}

function* compare(path: string, old: unknown, now: unknown): Iterable<Pick<Difference, "path" | "kind">> {
  if (old === undefined && now === undefined) return;
  if (old === undefined) {
    yield { path, kind: "add" };
  } else if (now === undefined) {
    yield { path, kind: "delete" };
  } else if (Array.isArray(old) && Array.isArray(now)) {
    for (let i = 0; i < Math.max(old.length, now.length); i++) {
      yield* compare(`${path}[${i}]`, old[i], now[i]);
    }
  } else if (isRecord(old) && isRecord(now)) {
    for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
      yield* compare(append(path, key), old[key], now[key]);
    }
  } else if (!Object.is(old, now) || hasComputed(now)) {
    yield { path, kind: "update" };
  }
}

function append(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
