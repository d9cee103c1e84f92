// SPDX-License-Identifier: Apache-2.0
import {
  countOf,
  LeaveInputs,
  type MemberStatus,
  MesosError,
  neededWithout,
  quorumOf,
} from "@pulumi-mesos/model";
import { now } from "../clock";
import { type DeclaredCounts, declaredCounts, placeOf } from "../declared-counts";
import { compareInputs } from "../differences";
import { describeMissing, lookUntil, type ProbeEnsemble, probeEnsemble } from "../members";
import type { Context, Resource } from "../resource";

const noOutputs = {};

/** How long nobody of an ensemble may be heard before that is said: a VPN comes back within seconds. */
const silenceMs = 30_000;

/** Makes the gate whose delete, before that of its member, refuses to break a quorum. */
export function createLeave(
  probe: ProbeEnsemble,
  patienceMs = silenceMs,
  declared: DeclaredCounts = declaredCounts,
): Resource<LeaveInputs, typeof noOutputs> {
  return {
    description:
      "Its delete, before that of its member, refuses unless a quorum survives without the member.",
    inputs: LeaveInputs,
    outputs: noOutputs,
    timeouts: { create: 10, read: 10, update: 10, delete: 30 },
    diff: ({ oldInputs, inputs }) => ({
      differences: compareInputs(oldInputs, inputs, ["kind", "member", "incarnation"]),
      deleteBeforeReplace: true,
    }),
    preview: () => noOutputs,
    create: async ({ member }) => ({ id: member.name, outputs: noOutputs }),
    read: async ({ id, known }) => known && { id, inputs: known.inputs, outputs: noOutputs },
    update: async () => noOutputs,
    delete: (_id, state, context) => allowToLeave({ probe, patienceMs, declared }, state, context),
  };
}

export const leave = createLeave(probeEnsemble);

interface Asked {
  readonly probe: ProbeEnsemble;
  readonly patienceMs: number;
  readonly declared: DeclaredCounts;
}

/**
 * How many of the others must have joined: the quorum by which they work now, which is not that of the declared size while masters
 * change from one to another; all of them where even these are too few.
 */
function neededOf({ kind, peers }: LeaveInputs, others: readonly MemberStatus[]): number {
  const counted = kind === "mesos-master" ? countOf(others) : undefined;
  return counted === undefined
    ? neededWithout(kind, peers.length + 1)
    : Math.min(quorumOf(counted), peers.length);
}

/**
 * Between the two steps from five masters to three nobody can be spared. Each is restarted once by the second step, which ends
 * that; for anything else none should be.
 */
function refuseBetweenSteps(
  { kind, member, peers }: LeaveInputs,
  members: readonly MemberStatus[],
  declared: DeclaredCounts,
): void {
  const wanted = declared.get(placeOf(member));
  if (kind !== "mesos-master" || wanted === undefined || quorumOf(wanted) <= peers.length) return;
  if (members.some(({ told = wanted }) => told !== wanted)) return;
  throw new MesosError(
    "MESOS_GATE_QUORUM",
    `${member.name} must not leave its ${kind} ensemble: its ${members.length} members count with ${wanted}, so that none can be spared; set back what changed, and change it in the up without quorumOf or after it`,
  );
}

/**
 * Lets the member go when enough others have joined, or when it contributes nothing itself. Both may change within
 * seconds (an election, a restart by the supervisor), so a refusal waits until the time is over.
 */
async function allowToLeave(
  { probe, patienceMs, declared }: Asked,
  inputs: LeaveInputs,
  context: Context,
): Promise<void> {
  const { kind, member, peers, authorization, ca } = inputs;
  let needed = 0;
  let own: MemberStatus | undefined;
  let others: readonly MemberStatus[] = [];
  let downs = 0;
  let unheardSince: number | undefined;
  const access = { authorization, ca, way: context.config.way };
  // On other machines those who say nothing at all may well run, where this one has lost its way to them.
  const isUnheard = (): boolean =>
    context.config.access !== undefined && [own, ...others].every((status) => status?.silent === true);
  const allowed = await lookUntil(context.signal, async () => {
    [own, ...others] = await probe(kind, [member, ...peers], context.signal, access);
    needed = neededOf(inputs, others);
    if (own?.joined === true) refuseBetweenSteps(inputs, [own, ...others], declared);
    if (others.filter((m) => m.joined).length >= needed) return true;
    unheardSince = isUnheard() ? (unheardSince ?? now()) : undefined;
    if (unheardSince !== undefined && now() - unheardSince > patienceMs)
      throw unheard(inputs, others, context);
    // Down twice in a row: one lost answer must not break a quorum.
    downs = own?.up === false && unheardSince === undefined ? downs + 1 : 0;
    if (downs >= 2) return true;
    context.progress(`waiting for ${needed} other members: ${describeMissing(others)}`);
    return undefined;
  });
  if (allowed) return;
  if (unheardSince !== undefined) throw unheard(inputs, others, context);
  if (own?.joined === false) return;
  const joined = others.filter((m) => m.joined).length;
  const has = `${joined} of the other members ${joined === 1 ? "has" : "have"} joined, ${needed} ${needed === 1 ? "is" : "are"} needed`;
  const fix = `bring ${others.length - joined === 1 ? "it" : "them"} back (up restarts dead processes, up --refresh stopped containers and machines), then run up again`;
  throw new MesosError(
    "MESOS_GATE_QUORUM",
    `${member.name} must not leave its ${kind} ensemble: ${has}; ${describeMissing(others)}; ${fix}`,
    { cause: context.signal.reason },
  );
}

/** A wall between, such as a VPN that is off, looks like this as much as an ensemble whose machines are all gone. */
function unheard(
  { kind, member }: LeaveInputs,
  others: readonly MemberStatus[],
  { urn, signal }: Context,
): MesosError {
  return new MesosError(
    "MESOS_GATE_UNHEARD",
    `${member.name} must not leave its ${kind} ensemble, for none of it is heard: ${describeMissing(others)}; open a way there (a VPN, or access of the platform and the provider), then run up again; if its machines are gone for good, \`pulumi state delete '${urn.urn}'\``,
    { cause: signal.reason },
  );
}
