// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Group, type GroupArgs } from "./marathon-group";

const made: pulumi.runtime.MockResourceArgs[] = [];

function value<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}

describe("marathon.Group", () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      {
        newResource: (args) => {
          made.push(args);
          const state = { ...args.inputs, version: "v1", deployedApps: [], managed: ["/shop/web"] };
          return { id: args.id ?? args.name, state };
        },
        call: () => ({}),
      },
      "project",
      "stack",
      false,
    );
  });

  it("takes its id from the resource's name or from id, and sends the document as groupId and its fields", async () => {
    const named = new Group("group-named", {
      apps: [{ id: "web", cmd: "sleep 1", instances: pulumi.output(2), env: { A: pulumi.output("b") } }],
      groups: [{ id: "back", apps: [{ id: pulumi.output("db"), cmd: "sleep 1" }], groups: [{ id: "deep" }] }],
      dependencies: [pulumi.output("/db")],
    });
    const given = new Group("group-given", {
      id: "/shop",
      enforceRole: true,
      force: true,
      onTimeout: "rollback",
    });
    await Promise.all([value(named.urn), value(given.urn)]);
    const sent = (name: string) => made.find((m) => m.name === name);
    deepEqual(sent("group-named")?.type, "mesos:marathon:Group");
    deepEqual(sent("group-named")?.inputs, {
      groupId: "/group-named",
      apps: [{ id: "web", cmd: "sleep 1", instances: 2, env: { A: "b" } }],
      groups: [{ id: "back", apps: [{ id: "db", cmd: "sleep 1" }], groups: [{ id: "deep" }] }],
      dependencies: ["/db"],
    });
    deepEqual(sent("group-given")?.inputs, {
      groupId: "/shop",
      enforceRole: true,
      force: true,
      onTimeout: "rollback",
    });
    deepEqual(
      [await value(given.groupId), await value(given.version), await value(given.managed)],
      ["/shop", "v1", ["/shop/web"]],
    );
    deepEqual(made.filter((m) => m.type === "mesos:marathon:Group").length, 2);
  });

  it("refuses unknown and ill-typed fields at compile time", () => {
    const refused: GroupArgs[] = [
      // @ts-expect-error a command
      { scaleBy: 2 },
      // @ts-expect-error an app inside a group has an id
      { apps: [{ appId: "web", cmd: "sleep 1" }] },
      // @ts-expect-error an unknown field of an app in a group in a group
      { groups: [{ id: "a", groups: [{ id: "b", apps: [{ id: "c", command: "sleep 1" }] }] }] },
      // @ts-expect-error a role of its own below the top
      { groups: [{ id: "a", enforceRole: true }] },
      // @ts-expect-error another word
      { onTimeout: "wait" },
    ];
    deepEqual(refused.length, 5);
  });

  it("reads an existing group by its path without sending inputs, and tells its own instances from others", async () => {
    const group = Group.get("group-existing", "/by-hand");
    deepEqual(await value(group.id), "/by-hand");
    deepEqual(made.find((m) => m.name === "group-existing")?.inputs, {});
    deepEqual([Group.isInstance(group), Group.isInstance({})], [true, false]);
  });
});
