// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterKeys } from "./cluster-keys";
import { masterLeads } from "./cluster-view";
import { answerFrom } from "./http";

const leaderEveryPolls = 5;

/**
 * Watches masters while they are changed.
 *
 * Quorum means: so many replicas of the registry stand whose process answers (a replica serves whether its master leads
 * or not). It is asked for every 100 ms; whether one of them leads, every half second.
 */
export class QuorumWatch {
  /** The moments when fewer than a quorum answered. */
  readonly losses: string[] = [];
  polls = 0;
  /** The longest time for which no master said that it leads. */
  longestWithoutLeaderMs = 0;
  readonly #abort = new AbortController();
  readonly #hosts: readonly string[];
  readonly #quorum: number;
  readonly #keys: ClusterKeys | undefined;
  readonly #done: Promise<void>;
  #ledAt = Date.now();

  /** @param keys of masters that ask who one is and speak TLS */
  constructor(hosts: readonly string[], quorum: number, keys?: ClusterKeys) {
    this.#keys = keys;
    this.#hosts = hosts;
    this.#quorum = quorum;
    this.#done = this.#run();
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await this.#countReplicas();
      if (this.polls % leaderEveryPolls === 0) await this.#lookForLeader();
      await delay(100);
    }
    await this.#lookForLeader();
  }

  async #countReplicas(): Promise<void> {
    const answers = await Promise.all(this.#hosts.map((host) => masterIsUp(host, this.#keys)));
    this.polls += 1;
    if (answers.filter(Boolean).length < this.#quorum) {
      const down = this.#hosts.filter((_, i) => !answers[i]);
      this.losses.push(`${new Date().toISOString()}: ${down.join(", ")} down`);
    }
  }

  async #lookForLeader(): Promise<void> {
    const leads = await Promise.all(this.#hosts.map((host) => masterLeads(host, this.#keys)));
    const now = Date.now();
    this.longestWithoutLeaderMs = Math.max(this.longestWithoutLeaderMs, now - this.#ledAt);
    if (leads.some(Boolean)) this.#ledAt = now;
  }

  /** Ends the watch; what it saw stays readable. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}

/** Whether a master's process answers. */
async function masterIsUp(host: string, keys: ClusterKeys | undefined): Promise<boolean> {
  const url = `${keys === undefined ? "http" : "https"}://${host}:5050/health`;
  return (await answerFrom(url, { ca: keys?.ca }))?.status === 200;
}
