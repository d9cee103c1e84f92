// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { AgentOperation } from "../protocol/messages";
import { type Conversion, type ConversionJson, conversionOf } from "../protocol/operations";
import { add, contains, type Resources, subtract, toJson } from "../protocol/resources";
import type { ExecutorInfo, OperationStatus, ResourceJson, TaskInfo, Value } from "../protocol/types";
import { type Context, rescind } from "./context";
import { invalidConversion } from "./conversion-checks";
import { mayOperate } from "./permissions";
import type { CallRefusal } from "./scheduler-call";
import type { Agent, Framework, OperationRecord } from "./state";

/** Reservations and volumes: what converts an agent's resources, from the request to the last acknowledgement. */
export class Conversions {
  readonly #context: Context;
  /** Called when an agent has one operation less. */
  onSettled: (agent: Agent) => void = () => undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** An operation of ACCEPT; what the offer has after it comes back. A refused one changes nothing. */
  accept(
    framework: Framework,
    role: string,
    agent: Agent | undefined,
    asked: ConversionJson,
    left: Resources,
  ): Resources {
    const operation = allocate(asked, role);
    if (agent === undefined) {
      this.#drop(
        framework,
        undefined,
        operation,
        "Operation attempted with invalid offers",
        "OPERATION_DROPPED",
      );
      return left;
    }
    const asker = { framework: framework.info, principal: framework.info.principal };
    const checked = this.#check(agent, operation, asker, left);
    if (typeof checked === "string") {
      const where = `${agent.id} at ${agent.pid} (${agent.info.hostname})`;
      this.#drop(framework, agent, operation, `${checked}; on agent ${where}`, "OPERATION_ERROR");
      return left;
    }
    this.#apply(agent, operation, checked, framework.id);
    return add(subtract(left, checked.consumed), checked.converted);
  }

  /** An operator's request for what is free; offers are taken back as far as that is needed. */
  operate(agent: Agent, operation: ConversionJson, principal: string | undefined): CallRefusal | undefined {
    const where =
      operation.type === "UNRESERVE" ? "" : ` on agent ${agent.id} at ${agent.pid} (${agent.info.hostname})`;
    const name = `Invalid ${operation.type} operation${where}`;
    const checked = this.#check(agent, operation, { framework: undefined, principal });
    if (typeof checked === "string") return { status: 400, message: `${name}: ${checked}` };
    const unused = (): Resources => subtract(agent.total, agent.used);
    if (!contains(unused(), checked.consumed)) {
      return { status: 409, message: lacking(unused(), checked.consumed) };
    }
    for (const offer of [...agent.offers]) {
      if (contains(subtract(unused(), agent.offered), checked.consumed)) break;
      rescind(this.#context, offer);
    }
    this.#apply(agent, operation, checked, undefined);
    this.#context.allocate([agent]);
    return undefined;
  }

  /** What the agent made of an operation. */
  update(agent: Agent, uuid: string, status: OperationStatus): void {
    const record = agent.operations.get(uuid);
    if (record === undefined) {
      agent.link?.send({ type: "AcknowledgeOperationStatusMessage", operation_uuid: uuid });
      return;
    }
    const known = record.statuses.some((s) => s.uuid?.value === status.uuid?.value);
    if (!known) {
      record.statuses.push({ ...status, agent_id: { value: agent.id } });
      if (status.state === "OPERATION_FAILED") this.#revert(agent, record);
    }
    const framework = this.#context.state.frameworks.get(record.frameworkId ?? "");
    if (record.info.id === undefined || framework === undefined) this.#settle(agent, record);
    else this.#tell(framework, status, agent);
  }

  acknowledge(framework: Framework, agentId: string | undefined, uuid: string): void {
    const agent = this.#context.state.agents.get(agentId ?? "");
    const all = [...(agent?.operations.values() ?? [])];
    const record = all.find((o) => o.frameworkId === framework.id && o.statuses.at(-1)?.uuid?.value === uuid);
    if (agent !== undefined && record !== undefined) this.#settle(agent, record);
  }

  /** Without operations: all that are known. */
  reconcile(framework: Framework, asked: readonly { operation_id?: Value; agent_id?: Value }[]): void {
    const { state, registrar } = this.#context;
    const own = [...state.agents.values()].flatMap((agent) =>
      [...agent.operations.values()]
        .filter((o) => o.frameworkId === framework.id && o.info.id !== undefined)
        .map((record) => ({ agent, record })),
    );
    const latest = ({ agent, record }: (typeof own)[number]): void => {
      const { uuid: _uuid, ...status } = record.statuses.at(-1) ?? pending(record);
      this.#tell(framework, status, agent);
    };
    if (asked.length === 0) own.forEach(latest);
    for (const { operation_id, agent_id } of asked) {
      const found = own.find(({ record }) => record.info.id?.value === operation_id?.value);
      if (found !== undefined) {
        latest(found);
        continue;
      }
      const id = agent_id?.value ?? "";
      const { slaves, unreachable, gone } = registrar.registry;
      const unknown: OperationStatus["state"] = gone[id]
        ? "OPERATION_GONE_BY_OPERATOR"
        : unreachable[id]
          ? "OPERATION_UNREACHABLE"
          : slaves[id] !== undefined && !state.agents.has(id)
            ? "OPERATION_RECOVERING"
            : "OPERATION_UNKNOWN";
      const status = { ...(operation_id === undefined ? {} : { operation_id }), state: unknown };
      this.#send(framework, agent_id === undefined ? status : { ...status, agent_id });
    }
  }

  /** Passes on again what a scheduler that is back has not acknowledged. */
  resend(framework: Framework): void {
    for (const agent of this.#context.state.agents.values()) {
      for (const record of agent.operations.values()) {
        const last = record.statuses.at(-1);
        if (record.frameworkId === framework.id && last !== undefined) this.#tell(framework, last, agent);
      }
    }
  }

  /** An agent that is back says what it has and what nobody has acknowledged. */
  reregistered(agent: Agent, operations: readonly AgentOperation[]): void {
    const reported = new Set(operations.map((o) => o.operation_uuid));
    for (const record of agent.operations.values()) {
      if (!reported.has(record.uuid)) agent.operations.delete(record.uuid);
    }
    for (const { operation_uuid: uuid, operation, framework_id, status } of operations) {
      if (!agent.operations.has(uuid)) {
        const frameworkId = framework_id?.value;
        agent.operations.set(uuid, { uuid, agentId: agent.id, frameworkId, info: operation, statuses: [] });
      }
      this.update(agent, uuid, status);
    }
  }

  /** The agent is gone or unreachable, and its operations with it. */
  lost(agent: Agent, state: "OPERATION_UNREACHABLE" | "OPERATION_GONE_BY_OPERATOR"): void {
    for (const record of agent.operations.values()) {
      const framework = this.#context.state.frameworks.get(record.frameworkId ?? "");
      if (framework !== undefined && record.info.id !== undefined) {
        this.#tell(framework, { operation_id: record.info.id, state }, agent);
      }
    }
    agent.operations.clear();
  }

  /** Why not, or what is converted. */
  #check(
    agent: Agent,
    operation: ConversionJson,
    asker: Parameters<typeof invalidConversion>[1],
    available?: Resources,
  ): string | Conversion {
    try {
      const wrong = invalidConversion(operation, asker, agent.total);
      if (wrong !== undefined) return wrong;
      if (asker.framework !== undefined && !mayOperate(this.#context, operation, asker.principal)) {
        return `Not authorized to ${operation.type.toLowerCase()} resources as '${asker.principal ?? "ANY"}'`;
      }
      const conversion = conversionOf(operation);
      if (operation.type === "DESTROY" && !contains(agent.total, conversion.consumed)) {
        return "Persistent volumes not found";
      }
      if (available === undefined || contains(available, conversion.consumed)) return conversion;
      return lacking(available, conversion.consumed);
    } catch (error) {
      return `Invalid resources: ${messageOf(error)}`;
    }
  }

  #apply(agent: Agent, operation: ConversionJson, change: Conversion, frameworkId: string | undefined): void {
    const uuid = Buffer.from(this.#context.uuid().replaceAll("-", ""), "hex").toString("base64");
    agent.total = add(subtract(agent.total, change.consumed), change.converted);
    agent.operations.set(uuid, { uuid, agentId: agent.id, frameworkId, info: operation, statuses: [] });
    this.#context.log(
      `operation ${operation.type} on agent ${agent.id}${frameworkId ? ` of framework ${frameworkId}` : ""}`,
    );
    agent.link?.send({
      type: "ApplyOperationMessage",
      operation_uuid: uuid,
      operation,
      ...(frameworkId === undefined ? {} : { framework_id: { value: frameworkId } }),
    });
  }

  /** The agent could not do it: its resources are as they were, as far as nobody uses them. */
  #revert(agent: Agent, record: OperationRecord): void {
    const { consumed, converted } = conversionOf(record.info);
    for (const offer of [...agent.offers]) rescind(this.#context, offer);
    if (contains(agent.total, converted)) agent.total = add(subtract(agent.total, converted), consumed);
    this.#context.allocate([agent]);
  }

  #settle(agent: Agent, record: OperationRecord): void {
    agent.operations.delete(record.uuid);
    agent.link?.send({ type: "AcknowledgeOperationStatusMessage", operation_uuid: record.uuid });
    this.onSettled(agent);
  }

  #drop(
    framework: Framework,
    agent: Agent | undefined,
    operation: ConversionJson,
    message: string,
    state: OperationStatus["state"],
  ): void {
    this.#context.log(`dropping ${operation.type} operation from framework ${framework.id}: ${message}`);
    if (operation.id === undefined) return;
    this.#tell(framework, { operation_id: operation.id, state, message }, agent);
  }

  #tell(framework: Framework, status: OperationStatus, agent: Agent | undefined): void {
    this.#send(framework, agent === undefined ? status : { ...status, agent_id: { value: agent.id } });
  }

  #send(framework: Framework, status: OperationStatus): void {
    framework.link?.send({ type: "UPDATE_OPERATION_STATUS", update_operation_status: { status } });
  }
}

function lacking(available: Resources, needed: Resources): string {
  return `${JSON.stringify(toJson(available))} does not contain ${JSON.stringify(toJson(needed))}`;
}

function pending(record: OperationRecord): OperationStatus {
  return {
    ...(record.info.id === undefined ? {} : { operation_id: record.info.id }),
    state: "OPERATION_PENDING",
  };
}

/** Says on every resource to whom it is allocated, where the scheduler did not (Mesos does so, too). */
function allocate(operation: ConversionJson, role: string): ConversionJson {
  const fill = (items: readonly ResourceJson[] | undefined): readonly ResourceJson[] =>
    (items ?? []).map((item) => ({ allocation_info: { role }, ...item }));
  const { reserve, unreserve, create, destroy } = operation;
  return {
    ...operation,
    ...(reserve === undefined
      ? {}
      : {
          reserve: {
            ...(reserve.source === undefined ? {} : { source: fill(reserve.source) }),
            resources: fill(reserve.resources),
          },
        }),
    ...(unreserve === undefined ? {} : { unreserve: { resources: fill(unreserve.resources) } }),
    ...(create === undefined ? {} : { create: { volumes: fill(create.volumes) } }),
    ...(destroy === undefined ? {} : { destroy: { volumes: fill(destroy.volumes) } }),
  };
}

/** A task whose resources say to whom they are allocated. */
export function allocated(info: TaskInfo, role: string): TaskInfo {
  const resources = info.resources.map((item) => ({ allocation_info: { role }, ...item }));
  const { executor } = info;
  return {
    ...info,
    resources,
    ...(executor === undefined ? {} : { executor: allocatedExecutor(executor, role) }),
  };
}

export function allocatedExecutor(info: ExecutorInfo, role: string): ExecutorInfo {
  if (info.resources === undefined) return info;
  return { ...info, resources: info.resources.map((item) => ({ allocation_info: { role }, ...item })) };
}

/** An operation in the v1 JSON of GET_OPERATIONS. */
export function operationJson(record: OperationRecord): Record<string, unknown> {
  return {
    ...(record.frameworkId === undefined ? {} : { framework_id: { value: record.frameworkId } }),
    agent_id: { value: record.agentId },
    info: record.info,
    latest_status: record.statuses.at(-1) ?? pending(record),
    statuses: record.statuses,
    uuid: { value: record.uuid },
  };
}
