// SPDX-License-Identifier: Apache-2.0
import type { ExecutorInfo, ResourceJson, TaskInfo } from "../protocol/types";

/** What Mesos lets the executor of a command have besides the task (src/slave/constants.hpp). */
export const commandExecutor = { cpus: 0.1, memMiB: 32 } as const;

/** A command longer than this is cut to its first 12 letters in the executor's name. */
const longestInName = 15;

function shortened(text: string): string {
  return text.length > longestInName ? `${text.slice(0, 12)}...` : text;
}

/** The name that Mesos makes for the executor of a command (`getExecutorInfo` in src/slave/slave.cpp). */
export function commandExecutorName({ task_id, command }: Pick<TaskInfo, "task_id" | "command">): string {
  const { shell = true, value, arguments: args = [] } = command ?? {};
  const words = [value ?? "", args.join(", ")].join(", ");
  const what = shell
    ? value === undefined
      ? "NO COMMAND"
      : `sh -c '${shortened(value)}'`
    : value === undefined
      ? "NO EXECUTABLE"
      : `[${shortened(words)}]`;
  return `Command Executor (Task: ${task_id.value}) (Command: ${what})`;
}

/** The executor that Mesos makes for a command; its resources have the role of the task's. */
export function commandExecutorInfo(info: TaskInfo, frameworkId: string): ExecutorInfo {
  const allocation_info = { role: info.resources[0]?.allocation_info?.role ?? "*" };
  const scalar = (name: string, value: number): ResourceJson => ({
    name,
    type: "SCALAR",
    scalar: { value },
    allocation_info,
  });
  return {
    executor_id: info.task_id,
    framework_id: { value: frameworkId },
    name: commandExecutorName(info),
    source: info.task_id.value,
    resources: [scalar("cpus", commandExecutor.cpus), scalar("mem", commandExecutor.memMiB)],
  };
}
