// SPDX-License-Identifier: Apache-2.0
import type { ConversionJson } from "./operations";
import type {
  AgentInfo,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  OperationStatus,
  ResourceJson,
  Task,
  TaskInfo,
  TaskStatus,
  Value,
} from "./types";

/**
 * What simulated agents and masters say to each other. Real ones speak libprocess; these messages are named like its own.
 *
 * An agent posts RegisterSlaveMessage or ReregisterSlaveMessage and the answer is a RecordIO stream of
 * {@link ToAgent}, so that either side sees at once when the other is gone; everything else an agent says is a POST.
 */
export interface RegisterSlaveMessage {
  readonly slave: AgentInfo;
  readonly pid: string;
  readonly version: string;
  readonly agent_capabilities: readonly { readonly type: string }[];
  /** What it has beside `slave.resources`: dynamic reservations and volumes. */
  readonly checkpointed_resources?: readonly ResourceJson[];
  /** Shows that the agent knows its principal's secret. */
  readonly credential?: { readonly principal: string; readonly proof: string };
  /** A POST belongs to the stream that this begins. */
  readonly stream: string;
}

/** What an agent's proof is about, so that it serves no other registration. */
export function proofAbout(
  principal: string,
  message: { readonly pid: string; readonly stream: string },
): string {
  return `${principal}\n${message.pid}\n${message.stream}`;
}

export interface ReregisterSlaveMessage extends RegisterSlaveMessage {
  readonly tasks: readonly Task[];
  readonly frameworks: readonly FrameworkInfo[];
  /** Those that frameworks named; a command's own is the agent's affair. */
  readonly executors?: readonly ExecutorInfo[];
  /** Operations whose last status is not acknowledged. */
  readonly operations?: readonly AgentOperation[];
}

/** An executor that a framework named has ended. */
export interface ExitedExecutorMessage {
  readonly slave_id: Value;
  readonly framework_id: Value;
  readonly executor_id: Value;
  /** As wait(2) gives it. */
  readonly exit: number;
}

/** An operation as an agent keeps it. */
export interface AgentOperation {
  readonly operation_uuid: string;
  readonly framework_id?: Value;
  readonly operation: ConversionJson;
  readonly status: OperationStatus;
}

export interface UpdateOperationStatusMessage {
  readonly slave_id: Value;
  readonly operation_uuid: string;
  readonly status: OperationStatus;
}

export interface StatusUpdateMessage {
  readonly slave_id: Value;
  readonly framework_id: Value;
  readonly status: TaskStatus;
  /** Those that go with it. */
  readonly more?: readonly { readonly framework_id: Value; readonly status: TaskStatus }[];
}

export type ToAgent =
  | {
      readonly type: "SlaveRegisteredMessage";
      readonly slave_id: Value;
      readonly total_ping_timeout_seconds: number;
    }
  | {
      readonly type: "SlaveReregisteredMessage";
      readonly slave_id: Value;
      readonly total_ping_timeout_seconds: number;
    }
  | { readonly type: "PingSlaveMessage"; readonly number: number }
  | { readonly type: "AuthenticationFailedMessage" }
  | { readonly type: "ShutdownMessage"; readonly message: string }
  | { readonly type: "RunTaskMessage"; readonly framework: FrameworkInfo; readonly task: TaskInfo }
  | {
      readonly type: "RunTaskGroupMessage";
      readonly framework: FrameworkInfo;
      readonly executor: ExecutorInfo;
      readonly task_group: { readonly tasks: readonly TaskInfo[] };
    }
  | {
      readonly type: "FrameworkToExecutorMessage";
      readonly framework_id: Value;
      readonly executor_id: Value;
      /** Base64. */
      readonly data: string;
    }
  | {
      readonly type: "ShutdownExecutorMessage";
      readonly framework_id: Value;
      readonly executor_id: Value;
    }
  | {
      readonly type: "KillTaskMessage";
      readonly framework_id: Value;
      readonly task_id: Value;
      readonly grace_period_ms?: number;
    }
  | {
      readonly type: "StatusUpdateAcknowledgementMessage";
      readonly framework_id: Value;
      readonly task_id: Value;
      readonly uuid: string;
    }
  | { readonly type: "ShutdownFrameworkMessage"; readonly framework_id: Value }
  | {
      readonly type: "ApplyOperationMessage";
      readonly operation_uuid: string;
      readonly framework_id?: Value;
      readonly operation: ConversionJson;
    }
  | { readonly type: "AcknowledgeOperationStatusMessage"; readonly operation_uuid: string }
  | { readonly type: "DrainSlaveMessage"; readonly config: DrainConfig }
  | { readonly type: "ReactivateSlaveMessage" };

/** Where an agent's POSTs go. */
export const internalPath = "/master/mesos.internal.";
