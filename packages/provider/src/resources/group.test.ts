// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MarathonGroup } from "@pulumi-mesos/client";
import {
  computed,
  defaultServerFacts,
  type GroupResourceInputs,
  normaliseGroup,
  resourceTokens,
  toGroupDocument,
} from "@pulumi-mesos/model";
import { testContext } from "./context.test.support";
import { group } from "./group";
import type { GroupState } from "./group-facts";
import { endedBy, notManaged } from "./group-guard";
import { refreshedGroup } from "./group-inputs";

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 1", ...more });
const facts = { ...defaultServerFacts, enforceRole: false };
const inputs: GroupResourceInputs = {
  groupId: "/shop",
  apps: [app("web", { env: { A: "b" } }), app("cache")],
  groups: [{ id: "back", apps: [app("db")] }],
};
const managed = ["/shop/back/db", "/shop/cache", "/shop/web"];
const state: GroupState = {
  ...inputs,
  version: "v1",
  deploymentId: "d1",
  deployedApps: [],
  managed,
  serverFacts: facts,
};
const { urn } = testContext(resourceTokens.group);

function diff(news: object) {
  return group.diff({ id: "/shop", urn, oldInputs: inputs, state, inputs: { ...inputs, ...news } });
}

/** The group as Marathon would answer it, with `more` in the place of its lists. */
function live(more: object = {}): MarathonGroup {
  return { ...normaliseGroup({ ...toGroupDocument(inputs), ...more }, facts), version: "v" } as MarathonGroup;
}

describe("mesos:marathon:Group", () => {
  describe("check", () => {
    const check = (news: object, olds?: object) =>
      group
        .check?.({ urn, inputs: { ...news }, oldInputs: olds && { ...olds }, isSecret: () => false })
        .failures.map((f) => `${f.path}: ${f.message}`);
    const data = (more: object) => ({
      groupId: "/shop",
      apps: [
        app("db", {
          container: { type: "MESOS", volumes: [{ containerPath: "data", persistent: { size: 16 } }] },
          ...more,
        }),
      ],
    });

    it("fails for what Marathon cannot change of an app with persistent volumes, with the way out", () => {
      assert.deepEqual(check(data({ mem: 32 }), data({ mem: 16 })), [
        "apps[0].mem: cannot change while /shop/db has persistent volumes; give the app another id: a new one is made, and the old one ends with its data",
      ]);
      assert.deepEqual(check(data({ mem: 32, id: "db2" }), data({ mem: 16 })), []);
      assert.deepEqual(check(data({ cmd: "sleep 2" }), data({})), []);
      assert.deepEqual(check(data({ mem: 32 })), []);
      assert.deepEqual(check(data({ mem: computed }), data({ mem: 16 })), []);
    });

    it("fails for what apps and groups must be to each other", () => {
      assert.deepEqual(check({ groupId: "/shop", apps: [app("a", { dependencies: ["a"] })] }), [
        "apps[0].dependencies: must not contain the app itself (/shop/a)",
      ]);
    });
  });

  describe("diff", () => {
    it("compares what is meant, in any order and spelling", () => {
      const turned = {
        groupId: "shop",
        apps: [app("/shop/cache"), app("./web", { env: { A: "b" }, cpus: 1 })],
      };
      assert.deepEqual(diff(turned).differences, []);
      assert.equal(diff(turned).summary, undefined);
    });

    it("goes on where values, whole apps or lists are not known yet", () => {
      const paths = (news: object) => diff(news).differences.map((d) => `${d.kind} ${d.path}`);
      assert.deepEqual(paths({ apps: [app("web", { env: { A: computed } }), app("cache")] }), [
        "update apps[0].env.A",
      ]);
      assert.deepEqual(paths({ apps: computed }), ["update apps"]);
      assert.deepEqual(paths({ groupId: computed }), ["update groupId"]);
    });

    it("shows another path as the only difference of a group that is otherwise the same", () => {
      assert.deepEqual(diff({ groupId: "/other" }).differences, [
        { path: "groupId", kind: "update", replace: true, input: true },
      ]);
      assert.equal(diff({ groupId: "/other" }).deleteBeforeReplace, false);
    });

    it("says how many tasks restart, which apps scale, start and end, and what is left to others", () => {
      const said = (news: object) => diff(news).summary;
      assert.equal(
        said({
          apps: [app("web", { env: { A: "c" }, instances: 2 }), app("cache", { mem: 1, cmd: "x y" })],
          groups: [],
        }),
        "rolling restart of 2 tasks, of /shop/web (1), /shop/cache (1), because of env.A, cmd, mem; scale /shop/web from 1 to 2; end /shop/back/db",
      );
      assert.equal(
        said({
          apps: [app("web", { env: { A: "b" }, instances: 4 }), app("cache", { instances: computed })],
        }),
        "scale /shop/web from 1 to 4, /shop/cache from 1 to a number that is not known yet",
      );
      assert.equal(said({ apps: undefined }), "leave apps to others");
      assert.equal(said({ groups: [{ id: "back", apps: [app("db")] }, { id: "empty" }] }), "no app changes");
      assert.equal(said({ force: true }), "nothing changes in Marathon");
      assert.equal(
        said({ manageInstances: false, apps: [app("web", { instances: 7 }), app("cache")] }),
        "rolling restart of all tasks of /shop/web, because of env",
      );
    });
  });

  it("keeps in a preview the outputs that a change leaves as they are", () => {
    const known = (news: object) =>
      Object.entries(group.preview?.({ ...inputs, ...news }, urn, state) ?? {})
        .filter(([, value]) => value !== computed)
        .map(([name]) => name)
        .sort();
    assert.deepEqual(known({ force: true }), [
      "deployedApps",
      "deploymentId",
      "managed",
      "serverFacts",
      "version",
    ]);
    assert.deepEqual(known({ apps: [app("web"), app("cache")] }), ["managed", "serverFacts"]);
    assert.deepEqual(known({ apps: [] }), ["serverFacts"]);
    assert.deepEqual(known({ groupId: "/other" }), []);
    assert.ok(
      Object.values(group.preview?.(inputs, urn, undefined) ?? {}).every((value) => value === computed),
    );
  });

  describe("what a write would end", () => {
    const pods = [{ id: "/shop/back/pod", status: "STABLE", spec: { id: "/shop/back/pod" } }];
    const there = live({
      apps: [app("web"), app("theirs")],
      groups: [
        { id: "back", apps: [app("db"), app("by-hand")] },
        { id: "others", apps: [app("x")] },
      ],
    });
    const withPod = {
      ...there,
      groups: there.groups?.map((g) => (g.id === "/shop/back" ? { ...g, pods } : g)),
    } as MarathonGroup;
    const ends = (document: object) => endedBy(withPod, { id: "/shop", ...document }).map((e) => e.path);

    it("is what stands in a list that it gives and is not named there, with everything below", () => {
      assert.deepEqual(ends({}), []);
      assert.deepEqual(ends({ apps: [app("web")] }), ["/shop/theirs"]);
      assert.deepEqual(ends({ groups: [{ id: "back" }, { id: "/shop/others" }] }), []);
      assert.deepEqual(ends({ groups: [{ id: "back", apps: [app("db")] }, { id: "others" }] }), [
        "/shop/back/by-hand",
      ]);
      assert.deepEqual(ends({ groups: [] }), [
        "/shop/back/db",
        "/shop/back/by-hand",
        "/shop/back/pod",
        "/shop/others/x",
      ]);
    });

    it("is somebody else's where no program named it; pods always are", () => {
      const ended = endedBy(withPod, { id: "/shop", apps: [], groups: [] });
      assert.deepEqual(
        notManaged(ended, [...managed, "/shop/back/pod"]).map((e) => e.path),
        ["/shop/theirs", "/shop/back/by-hand", "/shop/back/pod", "/shop/others/x"],
      );
    });
  });

  describe("refresh", () => {
    it("gives the inputs back as they were written while they mean what runs", () => {
      assert.equal(refreshedGroup(inputs, live(), facts).inputs, inputs);
    });

    it("shows what differs alone, without what is gone, and what is there besides at the end", () => {
      const now = live({
        apps: [app("theirs"), app("cache", { instances: 3 })],
        groups: [
          { id: "back", apps: [app("db")], dependencies: ["/x"] },
          { id: "new", apps: [app("y")] },
        ],
      });
      const { inputs: shown, moved } = refreshedGroup(inputs, now, facts);
      assert.deepEqual(shown, {
        groupId: "/shop",
        apps: [app("cache", { instances: 3 }), app("theirs")],
        groups: [
          { id: "back", apps: [app("db")], dependencies: ["/x"] },
          { id: "new", apps: [app("y")] },
        ],
      });
      assert.deepEqual(moved, [{ to: "apps[0]", from: "apps[1]" }]);
    });

    it("says of what is in a group that moved where it stood, so that what was secret stays so", () => {
      const nested = (...groups: object[]) => ({ groupId: "/shop", groups }) as GroupResourceInputs;
      const known = nested({ id: "a" }, { id: "b", apps: [app("x"), app("y")] });
      const running = normaliseGroup({ id: "/shop", groups: [{ id: "b", apps: [app("y")] }] }, facts);
      const { inputs: shown, moved } = refreshedGroup(known, running, facts);
      assert.deepEqual(shown, nested({ id: "b", apps: [app("y")] }));
      assert.deepEqual(moved, [
        { to: "groups[0]", from: "groups[1]" },
        { to: "groups[0].apps[0]", from: "groups[1].apps[1]" },
      ]);
    });

    it("leaves alone what the inputs leave to others", () => {
      const open: GroupResourceInputs = { groupId: "/shop", manageInstances: false, apps: [app("web")] };
      const now = live({
        apps: [app("web", { instances: 5 })],
        groups: [{ id: "others", apps: [app("x")] }],
      });
      assert.equal(refreshedGroup(open, now, facts).inputs, open);
    });

    it("shows an app in old shapes as a whole, because single fields cannot stand beside those", () => {
      const old: GroupResourceInputs = { groupId: "/shop", apps: [app("web", { uris: ["http://x/a.tgz"] })] };
      const running = normaliseGroup(
        { id: "/shop", apps: [app("web", { mem: 64, fetch: [{ uri: "http://x/b" }] })] },
        facts,
      );
      assert.deepEqual(refreshedGroup(old, running, facts).inputs.apps, [
        app("web", { mem: 64, fetch: [{ uri: "http://x/b" }] }),
      ]);
    });
  });
});
