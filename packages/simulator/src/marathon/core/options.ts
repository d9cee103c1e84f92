// SPDX-License-Identifier: Apache-2.0
import type { ServicePortRange } from "../app/service-ports";
import type { AppDefaults } from "../app/types";
import type { Clock } from "../clock";
import type { Probe } from "../health/probe";
import type { NewId } from "../ids";
import type { TaskKeeperOptions } from "../instances/task-keeper";
import type { SchedulerDriver } from "../mesos/messages";
import type { LaunchOptions } from "../offers/launcher";
import type { StateStore } from "../store/state-store";

/** Flags that shape the core. */
export interface CoreOptions extends LaunchOptions, TaskKeeperOptions, AppDefaults {
  readonly servicePorts: ServicePortRange;
  readonly maxRunningDeployments: number;
  readonly maxVersions: number;
  readonly maxApps?: number;
  /** When the master is first asked after all tasks again, counted from the subscription, which asks too. */
  readonly reconcileInitialMs: number;
  readonly reconcileMs: number;
  /** When a leader first compares all counts of instances with what is wanted. */
  readonly scaleInitialMs: number;
  readonly scaleIntervalMs: number;
  /** Whether new top-level groups enforce their role (`--new_group_enforce_role top`). */
  readonly enforceNewGroups?: boolean;
  /** Whether tasks are shown as text/plain, too (`--deprecated_features text_plain_tasks`). */
  readonly textPlainTasks?: boolean;
}

/** What the core is made from. */
export interface CoreParts {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly store: StateStore;
  readonly driver: SchedulerDriver;
  readonly probe: Probe;
  readonly options: CoreOptions;
  readonly log: (message: string) => void;
}
