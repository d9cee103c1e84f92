// SPDX-License-Identifier: Apache-2.0
import { MesosError, within } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { isNewer, type LogEntry, type Replica, type ReplicaAnswer, type ReplicaState } from "./replica";

/** A question to a replica, this master's own or another's. */
export type ReplicaCall =
  | { readonly type: "status" }
  | { readonly type: "promise"; readonly epoch: number }
  | { readonly type: "write"; readonly entry: LogEntry };

/** Asks the replica of another master; rejects when it does not answer. */
export type AskPeer = (address: string, call: ReplicaCall, signal: AbortSignal) => Promise<ReplicaAnswer>;

export interface QuorumLogOptions {
  readonly replica: Replica;
  readonly quorum: number;
  readonly autoInitialize: boolean;
  readonly ask: AskPeer;
  readonly clock: Clock;
}

const retryMs = 200;

/** Answers for another master's question. */
export async function answer(replica: Replica, call: ReplicaCall): Promise<ReplicaAnswer> {
  if (call.type === "promise") return await replica.promise(call.epoch);
  if (call.type === "write") return await replica.write(call.entry);
  return { ok: true, state: replica.state };
}

/**
 * The registry on a quorum of masters: a leader first gets a quorum's promise to refuse older leaders, takes the newest
 * version among them, writes it back under its own epoch, and then each change to a quorum.
 */
export class QuorumLog {
  readonly #options: QuorumLogOptions;
  #peers: ReadonlySet<string> = new Set();
  #epoch = 0;
  #sequence = 0;

  constructor(options: QuorumLogOptions) {
    this.#options = options;
  }

  /** The other masters' addresses (`ip:port`) as ZooKeeper's log_replicas names them. */
  set peers(peers: ReadonlySet<string>) {
    this.#peers = peers;
  }

  /** The voting members that are known, this one included. */
  get size(): number {
    return this.#peers.size + 1;
  }

  get recovered(): boolean {
    return this.#options.replica.state.status === "VOTING";
  }

  /** Until this replica may vote: an ensemble of empty ones begins together, a new one copies from a quorum. */
  async recover(signal: AbortSignal): Promise<void> {
    const { replica, quorum, autoInitialize, clock } = this.#options;
    while (replica.state.status !== "VOTING") {
      const others = await this.#askAll({ type: "status" }, signal);
      const states = others.map((a) => a.state);
      const voting = states.filter((s) => s.status === "VOTING");
      const whole = states.length + 1 >= 2 * quorum - 1;
      if (voting.length >= quorum) {
        await replica.become("VOTING", newest(voting));
        continue;
      }
      if (autoInitialize && whole && replica.state.status === "EMPTY" && voting.length === 0) {
        await replica.become("STARTING");
        continue;
      }
      if (
        autoInitialize &&
        whole &&
        states.every((s) => s.status !== "EMPTY") &&
        replica.state.status === "STARTING"
      ) {
        await replica.become("VOTING");
        continue;
      }
      await clock.sleep(retryMs, signal);
    }
  }

  /** Becomes the writer: the newest version of a quorum, written back. Rejects when `signal` ends the wait. */
  async elect(signal: AbortSignal): Promise<unknown> {
    const { replica, quorum, clock } = this.#options;
    await this.recover(signal);
    for (let seen = replica.state.promised; ; await clock.sleep(retryMs, signal)) {
      const epoch = seen + 1;
      const answers = await this.#askAll({ type: "promise", epoch }, signal, await replica.promise(epoch));
      const granted = answers.filter((a) => a.ok).map((a) => a.state);
      seen = Math.max(epoch, ...answers.map((a) => a.state.promised));
      if (granted.length < quorum) continue;
      this.#epoch = epoch;
      this.#sequence = 0;
      const value = newest(granted).entry?.value;
      await this.write(value, signal);
      return value;
    }
  }

  /** Returns once a quorum has stored `value`; asks again until then, as long as `signal` allows. */
  async write(value: unknown, signal: AbortSignal): Promise<void> {
    const { replica, quorum, clock } = this.#options;
    const entry: LogEntry = { epoch: this.#epoch, sequence: ++this.#sequence, value };
    for (;;) {
      const answers = await this.#askAll({ type: "write", entry }, signal, await replica.write(entry));
      if (answers.filter((a) => a.ok).length >= quorum) return;
      if (answers.some((a) => !a.ok && a.state.promised > entry.epoch)) {
        throw new MesosError(
          "MESOS_SIMULATOR_LOG_DEMOTED",
          "another master has been elected to write the registry",
        );
      }
      await clock.sleep(retryMs, signal);
    }
  }

  /** The answers that come, at the latest when a quorum is complete and the others had their time. */
  async #askAll(call: ReplicaCall, signal: AbortSignal, own?: ReplicaAnswer): Promise<ReplicaAnswer[]> {
    const { ask, quorum } = this.#options;
    const answers: ReplicaAnswer[] = own === undefined ? [] : [own];
    const round = new AbortController();
    const bounded = within(AbortSignal.any([signal, round.signal]), 2_000);
    const enough = (): boolean => call.type !== "status" && answers.filter((a) => a.ok).length >= quorum;
    const asked = [...this.#peers].map(async (peer) => {
      try {
        answers.push(await ask(peer, call, bounded));
      } catch {
        return; // a peer that does not answer counts as none; the caller counts the answers
      }
    });
    if (!enough()) {
      await new Promise<void>((resolve) => {
        Promise.all(asked).then(
          () => resolve(),
          () => resolve(),
        );
        for (const one of asked)
          one.then(
            () => enough() && resolve(),
            () => resolve(),
          );
      });
    }
    signal.throwIfAborted();
    // A write still reaches the slower peers, so that they do not fall behind; its time is bounded.
    if (call.type !== "write") round.abort();
    return [...answers];
  }
}

function newest(states: readonly ReplicaState[]): Pick<ReplicaState, "promised" | "entry"> {
  let entry: LogEntry | undefined;
  for (const state of states) if (isNewer(state.entry, entry)) entry = state.entry;
  return {
    promised: Math.max(0, ...states.map((s) => s.promised)),
    ...(entry === undefined ? {} : { entry }),
  };
}
