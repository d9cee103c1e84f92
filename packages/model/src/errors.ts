// SPDX-License-Identifier: Apache-2.0

const brand = Symbol.for("pulumi-mesos.MesosError");

/** What a {@link MesosError} is made from. */
export interface MesosErrorOptions {
  readonly cause?: unknown;
  /** Whether the same call may succeed later without any change. @default false */
  readonly retryable?: boolean;
}

/**
 * The base of every error of this project.
 *
 * `code` is `MESOS_<AREA>_<WHAT>` and stable (`docs/errors.md` lists all of them); `message` is one lower-case line
 * without full stop that names the path, the value, what is allowed and the fix. No message ever carries a secret.
 */
export class MesosError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: MesosErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether `error` is a {@link MesosError}, also one from another copy of this package. */
export function isMesosError(error: unknown): error is MesosError {
  return typeof error === "object" && error !== null && brand in error;
}

/** The message of anything that was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s*\n\s*/g, " ");
}
