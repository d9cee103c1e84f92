// SPDX-License-Identifier: Apache-2.0
import type { TObject, TSchema } from "@sinclair/typebox";
import { isComputed } from "./computed";
import type { Failure } from "./failures";
import { formatPath, type Segments } from "./property-path";
import { checkSchema } from "./schema-check";

/** The schema of a resource's or function's inputs. */
export type ObjectSchema = TObject;

/** How {@link inputChecker}'s function treats values that must not be shown. */
export interface CheckInputsOptions {
  /** Whether the value at this JSON pointer (`/env/PASSWORD`) must not appear in a message. */
  readonly isSecret?: (pointer: string) => boolean;
}

/** One failure and the JSON pointer of the value it is about. */
export interface InputFailure extends Failure {
  readonly pointer: string;
}

/**
 * A function that returns everything wrong with a value by `schema`, one failure a path.
 *
 * What is `computed` is taken for right; an unknown key is refused with the nearest known one.
 */
export function inputChecker(
  schema: TSchema,
): (value: unknown, options?: CheckInputsOptions) => InputFailure[] {
  return (value, { isSecret } = {}) =>
    checkSchema(schema, value, {
      isUnknown: isComputed,
      isSecret: (at) => isSecret?.(pointerOf(at)) ?? false,
    }).failures.map(({ at, message }) => ({ path: formatPath(at), pointer: pointerOf(at), message }));
}

function pointerOf(at: Segments): string {
  return at.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
