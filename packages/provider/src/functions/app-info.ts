// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp, MarathonTask } from "@pulumi-mesos/client";
import {
  type App,
  type AppInfo,
  normaliseApp,
  type ServerFacts,
  type TaskInfo,
  toInputs,
} from "@pulumi-mesos/model";
import { outputsOf } from "../resources/app-facts";

/** What a function says of an app that Marathon answered; `base` is the address that its page is at. */
export function appInfo(app: MarathonApp, facts: ServerFacts, base: string): AppInfo {
  const uiUrl = `${base.replace(/\/+$/, "")}/ui`;
  const { version, lastConfigChangeAt, servicePorts, url } = outputsOf(app, facts, {
    deploymentId: "",
    uiUrl,
  });
  const definition: App = normaliseApp(app, facts);
  return {
    appId: app.id,
    version,
    lastConfigChangeAt,
    instances: definition.instances ?? 1,
    tasksStaged: app.tasksStaged ?? 0,
    tasksRunning: app.tasksRunning ?? 0,
    tasksHealthy: app.tasksHealthy ?? 0,
    tasksUnhealthy: app.tasksUnhealthy ?? 0,
    servicePorts: [...servicePorts],
    deployments: (app.deployments ?? []).map((d) => d.id),
    tasks: (app.tasks ?? []).map(taskInfo),
    url,
    definition: toInputs(definition),
  };
}

function taskInfo(task: MarathonTask): TaskInfo {
  const results = task.healthCheckResults ?? [];
  return {
    id: task.id,
    host: task.host ?? "",
    ports: task.ports ?? [],
    ipAddresses: (task.ipAddresses ?? []).flatMap((a) => a.ipAddress ?? []),
    state: task.state ?? "",
    ...(results.length === 0 ? {} : { healthy: results.every((r) => r.alive) }),
    ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }),
    version: task.version ?? "",
  };
}
