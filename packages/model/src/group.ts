// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { type App, appFields, readOnlyAppKeys, setByMarathon } from "./app";
import { AppPath, closed, flag, named } from "./app-fields";
import { isComputed } from "./computed";
import { GroupOptions, withoutOptions } from "./deployment-options";

const { Optional: optional } = Type;

const relative = "absolute, or relative to the group that it stands in";

/** An app inside a group's document. */
export const GroupApp = Type.Object(
  {
    id: Type.String({ ...AppPath, description: `Path of the app: ${relative}, such as web.` }),
    ...appFields,
  },
  {
    ...named("GroupApp", "An app of a group."),
    refused: {
      ...setByMarathon,
      appId: "unknown field, an app inside a group has an id",
      autoscale:
        "is for a mesos.marathon.App of its own: write this app as one; its id may lie in the group where the group gives no apps",
    },
  },
);

export type GroupApp = Static<typeof GroupApp>;

const dependencies = optional(
  Type.Array(AppPath, {
    description: `A set of apps and groups that are deployed before this group; each ${relative}.`,
  }),
);

const apps = optional(
  Type.Array(GroupApp, {
    description:
      "All apps directly in the group: others there are deleted. Absent: apps there are left as they are.",
  }),
);

const refused = {
  version: "is set by Marathon, remove it",
  scaleBy: "is a command, not a state; set instances of the apps",
  pods: "are resources of their own: mesos:marathon:Pod; a group's document cannot hold them",
};

const GroupMember = Type.Recursive(
  (This) =>
    Type.Object(
      {
        id: Type.String({ ...AppPath, description: `Path of the group: ${relative}, such as db.` }),
        apps,
        groups: optional(
          Type.Array(This, {
            description:
              "All groups directly in this one: others there are deleted. Absent: groups there are left as they are.",
          }),
        ),
        dependencies,
      },
      {
        ...closed,
        description: "A group inside a group.",
        refused: {
          ...refused,
          enforceRole: "is for top-level groups only, remove it",
          groupId: "unknown field, a group inside a group has an id",
        },
      },
    ),
  { $id: "mesos:marathon:GroupMember" },
);
export type GroupMember = Static<typeof GroupMember>;

/** Every field of a group but its path. */
const groupFields = {
  apps,
  groups: optional(
    Type.Array(GroupMember, {
      description:
        "All groups directly in this one: others there are deleted, with their apps and pods. Absent: groups there are left as they are.",
    }),
  ),
  dependencies,
  enforceRole: optional(
    flag(
      "Whether apps and pods of this top-level group get its name as role. Defaults to the server's --new_group_enforce_role (Marathon 1.9).",
    ),
  ),
};

/**
 * A group as PUT of Marathon 1.5 to 1.11 takes it (reference §1.8). Unknown keys are refused, and so are `version` and `scaleBy`,
 * which are commands.
 */
export const Group = Type.Object({ id: AppPath, ...groupFields }, { ...closed, refused });
export type Group = Static<typeof Group>;

/** Inputs of `mesos:marathon:Group`: the document, whose `id` is called `groupId`, and {@link GroupOptions}. */
export const GroupResourceInputs = Type.Object(
  { groupId: AppPath, ...groupFields, ...GroupOptions.properties },
  { ...closed, refused: { ...refused, id: "unknown field, the group's path is called groupId here" } },
);
export type GroupResourceInputs = Static<typeof GroupResourceInputs>;

/**
 * The document that Marathon takes for `inputs`. Absent dependencies are sent as none, because Marathon would keep what a group
 * that exists has; absent lists of apps and groups stay absent, so that it keeps those.
 */
export function toGroupDocument(inputs: GroupResourceInputs): Group {
  const { groupId, ...rest } = withoutOptions(inputs);
  return owned({ id: groupId, ...rest });
}

/** Values that are not known yet stay as they are. */
function owned<T extends GroupMember>(group: T): T {
  if (isComputed(group)) return group;
  const { dependencies = [], groups } = group;
  return { ...group, dependencies, ...(Array.isArray(groups) ? { groups: groups.map(owned) } : {}) };
}

/** The inputs that give `document`, without what Marathon alone sets, pods among them. */
export function toGroupInputs(document: Group): GroupResourceInputs {
  const { id, ...rest } = written(document);
  return { groupId: id, ...rest };
}

function written<T extends GroupMember>(group: T): T {
  const {
    version: _,
    pods: __,
    apps: given,
    groups,
    ...rest
  } = group as T & { version?: unknown; pods?: unknown };
  return {
    ...rest,
    ...(given === undefined ? {} : { apps: given.map(withoutReadOnly) }),
    ...(groups === undefined ? {} : { groups: groups.map(written) }),
  } as unknown as T;
}

function withoutReadOnly(app: App): App {
  const readOnly: readonly string[] = readOnlyAppKeys;
  return Object.fromEntries(Object.entries(app).filter(([key]) => !readOnly.includes(key))) as App;
}
