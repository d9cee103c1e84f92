// SPDX-License-Identifier: Apache-2.0

/** Keys and list indices from a value's root to one of its parts. */
export type Segments = readonly (string | number)[];

/** `segments` as a Pulumi property path: `container.portMappings[0].labels["a.b"]`. */
export function formatPath(segments: Segments): string {
  return segments.reduce<string>((path, segment) => {
    if (typeof segment === "number") return `${path}[${segment}]`;
    if (!/^[A-Za-z_][\w-]*$/.test(segment)) return `${path}[${JSON.stringify(segment)}]`;
    return path === "" ? segment : `${path}.${segment}`;
  }, "");
}

/** `segments` without list indices, joined by dots: the field's place in the schema. */
export function fieldOf(segments: Segments): string {
  return segments.filter((s) => typeof s === "string").join(".");
}

/** Whether one of the fields is, or is part of, the other. */
export function overlaps(a: string, b: string): boolean {
  return a === b || a === "" || b === "" || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
