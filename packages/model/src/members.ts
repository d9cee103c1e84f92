// SPDX-License-Identifier: Apache-2.0
import { type Static, Type } from "@sinclair/typebox";
import type { AddressMap } from "./address-map";
import { Authorization, MembersAuthority } from "./credentials";

const closed = { additionalProperties: false } as const;

/** What kind of ensemble a member belongs to; it decides how members are asked for their state and what a quorum is. */
export const MemberKind = Type.Union([
  Type.Literal("zookeeper"),
  Type.Literal("mesos-master"),
  Type.Literal("marathon"),
  Type.Literal("edge"),
  Type.Literal("groups"),
]);
export type MemberKind = Static<typeof MemberKind>;

/** A member's name and where it answers: 2181, 5050, 8080, 8000 or 8010 by kind. */
export const MemberAddress = Type.Object(
  {
    name: Type.String(),
    host: Type.String(),
    port: Type.Integer({ minimum: 1, maximum: 65535 }),
    via: Type.Optional(
      Type.String({ description: "`host:port` at which this machine reaches it, where not at its own." }),
    ),
  },
  { ...closed, $id: "mesos:index:MemberAddress", description: "A member's name and where it answers." },
);
export type MemberAddress = Static<typeof MemberAddress>;

/** Where connections to members go that this machine reaches elsewhere; undefined where it reaches all at their own addresses. */
export function mapOfMembers(members: readonly MemberAddress[]): AddressMap | undefined {
  const entries = members.flatMap(({ host, port, via }) =>
    via === undefined ? [] : [[`${host}:${port}`, via]],
  );
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as AddressMap);
}

/** What one member answered. */
export interface MemberStatus {
  readonly name: string;
  /** Its own process answers. */
  readonly up: boolean;
  /** It takes part: a ZooKeeper with a leader, a recovered or standby master that knows its leader, a Marathon with a leader. */
  readonly joined: boolean;
  readonly leading: boolean;
  /** Nothing came back, not even that a connection is refused: its machine may be off, or there may be no way to it. */
  readonly silent?: boolean;
  /** Of how many members it was told, where it says so: ZooKeeper by its servers, a master by its quorum. */
  readonly told?: number;
  /** Of how many of those it counts the majority, where it says so: those that vote. */
  readonly voters?: number;
  /** It only follows, and no majority counts it; absent otherwise, and where it does not say so. */
  readonly voteless?: boolean;
  /** Why it is not up or not joined, or what it is; one line. */
  readonly detail: string;
}

/** Who may make nodes at the root of a ZooKeeper that refuses strangers: it comes open to all. */
export const ZooKeeperRoot = Type.Object(
  {
    credential: Type.String({
      description: "`user:password` of who closes it, and owns it from then on; secret.",
    }),
    makers: Type.Array(Type.String(), {
      description: "Users of the digest scheme who may make nodes at the root, as access lists name them.",
    }),
  },
  { ...closed, $id: "mesos:index:ZooKeeperRoot", description: "Who may make nodes at ZooKeeper's root." },
);
export type ZooKeeperRoot = Static<typeof ZooKeeperRoot>;

/** Inputs of `mesos:index:Ready`: waits until a member that was just made is part of its ensemble (DESIGN §4). */
export const ReadyInputs = Type.Object(
  {
    kind: MemberKind,
    member: MemberAddress,
    peers: Type.Array(MemberAddress, { description: "All other members of the ensemble." }),
    whole: Type.Boolean({
      description: "Wait until every member has joined: set on the ensemble's last Ready.",
    }),
    incarnation: Type.String({ description: "The node's incarnation: a new one is waited for again." }),
    authorization: Type.Optional(Authorization),
    ca: Type.Optional(MembersAuthority),
    root: Type.Optional(ZooKeeperRoot),
  },
  closed,
);
export type ReadyInputs = Static<typeof ReadyInputs>;

/** Inputs of `mesos:index:Leave`: its delete refuses unless a quorum survives without this member (DESIGN §4). */
export const LeaveInputs = Type.Object(
  {
    kind: MemberKind,
    member: MemberAddress,
    peers: Type.Array(MemberAddress),
    incarnation: Type.String({ description: "The node's incarnation: a new one replaces the gate." }),
    authorization: Type.Optional(Authorization),
    ca: Type.Optional(MembersAuthority),
  },
  closed,
);
export type LeaveInputs = Static<typeof LeaveInputs>;

/** Inputs of `mesos:index:Ensemble`: the declared size, whose changes are checked before anything is touched. */
export const EnsembleInputs = Type.Object(
  {
    kind: MemberKind,
    size: Type.Integer({ minimum: 1 }),
    quorum: Type.Integer({ minimum: 1 }),
    voters: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          "How many of them vote, the first, while others only follow on their way in or out; absent when all do.",
      }),
    ),
    fingerprint: Type.Optional(
      Type.String({
        description:
          "Changes with the secret that members and their data are protected by; absent without one.",
      }),
    ),
    members: Type.Optional(
      Type.Array(MemberAddress, {
        description: "Who they are: those that stay must have joined before the size changes.",
      }),
    ),
    left: Type.Optional(
      Type.Array(MemberAddress, {
        description:
          "Whom the members still count with though they leave: they must be gone before the next change.",
      }),
    ),
    authorization: Type.Optional(Authorization),
    ca: Type.Optional(MembersAuthority),
  },
  closed,
);
export type EnsembleInputs = Static<typeof EnsembleInputs>;

/** Arguments of `mesos:index:getEnsemble`. */
export const GetEnsembleInputs = Type.Object(
  {
    kind: MemberKind,
    members: Type.Array(MemberAddress),
    authorization: Type.Optional(Authorization),
    ca: Type.Optional(MembersAuthority),
  },
  closed,
);
export type GetEnsembleInputs = Static<typeof GetEnsembleInputs>;

/** Result of `mesos:index:getEnsemble`. */
export interface GetEnsembleResult {
  readonly members: readonly MemberStatus[];
  /** Names in the order in which members are changed: broken first, leader last. Empty when nobody answers. */
  readonly order: readonly string[];
}

/** The majority of `size` members: 1 of 1, 2 of 3, 3 of 5. */
export function quorumOf(size: number): number {
  return Math.floor(size / 2) + 1;
}

/**
 * How many of the *others* must have joined before a member of an ensemble of `size` may leave: the quorum for ZooKeeper
 * and masters, one for programs that only elect a leader; none where the member is alone and nothing can be protected.
 */
export function neededWithout(kind: MemberKind, size: number): number {
  if (size === 1) return 0;
  return kind === "zookeeper" || kind === "mesos-master" ? quorumOf(size) : 1;
}

/** With how many masters count: the one that leads does so for all, and any of those that have joined may be elected where none does. */
export function countOf(masters: readonly MemberStatus[]): number | undefined {
  const joined = masters.filter((m) => m.joined);
  const leader = joined.find((m) => m.leading);
  const told = (leader === undefined ? joined : [leader]).flatMap((m) => m.told ?? []);
  return told.length === 0 ? undefined : Math.max(...told);
}

/**
 * The order in which members are changed: broken first, leader last, otherwise as declared; none when nobody is up.
 *
 * While members that are up were told of fewer than are declared, the ensemble grows: those beyond that number are new, and come
 * only after all others have been told of them. Otherwise a majority of the old number and one of the new could meet apart.
 */
export function changeOrder(members: readonly MemberStatus[]): string[] {
  if (!members.some((m) => m.up)) return [];
  const told = members.flatMap((m) => (m.up && m.told !== undefined ? [m.told] : []));
  const established = told.length === 0 ? members.length : Math.min(...told);
  const rank = (m: MemberStatus, index: number): number =>
    index >= established && !m.joined ? 3 : m.leading ? 2 : m.joined ? 1 : 0;
  return members
    .map((member, index) => ({ member, index, rank: rank(member, index) }))
    .sort((a, b) => a.rank - b.rank || a.index - b.index)
    .map(({ member }) => member.name);
}

/**
 * After whom a member is made or changed, by the order that {@link changeOrder} gave; undefined for the first.
 *
 * Where nobody answers all are at once. But servers of a ZooKeeper that came later, and could make a majority of it, may be
 * empty yet while the ones with the data are down: then they come one by one after those, which would lose all to them otherwise.
 *
 * @param founders how many of them, the first, the ensemble began with
 */
export function changedAfter(
  name: string,
  ensemble: {
    readonly kind: MemberKind;
    readonly members: readonly string[];
    readonly order: readonly string[];
    readonly founders?: number;
  },
): string | undefined {
  const { kind, members, order, founders = members.length } = ensemble;
  const isPerilous = kind === "zookeeper" && members.length - founders >= quorumOf(members.length);
  const names = order.length === 0 && isPerilous ? members : order;
  return names[names.indexOf(name) - 1];
}
