// SPDX-License-Identifier: Apache-2.0
import type { FilledAutoscalePolicy } from "@pulumi-mesos/model";

/** Scalar resources in Mesos's units. */
export interface Resources {
  readonly cpus: number;
  /** MiB. */
  readonly mem: number;
  /** MiB. */
  readonly disk: number;
  readonly gpus: number;
}

export type Attributes = Readonly<Record<string, string>>;

/** A constraint of Marathon: field, operator, value. */
export type Constraint = readonly [field: string, operator: string, value?: string];

/** A group that sizes itself, as it is set now. */
export interface SizedGroup {
  readonly name: string;
  /** How many agents it shall have until now. */
  readonly size: number;
  /** What each of its agents offers. */
  readonly resources: Resources;
  /** Of its next agent. */
  readonly attributes: Attributes;
  /** Of agents after that, where its backend spreads them over zones, in their turn. @default the same */
  readonly later?: readonly Attributes[];
  /** Whom `resources` are for: the role that they are reserved for. @default `*`, everybody */
  readonly role?: string;
  /** What a schedule or a signal says at this time, and which; the policy's own bounds where absent. */
  readonly bounds?: { readonly min: number; readonly max: number; readonly because?: string };
  /** When its backend last refused to start an agent, in ms since the epoch. */
  readonly refusedAt?: number;
  /** Why nobody shall begin to leave, as whoever keeps the group says. */
  readonly held?: string;
}

/** An agent that is paid for. */
export interface SizedAgent {
  readonly id: string;
  readonly group: string;
  /** Its name to constraints. @default `id` */
  readonly host?: string;
  /** `booting`: started and not registered yet. `unready`: there, but takes no tasks though nobody asked it to leave. */
  readonly state: "booting" | "ready" | "unready" | "unreachable";
  /** When it was started, in ms since the epoch. */
  readonly startedAt: number;
  /** It takes no new tasks, because it was asked to leave, and could be asked to stay. */
  readonly leaving: boolean;
  /** It goes whatever anybody decides: a notice of its owner, or a drain that cannot be cancelled. */
  readonly doomed: boolean;
  /** Where they differ from the group's. */
  readonly resources?: Resources;
  readonly attributes?: Attributes;
  readonly role?: string;
}

/** Tasks of one kind: an app, a job, a service of another framework. */
export interface Work {
  readonly id: string;
  /** Tasks of a `service` are moved, those of a `batch` end by themselves, `resident` ones cannot live elsewhere. */
  readonly kind: "service" | "batch" | "resident";
  /** What one task needs. */
  readonly need: Resources;
  readonly constraints: readonly Constraint[];
  /** The roles whose resources its tasks take, `*` for those of everybody. @default all */
  readonly roles?: readonly string[];
  /** Its running tasks: the id of the agent of each. */
  readonly on: readonly string[];
  /** Whether fewer tasks are healthy than must be: none of its tasks is moved then. */
  readonly ailing: boolean;
}

/** All that a decision knows of the cluster. */
export interface World {
  /** In ms since the epoch. */
  readonly now: number;
  readonly groups: readonly SizedGroup[];
  /** Nothing while no master leads or its state cannot be read. */
  readonly agents: readonly SizedAgent[] | undefined;
  readonly works: readonly Work[];
  /** Tasks that wait for an agent, by the id of their work; nothing while Marathon cannot be asked. */
  readonly waiting: ReadonlyMap<string, number> | undefined;
}

/** The policies by the name of their group. */
export type Policies = Readonly<Record<string, FilledAutoscalePolicy>>;

/** What is next for one group. */
export interface GroupDecision {
  /** How many agents it shall have, without those that leave. */
  readonly size: number;
  /** All agents that shall take no new tasks and let theirs go. An agent that leaves and is not named stays again. */
  readonly leave: readonly string[];
  /** Those of them that may end now, because they have no tasks and nothing is lost of what is paid. */
  readonly end: readonly string[];
  /** Why nobody begins to leave. */
  readonly frozen: string | undefined;
  /** In words, the most important first. */
  readonly reasons: readonly string[];
}

/** Waiting tasks that no agent of any group could take, even an empty one. */
export interface Unplaceable {
  readonly works: readonly string[];
  readonly tasks: number;
  readonly reason: string;
}

export interface Decision {
  readonly groups: Readonly<Record<string, GroupDecision>>;
  readonly unplaceable: readonly Unplaceable[];
  /** To be given to the next decision. */
  readonly memory: Memory;
}

/** What decisions remember; plain data, by group. */
export type Memory = Readonly<Record<string, GroupMemory>>;

export interface GroupMemory {
  /** The most that was in demand, in agents, by minute: [minute, agents]. */
  readonly demand: readonly (readonly [number, number])[];
  /** Who was to leave, for when nobody says which agents there are. */
  readonly leave: readonly string[];
  /** How many agents were needed when, each entry above all later ones: [ms, agents]. */
  readonly needed: readonly (readonly [number, number])[];
  /** When agents were last added, and how many in the period that began then. */
  readonly up?: Step;
  readonly down?: Step;
  /** As many agents as `demand` turned out to need: fewer are not tried again until demand falls. */
  readonly floor?: { readonly size: number; readonly demand: number };
}

export interface Step {
  readonly at: number;
  readonly agents: number;
}
