// SPDX-License-Identifier: Apache-2.0
import { fromJson, type Resources, sum } from "../protocol/resources";
import { type ExecutorInfo, type FrameworkInfo, isTerminal } from "../protocol/types";
import type { Agent } from "./agent";
import { commandExecutorInfo } from "./command-executor";
import type { RunningTask } from "./running-task";

/** An executor with its tasks; a command is one of its own here as in Mesos. */
export interface KeptExecutor {
  readonly info: ExecutorInfo;
  readonly containerId: string;
  readonly directory: string;
  readonly tasks: RunningTask[];
  readonly completed: RunningTask[];
}

/** A framework with executors of which something is known. */
export interface Kept {
  readonly framework: FrameworkInfo;
  /** By container. */
  readonly executors: Map<string, KeptExecutor>;
}

/** Frameworks with something that runs, and of all frameworks the executors of which only ended tasks are known. */
export function keptBy(agent: Agent | undefined): Record<"live" | "ended", Map<string, Kept>> {
  const { tasks = [], executors, completed = [] } = agent ?? {};
  const live = new Map<string, Kept>();
  for (const { record, sandbox: directory } of executors?.all ?? []) {
    const { framework, info, containerId } = record;
    const kept = { info, containerId, directory, tasks: [], completed: [] };
    ofFramework(live, framework).executors.set(containerId, kept);
  }
  const ended = new Map<string, Kept>();
  for (const task of tasks) addTask(live, task, isTerminal(task.state));
  for (const task of completed) {
    const goesOn = live.get(task.frameworkId)?.executors.has(containerOf(task)) === true;
    addTask(goesOn ? live : ended, task, true);
  }
  return { live, ended };
}

function ofFramework(all: Map<string, Kept>, framework: FrameworkInfo): Kept {
  const id = framework.id?.value ?? "";
  const known = all.get(id) ?? { framework, executors: new Map() };
  all.set(id, known);
  return known;
}

function containerOf({ record: { executor, containerId } }: RunningTask): string {
  return executor?.containerId ?? containerId;
}

function addTask(all: Map<string, Kept>, task: RunningTask, over: boolean): void {
  const { executors } = ofFramework(all, task.record.framework);
  const containerId = containerOf(task);
  const executor = executors.get(containerId) ?? {
    info:
      task.record.executor === undefined
        ? commandExecutorInfo(task.info, task.frameworkId)
        : { executor_id: { value: task.executorId } },
    containerId,
    directory: task.sandbox,
    tasks: [],
    completed: [],
  };
  executors.set(containerId, executor);
  (over ? executor.completed : executor.tasks).push(task);
}

function heldBy({ executors }: Kept): Resources[] {
  return [...executors.values()].map(allocatedTo);
}

/** An executor's own resources and those of its tasks. */
export function allocatedTo({ info, tasks }: KeptExecutor): Resources {
  return sum([info.resources ?? [], ...tasks.map((t) => t.info.resources)].map(fromJson));
}

/** What everything on this agent holds together, executors of commands included. */
export function allocatedOn(live: ReadonlyMap<string, Kept>): Resources {
  return sum([...live.values()].flatMap(heldBy));
}
