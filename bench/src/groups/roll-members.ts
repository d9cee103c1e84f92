// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { Cluster } from "@pulumi-mesos/simulator";

/** What the controller's process is told at its start. */
export interface RollPlace {
  readonly zookeeper: string;
  readonly cluster: string;
  readonly master: string;
  readonly marathon: string;
  readonly most: number;
}

/** What it asks for, and the answer. */
export interface Ask {
  readonly id: number;
  readonly verb: "members" | "start" | "terminate";
  readonly index: number;
}
export interface Reply {
  readonly id: number;
  readonly members?: readonly { readonly index: number; readonly address: string }[];
}

/** Members of a group that are agents of a simulated cluster: each start takes one that was never used. */
export class RollMembers {
  readonly #cluster: Cluster;
  readonly #spare: string[];
  readonly #members = new Map<number, string>();
  /** Members that were ended more than once, or that nobody had started. */
  readonly harm: string[] = [];
  ended = 0;

  /** @param spare names of agents that are not running */
  constructor(cluster: Cluster, spare: readonly string[]) {
    this.#cluster = cluster;
    this.#spare = [...spare];
  }

  /** Starts the controller with these as its members. */
  control(place: RollPlace): ChildProcess {
    const child = fork(path.join(__dirname, "roll-controller.js"), [JSON.stringify(place)]);
    child.on("message", (ask: Ask) => {
      void this.#answer(ask).then((reply) => {
        if (child.connected) child.send(reply);
      });
    });
    return child;
  }

  get size(): number {
    return this.#members.size;
  }

  async #answer({ id, verb, index }: Ask): Promise<Reply> {
    if (verb === "members") {
      const members = [...this.#members].map(([n, address]) => ({ index: n, address }));
      return { id, members };
    }
    const name = this.#members.get(index);
    if (verb === "start" && name === undefined) {
      const next = this.#spare.shift();
      if (next === undefined) throw new Error("no agent is left to start");
      this.#members.set(index, next);
      await this.#cluster.restart(next);
    }
    if (verb === "terminate") {
      if (name === undefined) this.harm.push(`web-${index} ended twice`);
      else {
        this.#members.delete(index);
        this.ended += 1;
        await this.#cluster.stop(name);
      }
    }
    return { id };
  }
}

/** Ends a process as kill -9 does, and waits until it has ended. */
export async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
