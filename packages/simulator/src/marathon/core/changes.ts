// SPDX-License-Identifier: Apache-2.0
import { ApiError, invalid, type Violation } from "../api-error";
import { assignServicePorts } from "../app/service-ports";
import { type App, servicePortsOf } from "../app/types";
import { hasExternalVolumes, residentUpdateViolations, volumeConflicts } from "../app/validate-volumes";
import { timestamp } from "../clock";
import { lightPlan } from "../deployments/deployment";
import type { DeploymentRunner } from "../deployments/deployment-runner";
import { makePlan, type Plan, reverted, withVersions } from "../deployments/plan";
import type { EventBus } from "../events";
import { validateRoot } from "../group/apply-group";
import { emptyRoot, type Group, RootDraft, type RootGroup, specOf } from "../group/root";
import type { Tracker } from "../instances/tracker";
import type { Metrics } from "../metrics/metrics";
import { residentPodUpdateViolations } from "../pod/resident-pods";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import type { SpecVersions } from "../run-spec/spec-versions";
import type { CoreOptions, CoreParts } from "./options";
import { RootVersions } from "./root-versions";

interface ChangeOptions {
  readonly force: boolean;
  readonly groupId?: string;
  /** Instances to stop first where the change shrinks an app or pod. */
  readonly kill?: ReadonlyMap<string, readonly string[]>;
  /** For changes that concern no task: nobody hears of a deployment. */
  readonly withoutDeployment?: boolean;
}

/** What a change was answered with. */
export interface Change {
  readonly version: string;
  readonly deploymentId: string;
  readonly root: RootGroup;
}

/** The root as the store has it: the definitions themselves are kept by version. */
export interface StoredRoot {
  readonly version: string;
  readonly groups: readonly Group[];
  readonly apps: Readonly<Record<string, string>>;
  readonly pods?: Readonly<Record<string, string>>;
}

/** The declared state, and the only place that changes it: one change after another, each stored before it counts. */
export class Changes {
  readonly #parts: CoreParts;
  readonly #events: EventBus;
  readonly #tracker: Tracker;
  readonly #versions: SpecVersions;
  readonly #deployments: DeploymentRunner;
  readonly #metrics: Metrics;
  readonly #closed: () => boolean;
  readonly #roots: RootVersions<StoredRoot>;
  #root: RootGroup;
  #lastVersion = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    parts: CoreParts,
    around: {
      events: EventBus;
      tracker: Tracker;
      versions: SpecVersions;
      deployments: DeploymentRunner;
      metrics: Metrics;
      closed: () => boolean;
    },
  ) {
    this.#parts = parts;
    this.#events = around.events;
    this.#tracker = around.tracker;
    this.#versions = around.versions;
    this.#deployments = around.deployments;
    this.#metrics = around.metrics;
    this.#closed = around.closed;
    this.#roots = new RootVersions(parts.store, parts.options.maxVersions);
    this.#root = emptyRoot(this.#nextVersion());
  }

  get root(): RootGroup {
    return this.#root;
  }

  /** Takes over the root that the store had, and its earlier states. */
  restore(stored: StoredRoot | undefined, earlier: readonly StoredRoot[]): void {
    if (stored === undefined) return;
    this.#roots.restore(earlier, stored);
    this.#root = this.#filled(stored);
    this.#lastVersion = Date.parse(stored.version);
  }

  /** The versions of the tree in which a group was there, newest first. */
  versionsOf(groupId: string): string[] {
    return this.#roots.list(groupId);
  }

  /** The tree as it was in `version`, while that is kept. */
  rootAt(version: string): RootGroup | undefined {
    const stored = this.#roots.get(version);
    return stored === undefined ? undefined : this.#filled(stored);
  }

  /** Whether a kept state of the tree has the app or pod in this version. */
  keeps(specId: string, version: string): boolean {
    return this.#roots.uses(specId, version);
  }

  #filled(stored: StoredRoot): RootGroup {
    const kept = Object.entries({ ...stored.apps, ...stored.pods }).flatMap(
      ([id, version]) => this.#versions.get(id, version) ?? [],
    );
    return {
      version: stored.version,
      groups: new Map(stored.groups.map((g) => [g.id, g])),
      apps: new Map(kept.flatMap((s) => (isPod(s) ? [] : [[s.id, s]]))),
      pods: new Map(kept.flatMap((s) => (isPod(s) ? [[s.id, s]] : []))),
    };
  }

  /**
   * Changes what is declared. `make` fills a draft; the answer comes when the plan is stored, not when it is done.
   */
  async change(make: (draft: RootDraft) => void, options: ChangeOptions): Promise<Change> {
    const next = this.#queue.then(() => this.#change(make, options));
    this.#queue = next.catch(() => undefined); // the caller gets the error; the next change goes on
    return await next;
  }

  /** The plan that `make` would give; nothing changes. */
  dryRun(make: (draft: RootDraft) => void): Plan {
    return this.#plan(make).plan;
  }

  /** Undoes what a running deployment changed, by a new one that takes its place. */
  async rollBack(id: string): Promise<Change | undefined> {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) return undefined;
    return await this.change(
      (draft) => {
        draft.become(reverted(draft.done(), deployment.plan, draft.version));
      },
      { force: true },
    );
  }

  get #options(): CoreOptions {
    return this.#parts.options;
  }

  #plan(make: (draft: RootDraft) => void): { plan: Plan; target: RootGroup } {
    const draft = new RootDraft(this.#root, this.#nextVersion(), this.#options.enforceNewGroups);
    make(draft);
    const changed = [...draft.apps.values()].filter((app) => app !== this.#root.apps.get(app.id));
    const violations = [...validateRoot(draft), ...this.#volumeViolations(draft, changed)];
    if (violations.length > 0) throw invalid(violations);
    const maxApps = this.#options.maxApps;
    if (maxApps !== undefined && draft.apps.size > maxApps) {
      throw new ApiError(409, { message: `This Marathon instance may only handle up to ${maxApps} Apps!` });
    }
    this.#assignPorts(draft, changed);
    const target = withVersions(this.#root, draft.done(), draft.restarted);
    return { plan: makePlan(this.#parts.newId(), this.#root, target), target };
  }

  #volumeViolations(draft: RootDraft, changed: readonly App[]): Violation[] {
    const residents = changed.flatMap((app) => {
      const before = this.#root.apps.get(app.id);
      return before === undefined ? [] : residentUpdateViolations(before, app);
    });
    const changedPods = [...draft.pods.values()].flatMap((pod) => {
      const before = this.#root.pods.get(pod.id);
      return before === undefined || before === pod ? [] : residentPodUpdateViolations(before, pod);
    });
    // Those that stay as they are were held against each other when they came.
    const conflicts = changed.some(hasExternalVolumes) ? volumeConflicts(draft.apps.values()) : [];
    return [...residents, ...changedPods, ...conflicts];
  }

  #assignPorts(draft: RootDraft, changed: readonly App[]): void {
    if (!changed.some((app) => servicePortsOf(app).includes(0))) return;
    const taken = new Set<number>();
    for (const app of draft.apps.values()) for (const port of servicePortsOf(app)) taken.add(port);
    for (const app of changed) {
      const old = this.#root.apps.get(app.id);
      draft.apps.set(app.id, assignServicePorts(app, old, taken, this.#options.servicePorts));
    }
  }

  async #change(make: (draft: RootDraft) => void, options: ChangeOptions): Promise<Change> {
    const { plan, target } = this.#plan(make);
    const groupId = options.groupId ?? "/";
    const conflicts = this.#deployments.conflicting(plan.affected.keys());
    if (conflicts.length > 0 && !options.force)
      this.#refuseLocked(
        plan,
        groupId,
        conflicts.map((d) => d.plan.id),
      );
    if (this.#deployments.size - conflicts.length >= this.#options.maxRunningDeployments) {
      this.#metrics.count("deployments.dismissed.counter");
      throw new ApiError(403, {
        message: `Max number (${this.#options.maxRunningDeployments}) of running deployments is achieved. Wait for existing deployments to complete or cancel one. You can increase max deployment number by using --max_running_deployments parameter. Current running deployments are: ${this.#deployments.size}`,
      });
    }
    const deployment = { plan, kill: options.kill ?? new Map<string, readonly string[]>() };
    await this.#persist(plan, target, () => this.#deployments.save(deployment));
    this.#root = target;
    this.#events.emit("group_change_success", { groupId, version: target.version });
    for (const conflict of conflicts) {
      this.#deployments.cancel(conflict.plan.id, "The upgrade has been cancelled");
    }
    this.#metrics.count("deployments.counter");
    const silent = options.withoutDeployment === true;
    if (!this.#closed() && !silent) this.#deployments.start(deployment, false);
    return { version: target.version, deploymentId: plan.id, root: target };
  }

  #refuseLocked(plan: Plan, groupId: string, ids: readonly string[]): never {
    const message =
      "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.";
    this.#events.emit("group_change_failed", { groupId, version: plan.version, reason: message });
    this.#events.emit("deployment_failed", { id: plan.id, plan: lightPlan(plan), reason: message });
    throw new ApiError(409, { message, deployments: ids.map((id) => ({ id })) });
  }

  /** Definitions and the deployment first; the root last, because from it on the change counts. */
  async #persist(plan: Plan, target: RootGroup, saveDeployment: () => void): Promise<void> {
    const { store } = this.#parts;
    for (const { after } of plan.affected.values()) {
      if (after === undefined) continue;
      const used = new Set(this.#tracker.ofSpec(after.id).map((i) => i.version));
      this.#versions.put(after, (version) => used.has(version) || this.keeps(after.id, version));
    }
    if (plan.steps.length > 0) saveDeployment();
    await store.durable();
    const stored: StoredRoot = {
      version: target.version,
      groups: [...target.groups.values()],
      apps: versionsOf(target.apps),
      pods: versionsOf(target.pods),
    };
    store.put("group/root", stored);
    for (const { id } of this.#roots.put(stored)) {
      const gone = specOf(target, id) === undefined && this.#tracker.ofSpec(id).length === 0;
      if (gone) this.#versions.forget(id, (version) => this.keeps(id, version));
    }
    await store.durable();
  }

  #nextVersion(): string {
    this.#lastVersion = Math.max(this.#parts.clock.now(), this.#lastVersion + 1);
    return timestamp(this.#lastVersion);
  }
}

function versionsOf(specs: ReadonlyMap<string, RunSpec>): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const { id, version } of specs.values()) versions[id] = version;
  return versions;
}
