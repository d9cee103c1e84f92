// SPDX-License-Identifier: Apache-2.0
import { type FilesView, filesCall, isFilesCall } from "../files";
import type { LoggingLevel } from "../logging-level";
import { isTerminal, versionInfo } from "../protocol/types";
import { allocationChanges, allocationReaders } from "./allocation-calls";
import { conversionChanges } from "./conversion-calls";
import { operationJson } from "./conversions";
import { getExecutors } from "./executors";
import type { Leader } from "./leader";
import { maintenanceChanges, maintenanceReaders } from "./maintenance-calls";
import { agentInfoJson, agentJson, frameworkJson, taskJson } from "./operator-json";
import { refusedCall } from "./permissions";
import type { CallRefusal } from "./schedulers";

type Json = Record<string, unknown>;

/** What every call needs to know of the program around the leader. */
export interface OperatorContext {
  readonly leader: Leader;
  /** What of it the principal may see. */
  readonly seen: Pick<Leader, "context">;
  readonly texts: Readonly<Record<string, string>>;
  readonly startedAt: number;
  metrics(): Record<string, number>;
  readonly logging?: LoggingLevel;
  readonly files?: FilesView;
  /** Who asks, where that was authenticated. */
  readonly principal?: string;
}

export interface OperatorAnswer {
  readonly status: number;
  /** A message of the answer, or text as it is. */
  readonly body: Json | string;
}

function getAgents(leader: Pick<Leader, "context">): Json {
  const { state, registrar } = leader.context;
  const recovered = Object.entries(registrar.registry.slaves).filter(([id]) => !state.agents.has(id));
  return {
    agents: [...state.agents.values()].map(agentJson),
    recovered_agents: recovered.map(([, a]) => agentInfoJson(a.info)),
  };
}

function getFrameworks(leader: Pick<Leader, "context">): Json {
  const { state } = leader.context;
  return {
    frameworks: [...state.frameworks.values()].map(frameworkJson),
    completed_frameworks: [...state.completedFrameworks.values()].map(frameworkJson),
  };
}

function getTasks(leader: Pick<Leader, "context">): Json {
  const { state } = leader.context;
  const all = [...state.frameworks.values(), ...state.completedFrameworks.values()];
  const live = all.flatMap((f) => [...f.tasks.values()]);
  return {
    tasks: live.filter((t) => !isTerminal(t.state)).map(taskJson),
    unreachable_tasks: all.flatMap((f) => [...f.unreachableTasks.values()]).map(taskJson),
    completed_tasks: [
      ...live.filter((t) => isTerminal(t.state)),
      ...all.flatMap((f) => f.completedTasks),
    ].map(taskJson),
  };
}

/** The answer of GET_STATE, and the beginning of SUBSCRIBE. */
export function getState(leader: Pick<Leader, "context">): Json {
  return {
    get_tasks: getTasks(leader),
    get_executors: getExecutors(leader.context.state),
    get_frameworks: getFrameworks(leader),
    get_agents: getAgents(leader),
  };
}

const pairs = (record: Readonly<Record<string, unknown>>): Json[] =>
  Object.entries(record).map(([name, value]) => ({ name, value }));

type Reader = (context: OperatorContext) => Json;

const ofLeader = Object.entries({ ...allocationReaders, ...maintenanceReaders }).map(
  ([type, read]): [string, Reader] => [type, ({ leader, principal }) => read(leader, principal)],
);

const readers: Readonly<Record<string, Reader>> = {
  ...Object.fromEntries(ofLeader),
  GET_HEALTH: () => ({ healthy: true }),
  GET_FLAGS: ({ texts }) => ({ flags: pairs(texts) }),
  GET_VERSION: () => ({ version_info: versionInfo }),
  GET_METRICS: (context) => ({ metrics: pairs(context.metrics()) }),
  GET_LOGGING_LEVEL: ({ logging }) => ({ level: logging?.level ?? 0 }),
  GET_STATE: ({ seen }) => getState(seen),
  GET_AGENTS: ({ seen }) => getAgents(seen),
  GET_FRAMEWORKS: ({ seen }) => getFrameworks(seen),
  GET_EXECUTORS: ({ seen }) => getExecutors(seen.context.state),
  GET_OPERATIONS: ({ leader }) => ({
    operations: [...leader.context.state.agents.values()].flatMap((agent) =>
      [...agent.operations.values()].map(operationJson),
    ),
  }),
  GET_TASKS: ({ seen }) => getTasks(seen),
  GET_MASTER: ({ leader, startedAt }) => ({
    master_info: leader.context.info,
    start_time: startedAt / 1000,
    elected_time: leader.context.electedAt / 1000,
  }),
};

/** What a call does that changes something; undefined is 200 without a body. */
type Changer = (
  leader: Leader,
  args: Json,
  principal: string | undefined,
) => Promise<CallRefusal | undefined>;

/** Calls that change something: the arguments are whole, as far as the protocol says what they need. */
const changers: Readonly<Record<string, Changer>> = {
  ...allocationChanges,
  ...maintenanceChanges,
  ...conversionChanges,
  TEARDOWN: async ({ context, schedulers }, args) => {
    const framework = context.state.frameworks.get(named(args, "framework_id"));
    if (framework === undefined) return { status: 400, message: "No framework found with specified ID" };
    schedulers.teardown(framework);
    return undefined;
  },
  DRAIN_AGENT: async ({ operations }, args) => {
    const { seconds, nanos } = (args["max_grace_period"] ?? {}) as Record<string, number | undefined>;
    const nanoseconds = Number(seconds ?? 0) * 1e9 + Number(nanos ?? 0);
    if (nanoseconds < 0) {
      return { status: 400, message: "Invalid 'max_grace_period': a duration cannot be negative" };
    }
    const grace = args["max_grace_period"] === undefined ? undefined : { nanoseconds };
    return await operations.drain(named(args, "agent_id"), grace, args["mark_gone"] === true);
  },
  DEACTIVATE_AGENT: async ({ operations }, args) => await operations.deactivate(named(args, "agent_id")),
  REACTIVATE_AGENT: async ({ operations }, args) => await operations.reactivate(named(args, "agent_id")),
  MARK_AGENT_GONE: async ({ operations }, args) => await operations.markGone(named(args, "agent_id")),
};

/** Answers one call of POST /api/v1 other than SUBSCRIBE (mesos.md 2.2); it has been read and checked. */
export async function operatorCall(context: OperatorContext, call: Json): Promise<OperatorAnswer> {
  const type = String(call["type"]);
  const key = type.toLowerCase();
  const denied = refusedCall(context.leader.context, type, (call[key] ?? {}) as Json, context.principal);
  if (denied !== undefined) return { status: denied.status, body: denied.message };
  if (isFilesCall(type) && context.files !== undefined) {
    const answer = await filesCall(context.files, type, (call[key] ?? {}) as Json, context.principal);
    return "response" in answer
      ? { status: 200, body: answer.response }
      : { status: answer.status, body: answer.message };
  }
  const read = readers[type];
  if (read !== undefined) return { status: 200, body: { type, [key]: read(context) } };
  if (type === "SET_LOGGING_LEVEL") return setLogging(context, (call[key] ?? {}) as Json);
  const change = changers[type];
  if (change === undefined) {
    const body = type === "UNKNOWN" ? "501 Not Implemented." : `operator call ${type} is not simulated`;
    return { status: 501, body };
  }
  const refused = await change(context.leader, (call[key] ?? {}) as Json, context.principal);
  return refused === undefined
    ? { status: 200, body: "" }
    : { status: refused.status, body: refused.message };
}

function named(args: Json, key: string): string {
  return (args[key] as { readonly value?: string } | undefined)?.value ?? "";
}

function setLogging(context: OperatorContext, args: Json): OperatorAnswer {
  const nanoseconds = (args["duration"] as { nanoseconds?: number | string } | undefined)?.nanoseconds ?? 0;
  const refused = context.logging?.set(Number(args["level"]), Number(nanoseconds) / 1e6);
  return refused === undefined
    ? { status: 200, body: "" }
    : { status: refused.status, body: refused.message.trimEnd() };
}
