// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { computed } from "./computed";
import type { Group } from "./group";
import { declaredApps, disownedLists, mapApps, withInstancesOf } from "./group-apps";

const app = (id: string, instances?: number) => ({
  id,
  cmd: "sleep 1",
  ...(instances === undefined ? {} : { instances }),
});
const shop: Group = {
  id: "shop",
  apps: [app("web"), app("/shop/cache", 3)],
  groups: [{ id: "back", apps: [app("db", 1)], groups: [{ id: "deep" }] }],
};

describe("the apps of a group", () => {
  it("are all apps at any depth, by their paths and places", () => {
    deepEqual(declaredApps(shop), ["/shop/web", "/shop/cache", "/shop/back/db"]);
    const places: string[] = [];
    const same = mapApps(shop, (one, { path, base, at }) => {
      places.push(`${at} ${path} in ${base}`);
      return one;
    });
    deepEqual(places, [
      "apps[0] /shop/web in /shop",
      "apps[1] /shop/cache in /shop",
      "groups[0].apps[0] /shop/back/db in /shop/back",
    ]);
    deepEqual(same, shop);
  });

  it("take the numbers of instances of another group where that has the app and the caller wants it", () => {
    const live = {
      id: "/shop",
      apps: [app("web", 5), app("cache")],
      groups: [{ id: "/shop/back", apps: [app("db", 7)] }],
    };
    const instances = (group: Group) => [
      ...(group.apps ?? []).map((a) => a.instances),
      group.groups?.[0]?.apps?.[0]?.instances,
    ];
    deepEqual(instances(withInstancesOf(shop, live)), [5, undefined, 7]);
    deepEqual(instances(withInstancesOf(shop, live, ({ at }) => at === "apps[0]")), [5, 3, 1]);
    deepEqual(withInstancesOf(shop, { id: "/shop" }), shop);
  });

  it("stay as they are where they are not known yet", () => {
    const unknown = { id: "/shop", apps: [computed, app("web")], groups: computed } as unknown as Group;
    deepEqual(
      mapApps(unknown, (one) => one),
      unknown,
    );
    deepEqual(declaredApps(unknown), ["/shop/web"]);
    equal(disownedLists(shop, unknown).length, 0);
  });
});

describe("disownedLists", () => {
  it("names the lists that are left to others from now on, in groups that stay", () => {
    deepEqual(disownedLists(shop, shop), []);
    deepEqual(disownedLists(shop, { id: "/shop" }), ["apps", "groups"]);
    deepEqual(
      disownedLists(shop, {
        id: "/shop",
        apps: [],
        groups: [{ id: "new" }, { id: "/shop/back", groups: [] }],
      }),
      ["groups[1].apps"],
    );
    deepEqual(disownedLists({ id: "/shop" }, shop), []);
  });
});
