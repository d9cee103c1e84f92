// SPDX-License-Identifier: Apache-2.0
import { CheckFailure } from "@pulumi/pulumi/proto/provider_pb";
import type { Failure } from "@pulumi-mesos/model";
import { parsePath, type SecretPaths } from "./secret-paths";

/**
 * A failure of an invoke's arguments. The value of the property that a failure is about may be printed, also of a secret
 * one: there the path stands in the reason alone.
 */
export function checkFailure(failure: Failure, secrets: SecretPaths): CheckFailure {
  return secrets.touches(parsePath(failure.path))
    ? pathInReason(failure)
    : new CheckFailure().setProperty(failure.path).setReason(failure.message);
}

/**
 * A failure of a check, with the path in its reason: the engine prints the value of the property that a failure is about
 * over several lines, as `<nil>` when the path is nested, and also when it is secret.
 */
export function pathInReason({ path, message }: Failure): CheckFailure {
  return new CheckFailure().setReason(path === "" ? message : `${path}: ${message}`);
}
