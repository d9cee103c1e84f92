// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { principalOf, ResponseStream } from "../http";
import {
  addV1Endpoint,
  answerFormat,
  isRefusal,
  type Json,
  readCall,
  record,
  refuseMethod,
  sendRefusal,
  type V1Format,
} from "../v1";
import { invalidSchedulerCall } from "./call-checks";
import type { Leader } from "./leader";
import { leaderOrRedirect, type MasterView } from "./routes";
import { type CallRefusal, heartbeatSeconds, type SchedulerCall } from "./schedulers";
import type { SchedulerLink } from "./state";

/** POST /api/v1/scheduler (mesos.md 2.3): JSON and protobuf in, events in either. */
export function addSchedulerRoutes(server: FastifyInstance, view: MasterView): void {
  addV1Endpoint(server, ["/api/v1/scheduler", "/master/api/v1/scheduler"], async (request, reply) => {
    const leader = await leaderOrRedirect(view, request, reply);
    if (leader === undefined) return reply;
    const refused = await refuseMethod(request, reply);
    if (refused !== undefined) return refused;
    const answer = handle(leader, request, reply);
    return answer === undefined ? reply : await sendRefusal(reply, answer);
  });
}

const accepted: CallRefusal = { status: 202, message: "" };

function refuse(status: number, message: string): CallRefusal {
  return { status, message };
}

/** The answer, or undefined when the answer is a stream. */
function handle(leader: Leader, request: FastifyRequest, reply: FastifyReply): CallRefusal | undefined {
  const read = readCall("mesos.v1.scheduler.Call", request.headers, request.body);
  if (isRefusal(read)) return read;
  const wrong = invalidSchedulerCall(read);
  if (wrong !== undefined) return refuse(400, `Failed to validate scheduler::Call: ${wrong}`);
  const call = withLists(read);
  const stream = request.headers["mesos-stream-id"];
  if (call.type === "SUBSCRIBE") {
    const format = answerFormat(request.headers);
    if (isRefusal(format)) return format;
    if (stream !== undefined) {
      return refuse(400, "Subscribe calls should not include the 'Mesos-Stream-Id' header");
    }
    return subscribe(leader, call, reply, format, principalOf(request));
  }
  const id = call.framework_id?.value ?? "";
  const framework = leader.context.state.frameworks.get(id);
  if (framework === undefined) return refuse(400, "Framework cannot be found");
  const principal = principalOf(request);
  if (principal !== undefined && principal !== framework.info.principal) {
    return foreignPrincipal(principal, framework.info.principal ?? "");
  }
  if (framework.link === undefined) return refuse(403, "Framework is not subscribed");
  if (stream === undefined) {
    return refuse(400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header");
  }
  if (stream !== framework.link.stream) {
    return refuse(
      400,
      `The stream ID '${stream}' included in this request didn't match the stream ID currently associated with framework ID ${id}`,
    );
  }
  if (call.type === "UNKNOWN") return refuse(501, "501 Not Implemented.");
  return leader.schedulers.call(framework, call) ?? accepted;
}

function foreignPrincipal(authenticated: string, own: string, prefix = ""): CallRefusal {
  return refuse(
    400,
    `${prefix}Authenticated principal '${authenticated}' does not match principal '${own}' set in \`FrameworkInfo\``,
  );
}

/** The call; tasks without resources have an empty list of them, where what is read has none. */
function withLists(read: Json): SchedulerCall {
  const call = read as unknown as SchedulerCall;
  for (const { launch, launch_group: group } of call.accept?.operations ?? []) {
    const tasks = [...(launch?.task_infos ?? []), ...(group?.task_group?.tasks ?? [])];
    for (const task of tasks as { resources?: unknown }[]) task.resources ??= [];
  }
  return call;
}

function subscribe(
  leader: Leader,
  call: SchedulerCall,
  reply: FastifyReply,
  format: V1Format,
  principal: string | undefined,
): CallRefusal | undefined {
  const given = call.subscribe?.framework_info;
  if (given === undefined) return refuse(400, "Expecting 'subscribe' to be present");
  if (principal !== undefined && given.principal !== undefined && given.principal !== principal) {
    return foreignPrincipal(principal, given.principal, "Failed to validate scheduler::Call: ");
  }
  const info = principal === undefined ? given : { ...given, principal };
  const id = info.id;
  if (id !== undefined && !/^[A-Za-z0-9._-]{1,200}$/.test(id.value)) {
    return refuse(400, `Failed to validate scheduler::Call: '${id.value}' is an invalid framework ID`);
  }
  const { clock, uuid, state } = leader.context;
  state.count(state.counters.messages, id === undefined ? "SUBSCRIBE" : "RESUBSCRIBE");
  const stream = uuid();
  const response = new ResponseStream(reply, {
    "content-type": format,
    "mesos-stream-id": stream,
  });
  const link: SchedulerLink = {
    stream,
    send: (event) => {
      link.counts?.event(event);
      response.write(record("mesos.v1.scheduler.Event", format, event));
    },
    close: () => response.close(),
  };
  const heartbeat = clock.every(heartbeatSeconds * 1000, () => link.send({ type: "HEARTBEAT" }));
  response.onClose(() => {
    clock.clear(heartbeat);
    leader.schedulers.disconnected(link);
  });
  leader.schedulers.subscribe(info, link, call.subscribe);
  return undefined;
}
