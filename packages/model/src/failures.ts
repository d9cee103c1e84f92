// SPDX-License-Identifier: Apache-2.0
import type { Static, TSchema } from "@sinclair/typebox";
import { TypeCompiler } from "@sinclair/typebox/compiler";
import { formatPath } from "./property-path";

/** One thing wrong with an input: where, and in words what was received, what is allowed and the fix. */
export interface Failure {
  /** A Pulumi property path, such as `container.portMappings[0].containerPort`; empty for the whole value. */
  readonly path: string;
  readonly message: string;
}

/** `failures` as one line for an error message; a failure without a path stands alone. */
export function describeFailures(failures: readonly Failure[]): string {
  return failures.map((f) => (f.path === "" ? f.message : `${f.path}: ${f.message}`)).join("; ");
}

/** A TypeBox schema compiled once, with failures in this project's words. */
export interface Decoder<T> {
  /** The value when it fits, otherwise every failure. */
  decode(
    value: unknown,
  ): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failures: Failure[] };
}

/** Compiles `schema` at the first use, because a program that never decodes it should not pay for it. */
export function decoder<S extends TSchema>(schema: S): Decoder<Static<S>> {
  let compiled: ReturnType<typeof TypeCompiler.Compile<S>> | undefined;
  return {
    decode(value) {
      compiled ??= TypeCompiler.Compile(schema);
      if (compiled.Check(value)) {
        return { ok: true, value };
      }
      const failures = new Map<string, Failure>();
      for (const error of compiled.Errors(value)) {
        const path = propertyPath(error.path);
        const text = `${error.message.toLowerCase()}, got ${JSON.stringify(error.value) ?? "nothing"}`;
        failures.set(path, failures.get(path) ?? { path, message: text });
      }
      return { ok: false, failures: [...failures.values()] };
    },
  };
}

/** A JSON pointer (`/a/0/b`) as a Pulumi property path (`a[0].b`). */
export function propertyPath(pointer: string): string {
  const parts = pointer.split("/").slice(1);
  return formatPath(
    parts
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
      .map((part) => (/^(0|[1-9]\d{0,8})$/.test(part) ? Number(part) : part)),
  );
}
