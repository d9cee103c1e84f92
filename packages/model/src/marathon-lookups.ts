// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { AppResourceInputs } from "./app";
import { AppPath, closed, named } from "./app-fields";
import { PodResourceInputs } from "./pod";

const { Optional: optional } = Type;
const text = (description: string) => Type.String({ description });
const number = (description: string) => Type.Integer({ description });
const { pattern, must } = AppPath;
const pathOptions = { pattern, must };
const list = (description: string) => Type.Array(Type.String(), { description });

/** A task of an app, as functions and outputs of resources show it. */
export const TaskInfo = Type.Object(
  {
    id: text("Marathon's id of the task."),
    host: text("The agent's host name; empty until the task is placed."),
    ports: Type.Array(Type.Integer(), { description: "Ports of the host, in the order of the app's ports." }),
    ipAddresses: list("Addresses of the task itself."),
    state: text("Mesos's word, such as TASK_RUNNING."),
    healthy: optional(
      Type.Boolean({
        description: "Whether every health check passes; absent without one, or before its first result.",
      }),
    ),
    startedAt: optional(text("When it began to run.")),
    version: text("The app's version that it was started with."),
  },
  named("TaskInfo", "A task of an app."),
);
export type TaskInfo = Static<typeof TaskInfo>;

const AppDefinition = Type.Object(
  AppResourceInputs.properties,
  named(
    "AppDefinition",
    "An app as Marathon keeps it, with every default, in the words of mesos:marathon:App.",
  ),
);

/** What there is to know about an app that runs. */
export const AppInfo = Type.Object(
  {
    appId: text("Absolute path of the app."),
    version: text("Marathon's version of the app: the time of its last change."),
    lastConfigChangeAt: text("Time of the last change that restarted its tasks."),
    instances: number("How many tasks there shall be."),
    tasksStaged: number("How many tasks are on their way."),
    tasksRunning: number("How many tasks run."),
    tasksHealthy: number("How many tasks pass their health checks."),
    tasksUnhealthy: number("How many tasks fail a health check."),
    servicePorts: Type.Array(Type.Integer(), {
      description: "Service ports, also those that Marathon assigned.",
    }),
    deployments: list("Ids of the deployments that change the app now."),
    tasks: Type.Array(TaskInfo, { description: "The tasks that there are." }),
    url: text("The app's page in Marathon's own pages."),
    definition: AppDefinition,
  },
  named("AppInfo", "An app of Marathon as it is now."),
);
export type AppInfo = Static<typeof AppInfo>;

/** Arguments of `mesos:marathon:getApp`. */
export const GetAppInputs = Type.Object({ appId: AppPath }, closed);
export type GetAppInputs = Static<typeof GetAppInputs>;

/** Arguments of `mesos:marathon:getApps`. */
export const GetAppsInputs = Type.Object(
  {
    groupId: optional(
      Type.String({
        ...pathOptions,
        description: "Only apps below this group, at any depth. Defaults to all.",
      }),
    ),
    labels: optional(
      Type.Record(Type.String(), Type.String(), {
        description: "Only apps that carry all these labels with these values. Defaults to all.",
      }),
    ),
  },
  closed,
);
export type GetAppsInputs = Static<typeof GetAppsInputs>;

/** Result of `mesos:marathon:getApps`. */
export const GetAppsResult = Type.Object(
  { apps: Type.Array(AppInfo, { description: "In the order of their paths." }) },
  closed,
);
export type GetAppsResult = Static<typeof GetAppsResult>;

const PodEndpointInfo = Type.Object(
  {
    name: text("The endpoint's name."),
    hostPort: optional(number("Its port on the host.")),
    healthy: optional(Type.Boolean({ description: "What the container's health check of it found last." })),
  },
  named("PodEndpointInfo", "Where an endpoint of a container can be reached."),
);

const PodContainerInfo = Type.Object(
  {
    name: text("The container's name."),
    status: text("Mesos's word, such as TASK_RUNNING."),
    message: optional(text("Why it is as it is.")),
    endpoints: Type.Array(PodEndpointInfo, { description: "Its endpoints." }),
  },
  named("PodContainerInfo", "A container of an instance of a pod."),
);

/** An instance of a pod, as functions and outputs of resources show it. */
export const PodInstanceInfo = Type.Object(
  {
    id: text("Marathon's id of the instance."),
    status: text("PENDING, STAGING, STABLE, DEGRADED or TERMINAL."),
    host: text("The agent's host name; empty until the instance is placed."),
    ipAddresses: list("Addresses of the instance on its networks."),
    containers: Type.Array(PodContainerInfo, { description: "Its containers." }),
  },
  named("PodInstanceInfo", "An instance of a pod."),
);
export type PodInstanceInfo = Static<typeof PodInstanceInfo>;

const PodDefinition = Type.Object(
  PodResourceInputs.properties,
  named(
    "PodDefinition",
    "A pod as Marathon keeps it, with every default, in the words of mesos:marathon:Pod.",
  ),
);

/** What there is to know about a pod that runs. */
export const PodInfo = Type.Object(
  {
    podId: text("Absolute path of the pod."),
    version: text("Marathon's version of the pod: the time of its last change."),
    status: text("STABLE when as many instances as wanted are, otherwise DEGRADED."),
    instances: Type.Array(PodInstanceInfo, { description: "The instances that there are." }),
    definition: PodDefinition,
  },
  named("PodInfo", "A pod of Marathon as it is now."),
);
export type PodInfo = Static<typeof PodInfo>;

/** Arguments of `mesos:marathon:getPod`. */
export const GetPodInputs = Type.Object({ podId: AppPath }, closed);
export type GetPodInputs = Static<typeof GetPodInputs>;

/** Arguments of `mesos:marathon:getGroup`. */
export const GetGroupInputs = Type.Object(
  {
    groupId: Type.String({
      pattern: `${pattern}|^/$`,
      must,
      description: "Path of the group, such as /shop; / is the root.",
    }),
  },
  closed,
);
export type GetGroupInputs = Static<typeof GetGroupInputs>;

/** Result of `mesos:marathon:getGroup`. */
export const GetGroupResult = Type.Object(
  {
    groupId: text("Absolute path of the group."),
    version: text("Time of the last change of anything below the group."),
    enforceRole: Type.Boolean({
      description: "Whether apps and pods of this top-level group get its name as role.",
    }),
    dependencies: list("Apps and groups that are deployed before this group."),
    groups: list("Paths of all groups below this one, at any depth."),
    apps: Type.Array(AppInfo, { description: "All apps below the group, at any depth." }),
    pods: Type.Array(PodInfo, { description: "All pods below the group, at any depth." }),
  },
  closed,
);
export type GetGroupResult = Static<typeof GetGroupResult>;

/** Arguments of `mesos:marathon:getInfo`: none. */
export const GetInfoInputs = Type.Object({}, closed);
export type GetInfoInputs = Static<typeof GetInfoInputs>;

/** Result of `mesos:marathon:getInfo`. */
export const GetInfoResult = Type.Object(
  {
    version: text("Marathon's version, such as 1.10.26."),
    elected: Type.Boolean({ description: "Whether a leader is elected." }),
    leader: optional(text("host:port of the leader.")),
    frameworkId: optional(text("Mesos's id of this framework.")),
    role: text("Role of apps that name none (--mesos_role)."),
    defaultNetwork: optional(text("Network of container networks that name none (--default_network_name).")),
    enforcesRoleOfNewGroups: Type.Boolean({
      description: "Whether new top-level groups enforce their role (--new_group_enforce_role top).",
    }),
  },
  closed,
);
export type GetInfoResult = Static<typeof GetInfoResult>;
