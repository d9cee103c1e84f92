// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { principalOf, ResponseStream } from "../http";
import {
  addV1Endpoint,
  answerFormat,
  encode,
  isRefusal,
  readCall,
  record,
  refuseMethod,
  sendRefusal,
  type V1Format,
} from "../v1";
import { invalidMasterCall } from "./call-checks";
import type { Leader } from "./leader";
import { getState, operatorCall } from "./operator-api";
import { agentJson } from "./operator-json";
import { mayHear, visible } from "./permissions";
import { leaderOrRedirect, type MasterView } from "./routes";
import { heartbeatSeconds } from "./schedulers";

/** POST /api/v1 (mesos.md 2.2): JSON and protobuf in, either out. */
export function addOperatorRoutes(server: FastifyInstance, view: MasterView): void {
  addV1Endpoint(server, ["/api/v1", "/master/api/v1"], async (request, reply) => {
    const leader = await leaderOrRedirect(view, request, reply);
    if (leader === undefined) return reply;
    return (await refuseMethod(request, reply)) ?? (await operator(view, leader, request, reply));
  });
}

async function operator(
  view: MasterView,
  leader: Leader,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const call = readCall("mesos.v1.master.Call", request.headers, request.body);
  if (isRefusal(call)) return await sendRefusal(reply, call);
  const wrong = invalidMasterCall(call);
  if (wrong !== undefined) {
    return await sendRefusal(reply, { status: 400, message: `Failed to validate master::Call: ${wrong}` });
  }
  const format = answerFormat(request.headers);
  if (isRefusal(format)) return await sendRefusal(reply, format);
  if (call["type"] === "SUBSCRIBE") {
    subscribe(leader, principalOf(request), reply, format);
    return reply;
  }
  const principal = principalOf(request);
  const context = {
    leader,
    seen: { context: visible(leader.context, principal) },
    texts: view.texts,
    startedAt: view.startedAt,
    metrics: () => view.metrics(),
    logging: view.logging,
    files: view.files,
    ...(principal === undefined ? {} : { principal }),
  };
  const { status, body } = await operatorCall(context, call);
  if (typeof body === "string") return await sendRefusal(reply, { status, message: body });
  return await reply
    .code(status)
    .header("content-type", format)
    .send(encode("mesos.v1.master.Response", format, body));
}

type Event = Readonly<Record<string, unknown>>;

/** Events as records, made once however many read them. */
const records = new WeakMap<Event, Map<V1Format, Buffer>>();

function recordOf(event: Event, format: V1Format, leader: Leader): Buffer {
  const made = records.get(event) ?? new Map<V1Format, Buffer>();
  records.set(event, made);
  const known = made.get(format);
  if (known !== undefined) return known;
  const bytes = record("mesos.v1.master.Event", format, complete(event, leader));
  made.set(format, bytes);
  return bytes;
}

/** Whoever tells of a new agent says little of it. */
function complete(event: Event, leader: Leader): Event {
  const added = event["agent_added"] as { agent?: { agent_info?: { id?: { value: string } } } } | undefined;
  const agent = leader.context.state.agents.get(added?.agent?.agent_info?.id?.value ?? "");
  return agent === undefined ? event : { type: "AGENT_ADDED", agent_added: { agent: agentJson(agent) } };
}

/** The event stream: everything first, then what changes. */
function subscribe(
  leader: Leader,
  principal: string | undefined,
  reply: FastifyReply,
  format: V1Format,
): void {
  const { state, clock, flags } = leader.context;
  const stream = new ResponseStream(reply, { "content-type": format });
  state.makeRoom(flags.max_operator_event_stream_subscribers);
  const send = (event: Event): void => stream.write(recordOf(event, format, leader));
  send({
    type: "SUBSCRIBED",
    subscribed: {
      get_state: getState({ context: visible(leader.context, principal) }),
      heartbeat_interval_seconds: heartbeatSeconds,
    },
  });
  // At once too: who reads line by line has a record only when the next one's length comes.
  send({ type: "HEARTBEAT" });
  const heartbeat = clock.every(heartbeatSeconds * 1000, () => send({ type: "HEARTBEAT" }));
  const hears = mayHear(leader.context, principal);
  const off = state.onEvent(
    (event) => {
      if (hears(event)) send(event);
    },
    () => stream.close(),
  );
  stream.onClose(() => {
    off();
    clock.clear(heartbeat);
  });
}
