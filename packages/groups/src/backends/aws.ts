// SPDX-License-Identifier: Apache-2.0
import {
  type AwsPoolBackend,
  MesosError,
  machineHooks,
  memberName,
  type Probe,
  templateDigest,
} from "@pulumi-mesos/model";
import { asksOverNetwork, attemptOverNetwork, describeProbe } from "@pulumi-mesos/supervisor";
import type { Clock } from "../clock";
import { readNotice } from "../notice";
import type { Applied, Member } from "../observed";
import { type Backend, fill, indexOf, ofKind, type Place, withNotice } from "./backend";

/** An instance of an auto-scaling group. */
export interface Machine {
  readonly id: string;
  readonly state: "pending" | "running" | "dead";
  /** Nothing once it is gone. */
  readonly address?: string;
  readonly group: string;
  /** When it was launched, in ms since the epoch. */
  readonly launchedAt?: number;
  /** Launch template with its version: `lt-0123:7`. */
  readonly launched: string;
  /** The pool and the member that claimed it; nothing while it is nobody's. */
  readonly pool?: string;
  readonly member?: string;
  /** Digest of what it was made of; nothing before it was ready. */
  readonly template?: string;
  /** What the machine has said about its end. */
  readonly notice?: string;
}

/** An auto-scaling group as AWS tells it. */
export interface MachineGroup {
  readonly desired: number;
  readonly most: number;
  /** Launch template with its version. */
  readonly launches: string;
  /** Where each of its machines is in its life, by id: `InService`, `Terminating:Wait`. */
  readonly phases: ReadonlyMap<string, string>;
  /** Over which it spreads its machines. */
  readonly places: readonly Place[];
}

/** What the backend asks of AWS. */
export interface AwsApi {
  machines(where: {
    readonly group?: string;
    readonly pool?: string;
    readonly member?: string;
  }): Promise<readonly Machine[]>;
  group(name: string): Promise<MachineGroup>;
  setDesired(group: string, count: number): Promise<void>;
  /** Ends an instance of a group; one that is in none any more is left alone. */
  terminate(id: string, how: { readonly decrement: boolean }): Promise<void>;
  /** Lets a machine go on that waits at a hook; one that does not is left alone. */
  proceed(group: string, hook: string, id: string): Promise<void>;
  tag(
    id: string,
    tags: { readonly pool: string; readonly member: string; readonly template?: string },
  ): Promise<void>;
  untag(id: string): Promise<void>;
}

const pollMs = 2000;
/** From a larger desired capacity to an agent that answers: an instance boots, installs and pulls meanwhile. */
const launchMs = 15 * 60_000;
/** From the end of an instance to where it waits for whoever drained it. */
const endMs = 5 * 60_000;

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
    places: async (where) => (await api.group(ofKind(where, "aws").group)).places,
    members: (pool) => backend.members(pool),
    start: (pool, index, applied, signal) => backend.start(pool, index, applied, signal),
    terminate: (name, signal) => backend.terminate(name, signal),
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
      const { state, template, address, notice, launchedAt } = machine;
      const running = state === "running" && template !== undefined;
      const where = state !== "dead" && address ? { address } : {};
      const paid = launchedAt === undefined ? {} : { paidSince: launchedAt };
      const said = notice === undefined ? undefined : readNotice(notice, this.#clock.wall());
      return [withNotice({ index, name, running, template, ...where, ...paid }, said)];
    });
  }

  async start(pool: string, index: number, applied: Applied, signal: AbortSignal): Promise<void> {
    const name = memberName(pool, index);
    const where = ofKind(applied.backend, "aws");
    const deadline = this.#clock.now() + launchMs;
    const machine = await this.#claim(pool, name, applied, where, deadline, signal);
    const { ready } = applied.template;
    const template = templateDigest(applied.template, where);
    await this.#inTurn(() => this.#trim(where.group));
    await this.#letGo(where.group, "", signal);
    if (machine.template === template) return;
    if (ready !== undefined && asksOverNetwork(ready))
      await this.#untilReady(name, fill(ready, { address: machine.address ?? "", name }), deadline, signal);
    await this.#api.proceed(where.group, machineHooks.ready, machine.id);
    await this.#api.tag(machine.id, { pool, member: name, template });
  }

  /** Its tags go last, so that a controller that was killed on the way finds what is to be ended. */
  async terminate(name: string, signal: AbortSignal): Promise<void> {
    const groups = await this.#inTurn(() => this.#end(name));
    for (const group of groups) await this.#letGo(group, name, signal);
    for (const { id } of await this.#api.machines({ member: name })) await this.#api.untag(id);
  }

  /** One after the other: what one does to the desired capacity, the next must see. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turns.then(work);
    this.#turns = done.catch(() => undefined);
    return done;
  }

  /** Ends a member's machine, and those that nobody needs without it; answers in which groups. */
  async #end(name: string): Promise<readonly string[]> {
    const machines = await this.#api.machines({ member: name });
    const groups = [...new Set(machines.map((machine) => machine.group))];
    for (const group of groups) {
      const { phases, live, ...seen } = await this.#see(group);
      let { desired } = seen;
      let left = live.length;
      for (const machine of machines) {
        if (!this.#stays(machine, phases)) continue;
        // It is counted out already where its end was asked for before and not heeded.
        const decrement = desired >= left;
        await this.#drop(machine, decrement);
        left--;
        if (decrement) desired--;
      }
      await this.#trim(group);
    }
    return groups;
  }

  /** The group replaces a machine that died by itself, also one that nobody needs any more, and goes on while this looks. */
  async #trim(group: string): Promise<void> {
    while ((this.#waiting.get(group)?.size ?? 0) === 0) {
      const seen = await this.#see(group);
      const free = seen.live.filter((one) => this.#isFree(one));
      const needed = seen.live.length - free.length;
      let { desired } = seen;
      if (free.length === 0 && desired <= needed) return;
      for (const machine of free) {
        const decrement = desired > needed;
        await this.#drop(machine, decrement);
        if (decrement) desired--;
      }
      if (desired > needed) await this.#api.setDesired(group, needed);
    }
  }

  async #drop({ id }: Machine, decrement: boolean): Promise<void> {
    this.#gone.add(id);
    try {
      await this.#api.terminate(id, { decrement });
    } catch (error) {
      this.#gone.delete(id);
      throw error;
    }
  }

  /** Has those of `machines` that wait at their end go on to it. */
  async #proceed(group: string, machines: readonly Machine[], phases: MachineGroup["phases"]): Promise<void> {
    for (const { id } of machines)
      if (phases.get(id) === "Terminating:Wait") await this.#api.proceed(group, machineHooks.drained, id);
  }

  /** Lets machines of a member, which is drained, and those that are nobody's go on to their end. */
  async #letGo(group: string, name: string, signal: AbortSignal): Promise<void> {
    const deadline = this.#clock.now() + endMs;
    for (;;) {
      signal.throwIfAborted();
      const { machines, phases } = await this.#see(group);
      const ended = machines.filter(
        ({ id, member = name, state }) => member === name && state !== "dead" && phases.has(id),
      );
      await this.#proceed(group, ended, phases);
      const late = ended.find(({ id }) => phases.get(id) === "Terminating" || this.#isIgnored(id, phases));
      if (late === undefined) return;
      if (this.#clock.now() >= deadline) {
        // Whoever tries again asks for its end again.
        this.#gone.delete(late.id);
        throw new MesosError(
          "MESOS_GROUPS_BACKEND",
          `backend: ${late.member ?? late.id} of the auto-scaling group ${group} was ended and is still ${phases.get(late.id)}; see its activities`,
          { retryable: true },
        );
      }
      await this.#clock.pause(pollMs, signal);
    }
  }

  /** Whether its end was asked for and the group does not tell of it: not yet, or it was not heeded. */
  #isIgnored(id: string, phases: MachineGroup["phases"]): boolean {
    return this.#gone.has(id) && !phases.get(id)?.startsWith("Terminating");
  }

  /** A group with its machines: all of them, and those that stay. */
  async #see(group: string): Promise<MachineGroup & Record<"machines" | "live", readonly Machine[]>> {
    const [machines, seen] = await Promise.all([this.#api.machines({ group }), this.#api.group(group)]);
    return { ...seen, machines, live: machines.filter((machine) => this.#stays(machine, seen.phases)) };
  }

  /** Whether nobody has ended it, here or elsewhere. */
  #stays({ id, state }: Machine, phases: MachineGroup["phases"]): boolean {
    return state !== "dead" && !this.#gone.has(id) && !phases.get(id)?.startsWith("Terminating");
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
        const found = await this.#look(pool, name, applied, group, waiting, signal);
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
    signal: AbortSignal,
  ): Promise<Machine | undefined> {
    const { machines, live, phases, launches } = await this.#see(group);
    const wanted = wantedOf(name, applied, group, launches);
    // Nobody's machine, or one that was replaced, has nobody who waits for its end, and its successor may wait for that.
    const nobodys = machines.filter(({ member }) => member === undefined);
    await this.#proceed(group, nobodys, phases);
    const earlier = machines.filter((machine) => machine.member === name && !live.includes(machine));
    for (const { id, state } of earlier) if (state !== "dead") await this.#api.untag(id);
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
      // A dead one stands for its member until then, so that nobody starts another in its place.
      for (const { id } of earlier) await this.#api.untag(id);
      return fit;
    }
    for (const old of free.filter(({ launched }) => launched !== wanted)) await this.#replace(old);
    await this.#inTurn(() => this.#ask(group, signal));
    return undefined;
  }

  /** The group makes another one in its place. */
  async #replace(machine: Machine): Promise<void> {
    await this.#drop(machine, false);
    if (machine.member !== undefined) await this.#api.untag(machine.id);
  }

  /** Has the group launch what is missing for those that wait. */
  async #ask(group: string, signal: AbortSignal): Promise<void> {
    const { desired, most, live } = await this.#see(group);
    const claimed = live.filter((one) => !this.#isFree(one));
    const needed = claimed.length + (this.#waiting.get(group)?.size ?? 0);
    if (needed > most)
      throw new MesosError(
        "MESOS_GROUPS_BACKEND",
        `backend: the auto-scaling group ${group} has room for ${most} members, got ${needed}`,
      );
    // Another controller may be at work already, and would not know what this one asks for.
    signal.throwIfAborted();
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

/** What a member's machine must have been launched by; the group launches just that, or must be changed first. */
function wantedOf(name: string, { template }: Applied, group: string, launches: string): string {
  const { launchTemplate } = template;
  if (launchTemplate === undefined || launches === launchTemplate) return launches;
  throw new MesosError(
    "MESOS_GROUPS_NOT_READY",
    `${name}: the auto-scaling group ${group} launches ${launches}, but the declaration says ${launchTemplate}; run up again`,
    { retryable: true },
  );
}
