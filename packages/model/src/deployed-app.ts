// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import { named } from "./app-fields";

const text = (description: string) => Type.String({ description });

const DeployedTask = Type.Object(
  {
    id: text("Marathon's id of the task."),
    host: text("Where it runs; empty until it is placed."),
    ports: Type.Array(Type.Integer(), { description: "Its ports on that host." }),
    ipAddresses: Type.Array(Type.String(), { description: "Its own addresses." }),
  },
  named("DeployedTask", "A task of an app, as others may want to reach it."),
);

/** An app of a group, as the group's outputs show it. */
export const DeployedApp = Type.Object(
  {
    appId: text("Absolute path of the app."),
    version: text("Marathon's version of the app: the time of its last change."),
    lastConfigChangeAt: text("Time of the last change that restarted its tasks."),
    servicePorts: Type.Array(Type.Integer(), {
      description: "Service ports, also those that Marathon assigned.",
    }),
    tasks: Type.Array(DeployedTask, {
      description:
        "The tasks after the last change or refresh; they change by themselves, so compare nothing with them.",
    }),
    url: text("The app in Marathon's web interface."),
  },
  named("DeployedApp", "An app of a group, as it was after the last change or refresh."),
);
export type DeployedApp = Static<typeof DeployedApp>;
