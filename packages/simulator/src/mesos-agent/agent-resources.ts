// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { AgentOperation, ToAgent, UpdateOperationStatusMessage } from "../protocol/messages";
import { checkpointed, conversionOf, withCheckpointed } from "../protocol/operations";
import { add, contains, fromJson, type Resources, subtract, toJson } from "../protocol/resources";
import type { OperationStatus, ResourceJson } from "../protocol/types";
import type { Checkpoints } from "./checkpoint";
import { syncVolumes } from "./persistent-volumes";

const firstRetryMs = 10_000;
const lastRetryMs = 600_000;

type Apply = Extract<ToAgent, { type: "ApplyOperationMessage" }>;

export interface AgentResourcesOptions {
  /** What `--resources` and the machine say. */
  readonly own: Resources;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly send: (message: Omit<UpdateOperationStatusMessage, "slave_id">) => void;
}

/** An agent's dynamic reservations and volumes, kept over restarts and changes of its id. */
export class AgentResources {
  readonly #options: AgentResourcesOptions;
  readonly #operations = new Map<string, AgentOperation>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #total: Resources;

  constructor(options: AgentResourcesOptions) {
    this.#options = options;
    const { own, checkpoints } = options;
    const kept = checkpoints.resources;
    this.#total = withCheckpointed(own, fromJson(kept.resources)) ?? own;
    for (const operation of kept.operations) this.#operations.set(operation.operation_uuid, operation);
  }

  /** Makes the volumes' directories anew where they are missing; throws when the agent has no room for what was kept. */
  recover(): void {
    const { own, checkpoints } = this.#options;
    const { resources } = checkpoints.resources;
    if (withCheckpointed(own, fromJson(resources)) === undefined) {
      throw new MesosError(
        "MESOS_SIMULATOR_INCOMPATIBLE",
        `Checkpointed resources ${JSON.stringify(resources)} are incompatible with agent resources ${JSON.stringify(toJson(own))}`,
      );
    }
    syncVolumes(checkpoints.workDir, this.#total, this.#total);
  }

  get total(): Resources {
    return this.#total;
  }

  /** For a registration. */
  get checkpointed(): ResourceJson[] {
    return toJson(checkpointed(this.#total));
  }

  get operations(): AgentOperation[] {
    return [...this.#operations.values()];
  }

  /** Does what the master asks, remembers it, and only then says so. */
  apply(message: Apply): void {
    const { operation_uuid, operation, framework_id } = message;
    if (this.#operations.has(operation_uuid)) return;
    const uuid = { value: Buffer.from(this.#options.uuid().replaceAll("-", ""), "hex").toString("base64") };
    const id = operation.id === undefined ? {} : { operation_id: operation.id };
    let status: OperationStatus;
    try {
      const { consumed, converted } = conversionOf(operation);
      if (!contains(this.#total, consumed)) {
        throw new MesosError(
          "MESOS_SIMULATOR_RESOURCES",
          `the agent does not have what ${operation.type} needs`,
        );
      }
      const after = add(subtract(this.#total, consumed), converted);
      syncVolumes(this.#options.checkpoints.workDir, this.#total, after);
      this.#total = after;
      status = {
        ...id,
        state: "OPERATION_FINISHED",
        converted_resources: toJson(converted, undefined, "post"),
        uuid,
      };
    } catch (error) {
      status = { ...id, state: "OPERATION_FAILED", message: messageOf(error), uuid };
    }
    const framework = framework_id === undefined ? {} : { framework_id };
    this.#operations.set(operation_uuid, { operation_uuid, operation, status, ...framework });
    this.#save();
    this.#send(operation_uuid, firstRetryMs);
  }

  acknowledge(uuid: string): void {
    this.#options.clock.clear(this.#retries.get(uuid));
    this.#retries.delete(uuid);
    if (this.#operations.delete(uuid)) this.#save();
  }

  stop(): void {
    for (const timer of this.#retries.values()) this.#options.clock.clear(timer);
    this.#retries.clear();
  }

  /** Again until it is acknowledged, like the status of a task. */
  #send(uuid: string, pauseMs: number): void {
    const operation = this.#operations.get(uuid);
    if (operation === undefined) return;
    this.#options.send({ operation_uuid: uuid, status: operation.status });
    const next = (): void => this.#send(uuid, Math.min(pauseMs * 2, lastRetryMs));
    this.#retries.set(uuid, this.#options.clock.after(pauseMs, next));
  }

  #save(): void {
    this.#options.checkpoints.saveResources({ resources: this.checkpointed, operations: this.operations });
  }
}
