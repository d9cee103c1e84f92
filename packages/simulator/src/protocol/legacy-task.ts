// SPDX-License-Identifier: Apache-2.0
import { fromJson, toLegacy } from "./resources";
import type { CommandInfo, TaskInfo, TaskState, TaskStatus } from "./types";

type Json = Record<string, unknown>;

/** A task as whoever keeps it knows it. */
export interface LegacyTask {
  readonly info: TaskInfo;
  readonly frameworkId: string;
  readonly agentId: string;
  /** Empty for a command of its own, as masters say it. */
  readonly executorId: string;
  readonly role: string;
  readonly state: TaskState;
  readonly statuses: readonly TaskStatus[];
}

/** A task in the older endpoints of masters and agents (src/common/http.cpp). */
export function legacyTask(task: LegacyTask): Json {
  const { info } = task;
  const user = userOf(info);
  const { labels, discovery, container, health_check } = info;
  return {
    id: info.task_id.value,
    name: info.name,
    framework_id: task.frameworkId,
    executor_id: task.executorId,
    slave_id: task.agentId,
    state: task.state,
    resources: toLegacy(fromJson(info.resources)),
    ...(info.limits === undefined ? {} : { limits: legacyLimits(info.limits) }),
    role: task.role,
    statuses: task.statuses.map(legacyStatus),
    ...(user === undefined ? {} : { user }),
    ...(labels === undefined ? {} : { labels: labels.labels }),
    ...(discovery === undefined ? {} : { discovery }),
    ...(container === undefined ? {} : { container }),
    ...(health_check === undefined ? {} : { health_check }),
  };
}

/** Whom the task named to run as, itself or through its executor; not the framework's user. */
export function userOf({ command, executor }: TaskInfo): string | undefined {
  return command?.user ?? executor?.command?.user;
}

function legacyStatus({ state, timestamp, labels, container_status, healthy }: TaskStatus): Json {
  return {
    state,
    timestamp: timestamp ?? 0,
    ...(labels === undefined ? {} : { labels: labels.labels }),
    ...(container_status === undefined
      ? {}
      : { container_status: legacyContainer(container_status as Json) }),
    ...(healthy === undefined ? {} : { healthy }),
  };
}

/** Of a container the older endpoints tell its id, networks and cgroups alone. */
function legacyContainer({ container_id, network_infos, cgroup_info }: Json): Json {
  return {
    ...(container_id === undefined ? {} : { container_id }),
    ...(network_infos === undefined ? {} : { network_infos }),
    ...(cgroup_info === undefined ? {} : { cgroup_info }),
  };
}

/** A command in the older endpoints: its arguments are `argv`, and lists are there when they are empty. */
export function legacyCommand(command: CommandInfo = {}): Json {
  const { shell, value, environment } = command;
  return {
    ...(shell === undefined ? {} : { shell }),
    ...(value === undefined ? {} : { value }),
    argv: command.arguments ?? [],
    ...(environment === undefined ? {} : { environment }),
    uris: (command.uris ?? []).map((uri) => ({ value: uri.value, executable: uri.executable ?? false })),
  };
}

function legacyLimits(limits: NonNullable<TaskInfo["limits"]>): Json {
  return Object.fromEntries(
    Object.entries(limits).map(([name, { value }]) => [
      name,
      typeof value === "number" && Number.isFinite(value) ? value : "infinity",
    ]),
  );
}
