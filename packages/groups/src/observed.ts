// SPDX-License-Identifier: Apache-2.0
import type { AgentPoolDeclaration, PoolBackend, PoolTemplate } from "@pulumi-mesos/model";
import type { GroupMemory } from "./autoscale/world";
import type { Notice } from "./notice";

/** A member as its backend sees it. */
export interface Member {
  readonly index: number;
  readonly name: string;
  /** Whether it is looked after: a member whose supervisor is dead is not. */
  readonly running: boolean;
  /** Where it is, on a backend that does not say beforehand. */
  readonly address?: string;
  /** `templateDigest` of what it was started with; unknown while only its data is there. */
  readonly template?: string;
  /** Since when its machine is paid for, in ms since the epoch. @default nobody pays for it */
  readonly paidSince?: number;
  /** What was said about its end. */
  readonly notice?: Notice;
}

/** An agent that the leading master has registered. */
export interface Agent {
  readonly id: string;
  /** Its hostname, which is its address on this platform. */
  readonly host: string;
  readonly active: boolean;
  readonly deactivated: boolean;
  readonly drain?: "DRAINING" | "DRAINED";
  /** An operator has its machine in the maintenance schedule: Mesos refuses to drain it. */
  readonly maintained?: boolean;
  /** Tasks on it that have not ended, whichever framework's. */
  readonly tasks: number;
  /** Those of them that are Marathon's, or may be: a framework that nobody can name is taken for it. */
  readonly ofMarathon: number;
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
  /** Its label says that its tasks are not to be moved. */
  readonly guarded: boolean;
}

/** What a member is started with. */
export type Applied = Pick<AgentPoolDeclaration, "template" | "backend">;

/** A template that is being tried: until members on it have held, no other is touched. */
export interface Trial {
  readonly template: string;
  /** When its first member was begun, or the declaration last written, in ms since the epoch. */
  readonly since: number;
  /** Version of the declaration's node then. */
  readonly version: number;
  /** Since when every member on it has been active. */
  readonly activeSince?: number;
  readonly passed: boolean;
}

/** A member that leaves. */
export interface Leaving {
  /** When it was chosen, or the declaration last written, in ms since the epoch: `timeoutSeconds` counts from here. */
  readonly since: number;
  /** Version of the declaration's node then: another one means that somebody asks again. */
  readonly version: number;
  /** The agent that DRAIN_AGENT was sent for; from then on there is no way back. */
  readonly drained?: string;
  /**
   * Why: its group is too large for its declaration, its template is replaced, or it is not needed for now. One that is not
   * needed waits until the tasks that nobody moves have ended by themselves, and stays when it is needed again. A notice says
   * that its machine goes.
   * @default "size"
   */
  readonly for?: "size" | "roll" | "load" | "notice";
  /** When its machine is taken away, drained or not, in ms since the epoch. */
  readonly until?: number;
}

/** What the controller keeps of a pool in ZooKeeper, written before anything that follows from it is done. */
export interface PoolState {
  /** Where the members are, from the start of the first to the end of the last. */
  readonly backend?: PoolBackend;
  /** What members run, by digest. */
  readonly templates: Readonly<Record<string, PoolTemplate>>;
  /** Digest of what each member was last told to run, by its name. */
  readonly runs: Readonly<Record<string, string>>;
  readonly trial?: Trial;
  /** By the member's name. */
  readonly leaving: Readonly<Record<string, Leaving>>;
}

/** What autoscaling keeps of a pool in ZooKeeper, written before anything that follows from it is done. */
export interface ScaleState {
  /** How many agents it shall have now, without those that leave. */
  readonly size: number;
  /** Names of the members that are not needed, and of those of them that may end because they are empty. */
  readonly leave: readonly string[];
  readonly end: readonly string[];
  /** By the member's name: when it was first seen, in ms since the epoch, and whether its agent has ever registered. */
  readonly members: Readonly<Record<string, { readonly since: number; readonly registered: boolean }>>;
  readonly memory: GroupMemory;
  /** When all this was found, in ms since the epoch. */
  readonly at: number;
}

/** The state of a pool that nobody has begun. */
export const nothingYet: PoolState = { templates: {}, runs: {}, leaving: {} };
