// SPDX-License-Identifier: Apache-2.0
import type { BambooClient, MarathonApp } from "@pulumi-mesos/client";
import {
  AppAutoscale,
  type AppScaleStates,
  decoder,
  describeAppAutoscale,
  describeFailures,
  fillAppAutoscale,
  messageOf,
  within,
} from "@pulumi-mesos/model";
import { applyStep } from "../apply";
import type { Clock } from "../clock";
import { askMs, type Log } from "../look";
import type { Move } from "../plan-moves";
import type { Marathon } from "../world";
import { type AppTold, withTold } from "./app-history";
import { type AppMemory, carriedOut, decideApp, nothingKnown } from "./decide";
import { LoadWindow } from "./load-window";

/** How often edges are asked, and how often it is decided; what is declared anew is decided at once. */
const sampleMs = 1_000;
const periodMs = 5_000;
/** How often it is looked whether there is anything to follow. */
const idleMs = 10_000;
const edgeMs = 2_000;
const parallelSteps = 8;

/** What the scaler needs of ZooKeeper. */
export interface AppStore {
  /** What is declared, by app; `onChange` is called once when that changes. */
  appDeclarations(onChange: () => void): Promise<ReadonlyMap<string, Buffer>>;
  appStates(): Promise<AppScaleStates>;
  writeAppStates(states: AppScaleStates): Promise<void>;
  moves(): Promise<Readonly<Record<string, Move>>>;
}

/** An edge by its address. */
export interface CountingEdge {
  readonly name: string;
  readonly client: Pick<BambooClient, "traffic">;
}

export interface AppScalerParts {
  readonly store: AppStore;
  readonly marathon: Marathon | undefined;
  readonly edges: readonly CountingEdge[];
  readonly clock: Pick<Clock, "now" | "pause">;
  readonly log: Log;
}

/** What is told about apps that follow their traffic, by app. */
export type AppsReport = Readonly<Record<string, AppReport>>;
export interface AppReport {
  /** Bounds and rules in words, or what is wrong with them. */
  readonly policy: string;
  readonly min: number;
  readonly max: number;
  /** The newest first. */
  readonly decisions: readonly AppTold[];
}

interface Known {
  readonly policy: AppAutoscale;
  memory: AppMemory;
  decisions: AppTold[];
}

const policies = decoder(AppAutoscale);

/** Sizes apps by what the edges count: looks, lets `decideApp` decide, and scales by Marathon. Never by force against others. */
export class AppScaler {
  readonly #parts: AppScalerParts;
  readonly #window: LoadWindow;
  readonly #apps = new Map<string, Known>();
  #held: ReadonlySet<string> = new Set();
  #states: AppScaleStates | undefined;
  #isStale = true;
  #decidedAt = Number.NEGATIVE_INFINITY;
  #waker = new AbortController();

  constructor(parts: AppScalerParts) {
    this.#parts = parts;
    this.#window = new LoadWindow(parts.edges.map(({ name }) => name));
  }

  get report(): AppsReport {
    const apps = [...this.#apps].map(([id, { policy, decisions }]) => [
      id,
      { policy: describeAppAutoscale(policy), min: policy.min, max: policy.max, decisions },
    ]);
    return Object.fromEntries(apps);
  }

  /** Apps that are about to be scaled once their task that is on its way has arrived: no other may set out before. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      this.#waker = new AbortController();
      await this.round(signal);
      const pause = this.#apps.size === 0 ? idleMs : sampleMs;
      await clock.pause(pause, AbortSignal.any([this.#waker.signal, signal]));
    }
  }

  /** Asks the edges, and decides where it is time. */
  async round(signal: AbortSignal): Promise<void> {
    const isNew = this.#isStale;
    if (isNew) await this.read();
    if (this.#apps.size === 0) return;
    await this.sample(signal);
    if (!isNew && this.#parts.clock.now() - this.#decidedAt < periodMs) return;
    await this.decide(signal, true);
  }

  /** Asks every edge for its counts. */
  async sample(signal: AbortSignal): Promise<void> {
    const { edges, clock } = this.#parts;
    await Promise.all(
      edges.map(async ({ name, client }) => {
        try {
          const traffic = await client.traffic(within(signal, edgeMs));
          const answer = traffic === undefined ? { problem: "a Bamboo counts no requests" } : { traffic };
          this.#window.add(name, clock.now(), answer);
        } catch (error) {
          signal.throwIfAborted();
          this.#window.add(name, clock.now(), { problem: messageOf(error) });
        }
      }),
    );
  }

  /** Reads what is declared. */
  async read(): Promise<void> {
    const { store, log } = this.#parts;
    this.#isStale = false;
    const declared = await store.appDeclarations(() => {
      this.#isStale = true;
      this.#waker.abort();
    });
    for (const app of this.#apps.keys()) if (!declared.has(app)) this.#apps.delete(app);
    for (const [app, data] of declared) {
      const policy = decoded(data);
      if (typeof policy === "string") {
        log.warn({ app }, `its autoscale does not fit: ${policy}`);
        this.#apps.delete(app);
      } else {
        const { memory = nothingKnown, decisions = [] } = this.#apps.get(app) ?? {};
        this.#apps.set(app, { policy, memory, decisions });
      }
    }
  }

  /** Decides about every app; with `apply` also does it. */
  async decide(signal: AbortSignal, apply: boolean): Promise<void> {
    const { marathon, store, clock, log } = this.#parts;
    if (marathon === undefined) return;
    this.#decidedAt = clock.now();
    let documents: readonly MarathonApp[];
    try {
      documents = await marathon.getApps(within(signal, askMs));
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ reason: messageOf(error) }, "Marathon does not answer, so no app is sized");
      for (const known of this.#apps.values()) this.#tell(known, away(known, messageOf(error)));
      return;
    }
    const moves = await store.moves();
    this.#states ??= await store.appStates();
    const byId = new Map(documents.map((document) => [document.id, document]));
    const steps = [...this.#apps].flatMap(([app, known]) => {
      const step = this.#consider(app, known, { document: byId.get(app), move: moves[app] });
      return step === undefined ? [] : [step];
    });
    this.#held = new Set(steps.filter(({ app }) => moves[app] !== undefined).map(({ app }) => app));
    if (!apply) return;
    const ready = steps.filter(({ held }) => held === undefined).slice(0, parallelSteps);
    const done = await Promise.all(ready.map((step) => this.#scale(marathon, step, signal)));
    const next = Object.entries({ ...this.#states, ...Object.assign({}, ...done) });
    this.#states = Object.fromEntries(next.filter(([app]) => this.#apps.has(app))) as AppScaleStates;
    await store.writeAppStates(this.#states);
  }

  /** Decides about one app; answers what is to be done. */
  #consider(
    app: string,
    known: Known,
    { document, move }: { readonly document: MarathonApp | undefined; readonly move: Move | undefined },
  ): Step | undefined {
    const now = this.#parts.clock.now();
    if (document === undefined) {
      known.memory = nothingKnown;
      this.#tell(known, { from: 0, instances: 0, reasons: ["Marathon has no such app"] });
      return undefined;
    }
    const live = document.instances ?? 0;
    // A task on its way to another agent has one more instance meanwhile.
    const from = move !== undefined && live === move.instances + 1 ? move.instances : live;
    const policy = fillAppAutoscale(known.policy);
    const load = this.#window.load(app, policy.by);
    const { instances, reasons, frozen, memory } = decideApp(from, load, policy, known.memory, now);
    known.memory = memory;
    const locks = (document.deployments ?? []).map(({ id }) => id);
    const own = this.#states?.[app]?.deployment;
    const held = instances === from ? undefined : heldBy({ locks, own, move });
    const told = {
      ...{ from, instances, reasons },
      ...(load.value === undefined ? {} : { load: load.value }),
      ...(frozen === undefined ? {} : { frozen }),
      ...(held === undefined ? {} : { held }),
      ...(instances === from || held !== undefined ? {} : { change: `${from} to ${instances} instances` }),
    };
    this.#tell(known, told);
    if (instances === from) return undefined;
    return { app, from, instances, held, force: locks.length > 0, reasons };
  }

  async #scale(
    marathon: Marathon,
    { app, from, instances, force, reasons }: Step,
    signal: AbortSignal,
  ): Promise<AppScaleStates> {
    const { clock, log } = this.#parts;
    const known = this.#apps.get(app);
    if (known === undefined) return {};
    try {
      const step = { kind: "scale", appId: app, instances, force } as const;
      const result = await applyStep(marathon, step, within(signal, askMs));
      if (!result.ok) return {};
      known.memory = carriedOut(known.memory, from, instances, clock.now());
      log.info({ app, reasons }, `traffic: ${from} to ${instances} instances`);
      const { deployment } = result;
      return { [app]: { instances, ...(deployment === undefined ? {} : { deployment }) } };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ app, instances, reason: messageOf(error) }, "an app could not be scaled");
      return {};
    }
  }

  #tell(known: Known, told: Omit<AppTold, "at" | "until">): void {
    const at = new Date(this.#parts.clock.now()).toISOString();
    known.decisions = withTold(known.decisions, { ...told, at });
  }
}

interface Step {
  readonly app: string;
  readonly from: number;
  readonly instances: number;
  readonly held: string | undefined;
  /** Whether our own deployment of before is to give way. */
  readonly force: boolean;
  readonly reasons: readonly string[];
}

/** Why an app cannot be scaled now: only a deployment of our own may be taken back. */
function heldBy(o: {
  readonly locks: readonly string[];
  readonly own: string | undefined;
  readonly move: Move | undefined;
}): string | undefined {
  if (o.move !== undefined) return "waits until its task that is on its way to another agent has arrived";
  const others = o.locks.filter((id) => id !== o.own);
  return others.length === 0 ? undefined : `waits for the deployment of somebody else: ${others.join(", ")}`;
}

function away({ decisions }: Known, reason: string): Omit<AppTold, "at" | "until"> {
  const instances = decisions[0]?.instances ?? 0;
  return { from: instances, instances, reasons: [`Marathon does not answer: ${reason}`] };
}

function decoded(data: Buffer): AppAutoscale | string {
  try {
    const result = policies.decode(JSON.parse(data.toString("utf8")));
    return result.ok ? result.value : describeFailures(result.failures);
  } catch (error) {
    return messageOf(error);
  }
}
