// SPDX-License-Identifier: Apache-2.0
export { AwsPlatform } from "./aws-platform";
export type { AgentMachines, Architecture, Machine, MemberRole } from "./machines";
export type { GivenSubnet } from "./network-plan";
export type {
  AptMirror,
  AwsPlatformArgs,
  EdgeAccess,
  GivenNetwork,
  MachineImage,
  OwnNetwork,
} from "./platform-args";
export { hourlyCost, type Inventory, listPrices, type PriceTable } from "./prices";
export { checkResources, type DeclaredResource, type Finding, ruleNames } from "./rules";
