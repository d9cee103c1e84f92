// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";
import { App, AppResourceInputs } from "./app";
import { appAutoscaleFailures } from "./app-autoscale";
import { normaliseApp } from "./app-normal-form";
import { appRules } from "./app-rules";
import type { Failure } from "./failures";
import { fieldOf, formatPath, type Segments } from "./property-path";
import { type Finding, judge } from "./rule";
import { checkSchema, type SchemaFindings } from "./schema-check";
import { isRecord } from "./schema-view";
import { defaultServerFacts } from "./server-facts";

/** What {@link checkApp} may be told. */
export interface CheckAppOptions {
  /** Whether a value is not known yet (a Pulumi unknown): nothing is said about it, nor about what depends on it. */
  readonly isUnknown?: (value: unknown) => boolean;
  /** Whether the value at a Pulumi property path is secret; values in `env` are never shown anyway. */
  readonly isSecret?: (path: string) => boolean;
}

/**
 * Everything that is wrong with an app document; never throws.
 *
 * Stricter than Marathon, which drops unknown keys without a word.
 */
export function checkApp(value: unknown, options: CheckAppOptions = {}): Failure[] {
  const found = find(App, value, options);
  return [...schemaFailures(found), ...ruleFailures(found, "id")];
}

/** {@link checkApp} for the inputs of `mesos:marathon:App`, whose `id` is called `appId` and which have no `version`. */
export function checkAppInputs(inputs: unknown, options: CheckAppOptions = {}): Failure[] {
  const found = find(AppResourceInputs, inputs, options);
  return [...schemaFailures(found), ...ruleFailures(found, "appId"), ...appAutoscaleFailures(inputs)];
}

/** The part of {@link checkAppInputs} that no schema says: what fields must be to each other. */
export function checkAppRules(inputs: unknown, options: CheckAppOptions = {}): Failure[] {
  return [
    ...ruleFailures(find(AppResourceInputs, inputs, options), "appId"),
    ...appAutoscaleFailures(inputs),
  ];
}

/** Checks `value` as Marathon's documents are: null is absent. */
export function find(schema: TSchema, value: unknown, options: CheckAppOptions): SchemaFindings {
  return checkSchema(schema, value, {
    isUnknown: options.isUnknown,
    isSecret: (at) => options.isSecret?.(formatPath(at)) ?? false,
    nullIsAbsent: true,
  });
}

/** What a schema found, by property path. */
export function schemaFailures(found: SchemaFindings): Failure[] {
  return found.failures.map(({ at, message }) => ({ path: formatPath(at), message }));
}

function ruleFailures(found: SchemaFindings, idKey: "id" | "appId"): Failure[] {
  return judgeApp(found.value, openFields(found), idKey).map(({ at, message }) => ({
    path: formatPath(at),
    message,
  }));
}

/** The fields that are unknown or wrong. */
export function openFields(found: SchemaFindings): Segments[] {
  return [...found.failures.map((f) => f.at), ...found.unknowns];
}

/** What the rules of apps find in `value`, whose path is at `idKey`; relative paths in it are resolved against `base`. */
export function judgeApp(
  value: unknown,
  open: readonly Segments[],
  idKey: "id" | "appId",
  base = "/",
): Finding[] {
  if (!isRecord(value)) return [];
  const { [idKey]: id, ...rest } = value;
  const app = { id, ...rest } as App;
  const fields = open.map((at) => fieldOf(at[0] === idKey ? ["id", ...at.slice(1)] : at));
  const input = { app, normal: normaliseApp(app, defaultServerFacts, base) };
  return judge(appRules, input, fields).map(({ at, message }) => ({
    at: at[0] === "id" ? [idKey, ...at.slice(1)] : at,
    message,
  }));
}
