// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";

/**
 * The shape of a document as Marathon's own reader takes it (code: RamlTypeGenerator): unknown keys are dropped, bounds of fields give
 * `error.*` words, those of a list's elements are not looked at, and words of a list of words are taken in any case.
 */
export type Shape =
  | { kind: "string"; minLength?: number; maxLength?: number; pattern?: RegExp; oneOf?: readonly string[] }
  | { kind: "number"; integer?: "int" | "long"; min?: number; max?: number }
  | { kind: "boolean" }
  | { kind: "list"; of: Shape; minItems?: number }
  | { kind: "map"; of: Shape }
  | { kind: "object"; fields: Record<string, Shape>; required?: readonly string[] }
  | { kind: "either"; of: readonly Shape[]; word: string }
  /** The shape of the first key that the value has. */
  | { kind: "byKey"; of: Readonly<Record<string, Shape>>; otherwise: Shape }
  | { kind: "any" };

export const text = (more: Omit<Extract<Shape, { kind: "string" }>, "kind"> = {}): Shape => ({
  kind: "string",
  ...more,
});
export const word = (...oneOf: string[]): Shape => ({ kind: "string", oneOf });
/** RAML's int32. */
export const integer = (min = 0, max?: number): Shape => ({ kind: "number", integer: "int", min, max });
/** RAML's int64. */
export const long = (min?: number): Shape => ({ kind: "number", integer: "long", min });
export const decimal = (min?: number, max?: number): Shape => ({ kind: "number", min, max });
export const flag: Shape = { kind: "boolean" };
export const list = (of: Shape, minItems?: number): Shape => ({ kind: "list", of, minItems });
export const map = (of: Shape): Shape => ({ kind: "map", of });
export const object = (fields: Record<string, Shape>, ...required: string[]): Shape => ({
  kind: "object",
  fields,
  required,
});

type Report = (path: string, error: string) => void;

/** Reads `value` by `shape`; violations are collected, never thrown. Null and absent are the same. */
export function readShape(
  shape: Shape,
  value: unknown,
  path = "",
): { value: unknown; violations: Violation[] } {
  const found = new Map<string, string[]>();
  const report: Report = (at, error) => found.set(at, [...(found.get(at) ?? []), error]);
  const result = read(shape, value, path, report);
  return { value: result, violations: [...found].map(([at, errors]) => ({ path: at, errors })) };
}

function read(shape: Shape, value: unknown, path: string, report: Report): unknown {
  switch (shape.kind) {
    case "any":
      return value;
    case "boolean":
      if (typeof value !== "boolean") report(path, "error.expected.jsboolean");
      return value;
    case "string":
      return readString(shape, value, path, report);
    case "number":
      return readNumber(shape, value, path, report);
    case "list":
      if (!Array.isArray(value)) {
        report(path, "error.expected.jsarray");
        return value;
      }
      if (shape.minItems !== undefined && value.length < shape.minItems) report(path, "error.minLength");
      return value.map((item, i) => read(withoutBounds(shape.of), item, `${path}(${i})`, report));
    case "byKey": {
      const given = typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
      const key = Object.keys(shape.of).find((k) => given[k] !== undefined && given[k] !== null) ?? "";
      return read(shape.of[key] ?? shape.otherwise, value, path, report);
    }
    case "map":
    case "object":
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        reportNoObject(shape, value, path, report);
        return value;
      }
      return readObject(shape, value as Record<string, unknown>, path, report);
    case "either": {
      for (const option of shape.of) {
        const attempt = readShape(option, value, path);
        if (attempt.violations.length === 0) return attempt.value;
      }
      report(path, shape.word);
      return value;
    }
  }
}

function readString(
  shape: Extract<Shape, { kind: "string" }>,
  value: unknown,
  path: string,
  report: Report,
): unknown {
  if (typeof value !== "string") {
    report(path, "error.expected.jsstring");
    return value;
  }
  if (shape.oneOf !== undefined) {
    const known = shape.oneOf.find((literal) => literal.toLowerCase() === value.toLowerCase());
    if (known === undefined) report(path, "error.unknown.enum.literal");
    return known ?? value;
  }
  if (shape.minLength !== undefined && value.length < shape.minLength) report(path, "error.minLength");
  if (shape.maxLength !== undefined && value.length > shape.maxLength) report(path, "error.maxLength");
  if (shape.pattern !== undefined && !shape.pattern.test(value)) report(path, "error.pattern");
  return value;
}

function readNumber(
  shape: Extract<Shape, { kind: "number" }>,
  value: unknown,
  path: string,
  report: Report,
): unknown {
  if (typeof value !== "number") {
    report(path, "error.expected.jsnumber");
    return value;
  }
  if (shape.integer !== undefined && !fits(value, shape.integer))
    report(path, `error.expected.${shape.integer}`);
  else if (shape.min !== undefined && value < shape.min) report(path, "error.min");
  else if (shape.max !== undefined && value > shape.max) report(path, "error.max");
  return value;
}

function readObject(
  shape: Extract<Shape, { kind: "map" | "object" }>,
  value: Record<string, unknown>,
  path: string,
  report: Report,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  if (shape.kind === "map") {
    for (const [key, item] of Object.entries(value))
      result[key] = read(shape.of, item, `${path}/${key}`, report);
    return result;
  }
  for (const [key, field] of Object.entries(shape.fields)) {
    const item = value[key];
    if (item === undefined || item === null) {
      if (shape.required?.includes(key) === true) {
        const error =
          item === undefined && isBounded(shape.fields)
            ? `'${key}' is undefined on object: ${JSON.stringify(value)}`
            : "error.path.missing";
        report(`${path}/${key}`, error);
      }
    } else {
      result[key] = read(field, item, `${path}/${key}`, report);
    }
  }
  return result;
}

/** A list's element: Marathon's generated readers know its type only. */
function withoutBounds(shape: Shape): Shape {
  if (shape.kind === "string" && shape.oneOf === undefined) return { kind: "string" };
  return shape.kind === "number" ? { kind: "number", integer: shape.integer } : shape;
}

function fits(value: number, kind: "int" | "long"): boolean {
  if (kind === "long") return Number.isSafeInteger(value);
  return Number.isInteger(value) && value >= -2_147_483_648 && value <= 2_147_483_647;
}

/** Objects with lists, maps or bounds have another reader, which words a missing key differently. */
function isBounded(fields: Readonly<Record<string, Shape>>): boolean {
  return Object.values(fields).some((shape) => {
    if (shape.kind === "list" || shape.kind === "map") return true;
    if (shape.kind === "number") return shape.min !== undefined || shape.max !== undefined;
    return shape.kind === "string" && (shape.minLength ?? shape.maxLength ?? shape.pattern) !== undefined;
  });
}

/** Readers of objects with bounds look for their keys in whatever there is; only the outermost document is that lenient here. */
function reportNoObject(
  shape: Extract<Shape, { kind: "map" | "object" }>,
  value: unknown,
  path: string,
  report: Report,
): void {
  const [key] = shape.kind === "object" ? (shape.required ?? []) : [];
  if (path !== "" || shape.kind === "map" || key === undefined || !isBounded(shape.fields))
    report(path, "error.expected.jsobject");
  else report(`/${key}`, `'${key}' is undefined on object: ${JSON.stringify(value)}`);
}
