// SPDX-License-Identifier: Apache-2.0
import { isMesosError } from "@pulumi-mesos/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Action } from "../authorizer";
import { filesCall, isFilesCall } from "../files";
import { principalOf } from "../http";
import type { LevelRefusal } from "../logging-level";
import { reservedFor } from "../protocol/kinds";
import type { AgentOperation } from "../protocol/messages";
import { conversionOf } from "../protocol/operations";
import { kinds } from "../protocol/resources";
import { type DurationInfo, isTerminal, versionInfo } from "../protocol/types";
import { v1Task } from "../protocol/v1-task";
import { addV1Endpoint, agentMedia, decode, encode, isRefusal, refuseMethod, sendRefusal } from "../v1";
import { type Kept, keptBy } from "./kept-executors";
import { type AgentView, metrics, refuseEndpoint } from "./routes";
import type { RunningTask } from "./running-task";
import type { Sight } from "./sight";
import { type AgentContainer, containersOf, namesOf, statisticsOf } from "./statistics";

type Json = Record<string, unknown>;

/** POST /api/v1: what operators ask an agent (docs/operator-http-api.md). */
export function addOperatorRoutes(server: FastifyInstance, view: AgentView): void {
  addV1Endpoint(server, ["/api/v1"], async (request, reply) => {
    return (await refuseMethod(request, reply)) ?? (await answer(view, request, reply));
  });
  server.get("/containers", async (request, reply) => {
    const refused = await refuseEndpoint(view, request, reply, "/containers");
    return refused ?? containers(view, view.sightOf(principalOf(request)));
  });
}

async function answer(view: AgentView, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const media = agentMedia(request.headers);
  if (isRefusal(media)) return await sendRefusal(reply, media);
  const { content, accept } = media;
  if (content === "application/recordio" || accept === "application/recordio") {
    return await sendRefusal(reply, { status: 501, message: "streaming calls are not simulated" });
  }
  let call: Json;
  try {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    call = decode("mesos.v1.agent.Call", content, body);
  } catch (error) {
    if (!isMesosError(error) || error.code !== "MESOS_SIMULATOR_BODY") throw error;
    return await sendRefusal(reply, { status: 400, message: error.message });
  }
  const type = call["type"];
  if (typeof type !== "string") {
    const message = "Failed to validate agent::Call: Expecting 'type' to be present";
    return await sendRefusal(reply, { status: 400, message });
  }
  if (view.agent === undefined) {
    return await sendRefusal(reply, { status: 503, message: "Agent has not finished recovery" });
  }
  if (isFilesCall(type)) {
    const args = (call[type.toLowerCase()] ?? {}) as Json;
    if (args["path"] === undefined) {
      const message = `Failed to validate agent::Call: Expecting '${type.toLowerCase()}' to be present`;
      return await sendRefusal(reply, { status: 400, message });
    }
    const result = await filesCall(view.files, type, args, principalOf(request));
    if (!("response" in result)) return await sendRefusal(reply, result);
    return await reply.type(accept).send(encode("mesos.v1.agent.Response", accept, result.response));
  }
  const sight = view.sightOf(principalOf(request));
  const needed = needs[type];
  if (needed !== undefined && !sight.allows(needed)) return await sendRefusal(reply, forbidden);
  if (type === "SET_LOGGING_LEVEL") {
    const refused = setLogging(view, call["set_logging_level"] as LevelArgs | undefined);
    return refused === undefined ? await reply.code(200).send() : await sendRefusal(reply, refused);
  }
  const read = readers[type];
  if (read === undefined) {
    return await sendRefusal(reply, { status: 501, message: `agent call ${type} is not simulated` });
  }
  const response = { type, [type.toLowerCase()]: read(view, sight) };
  return await reply.type(accept).send(encode("mesos.v1.agent.Response", accept, response));
}

/** What a call needs to be allowed; others show only what may be seen. */
const needs: Readonly<Record<string, Action>> = {
  GET_FLAGS: "view_flags",
  SET_LOGGING_LEVEL: "set_log_level",
};
const forbidden = { status: 403, message: "403 Forbidden." } as const;

interface LevelArgs {
  readonly level: number;
  readonly duration: DurationInfo;
}

function setLogging(view: AgentView, args: LevelArgs | undefined): LevelRefusal | undefined {
  if (args === undefined) {
    const message = "Failed to validate agent::Call: Expecting 'set_logging_level' to be present";
    return { status: 400, message };
  }
  const refused = view.logging.set(args.level, Number(args.duration.nanoseconds) / 1e6);
  return refused && { ...refused, message: refused.message.trimEnd() };
}

function operationOf(
  { operation_uuid, framework_id, operation, status }: AgentOperation,
  agentId = "",
): Json {
  return {
    ...(framework_id === undefined ? {} : { framework_id }),
    agent_id: { value: agentId },
    info: operation,
    latest_status: status,
    statuses: [status],
    uuid: { value: Buffer.from(operation_uuid.replaceAll("-", ""), "hex").toString("base64") },
  };
}

/** Mesos shows an operation to whom it shows the roles of all that it takes. */
function mayOperation({ operation }: AgentOperation, sight: Sight): boolean {
  return kinds(conversionOf(operation).consumed).every((kind) =>
    sight.allows("view_roles", reservedFor(kind)),
  );
}

const pairs = (values: Readonly<Record<string, unknown>>): Json[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

function getTasks({ agent }: AgentView, sight: Sight): Json {
  const { id: agentId = "" } = agent ?? {};
  const seen = (all: readonly RunningTask[] = []): RunningTask[] => all.filter((task) => sight.task(task));
  const [tasks, completed] = [seen(agent?.tasks), seen(agent?.completed)];
  const print = (task: RunningTask): Json => v1Task({ ...taskOf(task), agentId });
  const of = (wanted: (task: RunningTask) => boolean): Json[] => tasks.filter(wanted).map(print);
  return {
    pending_tasks: [],
    queued_tasks: of((t) => t.state === "TASK_STAGING"),
    launched_tasks: of((t) => t.state !== "TASK_STAGING" && !isTerminal(t.state)),
    terminated_tasks: of((t) => isTerminal(t.state)),
    completed_tasks: completed.map(print),
  };
}

function taskOf({ info, frameworkId, state, statuses }: RunningTask) {
  return { info, frameworkId, state, statuses };
}

function getFrameworks({ agent }: AgentView, sight: Sight): Json {
  const { live, ended } = keptFor(agent, sight);
  const print = ([, { framework }]: [string, Kept]): Json => ({ framework_info: framework });
  return {
    frameworks: [...live].map(print),
    completed_frameworks: [...ended].filter(([id]) => !live.has(id)).map(print),
  };
}

function keptFor(agent: AgentView["agent"], sight: Sight): ReturnType<typeof keptBy> {
  const { live, ended } = keptBy(agent);
  return { live: sight.kept(live), ended: sight.kept(ended) };
}

function visibleContainers(view: AgentView, sight: Sight): AgentContainer[] {
  return containersOf(view).filter(({ user }) => sight.allows("view_containers", user));
}

/** A command is an executor of its own here as in Mesos. */
function getExecutors({ agent }: AgentView, sight: Sight): Json {
  const { live, ended } = keptFor(agent, sight);
  const print = (all: ReadonlyMap<string, Kept>): Json[] =>
    [...all.values()].flatMap(({ executors }) =>
      [...executors.values()].map(({ info }) => ({ executor_info: info })),
    );
  return { executors: print(live), completed_executors: print(ended) };
}

function getContainers(view: AgentView, sight: Sight): Json {
  return {
    containers: visibleContainers(view, sight).map((container) => ({
      framework_id: { value: container.frameworkId },
      executor_id: { value: container.executorId },
      executor_name: container.name,
      container_id: { value: container.id },
      ...stateOf(view, container),
    })),
  };
}

/** The older endpoint's list. */
function containers(view: AgentView, sight: Sight): Json[] {
  return visibleContainers(view, sight).map((container) => {
    const { container_status, resource_statistics } = stateOf(view, container);
    return { ...namesOf(container), status: container_status, statistics: resource_statistics };
  });
}

function stateOf(
  view: AgentView,
  container: AgentContainer,
): { container_status: Json; resource_statistics: Json } {
  const { id, pid } = container;
  const network_infos = [{ ip_addresses: [{ protocol: "IPv4", ip_address: view.ip }] }];
  return {
    container_status: {
      container_id: { value: id },
      network_infos,
      ...(pid === undefined ? {} : { executor_pid: pid }),
    },
    resource_statistics: statisticsOf(view, container),
  };
}

const readers: Readonly<Record<string, (view: AgentView, sight: Sight) => Json>> = {
  GET_HEALTH: () => ({ healthy: true }),
  GET_FLAGS: ({ texts }) => ({ flags: pairs(texts) }),
  GET_VERSION: () => ({ version_info: versionInfo }),
  GET_METRICS: (view) => ({ metrics: pairs(metrics(view)) }),
  GET_LOGGING_LEVEL: ({ logging }) => ({ level: logging.level }),
  GET_OPERATIONS: ({ agent }, sight) => ({
    operations: (agent?.operations ?? [])
      .filter((o) => mayOperation(o, sight))
      .map((o) => operationOf(o, agent?.id)),
  }),
  GET_STATE: (view, sight) => ({
    get_tasks: getTasks(view, sight),
    get_executors: getExecutors(view, sight),
    get_frameworks: getFrameworks(view, sight),
  }),
  GET_AGENT: ({ agent }) => ({
    agent_info: agent?.info,
    ...(agent?.drain === undefined ? {} : { drain_config: agent.drain }),
  }),
  GET_TASKS: getTasks,
  GET_FRAMEWORKS: getFrameworks,
  GET_EXECUTORS: getExecutors,
  GET_CONTAINERS: getContainers,
  GET_RESOURCE_PROVIDERS: () => ({}),
};
