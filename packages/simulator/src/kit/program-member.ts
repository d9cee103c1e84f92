// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../clock";
import { agentArgv, marathonArgv, masterArgv, type Place } from "./argv";
import { Gate } from "./gate";
import { killMarked } from "./marked";
import type { Member, MemberKind, Runner } from "./member";
import type { Settings } from "./options";
import { waitFor } from "./wait";

const upMs = 90_000;
const restartMs = 100;
const hostNumbers: Readonly<Record<MemberKind, number>> = { master: 0, marathon: 10, agent: 20 };
const executables: Readonly<Record<MemberKind, string>> = {
  master: "mesos-master",
  marathon: "marathon",
  agent: "mesos-agent",
};

/** What all programs of a cluster share. */
export interface ProgramWorld {
  readonly settings: Settings;
  readonly directory: string;
  /** Where ZooKeeper really is, and below which path this cluster's nodes are. */
  readonly zookeeper: { readonly host: string; readonly port: number };
  readonly root: () => string;
  /** Whether the process that holds `callerPort` may reach `member`. */
  readonly admits: (callerPort: number, member: string) => boolean;
}

/** A member that is a program of its own behind two gates: one before it, one before its ZooKeeper. */
export class ProgramMember implements Runner {
  readonly name: string;
  readonly kind: MemberKind;
  readonly gate: Gate;
  readonly zookeeperGate: Gate;
  readonly #n: number;
  readonly #world: ProgramWorld;
  readonly #ip: string;
  /** Where the program really listens: the same port on another address. */
  readonly #hidden: string;
  #child: ChildProcess | undefined;
  #state: Member["state"] = "stopped";
  #parted = false;

  constructor(kind: MemberKind, n: number, world: ProgramWorld) {
    this.kind = kind;
    this.name = `${kind}-${n}`;
    this.#n = n;
    this.#world = world;
    const [a, b, c] = world.settings.network.split(".").map(Number);
    const host = hostNumbers[kind] + n;
    this.#ip = `${world.settings.network}.${host}`;
    this.#hidden = `${a}.${b}.${((c ?? 0) + 128) % 256}.${host}`;
    this.gate = new Gate({ host: this.#hidden, port: 0 }, (port) => world.admits(port, this.name));
    this.zookeeperGate = new Gate(world.zookeeper, () => !this.#parted);
  }

  get address(): string {
    return `${this.#ip}:${this.gate.port}`;
  }

  get url(): string {
    return `http://${this.address}`;
  }

  get state(): Member["state"] {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async open(): Promise<void> {
    await this.gate.listen(this.#ip);
    await this.zookeeperGate.listen(this.#hidden);
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    this.#state = "running";
    this.#spawn();
    const path = this.kind === "marathon" ? "/ping" : "/health";
    await waitFor(
      `${this.name} listening`,
      async () => {
        if (this.#state === "stopped") return true;
        return (await fetch(this.#direct + path, { signal: AbortSignal.timeout(2_000) })).status < 500;
      },
      AbortSignal.timeout(upMs),
    );
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async pause(): Promise<void> {
    if (this.#state !== "running") return;
    this.#state = "paused";
    this.#child?.kill("SIGSTOP");
  }

  async resume(): Promise<void> {
    if (this.#state !== "paused") return;
    this.#state = "running";
    this.#child?.kill("SIGCONT");
  }

  async wipe(): Promise<void> {
    if (this.kind === "agent") await killMarked(this.#mark);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Parts it from ZooKeeper, or joins it again. */
  partFromZooKeeper(parted: boolean): void {
    this.#parted = parted;
    if (parted) for (const passage of this.zookeeperGate.passages) passage.end();
  }

  async close(): Promise<void> {
    await this.gate.close();
    await this.zookeeperGate.close();
  }

  async leads(): Promise<boolean> {
    return (await this.#get("/state-summary")).status === 200;
  }

  async votes(): Promise<boolean> {
    const { body } = await this.#get("/metrics/snapshot");
    return (body as Record<string, number>)["registrar/log/recovered"] === 1;
  }

  async agents(): Promise<number> {
    const { status, body } = await this.#get("/slaves");
    if (status !== 200) return 0;
    return (body as { slaves: readonly { active: boolean }[] }).slaves.filter((s) => s.active).length;
  }

  async subscribed(): Promise<boolean> {
    const { status, body } = await this.#get("/v2/info");
    const info = body as { elected?: boolean; frameworkId?: string | null };
    return status === 200 && info.elected === true && typeof info.frameworkId === "string";
  }

  get #direct(): string {
    return `http://${this.#hidden}:${this.gate.port}`;
  }

  /** Asks past the gate: the test is no member. */
  async #get(path: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch(this.#direct + path, {
      redirect: "manual",
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    return { status: response.status, body: response.status === 200 ? JSON.parse(text) : undefined };
  }

  get #directory(): string {
    return join(this.#world.directory, this.name);
  }

  /** In the environment of this agent's tasks. */
  get #mark(): string {
    return this.#directory;
  }

  #argv(): string[] {
    const { settings, root } = this.#world;
    const place: Place = {
      ip: this.#hidden,
      port: this.gate.port,
      directory: join(this.#directory, "work"),
      zookeeper: `${this.#hidden}:${this.zookeeperGate.port}`,
      root: root(),
      advertised: { ip: this.#ip, port: this.gate.port },
    };
    if (this.kind === "master") return masterArgv(settings, place);
    if (this.kind === "marathon") return marathonArgv(settings, place);
    return agentArgv(settings, place, this.#n);
  }

  #spawn(): void {
    const { settings } = this.#world;
    mkdirSync(this.#directory, { recursive: true });
    const log = openSync(join(this.#directory, "log"), "a");
    const program = join(__dirname, "..", "..", "bin", executables[this.kind]);
    const child = spawn(process.execPath, [program, ...this.#argv()], {
      cwd: this.#directory,
      env: { PATH: process.env["PATH"], SUPERVISED_BY: this.#mark },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    this.#child = child;
    settings.log(`${this.name}: started as process ${child.pid}`);
    child.once("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.#child = undefined;
      settings.log(`${this.name}: ended with ${signal ?? code}`);
      if (this.#state === "stopped") return;
      if (!settings.supervised) {
        this.#state = "stopped";
        return;
      }
      systemClock.after(restartMs, () => {
        if (this.#state !== "stopped" && this.#child === undefined) this.#spawn();
      });
    });
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const paused = this.#state === "paused";
    this.#state = "stopped";
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    if (paused) child.kill("SIGCONT");
    await ended;
  }
}
