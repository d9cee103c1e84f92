// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { type Attached, logName } from "../files";
import type { Agent } from "./agent";
import type { AgentFlags } from "./flags";

/** What an agent shows: everything in sandboxes, the newest of each by `/frameworks/…/latest`, and its log. */
export function agentFiles(flags: AgentFlags, sandboxes: string, agent: Agent | undefined): Attached {
  const attached = new Map([[sandboxes, sandboxes]]);
  // Who knows --work_dir alone asks by it, even when it is a link.
  if (flags.work_dir !== undefined) attached.set(join(flags.work_dir, "slaves"), sandboxes);
  const { external_log_file: external, log_dir: directory } = flags;
  const log = external ?? (directory === undefined ? undefined : join(directory, logName("mesos-agent")));
  if (log !== undefined) attached.set("/slave/log", log);
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
