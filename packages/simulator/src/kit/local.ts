// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "@pulumi-mesos/model";
import { type Clock, systemClock } from "../clock";
import { marathonFlags } from "../marathon/flags";
import type { Probe } from "../marathon/health/probe";
import { seededIds } from "../marathon/ids";
import { MarathonProgram } from "../marathon/program";
import { agentFlags } from "../mesos-agent/flags";
import { AgentProgram } from "../mesos-agent/program";
import { masterFlags } from "../mesos-master/flags";
import { MasterProgram } from "../mesos-master/program";
import { Replica, type ReplicaStorage } from "../mesos-master/replica";
import { parseAttributes, parseResources, toJson } from "../protocol/resources";
import type { Surroundings } from "../surroundings";
import { agentArgv, marathonArgv, masterArgv, type Place, valuesOf } from "./argv";
import { MemberClock } from "./clocks";
import type { Faults } from "./faults";
import { killMarked } from "./marked";
import type { Member, MemberKind, Runner } from "./member";
import { MemoryAccess, type MemoryZooKeeper } from "./memory-zookeeper";
import type { Network } from "./network";
import { emptyMemory, NoopAgent, type NoopMemory } from "./noop-agent";
import type { NoopHost } from "./noop-host";
import type { Scripts } from "./noop-tasks";
import { resourcesOf, type Settings } from "./options";

/** What all members in one process share. */
export interface World {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly zookeeper: MemoryZooKeeper;
  readonly network: Network;
  readonly faults: Faults;
  readonly scripts: Scripts;
  readonly directory: string;
  readonly noopHost: NoopHost;
  /** What Marathon's health checks find; the network's own where tasks are processes. */
  readonly probe: Probe | undefined;
}

/** What lasts from one start of a member to its end. */
interface Life {
  readonly clock: MemberClock;
  readonly access: MemoryAccess;
  readonly around: Surroundings;
  readonly uuid: () => string;
  /** To be told when the program ends by itself: `how` says whether with a farewell. */
  readonly ended: (message: string, how: "kill" | "stop") => void;
  readonly close: () => Promise<void>;
}

/** A member in this process. */
export class LocalMember implements Runner {
  readonly name: string;
  readonly kind: MemberKind;
  readonly #n: number;
  readonly #world: World;
  #address = "";
  #port = 0;
  #lives = 0;
  /** Whether it is to run: one that ended by itself is not started again after it was stopped. */
  #wanted = false;
  /** Starts and ends come one after another, so that none finds another half done. */
  #turn: Promise<unknown> = Promise.resolve();
  #life: Life | undefined;
  #state: Member["state"] = "stopped";
  #parted = false;
  /** What a master keeps in its work_dir. */
  #log: ReplicaStorage = { state: undefined };
  /** What a no-op agent keeps in its work_dir. */
  #memory: NoopMemory = emptyMemory();
  #master: MasterProgram | undefined;
  #marathon: MarathonProgram | undefined;
  #agent: NoopAgent | undefined;

  constructor(kind: MemberKind, n: number, world: World) {
    this.kind = kind;
    this.name = `${kind}-${n}`;
    this.#n = n;
    this.#world = world;
  }

  get address(): string {
    return this.#address;
  }

  get url(): string {
    return `http://${this.#address}`;
  }

  get state(): Member["state"] {
    return this.#state;
  }

  /** The no-op agent's tasks. */
  get memory(): NoopMemory {
    return this.#memory;
  }

  get noopAgent(): NoopAgent | undefined {
    return this.#agent;
  }

  /** Of a Marathon that leads. */
  get marathonCore(): MarathonProgram["core"] {
    return this.#marathon?.core;
  }

  start(): Promise<void> {
    this.#wanted = true;
    return this.#inTurn(() => this.#begin());
  }

  kill(): Promise<void> {
    this.#wanted = false;
    return this.#inTurn(() => this.#kill());
  }

  stop(): Promise<void> {
    this.#wanted = false;
    return this.#inTurn(() => this.#stop());
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #begin(): Promise<void> {
    if (this.#life !== undefined || !this.#wanted) return;
    const { network, settings } = this.#world;
    const parts = this.#parts();
    const launched = await this.#launch(parts);
    this.#life = { ...parts, close: launched.close };
    this.#state = "running";
    this.#address = launched.address;
    this.#port = Number(launched.address.split(":").at(-1));
    network.name(launched.address, this.name);
    settings.log(`${this.name}: started on ${launched.address}`);
  }

  async #kill(): Promise<void> {
    const life = this.#end();
    if (life === undefined) return;
    life.clock.end();
    life.access.die();
    this.#world.network.drop(this.name);
    this.#world.faults.resume(this.name);
    await life.close();
    this.#world.network.drop(this.name);
  }

  async #stop(): Promise<void> {
    const life = this.#end();
    if (life === undefined) return;
    await life.close();
    life.clock.end();
    this.#world.network.drop(this.name);
  }

  async pause(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "paused";
    this.#world.faults.pause(this.name);
    this.#world.network.hold(this.name, true);
    this.#life?.clock.pause();
    this.#life?.access.freeze();
  }

  async resume(): Promise<void> {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#life?.access.open();
    this.#life?.clock.resume();
    this.#world.network.hold(this.name, false);
    this.#world.faults.resume(this.name);
  }

  async wipe(): Promise<void> {
    this.#log = { state: undefined };
    for (const { updates, timer } of this.#memory.tasks.values()) {
      updates.stop();
      this.#world.clock.clear(timer);
    }
    this.#memory = emptyMemory();
    if (this.kind === "agent" && this.#world.settings.tasks === "process") await killMarked(this.#directory);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Parts it from ZooKeeper, or joins it again. */
  partFromZooKeeper(parted: boolean): void {
    this.#parted = parted;
    if (parted) this.#life?.access.cut();
    else if (this.#state === "running") this.#life?.access.open();
  }

  async leads(): Promise<boolean> {
    return this.#master?.leader !== undefined;
  }

  async votes(): Promise<boolean> {
    return this.#log.state?.status === "VOTING";
  }

  async agents(): Promise<number> {
    const agents = this.#master?.leader?.context.state.agents.values() ?? [];
    return [...agents].filter((a) => a.link !== undefined).length;
  }

  async subscribed(): Promise<boolean> {
    return this.#marathon?.core?.frameworkId !== undefined;
  }

  get #directory(): string {
    return join(this.#world.directory, this.name);
  }

  #end(): Life | undefined {
    const life = this.#life;
    this.#life = undefined;
    this.#state = "stopped";
    this.#master = undefined;
    this.#marathon = undefined;
    this.#agent = undefined;
    return life;
  }

  #parts(): Omit<Life, "close"> {
    const { clock, zookeeper, network, faults, settings } = this.#world;
    const access = new MemoryAccess(zookeeper);
    if (this.#parted) access.cut();
    const born = ++this.#lives;
    return {
      clock: new MemberClock(clock),
      access,
      uuid: seededIds(`${settings.seed}/${this.name}/${born - 1}`),
      ended: (message, how) => this.#ended(born, message, how),
      around: {
        connect: access.connect,
        dial: network.dialOf(this.name),
        onRequest: (request, reply) => faults.onRequest(this.name, request, reply),
        onAnswer: (request, status) => faults.onAnswer(this.name, request, status),
      },
    };
  }

  #place(ip: string): Place {
    if (this.#world.settings.tasks === "process") mkdirSync(this.#directory, { recursive: true });
    return { ip, port: this.#port, directory: this.#directory, zookeeper: "memory:2181", root: "" };
  }

  #ended(born: number, message: string, how: "kill" | "stop"): void {
    const { settings, clock } = this.#world;
    settings.log(`${this.name}: ended: ${message}`);
    void this.#inTurn(async () => {
      if (born !== this.#lives) return;
      const ran = this.#life !== undefined;
      await (how === "kill" ? this.#kill() : this.#stop());
      if (ran && settings.supervised) clock.after(0, () => void this.#inTurn(() => this.#begin()));
    });
  }

  async #launch(life: Omit<Life, "close">): Promise<{ address: string; close: () => Promise<void> }> {
    if (this.kind === "master") return await this.#launchMaster(life);
    if (this.kind === "marathon") return await this.#launchMarathon(life);
    if (this.#world.settings.tasks === "process") return await this.#launchAgent(life);
    return this.#launchNoopAgent(life);
  }

  async #launchMaster({ clock, around, uuid, ended }: Omit<Life, "close">) {
    const { settings } = this.#world;
    const argv = masterArgv(settings, this.#place(`${settings.network}.1`));
    const { values, texts } = valuesOf(masterFlags, argv, "mesos");
    const program = new MasterProgram({
      flags: values,
      texts,
      clock,
      uuid,
      around,
      replica: new Replica(undefined, this.#log),
      log: (line) => settings.log(`${this.name}: ${line}`),
      onFatal: (message) => ended(message, "kill"),
    });
    this.#master = program;
    const info = await program.start();
    return { address: `${info.address.ip}:${info.port}`, close: () => program.close() };
  }

  async #launchMarathon({ clock, around, uuid, ended }: Omit<Life, "close">) {
    const { settings, probe } = this.#world;
    const argv = marathonArgv(settings, this.#place(`${settings.network}.1`));
    const program = new MarathonProgram({
      flags: valuesOf(marathonFlags, argv, "marathon").values,
      clock: clock.forMarathon,
      newId: uuid,
      around,
      ...(probe === undefined ? {} : { probe }),
      log: (line) => settings.log(`${this.name}: ${line}`),
      exit: (message) => ended(message, "stop"),
    });
    this.#marathon = program;
    // It listens first and then waits for ZooKeeper, which a partition may keep from it.
    let failure: unknown;
    const started = program.start().catch((error: unknown) => {
      failure = error;
      if (this.#marathon === program && program.listening) ended(messageOf(error), "kill");
    });
    while (!program.listening && failure === undefined) await Promise.race([systemClock.sleep(1), started]);
    if (failure !== undefined) throw failure;
    return { address: program.address, close: () => program.close() };
  }

  async #launchAgent({ clock, around, uuid, ended }: Omit<Life, "close">) {
    const { settings } = this.#world;
    const argv = agentArgv(settings, this.#place(`${settings.network}.${this.#n}`), this.#n);
    const { values, texts } = valuesOf(agentFlags, argv, "mesos");
    const program = new AgentProgram({
      flags: values,
      texts,
      clock,
      uuid,
      around,
      log: (line) => settings.log(`${this.name}: ${line}`),
      onExit: (_code, message) => ended(message, "stop"),
      env: {
        ...(process.env["PATH"] === undefined ? {} : { PATH: process.env["PATH"] }),
        SUPERVISED_BY: this.#directory,
      },
    });
    await program.start();
    return { address: program.pid.split("@")[1] ?? "", close: () => program.close() };
  }

  #launchNoopAgent({ clock, around, uuid, ended }: Omit<Life, "close">) {
    const { settings, clock: world, scripts, noopHost } = this.#world;
    const address = noopHost.address;
    const [ip = "", port = ""] = address.split(":");
    const { values } = valuesOf(agentFlags, agentArgv(settings, this.#place(ip), this.#n), "mesos");
    const agent = new NoopAgent({
      info: {
        hostname: this.name,
        port: Number(port),
        resources: toJson(parseResources(resourcesOf(settings, this.#n))),
        attributes: parseAttributes(settings.attributes(this.#n)),
        checkpoint: true,
      },
      pid: `slave(${this.#n})@${address}`,
      ip,
      master: values.master ?? "",
      sessionTimeoutMs: values.zk_session_timeout,
      backoffMs: values.registration_backoff_factor,
      graceMs: values.executor_shutdown_grace_period,
      clock,
      world,
      around,
      uuid,
      scripts,
      memory: this.#memory,
      log: (line) => settings.log(`${this.name}: ${line}`),
      onExit: (message) => ended(message, "stop"),
    });
    this.#agent = agent;
    noopHost.add(this.#n, agent);
    agent.start();
    return { address, close: () => agent.close() };
  }
}
