// SPDX-License-Identifier: Apache-2.0
import { invalid, unreadable } from "../api-error";
import { pathId } from "../app/app-shape";
import { absolute, parentOf, pathProblem } from "../app/path-id";
import { type AppDocument, readApp } from "../app/read-app";
import { decimal, flag, list, object, readShape, type Shape, text } from "../app/reader";

const any: Shape = { kind: "any" };
const groupShape = object({
  id: pathId,
  apps: list(any),
  groups: list(any),
  dependencies: list(text()),
  enforceRole: flag,
  version: text(),
  scaleBy: decimal(0),
});

/** A group document as read; absent lists mean "keep". */
export interface GroupDocument {
  readonly id: string;
  readonly apps?: readonly AppDocument[];
  readonly groups?: readonly GroupDocument[];
  readonly dependencies?: readonly string[];
  readonly enforceRole?: boolean;
  readonly version?: string;
  readonly scaleBy?: number;
}

/**
 * Reads the document of a request to `urlId`: its id resolves against that, and is that where none is given (code: GroupsResource).
 */
export function readGroup(raw: unknown, urlId: string): GroupDocument {
  return readMember(raw, urlId, "");
}

/** Reads a group document; ids and dependencies resolve against the enclosing group. */
function readMember(raw: unknown, base: string, path: string): GroupDocument {
  const { value, violations } = readShape(groupShape, raw, path);
  if (violations.length > 0) throw unreadable(violations);
  const document = value as Record<string, unknown>;
  const given = document["id"] as string | undefined;
  const id = absolute(given ?? "", base);
  // As it was given: a path that ends in ".." is none, whatever it leads to.
  const problem = pathProblem(given ?? id);
  if (problem !== undefined) throw invalid([{ path: `${path}/id`, errors: [problem] }]);
  if (path !== "" && (id === "/" || parentOf(id) !== base)) {
    throw invalid([{ path, errors: ["Group has to be child of groups with parent id"] }]);
  }
  const defined = Object.values(document).filter((value) => value !== undefined).length;
  const alone = ["version", "scaleBy"].filter((key) => document[key] !== undefined && defined > 1);
  if (alone.length > 0) {
    const errors = ["not allowed in conjunction with other properties."];
    throw invalid(alone.map((key) => ({ path: `${path}/${key}`, errors })));
  }
  return {
    id,
    apps: (document["apps"] as unknown[] | undefined)?.map((app, i) =>
      readApp(app, { update: false, path: `${path}/apps(${i})`, base: id }),
    ),
    groups: (document["groups"] as unknown[] | undefined)?.map((group, i) =>
      readMember(group, id, `${path}/groups(${i})`),
    ),
    dependencies: asSet((document["dependencies"] as string[] | undefined)?.map((d) => absolute(d, id))),
    enforceRole: document["enforceRole"] as boolean | undefined,
    version: document["version"] as string | undefined,
    scaleBy: document["scaleBy"] as number | undefined,
  };
}

function asSet(items: string[] | undefined): string[] | undefined {
  return items === undefined ? undefined : [...new Set(items)];
}
