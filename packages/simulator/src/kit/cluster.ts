// SPDX-License-Identifier: Apache-2.0
import type { Backend } from "./backend";
import type { FailureAnswer, UnknownRequest } from "./faults";
import { LocalBackend } from "./local-backend";
import type { Member, MemberKind, Runner } from "./member";
import type { KitTask, TaskScript } from "./noop-tasks";
import { type ClusterOptions, misuse, type Settings, settle } from "./options";
import { ProgramBackend } from "./program-backend";
import { waitFor } from "./wait";

const waitMs = 30_000;
const startStepMs = 50;

/** A member, or its name. Programs also have `"zookeeper"`, which can be killed, restarted and paused. */
export type MemberName = Member | string;

/** Tasks of all frameworks, and what tests do to them. */
export interface ClusterTasks {
  list(): Promise<KitTask[]>;
  /**
   * Ends running tasks of an app as their own processes would; resolves with how many. No-op tasks end with `exitCode` (0 is
   * TASK_FINISHED), processes are killed. @default one task, exit code 1
   */
  fail(
    appId: string,
    options?: { readonly count?: number; readonly exitCode?: number; readonly message?: string },
  ): Promise<number>;
  /** How no-op tasks of an app behave from now on: slow or failing starts, exits, health. */
  script(appId: string, script: TaskScript): void;
}

/** What a cluster's clock can do. */
export interface ClusterClock {
  /** Milliseconds since 1970, as the members see it. */
  now(): number;
  /**
   * Moves a stepped clock: everything that falls due happens in its order, and the members come to rest between two moments. Backoff,
   * grace periods, intervals, pings, session timeouts and allocation obey it; sockets and processes of tasks do not.
   */
  step(ms: number): Promise<void>;
}

/** Masters, agents and Marathons that run until {@link Cluster.close}. Made by {@link startCluster}. */
export class Cluster {
  readonly masters: readonly Member[];
  readonly agents: readonly Member[];
  readonly marathons: readonly Member[];
  readonly tasks: ClusterTasks;
  readonly clock: ClusterClock;
  readonly #backend: Backend;
  readonly #settings: Settings;
  #closed = false;

  constructor(backend: Backend, settings: Settings) {
    this.#backend = backend;
    this.#settings = settings;
    const of = (kind: MemberKind): Runner[] => backend.members.filter((m) => m.kind === kind);
    this.masters = of("master");
    this.agents = of("agent");
    this.marathons = of("marathon");
    this.clock = { now: () => backend.now(), step: (ms) => backend.step(ms) };
    this.tasks = {
      list: () => backend.tasks.list(),
      fail: (appId, { count = 1, exitCode = 1, message } = {}) =>
        backend.tasks.exit(appId, { count, exitCode, ...(message === undefined ? {} : { message }) }),
      script: (appId, script) => backend.tasks.script(appId, script),
    };
  }

  /** Where members keep what they keep on disk; a program's output is in `<member>/log`. It goes with the cluster. */
  get directory(): string {
    return this.#backend.directory;
  }

  /** The first Marathon that runs; it hands requests on when another leads. Fails when none runs. */
  get marathon(): Member {
    return this.#first("marathon");
  }

  /** Requests that no member knew, or that failed inside one: a test compares with `[]` at its end. Not kept by programs. */
  get unknownRequests(): readonly UnknownRequest[] {
    return this.#backend.unknown;
  }

  /** The leading master that has recovered, once there is one. */
  async leader(signal = AbortSignal.timeout(waitMs)): Promise<Member> {
    return await waitFor("a leading master", () => this.#leader(), signal);
  }

  /** Ends a member without a farewell, as kill -9. It stays dead until {@link restart}. */
  async kill(member: MemberName | "zookeeper"): Promise<void> {
    await this.#faulty(member).kill();
  }

  /** Ends a member as SIGTERM does. It stays down until {@link restart}. */
  async stop(member: MemberName | "zookeeper"): Promise<void> {
    await this.#faulty(member).stop();
  }

  /** Starts a member on its former address with what it had on disk; one that runs is stopped first. */
  async restart(member: MemberName | "zookeeper"): Promise<void> {
    const runner = this.#faulty(member);
    await runner.resume();
    await runner.stop();
    await runner.start();
  }

  /** A member stands still, as by SIGSTOP: it answers nothing and notices nothing; ZooKeeper gives it up after the session timeout. */
  async pause(member: MemberName | "zookeeper"): Promise<void> {
    await this.#faulty(member).pause();
  }

  async resume(member: MemberName | "zookeeper"): Promise<void> {
    await this.#faulty(member).resume();
  }

  /**
   * Members `a` and `b` do not reach each other; `b` may be `"zookeeper"`; without `b`: `a` reaches nobody, and no member reaches it.
   * Open connections end. The test itself still reaches everybody.
   */
  async partition(a: MemberName, b?: MemberName | "zookeeper"): Promise<void> {
    const other = b === undefined || b === "zookeeper" ? b : this.#runner(b).name;
    await this.#backend.part(this.#runner(a).name, other);
  }

  /** Ends all partitions. */
  async heal(): Promise<void> {
    await this.#backend.heal();
  }

  /** Every request to a member waits this long first; 0 ends that. */
  slow(member: MemberName, ms: number): void {
    this.#backend.slow(this.#runner(member).name, ms);
  }

  /**
   * Answers the next request for `endpoint` with this instead: `failNext("POST /v2/apps", { status: 503 })`. The path has no query; without
   * a method any one counts, without `member` any member. Several wait in line. Not for programs.
   */
  failNext(endpoint: string, answer: FailureAnswer, member?: MemberName): void {
    const name = member === undefined ? undefined : this.#runner(member).name;
    this.#backend.failNext(endpoint, answer, name);
  }

  /** Sends an event of your making to everybody who listens at `/v2/events` of the leading Marathon. Not for programs. */
  emit(eventType: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.#backend.emit(eventType, fields);
  }

  /** Waits until `look` gives something, with a bound. Time that is stepped does not move meanwhile. */
  async waitFor<T>(
    what: string,
    look: () => T | undefined | false | Promise<T | undefined | false>,
    signal = AbortSignal.timeout(waitMs),
  ): Promise<T> {
    return await waitFor(what, look, signal);
  }

  /** Waits until as many agents are registered with the leading master as run. */
  async waitForAgents(signal = AbortSignal.timeout(waitMs)): Promise<void> {
    await waitFor("all agents registered", () => this.#agentsUp(), signal);
  }

  /** Waits until an app has all its instances running and no deployment; the app as Marathon shows it. */
  async waitForApp(appId: string, signal = AbortSignal.timeout(waitMs)): Promise<Record<string, unknown>> {
    return await waitFor(
      `${appId} running without a deployment`,
      async () => {
        const { app } = (await this.#marathonJson(`/v2/apps${appId}`)) as { app?: Record<string, unknown> };
        const deployments = app?.["deployments"] as readonly unknown[] | undefined;
        return app?.["tasksRunning"] === app?.["instances"] && deployments?.length === 0 && app;
      },
      signal,
    );
  }

  /** Waits until Marathon has no deployment any more. */
  async waitForDeployments(signal = AbortSignal.timeout(waitMs)): Promise<void> {
    await waitFor(
      "the end of all deployments",
      async () => ((await this.#marathonJson("/v2/deployments")) as readonly unknown[]).length === 0,
      signal,
    );
  }

  /** Waits until a master leads, all that run may vote, the agents that run are registered and a Marathon is subscribed. A stepped clock moves meanwhile. */
  async waitUntilUp(signal = AbortSignal.timeout(waitMs)): Promise<void> {
    await waitFor(
      "a leading master, all agents registered and a subscribed Marathon",
      async () => {
        const up = (await this.#agentsUp()) && (await this.#marathonUp()) && (await this.#mastersVote());
        if (!up && this.#settings.stepped) await this.#backend.step(startStepMs);
        return up;
      },
      signal,
    );
  }

  /** Back to an empty cluster on the same addresses: no apps, no tasks, no faults, no scripts, nothing remembered. */
  async reset(signal = AbortSignal.timeout(waitMs)): Promise<void> {
    await this.#backend.heal();
    await Promise.all(this.#runners.map((m) => m.kill()));
    await this.#backend.clean();
    await this.start(signal);
  }

  /** Ends all of it; nothing is left: no process, no timer, no file. Any number of calls. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#runners.map((m) => m.kill()));
    await this.#backend.close();
  }

  /** Used by {@link startCluster}. */
  async start(signal: AbortSignal): Promise<void> {
    const started = await Promise.allSettled(this.#runners.map((m) => m.start()));
    // Only now, when none is under way any more, can all of them be ended.
    for (const one of started) if (one.status === "rejected") throw one.reason;
    await this.waitUntilUp(signal);
  }

  get #runners(): readonly Runner[] {
    return this.#backend.members;
  }

  #runner(member: MemberName): Runner {
    const name = typeof member === "string" ? member : member.name;
    const found = this.#runners.find((m) => m.name === name);
    if (found !== undefined) return found;
    throw misuse(`there is no member '${name}', there are ${this.#runners.map((m) => m.name).join(", ")}`);
  }

  /** Programs have a ZooKeeper that can fail, too. */
  #faulty(member: MemberName): Pick<Runner, "kill" | "stop" | "start" | "pause" | "resume"> {
    if (member !== "zookeeper") return this.#runner(member);
    const { zookeeper } = this.#backend;
    if (zookeeper === undefined) {
      throw misuse("zookeeper: only programs have one that can fail; use partition(member, 'zookeeper')");
    }
    return zookeeper;
  }

  #first(kind: MemberKind): Runner {
    const found = this.#runners.find((m) => m.kind === kind && m.state === "running");
    if (found === undefined) throw misuse(`no ${kind} runs: restart one first`);
    return found;
  }

  async #leader(): Promise<Runner | undefined> {
    for (const member of this.#runners) {
      if (member.kind === "master" && member.state === "running" && (await member.leads())) return member;
    }
    return undefined;
  }

  async #agentsUp(): Promise<boolean> {
    const leader = await this.#leader();
    if (leader === undefined) return false;
    return (
      (await leader.agents()) >=
      this.#runners.filter((m) => m.kind === "agent" && m.state === "running").length
    );
  }

  async #mastersVote(): Promise<boolean> {
    const running = this.#runners.filter((m) => m.kind === "master" && m.state === "running");
    return (await Promise.all(running.map((m) => m.votes()))).every((votes) => votes);
  }

  async #marathonUp(): Promise<boolean> {
    const all = this.#runners.filter((m) => m.kind === "marathon");
    const running = all.filter((m) => m.state === "running");
    if (running.length === 0) return true;
    return (await Promise.all(running.map((m) => m.subscribed()))).includes(true);
  }

  async #marathonJson(path: string): Promise<unknown> {
    const response = await fetch(this.marathon.url + path, { signal: AbortSignal.timeout(10_000) });
    const text = await response.text();
    if (!response.ok) throw misuse(`GET ${path}: ${response.status} ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }
}

/**
 * Starts masters, agents and Marathons for a test, and resolves once they work together: a master leads, agents are registered, Marathon is
 * subscribed. All of it in this process, without Java, in well under two seconds; or as real programs with a real ZooKeeper.
 *
 * @example
 * const cluster = await startCluster({ agents: 3 });
 * await fetch(`${cluster.marathon.url}/v2/apps`, { method: "POST", headers, body: JSON.stringify(app) });
 * await cluster.waitForApp("/web");
 * await cluster.tasks.fail("/web");
 * await cluster.waitForApp("/web");
 * await cluster.close();
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const settings = settle(options);
  const backend: Backend = settings.programs ? new ProgramBackend(settings) : new LocalBackend(settings);
  const cluster = new Cluster(backend, settings);
  try {
    await backend.open();
    await cluster.start(settings.signal);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
