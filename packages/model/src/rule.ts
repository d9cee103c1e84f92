// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import { overlaps, type Segments } from "./property-path";

/** What a rule looks at: the app as given without what failed, and its normal form. */
export interface RuleInput {
  readonly app: App;
  readonly normal: App;
}

/** Something that fields must be to each other. It is left out when a field that it reads is unknown or wrong. */
export interface Rule<I = RuleInput> {
  /** Fields without list indices, such as `container.portMappings`. */
  readonly reads: readonly string[];
  readonly find: (input: I) => Finding[];
}

/** What a rule found, and where. */
export interface Finding {
  readonly at: Segments;
  readonly message: string;
}

/** A rule about one field. */
export interface FieldRule<I = RuleInput> {
  readonly path: string;
  readonly reads: readonly string[];
  readonly when: (input: I) => boolean;
  readonly message: (input: I) => string;
}

/** A rule about each element of a list or map. */
export interface ElementRule<T> extends PartRule<T, RuleInput> {
  /** Where the elements are, such as `healthChecks`. */
  readonly path: string;
}

/** A rule about each of the parts of a document that a function finds. */
export interface PartRule<T, I> {
  /** The field of a part that is at fault; the part itself where absent. */
  readonly field?: string;
  readonly reads: readonly string[];
  readonly when: (item: T, input: I) => boolean;
  readonly message: (item: T, input: I) => string;
}

export function fieldRule<I>(rule: FieldRule<I>): Rule<I> {
  const at = rule.path.split(".");
  return {
    reads: rule.reads,
    find: (input) => (rule.when(input) ? [{ at, message: rule.message(input) }] : []),
  };
}

export function elementRule<T>(
  items: (app: App) => Iterable<readonly [string | number, T]>,
  rule: ElementRule<T>,
): Rule {
  const path = rule.path.split(".");
  return partRule(
    ({ app }) => Array.from(items(app), ([key, item]) => [[...path, key], item] as const),
    rule,
  );
}

/** A rule about each part that `parts` finds, with its place. */
export function partRule<T, I>(
  parts: (input: I) => readonly (readonly [Segments, T])[],
  rule: PartRule<T, I>,
): Rule<I> {
  const end = rule.field === undefined ? [] : rule.field.split(".");
  return {
    reads: rule.reads,
    find: (input) =>
      parts(input)
        .filter(([, item]) => rule.when(item, input))
        .map(([at, item]) => ({ at: [...at, ...end], message: rule.message(item, input) })),
  };
}

/** What `rules` find in a document; a rule that reads a field of `open`, which is unknown or wrong, is left out. */
export function judge<I>(rules: readonly Rule<I>[], input: I, open: readonly string[]): Finding[] {
  return rules
    .filter(({ reads }) => !reads.some((field) => open.some((o) => overlaps(o, field))))
    .flatMap((rule) => rule.find(input));
}

/** The names that `list` has more than once. */
export function duplicates<T>(list: readonly T[] | undefined): T[] {
  const known = (list ?? []).filter((x) => x !== undefined);
  return [...new Set(known.filter((x, i) => known.indexOf(x) !== i))];
}

/** Whether the app has persistent volumes. */
export function isResident(app: App): boolean {
  return app.container?.volumes?.some((v) => v.persistent !== undefined) ?? false;
}

/** The ports of an app in normal form, by index. */
export function portsOf(normal: App): readonly { readonly name?: string }[] {
  return normal.container?.portMappings ?? normal.portDefinitions ?? [];
}

/** The fields that decide which ports an app has. */
export const portFields = [
  "container.docker.network",
  "container.docker.portMappings",
  "container.portMappings",
  "container.type",
  "ipAddress",
  "networks",
  "portDefinitions",
  "ports",
];
