// SPDX-License-Identifier: Apache-2.0
import { formatDuration } from "../flags";
import type { ExecutorCheckpoint } from "./checkpoint";
import type { CustomExecutorOptions } from "./custom-executor";
import { plainVariables } from "./launch";

/** What an executor's program needs in order to subscribe (docs/executor-http-api.md), and its own variables. */
export function executorEnvironment(
  options: CustomExecutorOptions,
  record: ExecutorCheckpoint,
  sandbox: string,
): Record<string, string> {
  const { agentId, endpoint, shutdownGraceMs, taskContext, recoveryMs, reregistrationMs } = options;
  const { info, framework } = record;
  const own = info.shutdown_grace_period?.nanoseconds;
  const graceMs = own === undefined ? shutdownGraceMs : Number(own) / 1e6;
  const role = info.resources?.[0]?.allocation_info?.role;
  const checkpoint = framework.checkpoint === true;
  return {
    PATH: taskContext.path,
    ...plainVariables(info.command?.environment?.variables ?? []),
    MESOS_FRAMEWORK_ID: framework.id?.value ?? "",
    MESOS_EXECUTOR_ID: info.executor_id.value,
    MESOS_SLAVE_ID: agentId,
    MESOS_SLAVE_PID: `slave(1)@${endpoint}`,
    MESOS_AGENT_ENDPOINT: endpoint,
    MESOS_DIRECTORY: sandbox,
    MESOS_SANDBOX: sandbox,
    MESOS_CHECKPOINT: checkpoint ? "1" : "0",
    ...(checkpoint
      ? {
          MESOS_RECOVERY_TIMEOUT: formatDuration(recoveryMs),
          MESOS_SUBSCRIPTION_BACKOFF_MAX: formatDuration(reregistrationMs),
        }
      : {}),
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: formatDuration(graceMs),
    ...(role === undefined ? {} : { MESOS_ALLOCATION_ROLE: role }),
    ...(taskContext.mark === undefined ? {} : { SUPERVISED_BY: taskContext.mark }),
  };
}
