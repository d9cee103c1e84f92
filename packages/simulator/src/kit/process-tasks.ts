// SPDX-License-Identifier: Apache-2.0
import type { TaskControl } from "./backend";
import type { Member } from "./member";
import type { KitTask } from "./noop-tasks";
import { misuse } from "./options";
import { waitFor } from "./wait";

/** Time for an agent to notice the end of a process and for the framework to acknowledge it. */
const heardMs = 10_000;

interface AgentTaskJson {
  readonly id: string;
  readonly name: string;
  readonly framework_id: string;
  readonly state: string;
  readonly statuses: readonly { readonly container_status?: { readonly executor_pid?: number } }[];
}

interface AgentStateJson {
  readonly frameworks: readonly {
    readonly executors: readonly { readonly tasks: readonly AgentTaskJson[] }[];
  }[];
}

/** `/a/b` of `a_b.instance-…`, Marathon's task ids; other ids name no app. */
export function appIdOfTaskId(id: string): string | undefined {
  const flat = /^(.+)\.instance-[0-9a-f-]{36}\./.exec(id)?.[1];
  return flat === undefined ? undefined : `/${flat.replaceAll("_", "/")}`;
}

/** Tasks that are processes of this machine: each agent tells which. */
export function processTasks(members: () => readonly Member[]): TaskControl {
  const all = async (): Promise<{ member: Member; task: AgentTaskJson }[]> => {
    const agents = members().filter((m) => m.kind === "agent" && m.state === "running");
    const states = await Promise.all(
      agents.map(async (member) => {
        const response = await fetch(`${member.url}/state`, { signal: AbortSignal.timeout(5_000) });
        const state = (await response.json()) as AgentStateJson;
        const tasks = state.frameworks.flatMap((f) => f.executors.flatMap((e) => e.tasks));
        return tasks.map((task) => ({ member, task }));
      }),
    );
    return states.flat();
  };
  return {
    list: async () =>
      (await all()).map(
        ({ member, task }): KitTask => ({
          id: task.id,
          appId: appIdOfTaskId(task.id) ?? task.name,
          frameworkId: task.framework_id,
          agent: member.name,
          state: task.state,
        }),
      ),
    exit: async (appId, { count }) => {
      const running = (await all()).filter(
        ({ task }) => (appIdOfTaskId(task.id) ?? task.name) === appId && task.state === "TASK_RUNNING",
      );
      const pids = running.flatMap(({ task }) => task.statuses.at(-1)?.container_status?.executor_pid ?? []);
      const chosen = pids.slice(0, count);
      for (const pid of chosen) process.kill(-pid, "SIGKILL");
      const left = async (): Promise<boolean> =>
        (await all()).some(({ task }) => {
          const pid = task.statuses.at(-1)?.container_status?.executor_pid;
          return pid !== undefined && chosen.includes(pid);
        });
      await waitFor("the end of the tasks", async () => !(await left()), AbortSignal.timeout(heardMs));
      return chosen.length;
    },
    script: () => {
      throw misuse('tasks.script: only no-op tasks have scripts, start the cluster with { tasks: "noop" }');
    },
  };
}
