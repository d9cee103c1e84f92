// SPDX-License-Identifier: Apache-2.0
export type { MemberAccess } from "./access";
export { type AppTraffic, BambooClient, type BambooRule } from "./bamboo";
export { tokenHeader } from "./connection";
export {
  connectDocker,
  type DockerMember,
  endDockerMember,
  isMissingInDocker,
  listDockerMembers,
} from "./docker-members";
export type { EndpointsOptions } from "./endpoints";
export {
  AccessError,
  ClientAbortedError,
  ConflictError,
  DecodeError,
  isAborted,
  isAccessFault,
  isConflict,
  isRefused,
  isUncertain,
  isUnreachable,
  StatusError,
  TlsError,
  UnreachableError,
} from "./errors";
export { fourLetterWord } from "./four-letter-word";
export {
  type ForceOption,
  type MarathonChange,
  MarathonClient,
  type MarathonDeploying,
  type MarathonOptions,
} from "./marathon";
export {
  groupsIn,
  type MarathonApp,
  type MarathonDeployment,
  type MarathonGroup,
  type MarathonHealthResult,
  type MarathonInfo,
  type MarathonPod,
  type MarathonPodInstance,
  type MarathonPodStatus,
  type MarathonQueueItem,
  type MarathonStep,
  type MarathonTask,
  type MarathonTaskFailure,
  type MarathonUnusedOffer,
} from "./marathon-documents";
export type { EventsOptions, MarathonEvent } from "./marathon-events";
export { MarathonReader } from "./marathon-reader";
export { MesosClient, type MesosOptions, type OperatorCall } from "./mesos";
export type {
  MesosAgent,
  MesosFramework,
  MesosQuota,
  MesosResource,
  MesosState,
  MesosTask,
} from "./mesos-documents";
export { type NumberSource, readNumber } from "./numbers";
export { probeEnsemble, probeMember } from "./probe";
export {
  type AppDecision,
  type AppsReport,
  type EdgeHealth,
  edgeHealth,
  poolStatuses,
  type ScalingDecision,
  type ScalingReport,
  scalingReport,
} from "./program-status";
export { SharedCall } from "./shared-call";
export type { ReadClock, SharedReads } from "./shared-reads";
export { type Way, wayOf } from "./way/way";
export { ZooKeeper, type ZooKeeperMode, type ZooKeeperNode, type ZooKeeperOptions } from "./zookeeper";
export type { SessionState } from "./zookeeper-session";
