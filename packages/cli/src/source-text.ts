// SPDX-License-Identifier: Apache-2.0
import { formatPath, type Segments } from "@pulumi-mesos/model";

const lineWidth = 100;

/**
 * A JSON value as a TypeScript expression, on one line where it fits and otherwise indented by two spaces; `at` are the
 * keys that led to it. `replaced` may answer another expression for a string, by its property path.
 */
export function expression(
  value: unknown,
  indent: number,
  replaced: (path: string) => string | undefined,
  at: Segments = [],
): string {
  const inner = (item: unknown, key: string | number, deeper = indent + 2): string =>
    expression(item, deeper, replaced, [...at, key]);
  if (Array.isArray(value)) {
    return enclosed(["[", "]"], indent, (deeper) => value.map((item, i) => inner(item, i, deeper)));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return enclosed(["{ ", " }"], indent, (deeper) =>
      entries.map(([key, item]) => `${propertyName(key)}: ${inner(item, key, deeper)}`),
    );
  }
  return (typeof value === "string" ? replaced(formatPath(at)) : undefined) ?? plain(value);
}

/** Items on one line between brackets, or each on a line of its own where that would be too long. */
function enclosed(
  [open, close]: readonly [string, string],
  indent: number,
  items: (indent: number) => readonly string[],
): string {
  const inside = items(indent + 2);
  if (inside.length === 0) return `${open.trim()}${close.trim()}`;
  const line = `${open}${inside.join(", ")}${close}`;
  if (indent + line.length <= lineWidth && !line.includes("\n")) return line;
  const pad = " ".repeat(indent);
  const lines = inside.map((item) => `${pad}  ${item},\n`).join("");
  return `${open.trim()}\n${lines}${pad}${close.trim()}`;
}

/** Characters that an editor does not show, or that turn a line round, are written by their numbers. */
function plain(value: unknown): string {
  const hidden = /[\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
  const text = JSON.stringify(value) ?? "undefined";
  return text.replace(hidden, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `__proto__` would set the prototype where it stands plainly. */
function propertyName(key: string): string {
  if (key === "__proto__") return `["__proto__"]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : plain(key);
}
