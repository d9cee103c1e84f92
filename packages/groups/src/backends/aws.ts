// SPDX-License-Identifier: Apache-2.0
import { type AwsPoolBackend, MesosError, memberName, type Probe, templateDigest } from "@pulumi-mesos/model";
import { asksOverNetwork, attemptOverNetwork, describeProbe } from "@pulumi-mesos/supervisor";
import type { Clock } from "../clock";
import type { Applied, Member } from "../observed";
import { type Backend, fill, indexOf, ofKind } from "./backend";

/** An instance of an auto-scaling group. */
export interface Machine {
  readonly id: string;
  readonly state: "pending" | "running" | "dead";
  /** Nothing once it is gone. */
  readonly address?: string;
  readonly group: string;
  /** Launch template with its version: `lt-0123:7`. */
  readonly launched: string;
  /** The pool and the member that claimed it; nothing while it is nobody's. */
  readonly pool?: string;
  readonly member?: string;
  /** Digest of what it was made of; nothing before it was ready. */
  readonly template?: string;
}

/** What the backend asks of AWS. */
export interface AwsApi {
  machines(where: {
    readonly group?: string;
    readonly pool?: string;
    readonly member?: string;
  }): Promise<readonly Machine[]>;
  group(
    name: string,
  ): Promise<{ readonly desired: number; readonly most: number; readonly launches: string }>;
  setDesired(group: string, count: number): Promise<void>;
  /** Ends an instance of a group; one that is in none any more is left alone. */
  terminate(id: string, how: { readonly decrement: boolean }): Promise<void>;
  tag(
    id: string,
    tags: { readonly pool: string; readonly member: string; readonly template?: string },
  ): Promise<void>;
  untag(id: string): Promise<void>;
}

const pollMs = 2000;
/** From a larger desired capacity to an agent that answers: an instance boots, installs and pulls meanwhile. */
const launchMs = 15 * 60_000;

/** Whether a machine is what its member is to run, or is becoming it. */
function isRight(machine: Machine, launched: string, { template, backend }: Applied): boolean {
  const made = machine.template;
  return machine.launched === launched && (made === undefined || made === templateDigest(template, backend));
}

/**
 * Members as instances of an auto-scaling group. The group launches and replaces machines; which of them is which member
 * stands in their tags, so that a controller that was killed goes on. The group's desired capacity is set here alone.
 */
export function awsBackend(api: AwsApi, clock: Clock): Backend {
  const backend = new AwsBackend(api, clock);
  return {
    kind: "aws",
    // The group's own limit is asked for when a member is started.
    capacity: () => Number.MAX_SAFE_INTEGER,
    members: (pool) => backend.members(pool),
    start: (pool, index, applied, signal) => backend.start(pool, index, applied, signal),
    terminate: (name) => backend.terminate(name),
  };
}

class AwsBackend {
  readonly #api: AwsApi;
  readonly #clock: Clock;
  /** Members that wait for a machine, by group. */
  readonly #waiting = new Map<string, Set<string>>();
  /** Machines that were claimed or ended from here: AWS may not tell it yet. */
  readonly #claimed = new Set<string>();
  readonly #gone = new Set<string>();
  #turns: Promise<unknown> = Promise.resolve();

  constructor(api: AwsApi, clock: Clock) {
    this.#api = api;
    this.#clock = clock;
  }

  async members(pool: string): Promise<Member[]> {
    const machines = await this.#api.machines({ pool });
    const byName = new Map<string, Machine>();
    for (const machine of machines) {
      const { member } = machine;
      if (member !== undefined && (machine.state !== "dead" || !byName.has(member)))
        byName.set(member, machine);
    }
    return [...byName].flatMap(([name, machine]): Member[] => {
      const index = indexOf(pool, name);
      if (index === undefined) return [];
      const { state, template, address } = machine;
      const running = state === "running" && template !== undefined;
      return [{ index, name, running, template, ...(state !== "dead" && address ? { address } : {}) }];
    });
  }

  async start(pool: string, index: number, applied: Applied, signal: AbortSignal): Promise<void> {
    const name = memberName(pool, index);
    const where = ofKind(applied.backend, "aws");
    const deadline = this.#clock.now() + launchMs;
    const machine = await this.#claim(pool, name, applied, where, deadline, signal);
    const { ready } = applied.template;
    const template = templateDigest(applied.template, where);
    if (machine.template === template) return;
    if (ready !== undefined && asksOverNetwork(ready))
      await this.#untilReady(name, fill(ready, { address: machine.address ?? "", name }), deadline, signal);
    await this.#api.tag(machine.id, { pool, member: name, template });
  }

  terminate(name: string): Promise<void> {
    return this.#inTurn(() => this.#end(name));
  }

  /** One after the other: what one does to the desired capacity, the next must see. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turns.then(work);
    this.#turns = done.catch(() => undefined);
    return done;
  }

  async #end(name: string): Promise<void> {
    const machines = await this.#api.machines({ member: name });
    for (const machine of this.#live(machines)) await this.#drop(machine);
    for (const { id } of machines) await this.#api.untag(id);
    for (const { group } of machines.slice(0, 1)) await this.#trim(group);
  }

  /** The group replaces a machine that died by itself: when its member goes, so does the replacement. */
  async #trim(group: string): Promise<void> {
    if ((this.#waiting.get(group)?.size ?? 0) > 0) return;
    const live = this.#live(await this.#api.machines({ group }));
    const { desired } = await this.#api.group(group);
    if (desired > live.length) await this.#api.setDesired(group, live.length);
    for (const machine of live.filter((one) => this.#isFree(one))) await this.#drop(machine);
  }

  async #drop({ id }: Machine): Promise<void> {
    this.#gone.add(id);
    await this.#api.terminate(id, { decrement: true });
  }

  #live(machines: readonly Machine[]): Machine[] {
    return machines.filter((machine) => machine.state !== "dead" && !this.#gone.has(machine.id));
  }

  #isFree({ id, member }: Machine): boolean {
    return member === undefined && !this.#claimed.has(id);
  }

  /** A running machine that is the member's: its own, one that nobody has claimed, or one more. */
  async #claim(
    pool: string,
    name: string,
    applied: Applied,
    { group }: AwsPoolBackend,
    deadline: number,
    signal: AbortSignal,
  ): Promise<Machine> {
    const waiting = this.#waiting.get(group) ?? new Set();
    this.#waiting.set(group, waiting);
    try {
      for (;;) {
        signal.throwIfAborted();
        const found = await this.#look(pool, name, applied, group, waiting);
        if (found !== undefined) return found;
        if (this.#clock.now() >= deadline)
          throw new MesosError(
            "MESOS_GROUPS_NOT_READY",
            `${name}: the auto-scaling group ${group} launched no instance within ${launchMs / 60_000} minutes; see its activities`,
            { retryable: true },
          );
        await this.#clock.pause(pollMs, signal);
      }
    } finally {
      waiting.delete(name);
    }
  }

  async #look(
    pool: string,
    name: string,
    applied: Applied,
    group: string,
    waiting: Set<string>,
  ): Promise<Machine | undefined> {
    const wanted = await this.#launched(name, applied, group);
    const machines = await this.#api.machines({ group });
    const live = this.#live(machines);
    for (const machine of machines.filter(({ member }) => member === name))
      if (!live.includes(machine)) await this.#api.untag(machine.id);
    const own = live.find((machine) => machine.member === name);
    if (own !== undefined && isRight(own, wanted, applied)) {
      waiting.delete(name);
      return own.state === "running" ? own : undefined;
    }
    waiting.add(name);
    if (own !== undefined) {
      await this.#replace(own);
      return undefined;
    }
    const free = live.filter((machine) => this.#isFree(machine));
    const fit = free.find(({ launched, state }) => launched === wanted && state === "running");
    if (fit !== undefined) {
      // Before anything is waited for, so that no other member takes the same or counts both.
      this.#claimed.add(fit.id);
      waiting.delete(name);
      await this.#api.tag(fit.id, { pool, member: name });
      return fit;
    }
    for (const old of free.filter(({ launched }) => launched !== wanted)) await this.#replace(old);
    await this.#inTurn(() => this.#ask(group));
    return undefined;
  }

  /** What a member's machine must have been launched by; the group launches just that, or must be changed first. */
  async #launched(name: string, { template }: Applied, group: string): Promise<string> {
    const { launchTemplate } = template;
    const { launches } = await this.#api.group(group);
    if (launchTemplate === undefined || launches === launchTemplate) return launches;
    throw new MesosError(
      "MESOS_GROUPS_NOT_READY",
      `${name}: the auto-scaling group ${group} launches ${launches}, but the declaration says ${launchTemplate}; run up again`,
      { retryable: true },
    );
  }

  /** The group makes another one in its place. */
  async #replace({ id, member }: Machine): Promise<void> {
    this.#gone.add(id);
    await this.#api.terminate(id, { decrement: false });
    if (member !== undefined) await this.#api.untag(id);
  }

  /** Has the group launch what is missing for those that wait. */
  async #ask(group: string): Promise<void> {
    const claimed = this.#live(await this.#api.machines({ group })).filter((one) => !this.#isFree(one));
    const needed = claimed.length + (this.#waiting.get(group)?.size ?? 0);
    const { desired, most } = await this.#api.group(group);
    if (needed > most)
      throw new MesosError(
        "MESOS_GROUPS_BACKEND",
        `backend: the auto-scaling group ${group} has room for ${most} members, got ${needed}`,
      );
    if (desired < needed) await this.#api.setDesired(group, needed);
  }

  async #untilReady(name: string, ready: Probe, deadline: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const reason = await attemptOverNetwork(ready);
      if (reason === undefined) return;
      if (this.#clock.now() >= deadline)
        throw new MesosError(
          "MESOS_GROUPS_NOT_READY",
          `${name}: waited in vain for ${describeProbe(ready)}: ${reason}; see the log of its instance`,
          { retryable: true },
        );
      await this.#clock.pause(pollMs, signal);
    }
  }
}
