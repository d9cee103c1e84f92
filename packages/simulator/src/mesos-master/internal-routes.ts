// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ResponseStream } from "../http";
import {
  internalPath,
  type RegisterSlaveMessage,
  type ReregisterSlaveMessage,
  type UpdateOperationStatusMessage,
} from "../protocol/messages";
import { fromJson } from "../protocol/resources";
import type { TaskStatus, Value } from "../protocol/types";
import { encodeRecord } from "../recordio";
import { AgentAuthentication } from "./agent-authentication";
import { executorExited, executorSaid } from "./executors";
import type { Leader } from "./leader";
import { answer, type ReplicaCall } from "./quorum-log";
import type { Replica } from "./replica";
import type { MasterView } from "./routes";
import type { AgentLink } from "./state";

/** Where other masters ask this one's replica. */
export const replicaPath = "/log-replica/call";

/** What only simulated agents and masters call. */
export function addInternalRoutes(server: FastifyInstance, view: MasterView, replica: Replica): void {
  server.post(replicaPath, async (request, reply) => {
    const call = request.body as ReplicaCall | undefined;
    if (call?.type !== "status" && call?.type !== "promise" && call?.type !== "write")
      return reply.code(400).send();
    return await answer(replica, call);
  });
  const authentication = new AgentAuthentication();
  server.post(`${internalPath}AuthenticateMessage`, async (request, reply) => {
    const { stream } = (request.body ?? {}) as { stream?: unknown };
    if (view.leader === undefined) return reply.code(503).send({ message: "this master does not lead" });
    if (typeof stream !== "string") return reply.code(400).send({ message: "stream is missing" });
    return { nonce: authentication.nonce(stream) };
  });
  for (const name of ["RegisterSlaveMessage", "ReregisterSlaveMessage"] as const) {
    server.post(internalPath + name, { bodyLimit: 64 * 1024 * 1024 }, async (request, reply) => {
      if (view.leader === undefined) return reply.code(503).send({ message: "this master does not lead" });
      register(view.leader, authentication, name, request, reply);
      return reply;
    });
  }
  const fromAgent = (name: string, take: (leader: Leader, body: AgentBody) => unknown): void => {
    server.post(internalPath + name, async (request, reply) => {
      const body = request.body as AgentBody | undefined;
      if (view.leader === undefined) return reply.code(503).send({ message: "this master does not lead" });
      if (typeof body?.slave_id?.value !== "string")
        return reply.code(400).send({ message: "slave_id is missing" });
      const { state } = view.leader.context;
      const refused = await take(view.leader, body);
      state.count(state.counters.messages, name);
      if (refused === false) state.count(state.counters.messages, `${name}!`);
      return reply.code(refused === false ? 409 : 202).send();
    });
  };
  const known = (leader: Leader, body: AgentBody) => leader.agents.find(body.slave_id.value, body.stream);
  fromAgent("PongSlaveMessage", (leader, body) => {
    const agent = known(leader, body);
    if (agent === undefined) return false;
    leader.agents.pong(agent);
    return true;
  });
  fromAgent("StatusUpdateMessage", (leader, body) => {
    const agent = known(leader, body);
    if (agent === undefined || body.framework_id === undefined || body.status === undefined) return false;
    leader.tasks.update(agent, body.framework_id.value, body.status);
    for (const { framework_id, status } of body.more ?? []) {
      leader.tasks.update(agent, framework_id.value, status);
    }
    return true;
  });
  fromAgent("ExitedExecutorMessage", (leader, body) => {
    const agent = known(leader, body);
    if (agent === undefined || body.framework_id === undefined || body.executor_id === undefined)
      return false;
    executorExited(leader.context, agent, body.framework_id.value, body.executor_id.value, body.exit ?? 0);
    return true;
  });
  fromAgent("UpdateOperationStatusMessage", (leader, body) => {
    const agent = known(leader, body);
    const { operation_uuid: uuid, status } = body as unknown as Partial<UpdateOperationStatusMessage>;
    if (agent === undefined || uuid === undefined || status === undefined) return false;
    leader.conversions.update(agent, uuid, status);
    return true;
  });
  fromAgent("ExecutorToFrameworkMessage", (leader, body) => {
    const agent = known(leader, body);
    if (agent === undefined || body.framework_id === undefined || body.executor_id === undefined)
      return false;
    executorSaid(leader.context, agent, body.framework_id.value, body.executor_id.value, body.data ?? "");
    return true;
  });
  fromAgent("UnregisterSlaveMessage", async (leader, body) => {
    const agent = known(leader, body);
    if (agent === undefined) return false;
    await leader.agents.unregister(agent);
    return true;
  });
}

interface AgentBody {
  readonly slave_id: Value;
  readonly stream: string;
  readonly framework_id?: Value;
  readonly status?: TaskStatus;
  readonly more?: readonly { readonly framework_id: Value; readonly status: TaskStatus }[];
  readonly executor_id?: Value;
  readonly exit?: number;
  readonly data?: string;
}

function register(
  leader: Leader,
  authentication: AgentAuthentication,
  name: string,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const message = request.body as ReregisterSlaveMessage;
  const wrong = invalid(message);
  if (wrong !== undefined) {
    void reply.code(400).send({ message: wrong });
    return;
  }
  const response = new ResponseStream(reply, { "content-type": "application/json" });
  const link: AgentLink = {
    stream: message.stream,
    send: (event) => response.write(encodeRecord(JSON.stringify(event))),
    close: () => response.close(),
  };
  const verdict = authentication.check(leader.context.flags, message);
  if (verdict !== "admitted") {
    leader.context.log(`agent at ${message.pid} is not authenticated: its credential is ${verdict}`);
    if (verdict === "wrong") link.send({ type: "AuthenticationFailedMessage" });
    else link.send({ type: "ShutdownMessage", message: "Agent is not authenticated" });
    return;
  }
  if (!leader.context.authorizer.allows("register_agents", message.credential?.principal)) {
    leader.context.log(`agent at ${message.pid} is not authorized to register`);
    link.send({ type: "ShutdownMessage", message: "Agent is not authorized to register" });
    return;
  }
  response.onClose(() => leader.agents.disconnected(link));
  const done =
    name === "RegisterSlaveMessage"
      ? leader.agents.register(message as RegisterSlaveMessage, link)
      : leader.agents.reregister(message, link);
  done.catch((error: unknown) => {
    leader.context.log(`registration of ${message.pid} failed: ${messageOf(error)}`);
    response.close();
  });
}

function invalid(message: Partial<ReregisterSlaveMessage> | undefined): string | undefined {
  const { slave, pid, stream } = message ?? {};
  if (
    typeof slave?.hostname !== "string" ||
    !Array.isArray(slave.resources) ||
    !Array.isArray(slave.attributes)
  ) {
    return "slave is missing or incomplete";
  }
  if (typeof pid !== "string" || typeof stream !== "string") return "pid or stream is missing";
  try {
    fromJson(slave.resources);
  } catch (error) {
    return messageOf(error);
  }
  return undefined;
}
