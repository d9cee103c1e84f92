// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock";
import type { Backend, TaskControl } from "./backend";
import type { UnknownRequest } from "./faults";
import { ownerOf } from "./gate";
import { misuse, type Settings } from "./options";
import { processTasks } from "./process-tasks";
import { ProgramMember } from "./program-member";
import { ZooKeeperServer } from "./zookeeper-server";

/** Every member a program, with a real ZooKeeper. */
export class ProgramBackend implements Backend {
  readonly tasks: TaskControl;
  readonly unknown: readonly UnknownRequest[] = [];
  readonly zookeeper: ZooKeeperServer;
  readonly #settings: Settings;
  readonly directory = mkdtempSync(join(tmpdir(), "mesos-kit-"));
  readonly #cuts = new Set<string>();
  #members: ProgramMember[] = [];
  #epoch = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.zookeeper = new ZooKeeperServer(
      `${settings.network}.200`,
      join(this.directory, "zookeeper"),
      settings.sessionTimeoutMs,
    );
    this.#members = this.#make();
    this.tasks = processTasks(() => this.#members);
  }

  get members(): readonly ProgramMember[] {
    return this.#members;
  }

  now(): number {
    return systemClock.now();
  }

  async step(): Promise<void> {
    throw misuse('clock.step: start the cluster without programs and with { clock: "stepped" }');
  }

  async open(): Promise<void> {
    await this.zookeeper.start();
    for (const member of this.#members) await member.open();
  }

  async part(a: string, b: string | undefined): Promise<void> {
    const member = this.#members.find((m) => m.name === a);
    if (b === undefined || b === "zookeeper") member?.partFromZooKeeper(true);
    if (b === "zookeeper") return;
    this.#cuts.add(keyOf(a, b));
    for (const { name, gate } of this.#members) {
      for (const passage of gate.passages) if (!this.#admits(passage.callerPort, name)) passage.end();
    }
  }

  async heal(): Promise<void> {
    this.#cuts.clear();
    for (const member of this.#members) member.partFromZooKeeper(false);
  }

  slow(member: string, ms: number): void {
    const found = this.#members.find((m) => m.name === member);
    if (found !== undefined) found.gate.delayMs = ms;
  }

  failNext(): void {
    throw misuse("failNext: programs answer by themselves, start the cluster without programs");
  }

  emit(): void {
    throw misuse("emit: programs say what happens by themselves, start the cluster without programs");
  }

  async clean(): Promise<void> {
    this.#epoch++;
    this.#cuts.clear();
    for (const member of this.#members) {
      member.gate.delayMs = 0;
      await member.wipe();
    }
  }

  async close(): Promise<void> {
    await this.clean();
    for (const member of this.#members) await member.close();
    await this.zookeeper.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #make(): ProgramMember[] {
    const { zookeeper } = this;
    const world = {
      settings: this.#settings,
      directory: this.directory,
      zookeeper: {
        host: zookeeper.host,
        get port() {
          return zookeeper.port;
        },
      },
      root: () => `/kit-${this.#epoch}`,
      admits: (port: number, member: string) => this.#admits(port, member),
    };
    const { masters, marathons, agents } = this.#settings;
    const kinds = { master: masters, marathon: marathons, agent: agents } as const;
    return (["master", "marathon", "agent"] as const).flatMap((kind) =>
      Array.from({ length: kinds[kind] }, (_, i) => new ProgramMember(kind, i + 1, world)),
    );
  }

  /** Whether the member that holds the caller's port may reach `to`; who is no member may. */
  #admits(callerPort: number, to: string): boolean {
    if (this.#cuts.size === 0) return true;
    const pids = this.#members.flatMap((m) => m.pid ?? []);
    const pid = ownerOf(callerPort, pids);
    const from = this.#members.find((m) => m.pid !== undefined && m.pid === pid)?.name;
    if (from === undefined || from === to) return true;
    return ![keyOf(from, to), keyOf(from, undefined), keyOf(to, undefined)].some((k) => this.#cuts.has(k));
  }
}

function keyOf(a: string, b: string | undefined): string {
  return b === undefined ? a : [a, b].sort().join("|");
}
