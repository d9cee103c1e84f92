// SPDX-License-Identifier: Apache-2.0
import {
  AgentPoolStatus,
  type Decoder,
  decoder,
  type MemberAddress,
  type Static,
  Type,
} from "@pulumi-mesos/model";
import { getFrom, type MemberAccess } from "./access";
import { StatusError } from "./errors";
import { decodeBody, type HttpResponse } from "./http";

const problem = Type.Union([Type.String(), Type.Null()]);
const EdgeHealth = Type.Object({
  serving: Type.Boolean(),
  marathon: Type.Object({
    ageSeconds: Type.Union([Type.Number(), Type.Null()]),
    apps: Type.Number(),
    problem,
  }),
  zookeeper: Type.Object({ connected: Type.Boolean(), rules: Type.Number(), problem }),
  haproxy: Type.Object({ alive: Type.Boolean(), problem }),
  leftOut: Type.Record(Type.String(), Type.String()),
});
/** What an edge says of itself: what it serves by, and which apps, rules and tasks it leaves out, with the reason. */
export type EdgeHealth = Static<typeof EdgeHealth>;

const ScalingDecision = Type.Object({
  at: Type.String(),
  until: Type.String(),
  agents: Type.Number(),
  size: Type.Number(),
  demand: Type.Number(),
  waiting: Type.Number(),
  change: Type.Optional(Type.String()),
  reasons: Type.Array(Type.String()),
});
/** What autoscaling decided about a group from `at` to `until`, and why. */
export type ScalingDecision = Static<typeof ScalingDecision>;

const ScalingReport = Type.Object({
  groups: Type.Record(
    Type.String(),
    Type.Object({ policy: Type.String(), decisions: Type.Array(ScalingDecision) }),
  ),
  unplaceable: Type.Array(
    Type.Object({ works: Type.Array(Type.String()), tasks: Type.Number(), reason: Type.String() }),
  ),
  queued: Type.Array(
    Type.Object({
      work: Type.String(),
      tasks: Type.Number(),
      refused: Type.String(),
      hopeless: Type.Optional(Type.String()),
    }),
  ),
});
/** What the controller says of groups that size themselves: their last decisions, the newest first, and what waits. */
export type ScalingReport = Static<typeof ScalingReport>;

const AppDecision = Type.Object({
  at: Type.String(),
  until: Type.String(),
  from: Type.Number(),
  instances: Type.Number(),
  load: Type.Optional(Type.Number()),
  reasons: Type.Array(Type.String()),
  held: Type.Optional(Type.String()),
  change: Type.Optional(Type.String()),
});
/** What was decided about an app that follows its traffic from `at` to `until`, and why. */
export type AppDecision = Static<typeof AppDecision>;

const AppsReport = Type.Record(
  Type.String(),
  Type.Object({ policy: Type.String(), decisions: Type.Array(AppDecision) }),
);
/** What the controller says of apps that follow their traffic, by app: their last decisions, the newest first. */
export type AppsReport = Static<typeof AppsReport>;

const decoders = {
  edge: decoder(EdgeHealth),
  groups: decoder(Type.Object({ pools: Type.Record(Type.String(), AgentPoolStatus) })),
  scaling: decoder(
    Type.Object({
      leading: Type.Boolean(),
      autoscale: ScalingReport,
      // A controller of before follows no app.
      apps: Type.Optional(AppsReport),
    }),
  ),
};
const boundMs = 5_000;

/** `GET /api/health` of an edge; undefined where a real Bamboo answers, which has none. */
export async function edgeHealth(
  edge: MemberAddress,
  signal: AbortSignal,
  access: MemberAccess = {},
): Promise<EdgeHealth | undefined> {
  const response = await get(edge, "/api/health", signal, access);
  // 503 is an edge that does not serve, and says why.
  if (response.status === 404) return undefined;
  return decoded(response, decoders.edge, [200, 503]);
}

/** What the controller of agent groups says of every group, by name; none where it does not lead. */
export async function poolStatuses(
  controller: MemberAddress,
  signal: AbortSignal,
  access: MemberAccess = {},
): Promise<Readonly<Record<string, AgentPoolStatus>>> {
  return decoded(await get(controller, "/status", signal, access), decoders.groups, [200]).pools;
}

/** How groups and apps are sized, as the controller says; nothing where it does not lead. */
export async function scalingReport(
  controller: MemberAddress,
  signal: AbortSignal,
  access: MemberAccess = {},
): Promise<(ScalingReport & { readonly apps: AppsReport }) | undefined> {
  const answer = decoded(await get(controller, "/status", signal, access), decoders.scaling, [200]);
  return answer.leading ? { ...answer.autoscale, apps: answer.apps ?? {} } : undefined;
}

function get(
  member: MemberAddress,
  path: string,
  signal: AbortSignal,
  access: MemberAccess,
): Promise<HttpResponse> {
  return getFrom(member, path, access, { timeoutMs: boundMs, signal });
}

function decoded<T>(response: HttpResponse, by: Decoder<T>, statuses: readonly number[]): T {
  if (!statuses.includes(response.status)) throw new StatusError(response);
  return decodeBody(response, by);
}
