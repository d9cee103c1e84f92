// SPDX-License-Identifier: Apache-2.0
import type { AgentPoolDeclaration } from "@pulumi-mesos/model";

/** A member as its backend sees it. */
export interface Member {
  readonly index: number;
  readonly name: string;
  /** Whether it is looked after: a member whose supervisor is dead is not. */
  readonly running: boolean;
}

/** An agent that the leading master has registered. */
export interface Agent {
  readonly id: string;
  /** Its hostname, which is its address on this platform. */
  readonly host: string;
  readonly active: boolean;
  readonly deactivated: boolean;
  readonly drain?: "DRAINING" | "DRAINED";
  /** Tasks on it that have not ended, whichever framework's. */
  readonly tasks: number;
}

/** What the leading master says. */
export interface Agents {
  readonly registered: readonly Agent[];
  /** Hosts of agents that the master knows from before its election and that have not come back yet. */
  readonly recovering: readonly string[];
}

/** One task of an app. */
export interface Task {
  readonly id: string;
  readonly agentId: string;
  /** Runs and passes its health checks, if there are any. */
  readonly healthy: boolean;
  /** Is being killed already. */
  readonly killing: boolean;
}

/** An app of Marathon as far as a move concerns it. */
export interface App {
  readonly id: string;
  readonly instances: number;
  /** Share of the instances that must stay healthy; 0 to 1. */
  readonly minimumHealthCapacity: number;
  readonly tasks: readonly Task[];
  /** Ids of deployments that lock the app. */
  readonly deployments: readonly string[];
  /** Its tasks have volumes on their agents and cannot live elsewhere. */
  readonly resident: boolean;
}

/** What the members of a pool run and where, from the start of its first member to the end of its last. */
export type Applied = Pick<AgentPoolDeclaration, "template" | "backend">;

/** A member that leaves. */
export interface Leaving {
  /** When it was chosen, or the declaration last written, in ms since the epoch: `timeoutSeconds` counts from here. */
  readonly since: number;
  /** Version of the declaration's node then: another one means that somebody asks again. */
  readonly version: number;
  /** The agent that DRAIN_AGENT was sent for; from then on there is no way back. */
  readonly drained?: string;
}

/** What the controller keeps of a pool in ZooKeeper, written before anything that follows from it is done. */
export interface PoolState {
  readonly applied?: Applied;
  /** By the member's name. */
  readonly leaving: Readonly<Record<string, Leaving>>;
}
