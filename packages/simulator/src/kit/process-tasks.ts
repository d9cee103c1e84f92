// SPDX-License-Identifier: Apache-2.0
import type { TaskControl } from "./backend";
import type { Member } from "./member";
import type { KitTask } from "./noop-tasks";
import { misuse } from "./options";
import { waitFor } from "./wait";

/** Time for an agent to notice the end of a process and for the framework to acknowledge it. */
const heardMs = 10_000;

interface AgentTask {
  readonly task_id: { readonly value: string };
  readonly name: string;
  readonly framework_id: { readonly value: string };
  readonly state: string;
  readonly statuses?: readonly { readonly container_status?: { readonly executor_pid?: number } }[];
}

interface AgentTasks {
  readonly get_tasks: {
    readonly queued_tasks?: readonly AgentTask[];
    readonly launched_tasks?: readonly AgentTask[];
  };
}

/** `/a/b` of `a_b.instance-…`, Marathon's task ids; other ids name no app. */
export function appIdOfTaskId(id: string): string | undefined {
  const flat = /^(.+)\.instance-[0-9a-f-]{36}\./.exec(id)?.[1];
  return flat === undefined ? undefined : `/${flat.replaceAll("_", "/")}`;
}

/** Tasks that are processes of this machine: each agent tells which, by its v1 API (`/state` has no pids). */
export function processTasks(members: () => readonly Member[]): TaskControl {
  const all = async (): Promise<{ member: Member; task: AgentTask }[]> => {
    const agents = members().filter((m) => m.kind === "agent" && m.state === "running");
    const answers = await Promise.all(
      agents.map(async (member) => {
        const tasks = await tasksOf(member);
        return tasks.map((task) => ({ member, task }));
      }),
    );
    return answers.flat();
  };
  return {
    list: async () =>
      (await all()).map(
        ({ member, task }): KitTask => ({
          id: task.task_id.value,
          appId: appOf(task),
          frameworkId: task.framework_id.value,
          agent: member.name,
          state: task.state,
        }),
      ),
    exit: async (appId, { count }) => {
      const running = (await all()).filter(
        ({ task }) => appOf(task) === appId && task.state === "TASK_RUNNING",
      );
      const chosen = running.flatMap(({ task }) => pidOf(task) ?? []).slice(0, count);
      for (const pid of chosen) process.kill(-pid, "SIGKILL");
      const left = async (): Promise<boolean> =>
        (await all()).some(({ task }) => {
          const pid = pidOf(task);
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

async function tasksOf(agent: Member): Promise<readonly AgentTask[]> {
  const response = await fetch(`${agent.url}/api/v1`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ type: "GET_TASKS" }),
    signal: AbortSignal.timeout(5_000),
  });
  const { get_tasks } = (await response.json()) as AgentTasks;
  return [...(get_tasks.queued_tasks ?? []), ...(get_tasks.launched_tasks ?? [])];
}

function appOf({ task_id, name }: AgentTask): string {
  return appIdOfTaskId(task_id.value) ?? name;
}

function pidOf({ statuses }: AgentTask): number | undefined {
  return statuses?.at(-1)?.container_status?.executor_pid;
}
