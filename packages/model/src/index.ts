// SPDX-License-Identifier: Apache-2.0

// The language of every schema of the project, so that no other package depends on a version of its own.
export { type Static, Type } from "@sinclair/typebox";
export { type Access, accessFault, parseAccess, type SshAccess } from "./access";
export { type AddressMap, type HostPort, parseHostPort, throughMap, urlThroughMap } from "./address-map";
export { type AgentChange, agentChange, describeAgentChange, templateDigest } from "./agent-change";
export { type AgentOffer, attributeText, offerOf } from "./agent-flags";
export {
  AgentPoolDeclaration,
  AgentPoolInputs,
  AgentPoolStatus,
  AwsPoolBackend,
  boundsOf,
  checkRollPolicy,
  controllerPath,
  DockerPoolBackend,
  fillRollPolicy,
  LocalPoolBackend,
  memberName,
  PoolBackend,
  PoolMember,
  PoolTemplate,
  poolPath,
  poolStatusPath,
  poolsPath,
  RollPolicy,
} from "./agent-pool";
export { type AmountFor, everybody, type OfferedTo, offeredTo } from "./agent-roles";
export {
  App,
  AppResourceInputs,
  readOnlyAppKeys,
  toDocument,
  toInputs,
} from "./app";
export {
  AppAutoscale,
  AppScaleStates,
  type AppStep,
  appOfScale,
  appScalePath,
  appScaleStatesPath,
  appScalesPath,
  describeAppAutoscale,
  type FilledAppAutoscale,
  fillAppAutoscale,
  heldToBounds,
} from "./app-autoscale";
export { type CheckAppOptions, checkApp, checkAppInputs, checkAppRules } from "./app-check";
export { type AppChange, diffApp } from "./app-diff";
export { normaliseApp } from "./app-normal-form";
export { shortestInputs } from "./app-shortest";
export {
  AutoscalePolicy,
  checkAutoscalePolicy,
  describeAutoscalePolicy,
  type FilledAutoscalePolicy,
  fillAutoscalePolicy,
  type ScalingSignal,
} from "./autoscale-policy";
export {
  aclProblem,
  BambooService,
  bambooId,
  decodeBambooNode,
  encodeBambooNode,
  goQueryEscape,
  goQueryUnescape,
} from "./bamboo";
export {
  type AppWeights,
  isWeightsProblem,
  largestWeight,
  parseWeights,
  weightsKey,
  weightsText,
} from "./bamboo-weights";
export { type CheckInputsOptions, type InputFailure, inputChecker, type ObjectSchema } from "./check-inputs";
export type { ChangeKind, ChangePath } from "./compare";
export { computed, hasComputed, isComputed } from "./computed";
export {
  type ConnectionFault,
  type ConnectionOption,
  type ConnectionOptions,
  connectionFaults,
} from "./connection-rules";
export {
  containerLogOptions,
  containerName,
  containerNetwork,
  containerPaths,
  cpuPeriodUs,
  dockerSocket,
  environmentFile,
  fileInContainer,
  fileModeInContainer,
  healthPeriods,
  healthTest,
  inContainer,
  machineHooks,
  memberLabel,
  noticeLabel,
  poolLabel,
  type StackName,
  stackLabels,
  startCommand,
  startScript,
  taskLabel,
  taskLabels,
  templateLabel,
} from "./containers";
export {
  Authorization,
  basicAuthorization,
  bearerAuthorization,
  type Credential,
  credentialFile,
  credentialRole,
  credentialsFile,
  type Door,
  deriveBytes,
  deriveCredential,
  doors,
  fingerprintOf,
  frameworkRole,
  type UserOf,
  userAndPassword,
  zookeeperId,
  zookeeperUrl,
} from "./credentials";
export { DeployedApp } from "./deployed-app";
export { AppOptions, deploymentOptions, GroupOptions } from "./deployment-options";
export { canonicalJson, digestOf } from "./digest";
export {
  describeSize,
  describeStep,
  type EnsembleSize,
  ensembleFailure,
  ensembleStepFailure,
  votersOf,
  votes,
} from "./ensemble-change";
export { isMesosError, MesosError, type MesosErrorOptions, messageOf } from "./errors";
export { type Decoder, decoder, describeFailures, type Failure, propertyPath } from "./failures";
export {
  Group,
  type GroupApp,
  type GroupMember,
  GroupResourceInputs,
  toGroupDocument,
  toGroupInputs,
} from "./group";
export { type AppPlace, declaredApps, disownedLists, mapApps, withInstancesOf } from "./group-apps";
export { checkGroup, checkGroupInputs, checkGroupRules } from "./group-check";
export { diffGroup, type GroupAppChanges, type GroupChange } from "./group-diff";
export { groupFacts, normaliseGroup } from "./group-normal-form";
export { shortestGroupApp, shortestGroupInputs, shortestGroupMember } from "./group-shortest";
export { LocalName, ProcessSpec, type ProcessState, VolumeInputs } from "./local-process";
export {
  AppInfo,
  GetAppInputs,
  GetAppsInputs,
  GetAppsResult,
  GetGroupInputs,
  GetGroupResult,
  GetInfoInputs,
  GetInfoResult,
  GetPodInputs,
  PodInfo,
  PodInstanceInfo,
  TaskInfo,
} from "./marathon-lookups";
export {
  changedAfter,
  changeOrder,
  countOf,
  EnsembleInputs,
  GetEnsembleInputs,
  type GetEnsembleResult,
  LeaveInputs,
  MemberAddress,
  MemberKind,
  type MemberStatus,
  mapOfMembers,
  neededWithout,
  quorumOf,
  ReadyInputs,
  ZooKeeperRoot,
} from "./members";
export { nearest } from "./nearest";
export { absolutePath, parentOf } from "./path-id";
export { Pod, PodResourceInputs, toPodDocument, toPodInputs } from "./pod";
export { checkPod, checkPodInputs, checkPodRules } from "./pod-check";
export { diffPod, type PodChange } from "./pod-diff";
export { normalisePod } from "./pod-normal-form";
export { shortestPodInputs } from "./pod-shortest";
export { agentAcls, type FrameworkAccess, type Frameworks, masterAcls } from "./programs/acls";
export { type BambooSettings, bambooConfig, bambooService, bambooTemplate } from "./programs/bamboo";
export { type EdgeSettings, edgeCertificates, edgeService, edgeVariables } from "./programs/edge";
export { type Flags, marathonArgs, mesosArgs } from "./programs/flags";
export { type GroupsSettings, groupsService, groupsVariables } from "./programs/groups";
export {
  closedMarathonFlags,
  type MarathonSettings,
  marathonFiles,
  marathonFramework,
  marathonService,
  marathonVariables,
  reservedMarathonFlags,
  secureMarathonFlags,
} from "./programs/marathon";
export {
  type AgentResources,
  type AgentSettings,
  agentFiles,
  agentService,
  closedAgentFlags,
  reservedAgentFlags,
  secureAgentFlags,
} from "./programs/mesos-agent";
export {
  closedMasterFlags,
  type MasterSettings,
  masterFiles,
  masterService,
  reservedMasterFlags,
} from "./programs/mesos-master";
export { marathonCallbackPort, ports, taskPorts } from "./programs/ports";
export { speaksTls, tlsFiles } from "./programs/tls";
export {
  connectionString,
  peersFile,
  peersFilePath,
  type ZooKeeperServer,
  zookeeperService,
} from "./programs/zookeeper";
export { fieldOf, formatPath, type Segments } from "./property-path";
export { firstPortFailure, PublishedPorts } from "./published-ports";
export {
  checkQuotaRules,
  isNoQuota,
  normaliseQuota,
  type Quota,
  QuotaInputs,
  quotaRoleProblem,
} from "./quota";
export { defaultIntervalSeconds, defaultMinRequests, ReleaseInputs, stepsFrom } from "./release";
export { type Bounds, boundsAt, largestMax } from "./schedule";
export { checkSchema, type SchemaCheckOptions, type SchemaFindings } from "./schema-check";
export { secretPaths, secretPropertyPaths } from "./secret-values";
export { defaultServerFacts, type KeptFacts, keptFacts, knownFacts, type ServerFacts } from "./server-facts";
export {
  type Address,
  ConfigFile,
  expandPlaceholders,
  type Placeholders,
  Probe,
  type Service,
  type Software,
  Stop,
} from "./service";
export { shownUrl } from "./shown-url";
export {
  type AddressBlock,
  loopbackBlock,
  networkHosts,
  parseLoopbackNetwork,
  parsePrivateNetwork,
  poolTaskPorts,
  privateBlock,
  StackNetworks,
} from "./stack-networks";
export { authorityId } from "./tls/authority-id";
export {
  functionTokens,
  packageName,
  packageVersion,
  pluginDownloadURL,
  resourceTokens,
} from "./tokens";
export { unlessGone } from "./unless-gone";
export { within } from "./within";
