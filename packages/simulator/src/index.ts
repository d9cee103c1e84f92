// SPDX-License-Identifier: Apache-2.0
export {
  Cluster,
  type ClusterClock,
  type ClusterTasks,
  type MemberName,
  startCluster,
} from "./kit/cluster";
export type { FailureAnswer, UnknownRequest } from "./kit/faults";
export type { Member, MemberKind } from "./kit/member";
export type { KitTask, TaskScript } from "./kit/noop-tasks";
export type { ClusterOptions, Flags } from "./kit/options";
