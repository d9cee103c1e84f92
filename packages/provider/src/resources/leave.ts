// SPDX-License-Identifier: Apache-2.0
import { LeaveInputs, type MemberStatus, MesosError, neededWithout } from "@pulumi-mesos/model";
import { now } from "../clock";
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
    delete: (_id, state, context) => allowToLeave(probe, patienceMs, state, context),
  };
}

export const leave = createLeave(probeEnsemble);

/**
 * Lets the member go when enough others have joined, or when it contributes nothing itself. Both may change within
 * seconds (an election, a restart by the supervisor), so a refusal waits until the time is over.
 */
async function allowToLeave(
  probe: ProbeEnsemble,
  patienceMs: number,
  inputs: LeaveInputs,
  context: Context,
): Promise<void> {
  const { kind, member, peers, authorization, ca } = inputs;
  const needed = neededWithout(kind, peers.length + 1);
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
