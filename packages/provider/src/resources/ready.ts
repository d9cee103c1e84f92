// SPDX-License-Identifier: Apache-2.0
import {
  type MemberAddress,
  type MemberStatus,
  MesosError,
  neededWithout,
  ReadyInputs,
  type ZooKeeperRoot,
  zookeeperId,
} from "@pulumi-mesos/model";
import { now } from "../clock";
import { compareInputs } from "../differences";
import { describeMissing, lookUntil, type ProbeEnsemble, probeEnsemble } from "../members";
import type { Context, Resource } from "../resource";

const noOutputs = {};

/** How long peers that are up but without a quorum may take to find one (an election) before it is taken for absent. */
const electionMs = 5_000;

/**
 * Makes the gate that waits until a member is part of its ensemble.
 *
 * @param close keeps strangers from making nodes in a ZooKeeper that stands
 */
export function createReady(
  probe: ProbeEnsemble,
  close: typeof closeRoot = closeRoot,
): Resource<ReadyInputs, typeof noOutputs> {
  const wait = async (inputs: ReadyInputs, context: Context): Promise<typeof noOutputs> => {
    await waitUntilReady(probe, inputs, context);
    const { root, member, peers } = inputs;
    if (root !== undefined) await close([member, ...peers], root, context);
    return noOutputs;
  };
  return {
    description: "Waits until a member that was just made has joined its ensemble.",
    inputs: ReadyInputs,
    outputs: noOutputs,
    timeouts: { create: 60, read: 10, update: 60, delete: 10 },
    diff: ({ oldInputs, inputs }) => ({ differences: compareInputs(oldInputs, inputs, ["kind", "member"]) }),
    preview: () => noOutputs,
    create: async (inputs, context) => ({ id: inputs.member.name, outputs: await wait(inputs, context) }),
    read: async ({ id, known }) => known && { id, inputs: known.inputs, outputs: noOutputs },
    update: (_id, _state, inputs, context) => wait(inputs, context),
    delete: async () => {},
  };
}

/** Nodes that ZooKeeper itself makes, for everybody to change. */
const openNodes = ["/zookeeper/quota", "/zookeeper", "/"] as const;

/** Gives the nodes that come open to their owner, and the root to the makers, too, for nodes of their own. */
async function closeRoot(
  members: readonly MemberAddress[],
  { credential, makers }: ZooKeeperRoot,
  context: Pick<Context, "signal" | "config">,
): Promise<void> {
  const servers = members.map(({ host, port, via }) => via ?? `${host}:${port}`).join(",");
  const [user = "", ...password] = credential.split(":");
  const owner = { id: zookeeperId({ user, password: password.join(":") }), may: "all" } as const;
  const others = makers.map((id) => ({ id, may: "make" }) as const);
  const { inZooKeeper } = await import("./in-zookeeper.js");
  await inZooKeeper({ zookeeper: servers, zookeeperCredential: credential }, context, async (session) => {
    for (const node of openNodes) await session.setAccess(node, node === "/" ? [owner, ...others] : [owner]);
  });
}

export const ready = createReady(probeEnsemble);

/** Everybody has joined and, where members elect a leader, one leads: standbys know it before it has taken over. */
function isWhole(kind: ReadyInputs["kind"], members: readonly MemberStatus[]): boolean {
  return members.every((m) => m.joined) && (kind === "edge" || members.some((m) => m.leading));
}

/**
 * Where a quorum of the others stands, the member must have joined it; where none does, nothing can be protected and
 * its own process must be up; `whole` wants every member.
 */
async function waitUntilReady(probe: ProbeEnsemble, inputs: ReadyInputs, context: Context): Promise<void> {
  const { kind, member, peers, whole, authorization, ca } = inputs;
  const needed = neededWithout(kind, peers.length + 1);
  const began = now();
  let members: readonly MemberStatus[] = [];
  const access = { authorization, ca, way: context.config.way };
  const done = await lookUntil(context.signal, async () => {
    members = await probe(kind, [member, ...peers], context.signal, access);
    const [own, ...others] = members;
    const joined = others.filter((m) => m.joined).length;
    // Two new ZooKeeper servers, both empty, must not meet before a third that has the data: each joins before the next comes.
    const able = kind === "zookeeper" && others.filter((m) => m.up).length + 1 >= needed;
    const electing = others.some((m) => m.up) && (able || now() - began < electionMs);
    const mustJoin = whole || joined >= needed || electing;
    const isDone = whole ? isWhole(kind, members) : mustJoin ? own?.joined : own?.up;
    if (isDone) return true;
    context.progress(
      `waiting: ${describeMissing(whole ? members : members.slice(0, 1)) || "nobody leads yet"}`,
    );
    return undefined;
  });
  if (done) return;
  const missing = members.find((m) => !m.joined)?.name ?? member.name;
  const waitedFor = whole ? `the whole ${kind} ensemble` : member.name;
  throw new MesosError(
    "MESOS_GATE_TIMEOUT",
    `${waitedFor} is not ready after ${Math.round((now() - began) / 1000)} s: ${describeMissing(members) || "nobody leads"}; see why in its log (npx pulumi-mesos logs ${missing}; on AWS the machine's journal), then run up again, with --refresh where a container or a machine has stopped`,
    { cause: context.signal.reason },
  );
}
