// SPDX-License-Identifier: Apache-2.0

/** The parts of Mesos's v1 scheduler messages that Marathon uses, as their JSON form has them (mesos.md §2.3). */

export interface Value {
  readonly value: string;
}

export interface Resource {
  readonly name: string;
  readonly type: "SCALAR" | "RANGES" | "SET";
  readonly scalar?: { readonly value: number };
  readonly ranges?: { readonly range?: readonly { readonly begin: number; readonly end: number }[] };
  readonly role?: string;
  readonly reservations?: readonly Reservation[];
  /** The one reservation as frameworks without RESERVATION_REFINEMENT see it. */
  readonly reservation?: Reservation;
  readonly disk?: Disk;
  readonly allocation_info?: { readonly role?: string };
  readonly [other: string]: unknown;
}

/** Who reserved a resource, and for what. */
export interface Reservation {
  readonly type?: "STATIC" | "DYNAMIC";
  readonly role?: string;
  readonly principal?: string;
  readonly labels?: { readonly labels?: readonly { readonly key: string; readonly value?: string }[] };
}

/** What makes a disk resource a volume, or names the disk it is on. */
export interface Disk {
  readonly persistence?: { readonly id: string; readonly principal?: string };
  readonly volume?: { readonly container_path?: string; readonly mode?: "RW" | "RO" };
  readonly source?: {
    readonly type?: string;
    readonly profile?: string;
    readonly path?: { readonly root?: string };
    readonly mount?: { readonly root?: string };
  };
}

export interface Attribute {
  readonly name: string;
  readonly type: "TEXT" | "SCALAR" | "RANGES" | "SET";
  readonly text?: { readonly value: string };
  readonly scalar?: { readonly value: number };
  readonly ranges?: { readonly range?: readonly { readonly begin: number; readonly end: number }[] };
  readonly set?: { readonly item?: readonly string[] };
}

interface Nanoseconds {
  readonly nanoseconds: number | string;
}

export interface Offer {
  readonly id: Value;
  readonly framework_id?: Value;
  readonly agent_id: Value;
  readonly hostname: string;
  readonly resources?: readonly Resource[];
  readonly attributes?: readonly Attribute[];
  readonly allocation_info?: { readonly role?: string };
  /** When the agent is in maintenance; without a duration for ever. */
  readonly unavailability?: { readonly start?: Nanoseconds; readonly duration?: Nanoseconds };
  readonly domain?: {
    readonly fault_domain?: {
      readonly region?: { readonly name: string };
      readonly zone?: { readonly name: string };
    };
  };
}

/** What the agent's `check` found last; the parts are empty until it ran. */
export interface CheckStatus {
  readonly type?: string;
  readonly command?: { readonly exit_code?: number };
  readonly http?: { readonly status_code?: number };
  readonly tcp?: { readonly succeeded?: boolean };
}

export interface TaskStatus {
  readonly task_id: Value;
  readonly state: string;
  readonly agent_id?: Value;
  readonly message?: string;
  readonly reason?: string;
  readonly uuid?: string;
  readonly timestamp?: number;
  /** What the agent's health check found last. */
  readonly healthy?: boolean;
  readonly check_status?: CheckStatus;
  readonly container_status?: {
    readonly network_infos?: readonly {
      readonly name?: string;
      readonly ip_addresses?: readonly { readonly ip_address?: string; readonly protocol?: string }[];
    }[];
  };
}

/** A task to launch; built in `offers/task-info.ts`, opaque elsewhere. */
export interface TaskInfo {
  readonly name: string;
  readonly task_id: Value;
  readonly agent_id: Value;
  readonly resources: readonly Resource[];
  readonly [other: string]: unknown;
}

/** The tasks of one instance of a pod, under the executor that the agent brings along. */
export interface TaskGroup {
  readonly executor: {
    readonly type: "DEFAULT";
    readonly executor_id: Value;
    readonly resources: readonly Resource[];
    readonly [other: string]: unknown;
  };
  readonly task_group: { readonly tasks: readonly TaskInfo[] };
}

/** What is done with an accepted offer. */
export type Operation =
  | { readonly type: "LAUNCH"; readonly launch: { readonly task_infos: readonly TaskInfo[] } }
  | { readonly type: "LAUNCH_GROUP"; readonly launch_group: TaskGroup }
  | { readonly type: "RESERVE"; readonly reserve: { readonly resources: readonly Resource[] } }
  | { readonly type: "UNRESERVE"; readonly unreserve: { readonly resources: readonly Resource[] } }
  | { readonly type: "CREATE"; readonly create: { readonly volumes: readonly Resource[] } }
  | { readonly type: "DESTROY"; readonly destroy: { readonly volumes: readonly Resource[] } };

/** What the core asks of Mesos. Calls while not subscribed are dropped; the core repeats itself after subscribing. */
export interface SchedulerDriver {
  accept(offerId: string, operations: readonly Operation[], refuseSeconds: number): void;
  decline(offerIds: readonly string[], refuseSeconds: number): void;
  /** The roles in which offers are wanted from now on. */
  roles(roles: readonly string[]): void;
  revive(roles: readonly string[]): void;
  suppress(roles: readonly string[]): void;
  kill(taskId: string, agentId: string | undefined, graceSeconds: number | undefined): void;
  acknowledge(agentId: string, taskId: string, uuid: string): void;
  /** Asks for the state of these tasks; of all tasks when the list is empty. */
  reconcile(tasks: readonly { taskId: string; agentId: string }[]): void;
}

/** What Mesos tells the core. */
export interface SchedulerListener {
  /** `region`: the master's own, where it has one. */
  subscribed(frameworkId: string, master: string, region?: string): void;
  disconnected(): void;
  offers(offers: readonly Offer[]): void;
  update(status: TaskStatus): void;
}
