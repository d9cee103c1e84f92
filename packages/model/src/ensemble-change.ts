// SPDX-License-Identifier: Apache-2.0
import { type MemberKind, quorumOf } from "./members";

/** How many members an ensemble has, and of how many its members were told: more of them while two have left. */
export interface EnsembleSize {
  readonly size: number;
  readonly quorum: number;
}

/** Whether members of this kind vote: then the wrong size at the wrong time loses data. */
export function votes(kind: MemberKind): boolean {
  return kind === "zookeeper" || kind === "mesos-master";
}

/** What an ensemble of votes is refused for at any time, apart from how it came there. */
export function ensembleFailure({
  size,
  quorum,
}: EnsembleSize): { path: string; message: string } | undefined {
  if (size % 2 === 0) {
    const message = `must be odd, got ${size}: ${size - 1} survive as many losses; use an odd number`;
    return { path: "size", message };
  }
  if (quorum !== quorumOf(size) && !(size >= 3 && quorum === quorumOf(size + 2))) {
    const message = `must be ${quorumOf(size)}, the majority of ${size}, got ${quorum}`;
    return { path: "quorum", message };
  }
  return undefined;
}

/**
 * Why an ensemble must not go from one size to another in one step, with the next step that leads there; undefined when it may.
 *
 * Every majority that can meet before a step shares a member with each that can meet after it. Sources: Mesos, "3->5: restart the
 * old 3 with quorum 3, then add 2; 5->3: remove 2 for good, then restart 3 with quorum 2; 1->3 wipes the registry"; ZooKeeper
 * administrator's guide, rolling changes of the servers in zoo.cfg.
 */
export function ensembleStepFailure(
  kind: MemberKind,
  from: EnsembleSize | undefined,
  to: EnsembleSize,
): string | undefined {
  if (!votes(kind)) return undefined;
  const told = ({ quorum }: EnsembleSize): number => 2 * quorum - 1;
  if (from === undefined) {
    return told(to) === to.size
      ? undefined
      : `quorumOf: is only for the way from ${told(to)} to ${to.size}; leave it out`;
  }
  if (from.size === to.size && from.quorum === to.quorum) return undefined;
  const refused = (next: string): string =>
    `must not go from ${named(from)} to ${named(to)} in one step: ${next}`;
  if (told(from) !== from.size) {
    // Two have left, and the others still count with them.
    if (to.size === from.size || (to.size === told(from) && told(to) === to.size)) return undefined;
    return refused(`first ${next(from.size)}, without quorumOf`);
  }
  if (told(to) !== to.size) {
    if (told(to) === from.size && to.size >= 3) return undefined;
    return refused(
      `quorumOf is for members that have just gone; ${from.size > 3 ? `from ${from.size} it is ${shrinkTo(from.size)}` : `leave it out`}`,
    );
  }
  if (to.size > from.size) {
    if (from.size === 1 && kind === "mesos-master") {
      return refused("a single master's registry does not survive it; make another ensemble");
    }
    // It would look for three among the two that are left when it restarts; and if 4 and 5 came first, two leaders could lead.
    if (kind === "zookeeper" && to.size > 3) {
      return refused(
        `a server that is told of ${to.size} is not taken in by three that serve; 3 is the most, or make another ensemble with ${to.size} from the start`,
      );
    }
    if (to.size === from.size + 2) return undefined;
    return refused(`first ${next(from.size + 2)}, then ${to.size}`);
  }
  if (from.size <= 3) {
    return refused(
      `the one that would be left is no majority of ${from.size}; stay at ${from.size}, or make another ensemble`,
    );
  }
  return refused(`first ${shrinkTo(from.size)}, then size: ${from.size - 2} alone`);
}

const next = (size: number): string => `size: ${size}`;
const shrinkTo = (size: number): string => `size: ${size - 2} with quorumOf: ${size}`;

function named({ size, quorum }: EnsembleSize): string {
  const told = 2 * quorum - 1;
  return told === size ? String(size) : `${size} (quorumOf ${told})`;
}
