// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import type { AgentInfo } from "../protocol/types";
import type { Cgroups } from "./cgroups";
import type { Checkpoints } from "./checkpoint";
import { incompatible, incompatibleText } from "./compatibility";
import type { AgentFlags } from "./flags";
import { bootId, isAlive, killSession } from "./processes";

export interface RecoverIdOptions {
  readonly checkpoints: Checkpoints;
  readonly flags: AgentFlags;
  /** As the flags and the machine say now, without id. */
  readonly info: AgentInfo;
  readonly log: (message: string) => void;
  /** What holds the containers of the last run. */
  readonly cgroups: Cgroups | undefined;
}

/**
 * The id of the last run; undefined when this is a new agent. Throws when the agent may not start (docs/agent-recovery.md): what it
 * was told to be does not go with its id, or `--recover=cleanup` has killed what the last run left.
 */
export function recoverId({ checkpoints, flags, info, log, cgroups }: RecoverIdOptions): string | undefined {
  const boot = bootId();
  const rebooted = checkpoints.swapBootId(boot) !== boot;
  const before = checkpoints.recover();
  if (before === undefined) return undefined;
  if (flags.recover === "cleanup") {
    killLeft(checkpoints, before.id?.value ?? "", cgroups);
    checkpoints.forgetAgent();
    throw new MesosError(
      "MESOS_SIMULATOR_CLEANUP",
      "recover=cleanup: the tasks of the last run were killed, restart with --recover=reconnect",
    );
  }
  const why = incompatible(before, info, flags.reconfiguration_policy);
  if (why === undefined) return before.id?.value;
  if (rebooted) {
    log(`after a reboot with other agent info, registering as a new agent: ${why}`);
    checkpoints.forgetAgent();
    return undefined;
  }
  throw new MesosError("MESOS_SIMULATOR_INCOMPATIBLE", incompatibleText(why, checkpoints.latest));
}

function killLeft(checkpoints: Checkpoints, id: string, cgroups: Cgroups | undefined): void {
  for (const { run, containerId } of checkpoints.tasks(id)) {
    if (run?.kind === "process" && isAlive(run.process)) killSession(run.process);
    void cgroups?.destroy(containerId);
  }
  for (const { process, containerId } of checkpoints.executors(id)) {
    if (process !== undefined && isAlive(process)) killSession(process);
    void cgroups?.destroy(containerId);
  }
}
