// SPDX-License-Identifier: Apache-2.0
import * as bamboo from "./bamboo";
import * as containers from "./containers";
import * as marathon from "./marathon";

export { AgentController, type AgentControllerArgs } from "./agent-controller";
export { AgentGroup, type AgentGroupArgs, type AgentGroupSpec } from "./agent-group";
export { type BambooArgs, BambooEdge, type BambooEdgeArgs, edgePlaces } from "./bamboo-edge";
export { type CertificateAuthority, Certificates, type CertificatesArgs } from "./certificates";
export { Cluster, type ClusterArgs, type ClusterSecurity } from "./cluster";
export { Credentials, type CredentialsArgs } from "./credentials";
export { type Distribution, type ProgramsOf, programIn, simulator } from "./distribution";
export type {
  AgentEndpoints,
  EdgePlaces,
  MarathonEndpoints,
  MarathonPlaces,
  MasterEndpoints,
  ZooKeeperEndpoints,
} from "./endpoints";
export { describeValue, InvalidArgsError, lifted, type Rule, validate } from "./invalid-args-error";
export { LocalPlatform, type LocalPlatformArgs } from "./local-platform";
export { Marathon, type MarathonArgs, marathonPlaces } from "./marathon-servers";
export { Masters, type MastersArgs } from "./masters";
export type {
  EndpointArgs,
  HourlyCost,
  Node,
  NodeArgs,
  NodeService,
  Platform,
  Pool,
  PoolAddresses,
  PoolArgs,
  Timeouts,
} from "./platform";
export { AgentPool } from "./resources/agent-pool";
export { Ensemble, getEnsemble, Leave, Ready } from "./resources/gates";
export { Process, type ProcessArgs, type ProcessFile } from "./resources/process";
export { Provider, type ProviderArgs } from "./resources/provider";
export { Quota, type QuotaAmounts, type QuotaArgs } from "./resources/quota";
export { madeWithoutStackTraces } from "./resources/stack-traces";
export { Volume, type VolumeArgs } from "./resources/volume";
export { ZooKeeper, type ZooKeeperArgs } from "./zookeeper";
export { bamboo, containers, marathon };
