// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import { type App, decodeApp, decodeTask, type Task } from "./apps";
import { isKilling, isTerminal, type PlacedApp, type PlacedTask, place } from "./rotation";

/** How long most apps must stay missing from Marathon's list before they are believed to be gone. */
const holdMs = 60_000;
const holdListings = 3;

/** One of Marathon's events: its type and its own fields. */
export interface EventFields {
  readonly type: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What an event did to the state, and which apps have to be asked for. */
export interface EventEffect {
  readonly changed: boolean;
  readonly fetch: readonly string[];
}

/**
 * What is known of Marathon's apps. It changes by whole answers only: what is missing, unclear or suspicious leaves it as
 * it is. Events that say that a task ends are believed at once, and such a task never returns.
 */
export class ClusterState {
  readonly #apps = new Map<string, PlacedApp>();
  readonly #ended = new Set<string>();
  readonly #wasServing: (app: App, task: Task) => boolean;
  #missing: { since: number; listings: number } | undefined;

  /** `wasServing` tells of a task that is seen for the first time whether HAProxy sends requests to it already. */
  constructor(wasServing: (app: App, task: Task) => boolean = () => false) {
    this.#wasServing = wasServing;
  }

  get apps(): ReadonlyMap<string, PlacedApp> {
    return this.#apps;
  }

  /** Whether a list that lacks most apps is being doubted. */
  get holding(): boolean {
    return this.#missing !== undefined;
  }

  /** Takes the list of all apps. */
  full(documents: readonly unknown[], now: number): void {
    const listed = new Set<string>();
    for (const document of documents) {
      const id = idOf(document);
      const app = decodeApp(document);
      if (id !== undefined) listed.add(id);
      if (app) this.#take(app);
    }
    const gone = [...this.#apps.keys()].filter((id) => !listed.has(id));
    if (this.#doubtful(gone.length, now)) return;
    for (const id of gone) this.#apps.delete(id);
    this.#forgetEnded();
  }

  /** Takes one app; `undefined` when Marathon said that there is none. */
  one(id: string, document: unknown): void {
    if (document === undefined) {
      this.#apps.delete(id);
      return;
    }
    const app = decodeApp(document);
    if (app?.id === id) this.#take(app);
  }

  /** Takes an event: what it says of a task is done at once, and the rest is to be asked for. */
  event({ type, fields }: EventFields): EventEffect {
    const fetch = appsOf(fields);
    const [appId] = fetch;
    const taskId = text(fields["taskId"]) ?? text(fields["instanceId"]);
    if (appId === undefined || taskId === undefined) return { changed: false, fetch };
    const state = text(fields["taskStatus"]) ?? text(fields["condition"]) ?? "";
    if (type === "unhealthy_instance_kill_event" || isKilling(state)) {
      return { changed: this.#end(appId, taskId, false), fetch };
    }
    if (isTerminal(state)) return { changed: this.#end(appId, taskId, true), fetch };
    if (state === "TASK_RUNNING") return { changed: this.#start(appId, fields), fetch };
    const alive = type === "instance_health_changed_event" ? fields["healthy"] : fields["alive"];
    const changed = typeof alive === "boolean" && this.#health(appId, taskId, type, alive);
    return { changed, fetch };
  }

  /** An app that is as it was stays the same object, of which nobody needs to think again. */
  #take(app: App): void {
    const before = this.#apps.get(app.id);
    const placed = place(app, before, this.#ended, this.#wasServing);
    if (!isDeepStrictEqual(placed, before)) this.#apps.set(app.id, placed);
  }

  #doubtful(gone: number, now: number): boolean {
    if (gone <= Math.max(1, this.#apps.size / 2)) {
      this.#missing = undefined;
      return false;
    }
    const missing = this.#missing ?? { since: now, listings: 0 };
    missing.listings++;
    this.#missing = missing;
    if (missing.listings < holdListings || now - missing.since < holdMs) return true;
    this.#missing = undefined;
    return false;
  }

  #end(appId: string, taskId: string, gone: boolean): boolean {
    const app = this.#apps.get(appId);
    const ending = app?.tasks.filter((task) => isOf(task.id, taskId)) ?? [];
    for (const task of ending) this.#ended.add(task.id);
    if (ending.length === 0 || !app) {
      this.#ended.add(taskId);
      return false;
    }
    const tasks = app.tasks.flatMap((task): PlacedTask[] =>
      !isOf(task.id, taskId) ? [task] : gone ? [] : [{ ...task, place: "leaving" }],
    );
    this.#apps.set(appId, { ...app, tasks });
    return true;
  }

  /** A task that is new to a known app takes part at once; the app's document says the rest. */
  #start(appId: string, fields: EventFields["fields"]): boolean {
    const app = this.#apps.get(appId);
    const task = decodeTask(
      { ...fields, id: fields["taskId"], state: "TASK_RUNNING" },
      app?.healthChecks.length ?? 0,
      [],
    );
    if (!app || !task || app.readinessPath !== undefined || app.tasks.some(({ id }) => id === task.id))
      return false;
    this.#take({ ...app, tasks: [...app.tasks, task] });
    return app.healthChecks.length === 0;
  }

  #health(appId: string, taskId: string, type: string, alive: boolean): boolean {
    const app = this.#apps.get(appId);
    const task = app?.tasks.find((t) => isOf(t.id, taskId));
    // The event about one check says nothing about the others.
    const decides = type === "instance_health_changed_event" || app?.healthChecks.length === 1;
    if (!app || !task || !decides || task.alive === alive) return false;
    const tasks = app.tasks.map((t) => (t === task ? { ...t, alive } : t));
    this.#take({ ...app, tasks });
    return true;
  }

  /** Ended tasks are remembered as long as Marathon may still list them. */
  #forgetEnded(): void {
    if (this.#ended.size < 10_000) return;
    const listed = new Set([...this.#apps.values()].flatMap((app) => app.tasks.map((task) => task.id)));
    for (const id of this.#ended) if (!listed.has(id)) this.#ended.delete(id);
  }
}

/**
 * Whether a task is the one that an event names, by its own id or by its instance's: `a.instance-<uuid>` of
 * `a.instance-<uuid>._app.1`, or, before Marathon 1.8, `a.marathon-<uuid>` of `a.<uuid>`.
 */
function isOf(task: string, named: string): boolean {
  return (
    task === named || task.startsWith(`${named}.`) || task === named.replace(/\.marathon-(?=[^.]+$)/, ".")
  );
}

/** The apps that an event is about. */
function appsOf(fields: Readonly<Record<string, unknown>>): string[] {
  const ids = new Set<string>();
  const add = (value: unknown): void => {
    if (typeof value === "string" && value !== "") ids.add(value.startsWith("/") ? value : `/${value}`);
  };
  add(fields["appId"]);
  add(fields["runSpecId"]);
  add(idOf(fields["appDefinition"]));
  const steps = [...list(field(fields["plan"], "steps")), fields["currentStep"]];
  for (const step of steps) for (const action of list(field(step, "actions"))) add(field(action, "app"));
  return [...ids];
}

function idOf(value: unknown): string | undefined {
  const id = text(field(value, "id"));
  return id === undefined || id.startsWith("/") ? id : `/${id}`;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
