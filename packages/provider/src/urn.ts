// SPDX-License-Identifier: Apache-2.0

/** What a URN says: `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>`. */
export interface UrnParts {
  readonly urn: string;
  readonly stack: string;
  readonly project: string;
  readonly type: string;
  readonly name: string;
}

/** Takes a URN apart; a name may hold `::` itself. Total: what is not a URN gives empty parts. */
export function parseUrn(urn: string): UrnParts {
  const [head = "", project = "", types = "", ...name] = urn.split("::");
  return {
    urn,
    stack: head.split(":").slice(2).join(":"),
    project,
    type: types.slice(types.lastIndexOf("$") + 1),
    name: name.join("::"),
  };
}
