// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../clock";
import { ResponseStream } from "../http";
import type { TaskInfo, TaskStatus, Value } from "../protocol/types";
import {
  acceptsMediaType,
  addV1Endpoint,
  isRefusal,
  readCall,
  record,
  refuseMethod,
  sendRefusal,
  type V1Format,
  type V1Refusal,
} from "../v1";
import type { Agent } from "./agent";
import type { CustomExecutor, ExecutorStream } from "./custom-executor";

const heartbeatMs = 30 * 60_000;

interface ExecutorCall {
  readonly type?: string;
  readonly framework_id?: Value;
  readonly executor_id?: Value;
  readonly subscribe?: {
    readonly unacknowledged_tasks?: readonly TaskInfo[];
    readonly unacknowledged_updates?: readonly { readonly status: TaskStatus }[];
  };
  readonly update?: { readonly status: TaskStatus };
  readonly message?: { readonly data: string };
}

/** POST /api/v1/executor (docs/executor-http-api.md). */
export function addExecutorRoutes(
  server: FastifyInstance,
  view: { readonly agent: Agent | undefined },
  clock: Clock,
): void {
  addV1Endpoint(server, ["/api/v1/executor"], async (request, reply) => {
    const other = await refuseMethod(request, reply);
    if (other !== undefined) return other;
    const call = readCall("mesos.v1.executor.Call", request.headers, request.body);
    if (isRefusal(call)) return await sendRefusal(reply, call);
    const refused = handle(view.agent, clock, call as ExecutorCall, request, reply);
    return refused === undefined ? reply : await sendRefusal(reply, refused);
  });
}

const refuse = (status: number, message: string): V1Refusal => ({ status, message });

/** The answer; undefined when it is a stream. */
function handle(
  agent: Agent | undefined,
  clock: Clock,
  call: ExecutorCall,
  request: FastifyRequest,
  reply: FastifyReply,
): V1Refusal | undefined {
  const wrong = invalid(call);
  if (wrong !== undefined) return refuse(400, `Failed to validate Executor::Call: ${wrong}`);
  if (agent === undefined) return refuse(503, "Agent has not finished recovery");
  const frameworkId = call.framework_id?.value ?? "";
  const executorId = call.executor_id?.value ?? "";
  const known = agent.executors.all.some((e) => e.record.framework.id?.value === frameworkId);
  if (!known) return refuse(400, "Framework cannot be found");
  const executor = agent.executors.custom(frameworkId, executorId);
  if (executor === undefined) return refuse(400, "Executor cannot be found");
  if (call.type === "SUBSCRIBE") return subscribe(executor, clock, call, request, reply);
  if (!executor.subscribed) return refuse(403, "Executor is not subscribed");
  if (call.type === "UPDATE" && call.update !== undefined) executor.update(call.update.status);
  if (call.type === "MESSAGE" && call.message !== undefined)
    agent.tellScheduler(frameworkId, executorId, call.message.data);
  return refuse(202, "");
}

function subscribe(
  executor: CustomExecutor,
  clock: Clock,
  call: ExecutorCall,
  request: FastifyRequest,
  reply: FastifyReply,
): V1Refusal | undefined {
  const formats: readonly V1Format[] = ["application/json", "application/x-protobuf"];
  const format = formats.find((f) => acceptsMediaType(request.headers.accept, f));
  if (format === undefined) {
    return refuse(406, "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'");
  }
  const response = new ResponseStream(reply, { "content-type": format });
  const stream: ExecutorStream = {
    send: (event) => response.write(record("mesos.v1.executor.Event", format, event)),
    close: () => response.close(),
  };
  const heartbeat = clock.every(heartbeatMs, () => stream.send({ type: "HEARTBEAT" }));
  response.onClose(() => {
    clock.clear(heartbeat);
    executor.disconnected(stream);
  });
  const { unacknowledged_tasks: tasks = [], unacknowledged_updates: updates = [] } = call.subscribe ?? {};
  executor.subscribe(stream, tasks, updates);
  return undefined;
}

/** What Mesos says to a call that is readable and makes no sense (src/slave/validation.cpp). */
function invalid(call: ExecutorCall): string | undefined {
  const { type, update, executor_id: executor, framework_id: framework } = call;
  if (type === undefined) return "Expecting 'type' to be present";
  if (type === "SUBSCRIBE" && call.subscribe === undefined) return "Expecting 'subscribe' to be present";
  if (type === "MESSAGE" && call.message === undefined) return "Expecting 'message' to be present";
  if (type !== "UPDATE") return undefined;
  if (update === undefined) return "Expecting 'update' to be present";
  const { uuid, executor_id: named, source, state } = update.status;
  if (uuid === undefined) return "Expecting 'uuid' to be present";
  const bytes = Buffer.from(uuid, "base64");
  const version = (bytes[6] ?? 0) >> 4;
  if (bytes.length !== 16 || version < 1 || version > 5) return "Not a valid UUID";
  if (named !== undefined && named.value !== executor?.value)
    return `ExecutorID in Call: ${executor?.value} does not match ExecutorID in TaskStatus: ${named.value}`;
  const who = `executor ${executor?.value} of framework ${framework?.value}`;
  if (source !== "SOURCE_EXECUTOR")
    return `Received Call from ${who} with invalid source, expecting 'SOURCE_EXECUTOR'`;
  return state === "TASK_STAGING" ? `Received TASK_STAGING from ${who} which is not allowed` : undefined;
}
