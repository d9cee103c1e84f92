// SPDX-License-Identifier: Apache-2.0

/** Whether `value` is a resource with this type token, also one from another copy of this package. */
export function isOfType(value: unknown, type: string): boolean {
  return (
    typeof value === "object" && value !== null && "__pulumiType" in value && value.__pulumiType === type
  );
}
