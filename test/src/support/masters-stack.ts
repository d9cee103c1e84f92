// SPDX-License-Identifier: Apache-2.0
import { list, type ProcessStatus } from "@pulumi-mesos/supervisor";
import { ClusterView } from "./cluster-view";
import { mastersProgram } from "./programs";
import { QuorumWatch } from "./quorum-watch";
import { TestStack } from "./test-stack";

/** A running stack of one ZooKeeper and some masters. */
export class MastersStack {
  readonly size: 3 | 5;
  readonly stack: TestStack;
  readonly cluster: ClusterView;

  private constructor(stack: TestStack, size: 3 | 5, octet: number) {
    this.stack = stack;
    this.size = size;
    this.cluster = new ClusterView(`127.${octet}`);
  }

  /**
   * Makes the stack and waits until all members have joined; `master` is an executable in the place of mesos-master, `plugin` the
   * directory of one in the place of the repository's.
   */
  static async up(options: {
    size: 3 | 5;
    octet: number;
    master?: string;
    plugin?: string;
  }): Promise<MastersStack> {
    const { size, octet, master, plugin } = options;
    const stack = await TestStack.create({
      program: { source: mastersProgram },
      plugin,
      config: {
        network: `127.${octet}.0.0/16`,
        masters: String(size),
        ...(master === undefined ? {} : { master }),
      },
    });
    try {
      await stack.up();
    } catch (error) {
      await stack.close();
      throw error;
    }
    return new MastersStack(stack, size, octet);
  }

  get hosts(): string[] {
    return this.cluster.hosts("masters", this.size);
  }

  watch(): QuorumWatch {
    return new QuorumWatch(this.hosts, Math.floor(this.size / 2) + 1);
  }

  /** Host of a member by the name of its process, `demo-masters-2`. */
  hostOf(name: string): string {
    return this.cluster.hosts("masters", 5)[Number(name.split("-").at(-1)) - 1] ?? "";
  }

  /** The supervised masters by host. */
  async members(): Promise<Map<string, ProcessStatus>> {
    const processes = (await list({ root: this.stack.state })).filter((p) => p.name.includes("masters"));
    return new Map(processes.map((p) => [this.hostOf(p.name), p]));
  }

  /** Hosts whose process was replaced since `before`, in the order in which they were started. */
  async replacedSince(before: ReadonlyMap<string, ProcessStatus>): Promise<string[]> {
    return this.#inOrder((host, now) => now.incarnation !== before.get(host)?.incarnation);
  }

  /** Hosts whose process was started since `before`, replaced or repaired, in that order. */
  async startedSince(before: ReadonlyMap<string, ProcessStatus>): Promise<string[]> {
    return this.#inOrder((host, now) => now.startedAt !== before.get(host)?.startedAt);
  }

  async #inOrder(differs: (host: string, now: ProcessStatus) => boolean): Promise<string[]> {
    const found = [...(await this.members())].filter(([host, now]) => differs(host, now));
    const at = ({ startedAt = "" }: ProcessStatus): string => startedAt;
    return found.sort(([, a], [, b]) => (at(a) < at(b) ? -1 : 1)).map(([host]) => host);
  }

  /** Kills a master and its supervisor: nothing but `up` brings it back. */
  async killForGood(host: string): Promise<void> {
    const member = (await this.members()).get(host);
    if (member === undefined) throw new Error(`no master at ${host}`);
    const pids = this.stack
      .processes()
      .filter(({ argv }) => argv.includes(member.directory) || argv.includes(`--ip=${host}`))
      .map(({ pid }) => pid);
    // The supervisor first, so that it cannot start the master again.
    for (const pid of pids.sort((a, b) => a - b)) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  }

  close(): Promise<void> {
    return this.stack.close();
  }
}
