// SPDX-License-Identifier: Apache-2.0
import { machineHooks } from "@pulumi-mesos/model";
import type { AwsApi, Machine } from "./aws";

/**
 * An auto-scaling group as AWS keeps it: it launches and replaces machines by itself, some time after it was told. With `hooks` they
 * wait after their launch until they are ready, and at their end until they are drained.
 */
export class FakeAws implements AwsApi {
  hooks = false;
  /** Whether it launches nothing, whatever is desired. */
  exhausted = false;
  /** How many more calls are refused because there are too many. */
  throttled = 0;
  /** What it makes of being asked to end a machine, besides ending it. */
  deaf: "refuses" | "lies" | undefined;
  /** How many more looks at machines tell what was true before the last change. */
  stale = 0;
  /** Hears of a machine before its end is asked for. */
  onEnd: (machine: Machine) => void = () => undefined;
  #before: readonly Machine[] = [];
  /** What must never happen. */
  readonly harm: string[] = [];
  readonly #phases = new Map<string, string>();
  readonly #machines = new Map<string, Machine>();
  readonly #group: string;
  launches: string;
  desired = 0;
  most = 100;
  #made = 0;

  constructor(group: string, launches: string) {
    this.#group = group;
    this.launches = launches;
  }

  /** What the group does by itself: one step towards what is desired. */
  step(): void {
    for (const [id, phase] of this.#phases) {
      if (phase === "Terminating") this.#phases.set(id, "Terminating:Wait");
      if (phase === "Terminating:Proceed") this.kill(id);
    }
    const live = this.live().filter(({ id }) => !this.#isEnding(id));
    const pending = live.find(({ state }) => state === "pending");
    if (pending !== undefined) this.#change(pending.id, { state: "running" });
    else if (live.length < this.desired && !this.exhausted) this.#launch();
  }

  live(): Machine[] {
    return [...this.#machines.values()].filter(({ state }) => state !== "dead");
  }

  /** What the machines wait for, by id. */
  get waiting(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#phases].filter(([, phase]) => phase.endsWith(":Wait")));
  }

  kill(id: string): void {
    this.#phases.delete(id);
    this.#change(id, { state: "dead", address: undefined });
  }

  async machines({ group, pool, member }: Parameters<AwsApi["machines"]>[0]): Promise<Machine[]> {
    await this.#answers();
    const all = this.stale > 0 ? this.#before : [...this.#machines.values()];
    if (this.stale > 0) this.stale--;
    const found = all.filter(
      (m) =>
        (group ?? m.group) === m.group && (pool ?? m.pool) === m.pool && (member ?? m.member) === m.member,
    );
    return await later(found);
  }

  async group(): ReturnType<AwsApi["group"]> {
    await this.#answers();
    const phases = new Map(this.#phases);
    const places = [{ region: "eu", zone: "eu-a" }];
    return await later({ desired: this.desired, most: this.most, launches: this.launches, phases, places });
  }

  async setDesired(_group: string, count: number): Promise<void> {
    await this.#answers();
    if (count < 0 || count > this.most) throw new Error(`desired capacity ${count}`);
    this.desired = count;
    await later(undefined);
  }

  async terminate(id: string, { decrement }: { decrement: boolean }): Promise<void> {
    await this.#answers();
    if (this.deaf === "refuses") throw new Error("Throttling: Rate exceeded");
    const machine = this.#machines.get(id);
    if (machine === undefined || machine.state === "dead" || this.deaf === "lies") return;
    this.onEnd(machine);
    if (this.#isEnding(id)) this.harm.push(`${id} ended twice`);
    if (decrement) this.desired--;
    if (this.hooks) this.#phases.set(id, "Terminating");
    else this.kill(id);
  }

  /** Somebody ends a machine by hand, for which the group launches another one. */
  endByHand(id: string): void {
    if (this.#machines.get(id)?.state !== "dead" && !this.#isEnding(id)) this.#phases.set(id, "Terminating");
  }

  async proceed(_group: string, hook: string, id: string): Promise<void> {
    await this.#answers();
    const phase = this.#phases.get(id);
    if (hook === machineHooks.ready && phase === "Pending:Wait") this.#phases.set(id, "InService");
    if (hook === machineHooks.drained && phase === "Terminating:Wait")
      this.#phases.set(id, "Terminating:Proceed");
  }

  async #answers(): Promise<void> {
    await later(undefined);
    if (this.throttled <= 0) return;
    this.throttled--;
    throw new Error("Throttling: Rate exceeded");
  }

  #isEnding(id: string): boolean {
    return this.#phases.get(id)?.startsWith("Terminating") ?? false;
  }

  async tag(
    id: string,
    tags: { pool: string; member: string; template?: string; notice?: string },
  ): Promise<void> {
    await this.#answers();
    this.#change(id, tags);
  }

  /** What a machine says about its end. */
  say(id: string, notice: string): void {
    this.#change(id, { notice });
  }

  async untag(id: string): Promise<void> {
    await this.#answers();
    this.#change(id, { pool: undefined, member: undefined, template: undefined });
  }

  #launch(): void {
    this.#made += 1;
    const id = `i-${this.#made}`;
    const address = `10.0.0.${this.#made}`;
    const launched = this.launches;
    this.#phases.set(id, this.hooks ? "Pending:Wait" : "InService");
    this.#machines.set(id, { id, state: "pending", address, group: this.#group, launched });
  }

  #change(id: string, change: Partial<Machine>): void {
    if (this.stale === 0) this.#before = [...this.#machines.values()];
    const before = this.#machines.get(id);
    if (before !== undefined) this.#machines.set(id, { ...before, ...change });
  }
}

/** An answer that comes after others had their turn. */
function later<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}
