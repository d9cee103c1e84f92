// SPDX-License-Identifier: Apache-2.0
import type { Domain } from "./domain";

/** Mesos wraps every id: `{"value": "…"}`. */
export interface Value<T = string> {
  readonly value: T;
}

/** Who may use a resource, and who reserved it. */
export interface Reservation {
  readonly type?: "STATIC" | "DYNAMIC";
  readonly role: string;
  readonly principal?: string;
  readonly labels?: Labels;
}

export interface DiskInfo {
  readonly persistence?: { readonly id: string; readonly principal?: string };
  readonly volume?: Volume;
  readonly source?: Readonly<Record<string, unknown>>;
}

export interface ResourceJson {
  readonly name: string;
  readonly type: "SCALAR" | "RANGES" | "SET";
  readonly scalar?: Value<number>;
  readonly ranges?: { readonly range: readonly { readonly begin: number; readonly end: number }[] };
  /** As it was before reservations could be refined. */
  readonly role?: string;
  readonly reservation?: { readonly principal?: string; readonly labels?: Labels };
  readonly reservations?: readonly Reservation[];
  readonly allocation_info?: { readonly role: string };
  readonly disk?: DiskInfo;
  readonly revocable?: Readonly<Record<string, never>>;
  readonly shared?: Readonly<Record<string, never>>;
}

export interface AttributeJson {
  readonly name: string;
  readonly type: "SCALAR" | "RANGES" | "TEXT";
  readonly scalar?: Value<number>;
  readonly ranges?: { readonly range: readonly { readonly begin: number; readonly end: number }[] };
  readonly text?: Value;
}

export interface Labels {
  readonly labels: readonly { readonly key: string; readonly value?: string }[];
}

export interface FrameworkInfo {
  readonly user: string;
  readonly name: string;
  readonly id?: Value;
  readonly failover_timeout?: number;
  readonly checkpoint?: boolean;
  readonly role?: string;
  readonly roles?: readonly string[];
  readonly hostname?: string;
  readonly principal?: string;
  readonly webui_url?: string;
  readonly capabilities?: readonly { readonly type: string }[];
  readonly labels?: Labels;
  /** By role. */
  readonly offer_filters?: Readonly<
    Record<
      string,
      {
        readonly min_allocatable_resources?: {
          readonly quantities?: readonly { readonly quantities?: Readonly<Record<string, Value<number>>> }[];
        };
      }
    >
  >;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly type?: string;
  /** Bytes as base64; only for the type SECRET. */
  readonly secret?: { readonly type?: string; readonly value?: { readonly data: string } };
}

/** A file that is brought into the sandbox before the command runs. */
export interface FetchUri {
  readonly value: string;
  readonly executable?: boolean;
  /** @default true */
  readonly extract?: boolean;
  readonly cache?: boolean;
  readonly output_file?: string;
}

export interface CommandInfo {
  readonly shell?: boolean;
  readonly value?: string;
  readonly arguments?: readonly string[];
  readonly environment?: { readonly variables: readonly EnvironmentVariable[] };
  readonly uris?: readonly FetchUri[];
  readonly user?: string;
}

export interface PortMapping {
  readonly host_port: number;
  readonly container_port: number;
  readonly protocol?: string;
}

export interface Volume {
  readonly container_path: string;
  readonly host_path?: string;
  readonly mode?: "RW" | "RO";
  readonly source?: {
    readonly type?: string;
    readonly sandbox_path?: { readonly type?: "SELF" | "PARENT"; readonly path: string };
    readonly host_path?: { readonly path: string };
  };
}

export interface ContainerInfo {
  readonly type: "DOCKER" | "MESOS";
  readonly hostname?: string;
  readonly volumes?: readonly Volume[];
  readonly docker?: {
    readonly image: string;
    readonly network?: "HOST" | "BRIDGE" | "NONE" | "USER";
    readonly port_mappings?: readonly PortMapping[];
    readonly privileged?: boolean;
    readonly parameters?: readonly { readonly key: string; readonly value: string }[];
    readonly force_pull_image?: boolean;
  };
  readonly mesos?: {
    readonly image?: { readonly type?: string; readonly docker?: { readonly name: string } };
  };
  readonly network_infos?: readonly {
    readonly name?: string;
    readonly port_mappings?: readonly PortMapping[];
  }[];
  readonly linux_info?: { readonly share_cgroups?: boolean };
  readonly rlimit_info?: { readonly rlimits?: readonly Rlimit[] };
}

/** One limit of POSIX; without `soft` and `hard` there is none. */
export interface Rlimit {
  readonly type?: string;
  readonly soft?: number | string;
  readonly hard?: number | string;
}

/** A 64-bit duration: JSON numbers on the way out, numbers or text on the way in. */
export interface DurationInfo {
  readonly nanoseconds: number | string;
}

interface CheckTimes {
  readonly delay_seconds?: number;
  readonly interval_seconds?: number;
  readonly timeout_seconds?: number;
}

/** A check whose result is only told. */
export interface CheckInfo extends CheckTimes {
  readonly type?: "COMMAND" | "HTTP" | "TCP";
  readonly command?: { readonly command?: CommandInfo };
  readonly http?: { readonly port: number; readonly path?: string };
  readonly tcp?: { readonly port: number };
}

/** A check that ends its task when it fails too often. */
export interface HealthCheck extends CheckTimes {
  readonly type?: "COMMAND" | "HTTP" | "TCP";
  readonly consecutive_failures?: number;
  readonly grace_period_seconds?: number;
  readonly command?: CommandInfo;
  readonly http?: {
    readonly port: number;
    readonly path?: string;
    readonly scheme?: string;
    readonly statuses?: readonly number[];
  };
  readonly tcp?: { readonly port: number };
}

/** How a framework's tasks are run: DEFAULT is Mesos's own for task groups, CUSTOM a program of the framework. */
export interface ExecutorInfo {
  readonly type?: "DEFAULT" | "CUSTOM" | "UNKNOWN";
  readonly executor_id: Value;
  readonly framework_id?: Value;
  readonly command?: CommandInfo;
  readonly container?: ContainerInfo;
  readonly resources?: readonly ResourceJson[];
  readonly name?: string;
  readonly source?: string;
  readonly data?: string;
  readonly labels?: Labels;
  readonly shutdown_grace_period?: DurationInfo;
}

export interface TaskInfo {
  readonly name: string;
  readonly task_id: Value;
  readonly agent_id: Value;
  readonly resources: readonly ResourceJson[];
  readonly command?: CommandInfo;
  readonly executor?: ExecutorInfo;
  readonly container?: ContainerInfo;
  readonly kill_policy?: { readonly grace_period?: DurationInfo };
  readonly health_check?: HealthCheck;
  readonly check?: CheckInfo;
  readonly max_completion_time?: DurationInfo;
  readonly labels?: Labels;
  readonly discovery?: unknown;
  /** By the name of the resource; what is no number is no limit. */
  readonly limits?: Readonly<Record<string, Value<number | string | null>>>;
}

export const taskStates = [
  "TASK_STAGING",
  "TASK_STARTING",
  "TASK_RUNNING",
  "TASK_KILLING",
  "TASK_FINISHED",
  "TASK_KILLED",
  "TASK_FAILED",
  "TASK_LOST",
  "TASK_ERROR",
  "TASK_DROPPED",
  "TASK_GONE",
  "TASK_GONE_BY_OPERATOR",
  "TASK_UNREACHABLE",
  "TASK_UNKNOWN",
] as const;
export type TaskState = (typeof taskStates)[number];

const terminal: ReadonlySet<TaskState> = new Set([
  "TASK_FINISHED",
  "TASK_KILLED",
  "TASK_FAILED",
  "TASK_LOST",
  "TASK_ERROR",
  "TASK_DROPPED",
  "TASK_GONE",
  "TASK_GONE_BY_OPERATOR",
]);

export function isTerminal(state: TaskState): boolean {
  return terminal.has(state);
}

export interface TaskStatus {
  readonly task_id: Value;
  readonly state: TaskState;
  readonly source?: "SOURCE_MASTER" | "SOURCE_AGENT" | "SOURCE_EXECUTOR";
  readonly reason?: string;
  readonly message?: string;
  readonly agent_id?: Value;
  readonly executor_id?: Value;
  /** Seconds. */
  readonly timestamp?: number;
  /** Base64; with it the status must be acknowledged. */
  readonly uuid?: string;
  readonly healthy?: boolean;
  readonly labels?: Labels;
  readonly check_status?: unknown;
  readonly container_status?: unknown;
  /** Of what the task used too much. */
  readonly limitation?: { readonly resources: readonly ResourceJson[] };
}

/** What became of an operation on resources. */
export interface OperationStatus {
  readonly operation_id?: Value;
  readonly state:
    | "OPERATION_PENDING"
    | "OPERATION_FINISHED"
    | "OPERATION_FAILED"
    | "OPERATION_ERROR"
    | "OPERATION_DROPPED"
    | "OPERATION_UNREACHABLE"
    | "OPERATION_GONE_BY_OPERATOR"
    | "OPERATION_RECOVERING"
    | "OPERATION_UNKNOWN";
  readonly message?: string;
  readonly converted_resources?: readonly ResourceJson[];
  /** With it the status must be acknowledged. */
  readonly uuid?: Value;
  readonly agent_id?: Value;
}

/** A task as master and agent tell each other about it. */
export interface Task {
  readonly info: TaskInfo;
  readonly framework_id: Value;
  readonly agent_id: Value;
  readonly state: TaskState;
  readonly statuses: readonly TaskStatus[];
}

export interface AgentInfo {
  readonly id?: Value;
  readonly hostname: string;
  readonly port: number;
  readonly resources: readonly ResourceJson[];
  readonly attributes: readonly AttributeJson[];
  readonly domain?: Domain;
  readonly checkpoint?: boolean;
}

export interface DrainConfig {
  readonly max_grace_period?: DurationInfo;
  readonly mark_gone: boolean;
}

/** The master's record in ZooKeeper, keys in alphabetical order. */
export interface MasterInfo {
  readonly address: { readonly hostname: string; readonly ip: string; readonly port: number };
  readonly capabilities: readonly { readonly type: string }[];
  readonly hostname: string;
  readonly id: string;
  readonly ip: number;
  readonly pid: string;
  readonly port: number;
  readonly version: string;
  readonly domain?: Domain;
}

/** The version of Mesos whose behaviour this is. */
export const mesosVersion = "1.11.0";

/** What `/version`, `/state` and GET_VERSION say of the build; this one has no build server. */
export const versionInfo = { version: mesosVersion, build_date: "", build_time: 0, build_user: "" } as const;
