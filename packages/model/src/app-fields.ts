// SPDX-License-Identifier: Apache-2.0
import { type TLiteral, type TUnion, Type } from "@sinclair/typebox";

/** An object that refuses keys that it does not name. */
export const closed = { additionalProperties: false } as const;

/** A closed object that the Pulumi schema names, for example `mesos:marathon:HealthCheck`. */
export function named(name: string, description: string) {
  return { ...closed, $id: `mesos:marathon:${name}`, description };
}

/** A union of string literals. */
export function literals<const T extends readonly string[]>(
  values: T,
  options: { description?: string } = {},
) {
  return Type.Union(
    values.map((value) => Type.Literal(value)),
    options,
  ) as unknown as TUnion<{ -readonly [K in keyof T]: TLiteral<T[K]> }>;
}

const int32Max = 2_147_483_647;

/** A whole number from `minimum` up. */
export function count(description: string, minimum = 0) {
  return Type.Integer({ minimum, maximum: int32Max, description });
}

/** A number from `minimum` up. */
export function amount(description: string, minimum = 0) {
  return Type.Number({ minimum, description });
}

export function text(description: string) {
  return Type.String({ minLength: 1, description });
}

export function flag(description: string) {
  return Type.Boolean({ description });
}

export function port(description: string) {
  return Type.Integer({ minimum: 0, maximum: 65535, description });
}

/** The index of one of the app's ports. */
export function portIndex(description: string) {
  return Type.Integer({ minimum: 0, maximum: 65535, description });
}

export function labels(description: string) {
  return Type.Record(Type.String(), Type.String(), { description });
}

export const Protocol = literals(["tcp", "udp", "udp,tcp"], { description: "Defaults to tcp." });

/** A port's name: lower-case letters, digits and dashes. */
export const PortName = Type.String({
  pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
  must: "be lower-case letters, digits and dashes",
  description: "Lower-case letters, digits and dashes; unique in the app.",
});

const segment = "(?:[a-z0-9]+(?:-+[a-z0-9]+)*(?:\\.[a-z0-9]+(?:-+[a-z0-9]+)*)*|\\.\\.?)";

/** Path of an app or group, absolute or relative to the root. */
export const AppPath = Type.String({
  pattern: `^/?${segment}(?:/${segment})*$`,
  must: "be a path such as /shop/web of lower-case letters, digits, dashes and dots",
  description:
    "Path such as /shop/web: segments of lower-case letters, digits, dashes and dots, separated by slashes.",
});
