// SPDX-License-Identifier: Apache-2.0
import type { TaskStatus } from "../mesos/messages";
import {
  type CheckResult,
  type Condition,
  type ContainerTask,
  type Instance,
  type InstanceTask,
  isTerminal,
} from "./instance";
import { podCondition, podTaskHealth } from "./pod-tasks";

/** Whether `taskId` is a task of what `instance` runs now, not of an earlier incarnation. */
export function runsTask({ task }: Instance, taskId: string): boolean {
  return task?.containers?.some((c) => c.id === taskId) ?? task?.id === taskId;
}

/** The tasks that have not ended. */
export function livingTasks(task: InstanceTask): string[] {
  if (task.containers === undefined) return [task.id];
  return task.containers.filter((c) => !isTerminal(c.condition)).map((c) => c.id);
}

/** Whether nothing of the instance runs any more. A pod is over when the last of its containers is. */
export function isOver({ condition, task }: Instance): boolean {
  return task?.containers?.every((c) => isTerminal(c.condition)) ?? isTerminal(condition);
}

/** Whether `status` says anything that was not known of its task. */
export function tellsNews({ condition, task }: Instance, status: TaskStatus, told: Condition): boolean {
  const container = task?.containers?.find((c) => c.id === status.task_id.value);
  if (container !== undefined) return container.condition !== told;
  return task?.state !== status.state || condition !== told;
}

/** `instance` as it is after `status`, which tells that the task is in `condition`. */
export function withStatus(
  instance: Instance,
  status: TaskStatus,
  condition: Condition,
  now: number,
): Instance {
  const task = instance.task;
  if (task === undefined) return instance;
  const after =
    task.containers === undefined
      ? { task: appTask(task, status, condition, now), condition }
      : podTask(task, task.containers, status, condition, now);
  return { ...instance, ...after, since: after.condition === instance.condition ? instance.since : now };
}

function appTask(task: InstanceTask, status: TaskStatus, condition: Condition, now: number): InstanceTask {
  const addresses = addressesOf(status);
  return {
    ...task,
    state: status.state,
    ...(condition === "Running" ? { startedAt: task.startedAt ?? now } : {}),
    ...(status.healthy === undefined ? {} : { healthy: status.healthy }),
    ...checkResultOf(status),
    ipAddresses: addresses.length > 0 ? addresses : task.ipAddresses,
  };
}

function podTask(
  task: InstanceTask,
  before: readonly ContainerTask[],
  status: TaskStatus,
  condition: Condition,
  now: number,
): { task: InstanceTask; condition: Condition } {
  const containers = before.map((c) =>
    c.id === status.task_id.value ? withContainerStatus(c, status, condition, now) : c,
  );
  const { healthy: _before, ...rest } = task;
  const healthy = podTaskHealth(containers);
  const addresses = addressesOf(status);
  const together = podCondition(containers.map((c) => c.condition));
  return {
    condition: together,
    task: {
      ...rest,
      state: status.state,
      ...(together === "Running" ? { startedAt: task.startedAt ?? now } : {}),
      ...(healthy === undefined ? {} : { healthy }),
      ipAddresses: addresses.length > 0 ? addresses : task.ipAddresses,
      containers,
    },
  };
}

function withContainerStatus(
  container: ContainerTask,
  status: TaskStatus,
  condition: Condition,
  now: number,
): ContainerTask {
  const networks = (status.container_status?.network_infos ?? []).map((n) => ({
    ...(n.name === undefined ? {} : { name: n.name }),
    addresses: (n.ip_addresses ?? []).flatMap((a) => a.ip_address ?? []),
  }));
  return {
    ...container,
    condition,
    since: condition === container.condition ? container.since : now,
    ...(condition === "Running" ? { startedAt: container.startedAt ?? now } : {}),
    networks: networks.length > 0 ? networks : container.networks,
    ...(status.healthy === undefined ? {} : { healthy: status.healthy }),
    ...(status.message === undefined || status.message === "" ? {} : { message: status.message }),
  };
}

function addressesOf(status: TaskStatus): InstanceTask["ipAddresses"] {
  return (status.container_status?.network_infos ?? [])
    .flatMap((n) => n.ip_addresses ?? [])
    .flatMap((a) =>
      a.ip_address === undefined ? [] : [{ ipAddress: a.ip_address, protocol: a.protocol ?? "IPv4" }],
    );
}

/** What the status says of the task's `check`, where it says anything. */
function checkResultOf({ check_status: told }: TaskStatus): { checkResult?: CheckResult } {
  const exitCode = told?.command?.exit_code;
  const statusCode = told?.http?.status_code;
  const succeeded = told?.tcp?.succeeded;
  if (exitCode !== undefined) return { checkResult: { command: { exitCode } } };
  if (statusCode !== undefined) return { checkResult: { http: { statusCode } } };
  return succeeded === undefined ? {} : { checkResult: { tcp: { succeeded } } };
}
