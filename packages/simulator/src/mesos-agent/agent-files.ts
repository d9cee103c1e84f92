// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Attached, attachedAbove, type FilesView, logName } from "../files";
import type { Agent } from "./agent";
import type { AgentFlags } from "./flags";
import { keptBy } from "./kept-executors";
import { type Sight, userOfExecutor } from "./sight";

const log = "/slave/log";

/** What an agent shows, and to whom. */
export function agentFilesView(
  attached: () => Attached,
  agent: () => Agent | undefined,
  sightOf: (principal: string | undefined) => Sight,
): FilesView {
  return {
    get attached() {
      return attached();
    },
    allows: (path, principal) =>
      path === log
        ? sightOf(principal).allows("access_mesos_logs")
        : // What no executor of which something is known has is for those who may see every sandbox.
          sightOf(principal).allows("access_sandboxes", attachedAbove(sandboxUsers(agent()), path)?.to),
    allowsDebug: (principal) => sightOf(principal).allows("get_endpoints", "/files/debug"),
  };
}

/** Whose each sandbox is, by its paths. */
function sandboxUsers(agent: Agent | undefined): ReadonlyMap<string, string> {
  const { live, ended } = keptBy(agent);
  const users = new Map<string, string>();
  for (const [id, { framework, executors }] of [...ended, ...live]) {
    for (const executor of executors.values()) {
      const user = userOfExecutor(executor, framework);
      users.set(executor.directory, user);
      users.set(`/frameworks/${id}/executors/${executor.info.executor_id.value}/runs/latest`, user);
    }
  }
  return users;
}

/** What an agent shows: everything in sandboxes, the newest of each by `/frameworks/…/latest`, and its log. */
export function agentFiles(flags: AgentFlags, sandboxes: string, agent: Agent | undefined): Attached {
  const attached = new Map([[sandboxes, sandboxes]]);
  // Who knows --work_dir alone asks by it, even when it is a link.
  if (flags.work_dir !== undefined) attached.set(join(flags.work_dir, "slaves"), sandboxes);
  const { external_log_file: external, log_dir: directory } = flags;
  const file = external ?? (directory === undefined ? undefined : join(directory, logName("mesos-agent")));
  if (file !== undefined) attached.set(log, file);
  for (const task of agent?.tasks ?? []) {
    const { executor } = task.record;
    const own = executor === undefined || executor.custom === true;
    // What an executor's tasks share lies above their own containers.
    const run = own ? task.sandbox : join(task.sandbox, "..", "..");
    attached.set(`/frameworks/${task.frameworkId}/executors/${task.executorId}/runs/latest`, run);
    attached.set(run, run);
  }
  return attached;
}
