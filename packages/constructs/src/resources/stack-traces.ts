// SPDX-License-Identifier: Apache-2.0

/**
 * Until the function that it answers is called, errors that are made have no stack trace. That function gives an error
 * that was thrown meanwhile the trace of where it is called.
 *
 * For the `super` call of a resource of which a program may have thousands: @pulumi/pulumi makes four promises for each
 * property, each with a stack trace that is put into words at once and shown only when it hunts for leaks, and that is
 * half of the time of such a program. Where the resource stands in the program it asks for with a limit of its own. It
 * has to be called around `super` itself, as each function between makes another line the resource's own.
 */
export function withoutStackTraces(): <E>(error?: E) => E | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  return (error) => {
    Error.stackTraceLimit = stackTraceLimit;
    if (error instanceof Error) Error.captureStackTrace(error);
    return error;
  };
}

/** Makes the resources of a platform, of which a program has hundreds, in the same way. */
export function madeWithoutStackTraces<T>(make: () => T): T {
  const restore = withoutStackTraces();
  try {
    return make();
  } catch (error) {
    throw restore(error);
  } finally {
    restore();
  }
}
