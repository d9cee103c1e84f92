// SPDX-License-Identifier: Apache-2.0
import type { EdgeHealth, MesosAgent, MesosFramework, MesosResource } from "@pulumi-mesos/client";
import type { AgentPoolStatus, MemberAddress, MemberKind, MemberStatus } from "@pulumi-mesos/model";
import type { DeclaredPool } from "./installation";

/** An answer, or why there is none. */
export type Asked<T> = { readonly answer: T } | { readonly problem: string };

/** What one of several was asked. */
export interface Named<T> {
  readonly name: string;
  readonly said: Asked<T>;
}

/** A member with its address and what it answered. */
export type MemberView = MemberStatus & MemberAddress;

export interface EnsembleView {
  readonly kind: MemberKind;
  readonly name: string;
  readonly members: readonly MemberView[];
  /** How many have left with whom the members still count. @default none */
  readonly left?: number;
}

export type AgentState = "active" | "disconnected" | "deactivated" | "draining" | "drained";

/** Used and total of one resource. */
export interface Use {
  readonly used: number;
  readonly total: number;
}

export interface AgentView {
  readonly id: string;
  readonly hostname: string;
  readonly state: AgentState;
  readonly cpus: Use;
  /** MiB. */
  readonly mem: Use;
}

/** What the leading master says of its agents and frameworks. */
export interface AgentsView {
  readonly agents: readonly AgentView[];
  /** How many were silent for so long that their tasks count as lost. */
  readonly unreachable: number;
  readonly frameworks: readonly MesosFramework[];
}

/** How many tasks of an app, or instances of a pod, there shall be and are. */
export interface AppView {
  readonly id: string;
  readonly instances: number;
  readonly running: number;
  readonly unhealthy: number;
}

export interface DeploymentView {
  readonly id: string;
  /** Paths of the apps and pods that it changes. */
  readonly affects: readonly string[];
  /** `2 of 3`, where Marathon says it. */
  readonly step: string | undefined;
}

export interface MarathonView {
  readonly version: string;
  readonly leader: string | undefined;
  /** What the masters call it; undefined before it was registered for the first time. */
  readonly frameworkId: string | undefined;
  readonly apps: readonly AppView[];
  readonly pods: readonly AppView[];
  readonly deployments: readonly DeploymentView[];
}

/** An agent group as declared, and what its controller says. */
export interface PoolView extends DeclaredPool {
  readonly said: Asked<AgentPoolStatus>;
}

/** An installation as it was seen at one moment. */
export interface Observation {
  readonly title: string;
  readonly ensembles: readonly EnsembleView[];
  /** By their masters. */
  readonly agents: readonly Named<AgentsView>[];
  readonly pools: readonly PoolView[];
  readonly marathons: readonly Named<MarathonView>[];
  /** No health where it is a real Bamboo. */
  readonly edges: readonly Named<EdgeHealth | undefined>[];
}

export function agentView(agent: MesosAgent): AgentView {
  const use = (name: string): Use => ({
    used: scalar(agent.allocatedResources, name),
    total: scalar(agent.totalResources, name),
  });
  return {
    id: agent.id,
    hostname: agent.hostname,
    state: stateOf(agent),
    cpus: use("cpus"),
    mem: use("mem"),
  };
}

/** One that is not heard from is that above all. */
function stateOf({ active, drainState, deactivated }: MesosAgent): AgentState {
  if (!active) return "disconnected";
  if (drainState === "DRAINED") return "drained";
  if (drainState === "DRAINING") return "draining";
  return deactivated ? "deactivated" : "active";
}

/** Reserved for several roles, a resource stands several times. */
function scalar(resources: readonly MesosResource[], name: string): number {
  const sum = resources.filter((r) => r.name === name).reduce((n, r) => n + (r.scalar?.value ?? 0), 0);
  return Math.round(sum * 1000) / 1000;
}
