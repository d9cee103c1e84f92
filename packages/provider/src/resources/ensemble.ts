// SPDX-License-Identifier: Apache-2.0
import {
  EnsembleInputs,
  type EnsembleSize,
  ensembleFailure,
  ensembleStepFailure,
  type Failure,
  isComputed,
  type MemberKind,
  type MemberStatus,
  MesosError,
  votes,
} from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import { describeMissing, lookUntil, type ProbeEnsemble, probeEnsemble } from "../members";
import type { CheckRequest, Context, Properties, Resource } from "../resource";

const noOutputs = {};

/** Makes the declared size of an ensemble: its members depend on it, so that an unsafe change is refused before one is touched. */
export function createEnsemble(probe: ProbeEnsemble): Resource<EnsembleInputs, typeof noOutputs> {
  return {
    description:
      "The declared size of an ensemble; refuses unsafe changes of it before any member is touched.",
    inputs: EnsembleInputs,
    outputs: noOutputs,
    timeouts: { create: 10, read: 10, update: 30, delete: 10 },
    check: (request) => ({ inputs: request.inputs, failures: failuresOf(request) }),
    diff: ({ oldInputs, inputs }) => ({ differences: compareInputs(oldInputs, inputs, ["kind"]) }),
    preview: () => noOutputs,
    create: async () => ({ id: "ensemble", outputs: noOutputs }),
    read: async ({ id, known }) =>
      known === undefined ? undefined : { id, inputs: known.inputs, outputs: noOutputs },
    async update(_id, state, inputs, context) {
      await requireThoseWhoStay(probe, state, inputs, context);
      return noOutputs;
    },
    delete: async () => {},
  };
}

export const ensemble = createEnsemble(probeEnsemble);

function failuresOf({ inputs, oldInputs }: CheckRequest): Failure[] {
  return [...fingerprintFailures(inputs, oldInputs), ...sizeFailures(inputs, oldInputs)];
}

function sizeFailures(inputs: Properties, oldInputs: Properties | undefined): Failure[] {
  const { kind } = inputs;
  const to = sizeIn(inputs);
  if (to === undefined || (kind !== "zookeeper" && kind !== "mesos-master")) return [];
  const failure = ensembleFailure(to);
  if (failure !== undefined) return [failure];
  const from = oldInputs?.["kind"] === kind && oldInputs !== undefined ? sizeIn(oldInputs) : undefined;
  const message = ensembleStepFailure(kind, from, to);
  return message === undefined ? [] : [{ path: "size", message }];
}

/** What is declared; undefined while it is not known. */
function sizeIn({ size, quorum }: Properties): EnsembleSize | undefined {
  return typeof size === "number" && typeof quorum === "number" ? { size, quorum } : undefined;
}

/** A change of the size leaves no room for a loss, so that of those who vote everybody who stays must be there. */
async function requireThoseWhoStay(
  probe: ProbeEnsemble,
  old: EnsembleInputs,
  { kind, size, quorum, members = [], authorization }: EnsembleInputs,
  context: Context,
): Promise<void> {
  const before = new Set(old.members?.map(({ name }) => name));
  const stay = members.filter(({ name }) => before.has(name));
  if ((old.size === size && old.quorum === quorum) || stay.length === 0) return;
  let statuses: readonly MemberStatus[] = [];
  const there = await lookUntil(context.signal, async () => {
    statuses = await probe(kind, stay, context.signal, authorization);
    if (areThere(kind, statuses)) return true;
    context.progress(`waiting before the size changes: ${describeMissing(statuses)}`);
    return undefined;
  });
  if (there) return;
  throw new MesosError(
    "MESOS_GATE_QUORUM",
    `a ${kind} ensemble of ${old.size} must not change to ${size} while ${describeMissing(statuses)}; set the size back and run up, which heals it, then change it`,
    { cause: context.signal.reason },
  );
}

function areThere(kind: MemberKind, statuses: readonly MemberStatus[]): boolean {
  const joined = statuses.filter((status) => status.joined).length;
  return votes(kind) ? joined === statuses.length : joined > 0;
}

/**
 * What stands is protected by the credentials that made it: with others its own programs could no longer change it, and
 * what was made open would stay open.
 */
function fingerprintFailures(
  inputs: CheckRequest["inputs"],
  oldInputs: CheckRequest["oldInputs"],
): Failure[] {
  const { fingerprint } = inputs;
  if (oldInputs === undefined || isComputed(fingerprint)) return [];
  const old = oldInputs["fingerprint"];
  if (old === fingerprint) return [];
  const [now, before] = [fingerprint !== undefined, old !== undefined];
  const message =
    now === before
      ? "the secret of a cluster with authentication cannot change while its ensemble stands, because its nodes belong to the credentials that derive from it; set it back, or destroy the cluster first"
      : `authentication cannot be turned ${now ? "on" : "off"} while the ensemble stands, because its nodes keep the access that they were made with; set security: { authentication: ${before} }, or destroy the cluster first`;
  return [{ path: "fingerprint", message }];
}
