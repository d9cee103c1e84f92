// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay, setImmediate as turn } from "node:timers/promises";
import { type Clock, systemClock } from "../clock";
import type { Probe } from "../marathon/health/probe";
import { isTerminal } from "../protocol/types";
import type { Backend, TaskControl } from "./backend";
import { SteppedTime } from "./clocks";
import { type FailureAnswer, Faults, type UnknownRequest } from "./faults";
import { LocalMember, type World } from "./local";
import { MemoryZooKeeper } from "./memory-zookeeper";
import { Network } from "./network";
import { keyOf, type NoopTask } from "./noop-agent";
import { NoopHost } from "./noop-host";
import { appIdOf, type KitTask, Scripts, type TaskScript } from "./noop-tasks";
import { misuse, type Settings } from "./options";
import { processTasks } from "./process-tasks";

const startMs = Date.UTC(2026, 0, 1);
/** Turns of the event loop without any traffic after which a cluster is at rest. */
const restTurns = 4;
const restBoundMs = 5_000;
/** Milliseconds that a framework has for the acknowledgement of a task that a test ended. */
const heardLooks = 2_000;

/** All members in this process: memory in ZooKeeper's place, the machine's or a stepped clock. */
export class LocalBackend implements Backend {
  readonly members: readonly LocalMember[];
  readonly tasks: TaskControl;
  readonly zookeeper = undefined;
  readonly #world: World;
  readonly #stepped: SteppedTime | undefined;

  constructor(settings: Settings) {
    const network = new Network();
    this.#stepped = settings.stepped ? new SteppedTime(startMs, () => rest(network)) : undefined;
    const clock: Clock = this.#stepped ?? systemClock;
    const scripts = new Scripts();
    this.#world = {
      settings,
      clock,
      network,
      scripts,
      zookeeper: new MemoryZooKeeper(clock),
      faults: new Faults(clock),
      directory: mkdtempSync(join(tmpdir(), "mesos-kit-")),
      noopHost: new NoopHost(),
      probe: settings.tasks === "noop" ? this.#probe(scripts) : undefined,
    };
    const kinds = { master: settings.masters, marathon: settings.marathons, agent: settings.agents } as const;
    this.members = (["master", "marathon", "agent"] as const).flatMap((kind) =>
      Array.from({ length: kinds[kind] }, (_, i) => new LocalMember(kind, i + 1, this.#world)),
    );
    this.tasks = settings.tasks === "noop" ? this.#noopTasks() : processTasks(() => this.members);
  }

  get directory(): string {
    return this.#world.directory;
  }

  get unknown(): readonly UnknownRequest[] {
    return this.#world.faults.unknown;
  }

  now(): number {
    return this.#world.clock.now();
  }

  async step(ms: number): Promise<void> {
    if (this.#stepped === undefined) throw misuse('clock.step: start the cluster with { clock: "stepped" }');
    await this.#stepped.step(ms);
  }

  async open(): Promise<void> {
    await this.#world.noopHost.listen(`${this.#world.settings.network}.1`);
  }

  async part(a: string, b: string | undefined): Promise<void> {
    const { network } = this.#world;
    if (b === "zookeeper" || b === undefined) this.#named(a).partFromZooKeeper(true);
    if (b !== "zookeeper") network.cut(a, b);
  }

  async heal(): Promise<void> {
    this.#world.network.heal();
    for (const member of this.members) member.partFromZooKeeper(false);
  }

  slow(member: string, ms: number): void {
    this.#world.faults.slow(member, ms);
  }

  failNext(endpoint: string, answer: FailureAnswer, member: string | undefined): void {
    this.#world.faults.failNext(endpoint, answer, member);
  }

  emit(eventType: string, fields: Readonly<Record<string, unknown>>): void {
    const core = this.members.map((m) => m.marathonCore).find((c) => c !== undefined);
    if (core === undefined) throw misuse("emit: no Marathon leads");
    core.events.emit(eventType, fields);
  }

  async clean(): Promise<void> {
    const { faults, scripts, network, zookeeper } = this.#world;
    for (const member of this.members) await member.wipe();
    faults.clear();
    scripts.clear();
    network.heal();
    zookeeper.wipe();
  }

  async close(): Promise<void> {
    await this.clean();
    await this.#world.noopHost.close();
    rmSync(this.#world.directory, { recursive: true, force: true });
  }

  #named(name: string): LocalMember {
    const member = this.members.find((m) => m.name === name);
    if (member === undefined) throw misuse(`there is no member '${name}'`);
    return member;
  }

  /** Health checks ask for host and port: the task there says what they find. */
  #probe(scripts: Scripts): Probe {
    return async ({ host, port, protocol }) => {
      const agent = this.members.find((m) => m.name === host);
      const task = [...(agent?.memory.tasks.values() ?? [])].find((t) => hasPort(t, port));
      const healthy = task === undefined || scripts.of(appIdOf(task.info)).healthy !== false;
      if (!healthy) return { failure: "ConnectException: Connection refused" };
      return protocol === "TCP" ? {} : { status: 200 };
    };
  }

  #noopTasks(): TaskControl {
    const all = (): { member: LocalMember; task: NoopTask }[] =>
      this.members.flatMap((member) => [...member.memory.tasks.values()].map((task) => ({ member, task })));
    return {
      list: async () =>
        all().map(
          ({ member, task }): KitTask => ({
            id: task.info.task_id.value,
            appId: appIdOf(task.info),
            frameworkId: task.framework.id?.value ?? "",
            agent: member.name,
            state: task.updates.latest?.state ?? "TASK_STAGING",
          }),
        ),
      exit: async (appId, { count, exitCode, message }) => {
        const running = all().filter(
          ({ member, task }) =>
            appIdOf(task.info) === appId &&
            member.noopAgent !== undefined &&
            task.updates.latest !== undefined &&
            !isTerminal(task.updates.latest.state),
        );
        const chosen = running.slice(0, count);
        for (const { member, task } of chosen) member.noopAgent?.exit(task, exitCode, message);
        // Its framework has acknowledged it: who asks now is told the truth.
        const heard = (): boolean =>
          chosen.every(({ member, task }) => !member.memory.tasks.has(keyOf(task)));
        for (let i = 0; i < heardLooks && !heard(); i++) await delay(1);
        return chosen.length;
      },
      script: (appId: string, script: TaskScript) => this.#world.scripts.set(appId, script),
    };
  }
}

function hasPort({ info }: NoopTask, port: number): boolean {
  return info.resources.some((r) => r.ranges?.range.some(({ begin, end }) => begin <= port && port <= end));
}

/** Waits until nothing moves between the members. */
async function rest(network: Network): Promise<void> {
  const end = systemClock.now() + restBoundMs;
  let before = -1;
  for (let quiet = 0; quiet < restTurns; ) {
    await turn();
    await delay(1);
    await turn();
    const now = network.traffic;
    quiet = now === before ? quiet + 1 : 0;
    before = now;
    if (systemClock.now() > end) return;
  }
}
