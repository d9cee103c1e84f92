// SPDX-License-Identifier: Apache-2.0
import { type StatusObject, status } from "@grpc/grpc-js";
import { isMesosError, messageOf } from "@pulumi-mesos/model";
import { ServiceFailure } from "./service-failure";

/**
 * The gRPC status of an error code, first match first. Never UNKNOWN, INTERNAL or DATA_LOSS: the engine takes those for
 * "the resource may be corrupt", and none of our errors leaves one behind that the next `up` does not find.
 */
const table: readonly (readonly [RegExp, status])[] = [
  [/_(CANCELLED|ABORTED)$/, status.ABORTED],
  [/_TIMEOUT$/, status.DEADLINE_EXCEEDED],
  [/_(UNREACHABLE|UNAVAILABLE|REFUSED|CONNECTION|DISCONNECTED)$/, status.UNAVAILABLE],
  [/_(NOT_FOUND|GONE)$/, status.NOT_FOUND],
  [/_(INVALID|NAME|UNKNOWN_TOKEN|DECODE|ARGUMENT)$/, status.INVALID_ARGUMENT],
];

/** The status that the engine is told for `error`. */
export function statusOf(error: unknown): status {
  const code = isMesosError(error) ? error.code : "";
  return table.find(([pattern]) => pattern.test(code))?.[1] ?? status.FAILED_PRECONDITION;
}

/** What the engine shows beside the resource: our own message as it is, anything else marked as unexpected. */
export function detailsOf(error: unknown): string {
  return isMesosError(error) ? error.message : `unexpected: ${messageOf(error)}`;
}

/** `error` as the answer of a call. */
export function asServiceError(error: unknown): Partial<StatusObject> {
  if (error instanceof ServiceFailure) {
    return { code: error.status, details: error.message, metadata: error.metadata };
  }
  return { code: statusOf(error), details: detailsOf(error) };
}
