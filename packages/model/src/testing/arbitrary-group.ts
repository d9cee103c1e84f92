// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import type { Group } from "../group";
import { arbitraryApp } from "./arbitrary-app";

const name = fc
  .stringMatching(/^[a-z][a-z0-9]{0,5}$/)
  .filter((n) => !["restart", "tasks", "versions"].includes(n));

type Member = NonNullable<Group["groups"]>[number];
type Apps = NonNullable<Group["apps"]>;

/** Apps with these names; what they depend on stands outside every group. */
function appsOf(names: readonly string[]): fc.Arbitrary<Apps> {
  return fc.tuple(...names.map(() => arbitraryApp)).map((apps) =>
    apps.map((app, i) => ({
      ...app,
      id: names[i] ?? "",
      dependencies: app.dependencies?.map((d) => `/${d}`),
    })),
  );
}

/** What is in a group: apps and groups of different names, absolute and relative ids, dependencies on the outside. */
function memberOf(id: string, path: string, depth: number): fc.Arbitrary<Member> {
  return fc
    .tuple(fc.uniqueArray(name, { maxLength: 4 }), fc.nat(2), fc.boolean(), fc.boolean())
    .chain(([names, count, absolute, hasLists]) => {
      const apps = appsOf(names.slice(0, count));
      const groups =
        depth === 0
          ? fc.constant<Member[]>([])
          : fc.tuple(
              ...names
                .slice(count)
                .map((n) => memberOf(absolute ? `${path}/${n}` : n, `${path}/${n}`, depth - 1)),
            );
      const dependencies = fc.uniqueArray(
        name.map((n) => `/other-${n}`),
        { maxLength: 2 },
      );
      return fc.tuple(apps, groups, dependencies).map(([a, g, d]): Member => {
        if (!hasLists && a.length + g.length + d.length === 0) return { id };
        return { id, apps: a, groups: g, dependencies: d };
      });
    });
}

/** Any group that `checkGroup` takes. */
export const arbitraryGroup: fc.Arbitrary<Group> = name.chain((n) =>
  fc
    .tuple(
      fc.constantFrom(n, `/${n}`).chain((id) => memberOf(id, `/${n}`, 2)),
      fc.constantFrom(undefined, true, false),
    )
    .map(([group, enforceRole]) => ({ ...group, ...(enforceRole === undefined ? {} : { enforceRole }) })),
);

/** Any JSON that looks somewhat like a group: known keys with values of any kind. */
export const almostGroup: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything(),
  fc
    .tuple(
      arbitraryGroup,
      fc.dictionary(
        fc.constantFrom("id", "apps", "groups", "dependencies", "enforceRole", "x"),
        fc.anything(),
      ),
    )
    .map(([group, odd]) => ({ ...group, ...odd })),
  fc.tuple(arbitraryGroup, fc.anything()).map(([group, odd]) => ({ ...group, apps: [odd, { id: odd }] })),
  fc.tuple(arbitraryGroup, fc.anything()).map(([group, odd]) => ({
    ...group,
    groups: [{ id: odd, groups: [odd], apps: odd, dependencies: [odd] }],
  })),
);
