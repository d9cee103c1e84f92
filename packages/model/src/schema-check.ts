// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";
import { nearest } from "./nearest";
import type { Segments } from "./property-path";
import {
  branchFor,
  describeKind,
  isRecord,
  kindOf,
  oneOf,
  type SchemaView,
  schemaView,
  show,
} from "./schema-view";

/** What a check may be told about the value. */
export interface SchemaCheckOptions {
  /** Whether a value is not known yet (a Pulumi unknown): it neither fails nor is looked into. */
  readonly isUnknown?: (value: unknown) => boolean;
  /** Whether a value is secret: its failure does not show it. */
  readonly isSecret?: (at: Segments) => boolean;
  /** Whether null counts as absent, as in Marathon's documents. @default false */
  readonly nullIsAbsent?: boolean;
}

/** What a check found. */
export interface SchemaFindings {
  /** The value without unknowns, nulls and what failed. */
  readonly value: unknown;
  readonly failures: { readonly at: Segments; readonly message: string }[];
  readonly unknowns: Segments[];
}

/** Checks `value` against `schema`; all failures at once, in this project's words; never throws. */
export function checkSchema(
  schema: TSchema,
  value: unknown,
  options: SchemaCheckOptions = {},
): SchemaFindings {
  const walk = new Walk(options);
  return {
    value: walk.visit(schemaView(schema), value, []),
    failures: walk.failures,
    unknowns: walk.unknowns,
  };
}

class Walk {
  readonly failures: { at: Segments; message: string }[] = [];
  readonly unknowns: Segments[] = [];
  readonly #options: SchemaCheckOptions;

  constructor(options: SchemaCheckOptions) {
    this.#options = options;
  }

  /** `hidden`: whether a schema above says that values are never shown. */
  visit(schema: SchemaView, value: unknown, at: Segments, hidden = false): unknown {
    if (this.#options.isUnknown?.(value) === true) {
      this.unknowns.push(at);
      return undefined;
    }
    const sensitive = hidden || schema.sensitive === true;
    if (schema.anyOf !== undefined) return this.#union(schema.anyOf, value, at, sensitive);
    if (schema.type === undefined && schema.const === undefined) return value;
    const wanted = schema.type === "integer" ? "number" : schema.type;
    if (schema.const !== undefined ? value !== schema.const : kindOf(value) !== wanted) {
      return this.#failGot(at, `must be ${describeKind(schema)}`, value, sensitive);
    }
    if (Array.isArray(value)) return this.#list(schema, value, at, sensitive);
    if (isRecord(value)) return this.#object(schema, value, at, sensitive);
    const problem = scalarProblem(schema, value);
    return problem === undefined ? value : this.#failGot(at, problem, value, sensitive);
  }

  #fail(at: Segments, message: string): undefined {
    this.failures.push({ at, message });
    return undefined;
  }

  #failGot(at: Segments, message: string, value: unknown, sensitive: boolean): undefined {
    const hidden = sensitive || this.#options.isSecret?.(at) === true;
    return this.#fail(at, `${message}, got ${hidden ? "a value that is not shown" : show(value)}`);
  }

  #union(branches: readonly SchemaView[], value: unknown, at: Segments, sensitive: boolean): unknown {
    const literal = branches.find((b) => b.const !== undefined && b.const === value);
    if (literal !== undefined) return value;
    const fitting = branchFor(branches, value);
    if (fitting !== undefined) return this.visit(fitting, value, at, sensitive);
    return this.#failGot(at, `must be ${oneOf(branches.map(describeKind))}`, value, sensitive);
  }

  #list(schema: SchemaView, value: readonly unknown[], at: Segments, sensitive: boolean): unknown {
    const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
    if (value.length < minItems || value.length > maxItems) {
      const most = maxItems === Number.POSITIVE_INFINITY ? "or more" : `to ${maxItems}`;
      const range = minItems === maxItems ? `${minItems}` : `${minItems} ${most}`;
      this.#fail(at, `must have ${range} elements, got ${value.length}`);
    }
    return value.map((item, i) =>
      items === undefined ? item : this.visit(items, item, [...at, i], sensitive),
    );
  }

  #object(
    schema: SchemaView,
    value: Readonly<Record<string, unknown>>,
    at: Segments,
    sensitive: boolean,
  ): unknown {
    const properties = schema.properties ?? {};
    const kept: [string, unknown][] = [];
    for (const key of Object.keys(value)) {
      const item = value[key];
      const place = [...at, key];
      // In a map, null is a value, and none that Marathon reads.
      if (item === undefined || (this.#absent(item) && schema.values === undefined)) continue;
      const fits = schema.keyPattern === undefined || matches(key, schema.keyPattern);
      const known = Object.hasOwn(properties, key) ? properties[key] : fits ? schema.values : undefined;
      if (known !== undefined) {
        kept.push([key, this.visit(known, item, place, sensitive)]);
      } else if (schema.values !== undefined) {
        this.#fail(place, `the name must match ${schema.keyPattern}`);
      } else if (schema.closed) {
        this.#fail(place, unknownKey(key, schema));
      }
    }
    for (const key of schema.required ?? []) {
      if (this.#absent(value[key])) this.#fail([...at, key], "must be given");
    }
    return Object.fromEntries(kept.filter(([, v]) => v !== undefined));
  }

  #absent(value: unknown): boolean {
    return value === undefined || (value === null && this.#options.nullIsAbsent === true);
  }
}

const patterns = new Map<string, RegExp>();

/** Schemas have few patterns, values many strings: each pattern is compiled once. */
function matches(text: string, pattern: string): boolean {
  const known = patterns.get(pattern) ?? new RegExp(pattern);
  patterns.set(pattern, known);
  return known.test(text);
}

function unknownKey(key: string, schema: SchemaView): string {
  const refused = schema.refused ?? {};
  if (Object.hasOwn(refused, key)) return `${refused[key]}`;
  const known = Object.keys(schema.properties ?? {});
  const meant = key.length > 64 ? undefined : nearest(key, known);
  if (meant !== undefined) return `unknown field, did you mean ${JSON.stringify(meant)}?`;
  return known.length <= 15 ? `unknown field, allowed are ${known.join(", ")}` : "unknown field, remove it";
}

function scalarProblem(schema: SchemaView, value: unknown): string | undefined {
  if (typeof value === "string") return stringProblem(schema, value);
  if (typeof value !== "number") return undefined;
  if (!Number.isFinite(value)) return "must be a finite number";
  if (schema.type === "integer" && !Number.isInteger(value)) return "must be a whole number";
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY, exclusiveMinimum } = schema;
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum)
    return `must be more than ${exclusiveMinimum}`;
  if (value >= minimum && value <= maximum) return undefined;
  const bounded = Number.isFinite(minimum) && maximum < 2 ** 31 - 1;
  if (bounded) return `must be between ${minimum} and ${maximum}`;
  return value < minimum ? `must be ${minimum} or more` : `must be ${maximum} or less`;
}

function stringProblem(schema: SchemaView, value: string): string | undefined {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, must } = schema;
  if (value.length < minLength) {
    return minLength === 1 ? "must not be empty" : `must have ${minLength} or more characters`;
  }
  if (value.length > maxLength) return `must have at most ${maxLength} characters`;
  if (pattern === undefined || matches(value, pattern)) return undefined;
  return `must ${must ?? `match ${pattern}`}`;
}
