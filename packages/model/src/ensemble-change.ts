// SPDX-License-Identifier: Apache-2.0
import { type MemberKind, quorumOf } from "./members";

/** How many members an ensemble has, and how many of them agree. */
export interface EnsembleSize {
  readonly size: number;
  /** The majority of those that members count with: of more than there are while two masters leave. */
  readonly quorum: number;
  /** How many of a ZooKeeper's servers vote, the first, while two come or leave. @default all */
  readonly voters?: number;
}

/** Whether members of this kind vote: then the wrong size at the wrong time loses data. */
export function votes(kind: MemberKind): boolean {
  return kind === "zookeeper" || kind === "mesos-master";
}

/** How many of a ZooKeeper's servers vote. */
export function votersOf({ size, voters = size }: Pick<EnsembleSize, "size" | "voters">): number {
  return voters;
}

/** What an ensemble of votes is refused for at any time, apart from how it came there. */
export function ensembleFailure(
  kind: MemberKind,
  { size, quorum, voters }: EnsembleSize,
): { path: string; message: string } | undefined {
  if (size % 2 === 0) {
    const message = `must be odd, got ${size}: ${size - 1} survive as many losses; use an odd number`;
    return { path: "size", message };
  }
  if (voters !== undefined && !(kind === "zookeeper" && size >= 5 && voters < size && voters >= size - 2)) {
    const message =
      kind === "zookeeper" && size >= 5
        ? `must be ${size - 2} or ${size - 1} of ${size}, or left out where all vote, got ${voters}`
        : `must be left out, because all of them vote, got ${voters}`;
    return { path: "voters", message };
  }
  const counted = votersOf({ size, voters });
  const leaving = kind === "mesos-master" && size >= 3 && quorum === quorumOf(size + 2);
  if (quorum !== quorumOf(counted) && !leaving) {
    const message = `must be ${quorumOf(counted)}, the majority of ${counted}, got ${quorum}`;
    return { path: "quorum", message };
  }
  return undefined;
}

/**
 * Why an ensemble must not go from one size to another in one step, with the next step that leads there; undefined when it may.
 *
 * Every majority that can meet before a step shares a member with each that can meet after it. Sources: Mesos, "3->5: restart the
 * old 3 with quorum 3, then add 2; 5->3: remove 2 for good, then restart 3 with quorum 2; 1->3 wipes the registry"; ZooKeeper
 * administrator's guide, hierarchical quorums.
 */
export function ensembleStepFailure(
  kind: MemberKind,
  from: EnsembleSize | undefined,
  to: EnsembleSize,
): string | undefined {
  if (kind === "zookeeper") return zookeeperStepFailure(from, to);
  return kind === "mesos-master" ? masterStepFailure(from, to) : undefined;
}

/** The sizes of a ZooKeeper up to `most`; a step goes to the next one, up or down. */
function zookeeperLadder(most: number): EnsembleSize[] {
  const ladder: EnsembleSize[] = [1, 3].map((size) => ({ size, quorum: quorumOf(size) }));
  for (let size = 5; size <= most; size += 2) {
    for (const voters of [size - 2, size - 1]) ladder.push({ size, quorum: quorumOf(voters), voters });
    ladder.push({ size, quorum: quorumOf(size) });
  }
  return ladder;
}

function rungOf(ladder: readonly EnsembleSize[], one: EnsembleSize): number {
  return ladder.findIndex(({ size, voters }) => size === one.size && voters === one.voters);
}

/**
 * One more or one less may vote in a step: majorities of n and of n + 1 of the same servers always meet. A server comes and goes
 * without a vote: those that vote are told of it while they restart, and it is never the leader that one of them has to follow.
 */
function zookeeperStepFailure(from: EnsembleSize | undefined, to: EnsembleSize): string | undefined {
  if (from === undefined) {
    return to.voters === undefined
      ? undefined
      : "quorumOf: is only for the way of a running ensemble to another size; leave it out";
  }
  const ladder = zookeeperLadder(Math.max(from.size, to.size));
  const [now, then] = [rungOf(ladder, from), rungOf(ladder, to)];
  if (then === 0 && now > 0) return refused(from, to, alone(from.size));
  if (Math.abs(then - now) <= 1) return undefined;
  const between = then > now ? ladder.slice(now + 1, then) : ladder.slice(then + 1, now).reverse();
  return refused(from, to, `first ${[...between, to].map(written).join(", then ")}`);
}

function masterStepFailure(from: EnsembleSize | undefined, to: EnsembleSize): string | undefined {
  const told = ({ quorum }: EnsembleSize): number => 2 * quorum - 1;
  if (from === undefined) {
    return told(to) === to.size
      ? undefined
      : `quorumOf: is only for the way from ${told(to)} to ${to.size}; leave it out`;
  }
  if (from.size === to.size && from.quorum === to.quorum) return undefined;
  if (told(from) !== from.size) {
    // Two have left, and the others still count with them.
    if (to.size === from.size || (to.size === told(from) && told(to) === to.size)) return undefined;
    return refused(from, to, `first size: ${from.size}, without quorumOf`);
  }
  if (told(to) !== to.size) {
    if (told(to) === from.size && to.size >= 3) return undefined;
    const fix = from.size > 3 ? `from ${from.size} it is ${shrinkTo(from.size)}` : "leave it out";
    return refused(from, to, `quorumOf is for members that have just gone; ${fix}`);
  }
  if (to.size > from.size) {
    if (from.size === 1) {
      return refused(from, to, "a single master's registry does not survive it; make another ensemble");
    }
    if (to.size === from.size + 2) return undefined;
    return refused(from, to, `first size: ${from.size + 2}, then ${to.size}`);
  }
  if (from.size <= 3) return refused(from, to, alone(from.size));
  return refused(from, to, `first ${shrinkTo(from.size)}, then size: ${from.size - 2} alone`);
}

const shrinkTo = (size: number): string => `size: ${size - 2} with quorumOf: ${size}`;
const alone = (size: number): string =>
  `the one that would be left is no majority of ${size}; stay at ${size}, or make another ensemble`;

function refused(from: EnsembleSize, to: EnsembleSize, next: string): string {
  return `must not go from ${describeSize(from)} to ${describeSize(to)} in one step: ${next}`;
}

/** As a program declares it. */
function written({ size, voters }: EnsembleSize): string {
  return voters === undefined ? `size: ${size} alone` : `size: ${size} with quorumOf: ${voters}`;
}

/** A size in a message: `5 (quorumOf 4)` on the way to another. */
export function describeSize({ size, quorum, voters }: EnsembleSize): string {
  if (voters === undefined && quorum === quorumOf(size)) return String(size);
  return `${size} (quorumOf ${voters ?? 2 * quorum - 1})`;
}

/** What the members do on a step that is allowed, in a line; undefined where the size stays. */
export function describeStep(kind: MemberKind, from: EnsembleSize, to: EnsembleSize): string | undefined {
  if (!votes(kind) || describeSize(from) === describeSize(to)) return undefined;
  const restarts = kind === "zookeeper" || from.quorum !== to.quorum;
  const came = to.size - from.size;
  const parts = [
    restarts ? "members restart one at a time, the leader last" : "no member restarts",
    ...(came > 0 ? [`${came} come`] : came < 0 ? [`${-came} leave at the end`] : []),
    ...(kind === "zookeeper" ? [`${votersOf(to)} vote`] : []),
  ];
  const next = nextStep(from, to);
  return `${describeSize(from)} to ${describeSize(to)}: ${parts.join(", ")}${next === undefined ? "" : `; then ${next}`}`;
}

/** The step after one of a ZooKeeper that ends halfway, in the same direction. */
function nextStep(from: EnsembleSize, to: EnsembleSize): string | undefined {
  if (to.voters === undefined) return undefined;
  const ladder = zookeeperLadder(to.size);
  const at = rungOf(ladder, to) + (rungOf(ladder, from) < rungOf(ladder, to) ? 1 : -1);
  return ladder[at] && written(ladder[at]);
}
