// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

/** One entry of the `details` array of a 422 answer. */
export interface Violation {
  /** `/container/docker/image`, elements as `/apps(0)/id`. */
  readonly path: string;
  readonly errors: readonly string[];
}

/** An answer other than success, as Marathon's API gives it (reference marathon.md §2.8). */
export class ApiError extends MesosError {
  readonly status: number;
  readonly body: object;

  constructor(status: number, body: { message: string } & Record<string, unknown>) {
    super("MESOS_SIMULATOR_API", body.message);
    this.status = status;
    this.body = body;
  }
}

/** 422 of the reader: wrong type, missing key, bound. */
export function unreadable(violations: readonly Violation[]): ApiError {
  return new ApiError(422, { message: "Invalid JSON", details: violations });
}

/** 422 of a rule about a value that could be read; the errors of one path are one entry. */
export function invalid(violations: readonly Violation[]): ApiError {
  const byPath = new Map<string, string[]>();
  for (const { path, errors } of violations) byPath.set(path, [...(byPath.get(path) ?? []), ...errors]);
  const details = [...byPath].map(([path, errors]) => ({ path, errors }));
  return new ApiError(422, { message: "Object is not valid", details });
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, { message });
}

export function unknownApp(id: string): ApiError {
  return new ApiError(404, { message: `App '${id}' does not exist` });
}

export function unknownGroup(id: string): ApiError {
  return new ApiError(404, { message: `Group '${id}' does not exist` });
}
