// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";

/** A name inside a pod: of a container, an endpoint, a volume or a network. */
export function podName(description: string) {
  return Type.String({
    minLength: 1,
    maxLength: 63,
    pattern: "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    must: "be lower-case letters, digits and dashes",
    description: `${description} Lower-case letters, digits and dashes, at most 63.`,
  });
}

/** A path or an image's name: 1 to 1024 characters. */
export function podPath(description: string) {
  return Type.String({ minLength: 1, maxLength: 1024, description });
}
