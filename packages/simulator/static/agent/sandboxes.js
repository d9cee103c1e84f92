// SPDX-License-Identifier: Apache-2.0
import { askJson, Refused } from "/pages/live.js";

/**
 * @typedef {{ id: string, name: string, framework_id: string, state: string, resources?: Record<string, number | string>,
 *   statuses?: { state: string, timestamp?: number }[] }} TaskJson
 * @typedef {{ id: string, directory: string, tasks?: TaskJson[], queued_tasks?: TaskJson[], completed_tasks?: TaskJson[] }} Executor
 * @typedef {{ id: string, name?: string, executors?: Executor[], completed_executors?: Executor[] }} Framework
 * @typedef {{ id: string, hostname: string, version: string, pid: string, master_hostname?: string, start_time: number,
 *   resources: Record<string, number | string>, flags?: { work_dir?: string }, frameworks?: Framework[],
 *   completed_frameworks?: Framework[] }} AgentState
 * @typedef {{ path: string, size: number, mtime: number, mode: string }} Entry
 * @typedef {{ framework: Framework, executor: Executor, task: TaskJson }} Placed
 */

/**
 * @param {AgentState} state
 * @returns {Placed[]} every task that the agent still tells of
 */
export function tasksOf(state) {
  const frameworks = [...(state.frameworks ?? []), ...(state.completed_frameworks ?? [])];
  return frameworks.flatMap((framework) =>
    [...(framework.executors ?? []), ...(framework.completed_executors ?? [])].flatMap((executor) =>
      [...(executor.tasks ?? []), ...(executor.queued_tasks ?? []), ...(executor.completed_tasks ?? [])].map(
        (task) => ({ framework, executor, task }),
      ),
    ),
  );
}

/**
 * @param {string} path
 * @returns {Promise<Entry[] | undefined>} undefined when there is no such directory
 */
export async function browse(path) {
  try {
    return await askJson(`/files/browse?${new URLSearchParams({ path })}`);
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * Where a task's files are: as the agent says, or, of one that it tells of no more, where its layout puts them.
 * @param {AgentState} state
 * @param {string} framework
 * @param {string} task
 * @returns {Promise<string | undefined>} undefined when they are gone
 */
export async function sandboxOf(state, framework, task) {
  const known = tasksOf(state).find((placed) => placed.framework.id === framework && placed.task.id === task);
  if (known !== undefined) return known.executor.directory;
  const root = state.flags?.work_dir;
  if (root === undefined) return undefined;
  const runs = await browse(`${root}/slaves/${state.id}/frameworks/${framework}/executors/${task}/runs`);
  const newest = (runs ?? []).filter((e) => e.mode.startsWith("d")).sort((a, b) => b.mtime - a.mtime)[0];
  return newest?.path;
}
