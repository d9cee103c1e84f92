// SPDX-License-Identifier: Apache-2.0
import { type EnsembleSize, votersOf } from "./ensemble-change";
import { changeOrder, type MemberKind, quorumOf } from "./members";

/** A member that lives. */
interface Member {
  /** Of how many members it was told, and with how many of them it counts. */
  readonly told: number;
  readonly counts: number;
  /** Whether it knows everything that was ever agreed on. */
  knows: boolean;
}
type Group = readonly number[];

/** Chooses a number below `n`. */
export type Choose = (n: number) => number;

/**
 * Members by number from 0, changed as the engine changes them: in the order of `changeOrder`, those that go at the end, and possibly
 * not to the end. What it finds wrong stands in `harm`.
 */
export class EnsembleWalk {
  readonly live = new Map<number, Member>();
  /** The groups that could agree when any could, last. */
  #before: Group[];
  #leader: number | undefined;
  readonly #kind: MemberKind;
  readonly #choose: Choose;
  harm: string | undefined;

  /** @param choose who is elected of those who may be */
  constructor(kind: MemberKind, size: EnsembleSize, choose: Choose = () => 0) {
    this.#kind = kind;
    this.#choose = choose;
    for (let n = 0; n < size.size; n++) this.live.set(n, { ...this.#config(size), knows: true });
    this.#before = this.groups();
    this.#elect();
  }

  /** Every group of living members in which one finds the majority of those that it counts with. */
  groups(): Group[] {
    const living = [...this.live.keys()];
    const all = Array.from({ length: 2 ** living.length }, (_, bits) =>
      living.filter((_n, i) => (bits >> i) % 2 === 1),
    );
    return all.filter((group) => group.some((n) => this.#agrees(n, group)));
  }

  /** Whether the plugin would let this step begin: everybody who stays is there, and the step before has ended. */
  mayLeave(from: EnsembleSize, to: EnsembleSize): boolean {
    const known = [this.#config(from).counts, this.#config(to).counts];
    const stay = Array.from({ length: Math.min(from.size, to.size) }, (_, n) => this.live.get(n));
    const joined = stay.every((member) => member !== undefined) && this.groups().length > 0;
    const ended = this.#kind !== "zookeeper" || stay.every((member) => known.includes(member?.counts ?? 0));
    const left = [...this.live.keys()].some((n) => n >= Math.max(from.size, to.size));
    return joined && ended && (this.#kind === "zookeeper" || !left);
  }

  /** Goes to a size, or as far as `events` starts and ends of members lead there. */
  change(to: EnsembleSize, events = Number.POSITIVE_INFINITY): void {
    const config = this.#config(to);
    const from = Math.max(...this.live.keys()) + 1;
    let left = events;
    const happens = (event: () => void): void => {
      if (left-- > 0) this.#event(event);
    };
    for (const name of this.#order(Math.max(from, to.size)).filter((n) => n < to.size)) {
      const before = this.live.get(name);
      if (before?.told === config.told && before.counts === config.counts) continue;
      if (before !== undefined) happens(() => this.live.delete(name));
      // What others agree on while it is away, it does not know when it comes back.
      const knows = before !== undefined && this.groups().length === 0;
      happens(() => this.#start(name, { ...config, knows }));
    }
    for (let n = to.size; n < from; n++) happens(() => this.live.delete(n));
  }

  #config({ size, quorum, voters }: EnsembleSize): { told: number; counts: number } {
    const told = this.#kind === "zookeeper" ? size : 2 * quorum - 1;
    return { told, counts: this.#kind === "zookeeper" ? votersOf({ size, voters }) : told };
  }

  #agrees(n: number, group: Group): boolean {
    const counts = this.live.get(n)?.counts ?? 0;
    return group.filter((m) => m < counts).length >= quorumOf(counts);
  }

  #order(size: number): number[] {
    const able = this.groups().flat();
    const members = Array.from({ length: size }, (_, n) => {
      const [up, joined] = [this.live.has(n), able.includes(n)];
      const told = this.live.get(n)?.told;
      return { name: String(n), up, joined, leading: joined && n === this.#leader, told, detail: "" };
    });
    return changeOrder(members).map(Number);
  }

  /** A ZooKeeper server follows only a leader that it was told of. */
  #start(name: number, member: Member): void {
    this.live.set(name, member);
    if (this.#kind === "zookeeper" && this.#leader !== undefined && this.#leader >= member.told) {
      this.harm ??= `${name} does not know ${this.#leader}, who leads`;
    }
  }

  /** Whoever counts itself and finds its majority may be elected when nobody leads. */
  #elect(): void {
    const living = [...this.live.keys()];
    const able = living.filter((n) => n < (this.live.get(n)?.counts ?? 0) && this.#agrees(n, living));
    if (this.#leader !== undefined && able.includes(this.#leader)) return;
    this.#leader = able[this.#choose(able.length)];
  }

  /** Groups before and after an event must share a member that knows everything, and groups at one time any member. */
  #event(happens: () => void): void {
    const knowing = new Set([...this.live].flatMap(([n, { knows }]) => (knows ? [n] : [])));
    happens();
    const after = this.groups();
    for (const now of after) {
      const meets = (other: Group, counts = (_: number) => true): boolean =>
        other.some((n) => now.includes(n) && counts(n));
      const fits =
        this.#before.every((group) => meets(group, (n) => knowing.has(n))) &&
        after.every((group) => meets(group));
      if (!fits) this.harm ??= `${now} may meet apart from others`;
    }
    this.#elect();
    if (after.length === 0) return;
    this.#before = after;
    for (const member of this.live.values()) member.knows = true;
  }
}
