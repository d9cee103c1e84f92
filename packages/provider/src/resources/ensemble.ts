// SPDX-License-Identifier: Apache-2.0
import {
  authorityId,
  decoder,
  describeSize,
  describeStep,
  EnsembleInputs,
  type EnsembleSize,
  ensembleFailure,
  ensembleStepFailure,
  type Failure,
  isComputed,
  type MemberAddress,
  type MemberKind,
  type MemberStatus,
  MesosError,
  votersOf,
  votes,
} from "@pulumi-mesos/model";
import { declaredCounts, placeOf } from "../declared-counts";
import { compareInputs } from "../differences";
import { describeMissing, lookUntil, type ProbeEnsemble, probeEnsemble } from "../members";
import type { CheckRequest, Context, Properties, Resource } from "../resource";

const inputsOf = decoder(EnsembleInputs);

/** What the state holds of an ensemble besides its inputs. */
type EnsembleOutputs = {
  /** Absent in states of before. */
  readonly founders?: number;
};

/** Makes the declared size of an ensemble: its members depend on it, so that an unsafe change is refused before one is touched. */
export function createEnsemble(
  probe: ProbeEnsemble,
  declared: Map<string, number> = declaredCounts,
): Resource<EnsembleInputs, EnsembleOutputs> {
  return {
    description:
      "The declared size of an ensemble; refuses unsafe changes of it before any member is touched.",
    inputs: EnsembleInputs,
    outputs: {
      founders: {
        type: "integer",
        description: "How many members, the first, it began with: the others came later.",
        optional: true,
      },
    },
    timeouts: { create: 10, read: 10, update: 30, delete: 10 },
    check(request) {
      declare(declared, request.inputs);
      return { inputs: request.inputs, failures: failuresOf(request) };
    },
    diff({ oldInputs, inputs }) {
      const [from, to] = [sizeIn(oldInputs), sizeIn(inputs)];
      const summary = from && to && describeStep(oldInputs.kind, from, to);
      const differences = compareInputs(oldInputs, inputs, ["kind"]);
      return { differences, ...(summary === undefined ? {} : { summary }) };
    },
    preview: ({ size }, _urn, state) => (typeof size === "number" ? foundersOf({ size }, state) : {}),
    create: async (inputs) => ({ id: "ensemble", outputs: foundersOf(inputs) }),
    async read({ id, known }) {
      if (known === undefined) return undefined;
      const { founders } = known.state;
      return { id, inputs: known.inputs, outputs: founders === undefined ? {} : { founders } };
    },
    async update(_id, state, inputs, context) {
      await requireTheStepBefore(probe, state, inputs, context);
      return foundersOf(inputs, state);
    },
    delete: async () => {},
  };
}

export const ensemble = createEnsemble(probeEnsemble);

/** Lets the gates of this run know with how many masters are to count. */
function declare(declared: Map<string, number>, inputs: Properties): void {
  const known = inputsOf.decode(inputs);
  if (!known.ok || known.value.kind !== "mesos-master") return;
  const { members = [], quorum } = known.value;
  for (const member of members) declared.set(placeOf(member), 2 * quorum - 1);
}

type Sized = Pick<EnsembleInputs, "size">;

/** Those that are left of the ones that it began with. */
function foundersOf({ size }: Sized, old?: Sized & EnsembleOutputs): EnsembleOutputs {
  return { founders: Math.min(size, old?.founders ?? old?.size ?? size) };
}

function failuresOf({ inputs, oldInputs }: CheckRequest): Failure[] {
  return [
    ...fingerprintFailures(inputs, oldInputs),
    ...authorityFailures(inputs, oldInputs),
    ...sizeFailures(inputs, oldInputs),
  ];
}

function sizeFailures(inputs: Properties, oldInputs: Properties | undefined): Failure[] {
  const { kind } = inputs;
  const to = sizeIn(inputs);
  if (to === undefined || (kind !== "zookeeper" && kind !== "mesos-master")) return [];
  const failure = ensembleFailure(kind, to);
  if (failure !== undefined) return [failure];
  const from = oldInputs?.["kind"] === kind && oldInputs !== undefined ? sizeIn(oldInputs) : undefined;
  const message = ensembleStepFailure(kind, from, to);
  return message === undefined ? [] : [{ path: "size", message }];
}

/** What is declared; undefined while it is not known. */
function sizeIn({ size, quorum, voters }: Properties): EnsembleSize | undefined {
  if (typeof size !== "number" || typeof quorum !== "number") return undefined;
  return { size, quorum, ...(typeof voters === "number" ? { voters } : {}) };
}

/**
 * A change of the size leaves no room for a loss, so that of those who vote everybody who stays must be there. The step before must
 * have ended, too: whoever still counts as before it, or still is there though it had to leave, could agree with others apart from
 * those that this step tells.
 */
async function requireTheStepBefore(
  probe: ProbeEnsemble,
  old: EnsembleInputs,
  inputs: EnsembleInputs,
  context: Context,
): Promise<void> {
  const { kind, members = [], left = [], authorization, ca } = inputs;
  if (isSame(old, inputs)) return;
  const named = (list: readonly MemberAddress[] = []): Set<string> => new Set(list.map(({ name }) => name));
  const [before, now] = [named(old.members), named([...members, ...left])];
  const stay = members.filter(({ name }) => before.has(name));
  const gone = (old.left ?? []).filter(({ name }) => !before.has(name) && !now.has(name));
  if (stay.length === 0) return;
  let missing = "";
  let unfinished = "";
  const access = { authorization, ca, way: context.config.way };
  const there = await lookUntil(context.signal, async () => {
    const statuses = await probe(kind, [...stay, ...gone], context.signal, access);
    const staying = statuses.slice(0, stay.length);
    missing = areThere(kind, staying) ? "" : describeMissing(staying);
    unfinished = describeUnfinished(old, inputs, staying, statuses.slice(stay.length));
    if (missing === "" && unfinished === "") return true;
    context.progress(`waiting before the size changes: ${missing || unfinished}`);
    return undefined;
  });
  if (there) return;
  const fix =
    missing === ""
      ? "the step before has not ended; set the size back and run up, which ends it, then change it"
      : "set the size back and run up, which heals it, then change it";
  throw new MesosError(
    "MESOS_GATE_QUORUM",
    `a ${kind} ensemble of ${describeSize(old)} must not change to ${describeSize(inputs)} while ${missing || unfinished}; ${fix}`,
    { cause: context.signal.reason },
  );
}

function isSame(a: EnsembleSize, b: EnsembleSize): boolean {
  return a.size === b.size && a.quorum === b.quorum && a.voters === b.voters;
}

function areThere(kind: MemberKind, statuses: readonly MemberStatus[]): boolean {
  const joined = statuses.filter((status) => status.joined).length;
  return votes(kind) ? joined === statuses.length : joined > 0;
}

/** Who of those that stay counts with neither the number of before nor that of now, and who of those that left is still there. */
function describeUnfinished(
  old: EnsembleSize,
  inputs: EnsembleSize,
  staying: readonly MemberStatus[],
  gone: readonly MemberStatus[],
): string {
  const known = [votersOf(old), votersOf(inputs)];
  const others = staying.flatMap(({ name, voters }) =>
    voters === undefined || known.includes(voters) ? [] : [`${name} counts with ${voters}`],
  );
  const here = gone.flatMap(({ name, up }) => (up ? [`${name} is still there`] : []));
  return [...others, ...here].join(", ");
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

/** Members are changed one at a time, and meanwhile ask and believe each other; a renewed certificate is still theirs. */
function authorityFailures(inputs: CheckRequest["inputs"], oldInputs: CheckRequest["oldInputs"]): Failure[] {
  const { ca } = inputs;
  const old = oldInputs?.["ca"];
  if (oldInputs === undefined || isComputed(ca) || old === ca) return [];
  if (typeof ca === "string" && typeof old === "string") {
    if (authorityId(ca) === authorityId(old)) return [];
    const message =
      "the authority of a cluster with TLS cannot change while its ensemble stands, because its members would not believe each other while they are changed; set it back, or destroy the cluster first";
    return [{ path: "ca", message }];
  }
  const message = `tls cannot be turned ${ca === undefined ? "off" : "on"} while the ensemble stands, because its members would not hear each other while they are changed; set security: { tls: ${ca === undefined} }, or destroy the cluster first`;
  return [{ path: "ca", message }];
}
