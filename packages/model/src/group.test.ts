// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { decoder } from "./failures";
import { Group, GroupResourceInputs, toGroupDocument, toGroupInputs } from "./group";
import { checkSchema } from "./schema-check";

const document = {
  id: "/shop",
  dependencies: ["/db"],
  enforceRole: true,
  apps: [{ id: "web", cmd: "sleep 1" }],
  groups: [{ id: "back", apps: [{ id: "queue", cmd: "sleep 1" }], groups: [{ id: "deep" }] }],
};

const problems = (value: unknown) =>
  checkSchema(Group, value).failures.map(({ at, message }) => `${at.join("/")}: ${message}`);

describe("a group's document", () => {
  it("fits at any depth, for the check and for TypeBox", () => {
    deepEqual(problems(document), []);
    equal(decoder(Group).decode(document).ok, true);
    equal(decoder(Group).decode({ ...document, groups: [{ id: "x", groups: [{ nonsense: 1 }] }] }).ok, false);
  });

  it("fails at its path at any depth", () => {
    const groups = [{ id: "back", groups: [{ id: "deep", app: [], apps: [{ id: "x", cpus: "1" }] }] }];
    deepEqual(problems({ ...document, groups }), [
      'groups/0/groups/0/app: unknown field, did you mean "apps"?',
      'groups/0/groups/0/apps/0/cpus: must be a number, got "1"',
    ]);
  });

  it("fails when it holds commands, pods or a role of its own below the top", () => {
    deepEqual(
      problems({ id: "/a", scaleBy: 2, version: "v", pods: [], groups: [{ id: "b", enforceRole: true }] }),
      [
        "scaleBy: is a command, not a state; set instances of the apps",
        "version: is set by Marathon, remove it",
        "pods: are resources of their own: mesos:marathon:Pod; a group's document cannot hold them",
        "groups/0/enforceRole: is for top-level groups only, remove it",
      ],
    );
  });

  it("comes back from inputs, without what Marathon sets at any depth", () => {
    const inputs = { groupId: "/shop", ...(({ id: _, ...rest }) => rest)(document) };
    const [back, deep] = [document.groups[0], document.groups[0]?.groups?.[0]];
    deepEqual(toGroupDocument(inputs), {
      ...document,
      groups: [{ ...back, dependencies: [], groups: [{ ...deep, dependencies: [] }] }],
    });
    const read = {
      ...document,
      version: "v",
      pods: [],
      apps: [{ ...document.apps[0], tasksRunning: 1, version: "v" }],
      groups: [{ ...document.groups[0], version: "v", pods: [] }],
    } as unknown as Group;
    deepEqual(toGroupInputs(read), inputs);
    equal(decoder(GroupResourceInputs).decode(inputs).ok, true);
  });
});
