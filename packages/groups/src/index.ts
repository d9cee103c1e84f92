// SPDX-License-Identifier: Apache-2.0
export { decide } from "./autoscale/decide";
export { clairvoyantHours, mostNeeded } from "./autoscale/simulation/bound";
export { type AutoscalerName, autoscalers, type Comparison, compare } from "./autoscale/simulation/compare";
export { type Family, families, generate } from "./autoscale/simulation/generate";
export type { Result } from "./autoscale/simulation/meter";
export type { Trace } from "./autoscale/simulation/trace";
export type {
  Constraint,
  Decision,
  GroupDecision,
  Memory,
  Policies,
  Resources,
  SizedAgent,
  SizedGroup,
  Unplaceable,
  Work,
  World,
} from "./autoscale/world";
export type { Backend } from "./backends/backend";
export { localBackend, memberSpec } from "./backends/local";
export { type ControllerParts, GroupsController } from "./controller";
export type { Agent, Agents, App, Applied, Leaving, Member, PoolState, Task, Trial } from "./observed";
export { type Options, parseOptions } from "./options";
export { type Action, type PoolPlan, planPool } from "./plan";
export { type Move, type MoveStep, type MovesPlan, planMoves } from "./plan-moves";
export { movesPath, PoolStore, poolStatePath } from "./pool-store";
export type { PoolView } from "./pool-view";
export { runGroups } from "./program";
export { poolStatus } from "./status";
