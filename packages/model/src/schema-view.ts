// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";

/** The parts of a TypeBox schema that this package reads, with a record's values as `values`. */
export interface SchemaView {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly SchemaView[];
  readonly items?: SchemaView;
  readonly properties?: Readonly<Record<string, SchemaView>>;
  readonly values?: SchemaView;
  readonly required?: readonly string[];
  readonly closed?: boolean;
  /** What the names of a record's values match. */
  readonly keyPattern?: string;
  /** By key that the object does not take: what to say when it is given. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  /** What a string must do, for the message: `be empty or a path`. */
  readonly must?: string;
  /** Whether values below are never shown. */
  readonly sensitive?: boolean;
}

type Source = SchemaView & {
  $id?: string;
  $ref?: string;
  additionalProperties?: unknown;
  patternProperties?: object;
};

const views = new WeakMap<object, SchemaView>();
/** Views of named schemas, which those inside them may refer to. */
const byName = new Map<string, SchemaView>();

/** `schema` as a {@link SchemaView}, made once. */
export function schemaView(schema: TSchema): SchemaView {
  const source = schema as Source;
  const known = source.$ref === undefined ? views.get(schema) : byName.get(source.$ref);
  if (known !== undefined) return known;
  const view: SchemaView = {};
  views.set(schema, view);
  if (source.$id !== undefined) byName.set(source.$id, view);
  return Object.assign(view, viewOf(source));
}

function viewOf(source: Source): SchemaView {
  const lift = (s: unknown) => schemaView(s as TSchema);
  const [keyPattern, values] = Object.entries(source.patternProperties ?? {})[0] ?? [];
  return {
    ...source,
    anyOf: source.anyOf?.map(lift),
    items: source.items === undefined ? undefined : lift(source.items),
    properties:
      source.properties === undefined
        ? undefined
        : Object.fromEntries(Object.entries(source.properties).map(([k, s]) => [k, lift(s)])),
    values: values === undefined ? undefined : lift(values),
    keyPattern: keyPattern === "^(.*)$" ? undefined : keyPattern,
    closed: source.additionalProperties === false,
  };
}

/** A plain object: neither null nor a list, a date or a map. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** The JSON type of a value; anything that JSON has not is `other`. */
export function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isRecord(value)) return "object";
  return ["string", "number", "boolean"].includes(typeof value) ? typeof value : "other";
}

/** The branch of a union that a value is meant for: of its type, and of several objects that whose constants it has. */
export function branchFor(branches: readonly SchemaView[], value: unknown): SchemaView | undefined {
  const fitting = branches.filter((b) => b.const === undefined && b.type === kindOf(value));
  return fitting.find((b) => isRecord(value) && hasConstants(b, value)) ?? fitting[0];
}

function hasConstants({ properties = {} }: SchemaView, value: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(properties).every(([key, p]) => p.const === undefined || p.const === value[key]);
}

/** What a schema takes, with its article. */
export function describeKind(schema: SchemaView): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const words: Record<string, string> = {
    string: "a string",
    number: "a number",
    integer: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "an object",
  };
  return words[schema.type ?? ""] ?? "a value";
}

/** Alternatives in words: `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** A value for a message: short, and never the inside of a list or object. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (["number", "boolean", "bigint"].includes(typeof value)) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** `value` with only the keys that `schema` names, and without nulls; what does not fit the schema stays as it is. */
export function prune(schema: SchemaView, value: unknown): unknown {
  const branch = schema.anyOf?.find((b) => b.type === kindOf(value)) ?? schema;
  if (Array.isArray(value)) {
    return value.map((item) => (branch.items === undefined ? item : prune(branch.items, item)));
  }
  if (!isRecord(value) || (branch.properties === undefined && branch.values === undefined)) return value;
  const kept: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(branch.properties ?? {}, key) ? branch.properties?.[key] : branch.values;
    if (known !== undefined && item !== null && item !== undefined) kept.push([key, prune(known, item)]);
  }
  return Object.fromEntries(kept);
}

/** `value` with its keys in the order in which `schema` names them, at any depth; others follow. */
export function inOrder(schema: SchemaView, value: unknown): unknown {
  const branch = schema.anyOf?.find((b) => b.type === kindOf(value)) ?? schema;
  if (Array.isArray(value)) {
    return value.map((item) => (branch.items === undefined ? item : inOrder(branch.items, item)));
  }
  if (!isRecord(value)) return value;
  const properties = branch.properties ?? {};
  const keys = new Set([
    ...Object.keys(properties).filter((key) => Object.hasOwn(value, key)),
    ...Object.keys(value),
  ]);
  return Object.fromEntries(
    [...keys].map((key) => {
      const known = Object.hasOwn(properties, key) ? properties[key] : branch.values;
      return [key, known === undefined ? value[key] : inOrder(known, value[key])];
    }),
  );
}
