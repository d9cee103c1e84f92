// SPDX-License-Identifier: Apache-2.0
import type { EventBus } from "../events";
import type { CheckAnnouncer } from "../health/check-announcer";
import type { ReadinessMonitor } from "../health/readiness-monitor";
import { asApp, isPod } from "../run-spec/run-spec";
import type { StateStore } from "../store/state-store";
import {
  RestartAction,
  type RunningAction,
  ScaleAction,
  type Stage,
  StartAction,
  StopAction,
} from "./actions";
import { type Deployment, lightPlan, toStored } from "./deployment";
import { type Action, type Plan, specIdOf, verbOf } from "./plan";

interface Running {
  readonly deployment: Deployment;
  /** 1-based; 0 before the first. */
  step: number;
  actions: Map<Action, RunningAction>;
  resumed: boolean;
}

/** Carries out plans: steps one after another, the actions of a step side by side. */
export class DeploymentRunner {
  readonly #running = new Map<string, Running>();
  readonly #store: StateStore;
  readonly #events: EventBus;
  readonly #stage: Stage;
  readonly #readiness: ReadinessMonitor;
  readonly #checks: CheckAnnouncer;
  /** Called for the apps and pods of a deployment that has ended. */
  readonly #released: (specIds: Iterable<string>) => void;

  constructor(parts: {
    store: StateStore;
    events: EventBus;
    stage: Stage;
    readiness: ReadinessMonitor;
    checks: CheckAnnouncer;
    released: (specIds: Iterable<string>) => void;
  }) {
    this.#store = parts.store;
    this.#events = parts.events;
    this.#stage = parts.stage;
    this.#readiness = parts.readiness;
    this.#checks = parts.checks;
    this.#released = parts.released;
  }

  get size(): number {
    return this.#running.size;
  }

  get(id: string): Deployment | undefined {
    return this.#running.get(id)?.deployment;
  }

  /** The running deployment that holds the lock of an app or pod. */
  holding(specId: string): Deployment | undefined {
    for (const { deployment } of this.#running.values()) {
      if (deployment.plan.affected.has(specId)) return deployment;
    }
    return undefined;
  }

  conflicting(specIds: Iterable<string>): Deployment[] {
    const ids = new Set(specIds);
    return [...this.#running.values()]
      .map((r) => r.deployment)
      .filter((d) => [...d.plan.affected.keys()].some((id) => ids.has(id)));
  }

  /** Begins `deployment`; `resumed`: a leader before this one had begun it. */
  start(deployment: Deployment, resumed: boolean): void {
    const running: Running = { deployment, step: 0, actions: new Map(), resumed };
    this.#running.set(deployment.plan.id, running);
    this.#nextStep(running);
  }

  /** Looks again at a deployment of this app or pod; true when there is one. */
  advance(specId: string): boolean {
    const deployment = this.holding(specId);
    const running = deployment === undefined ? undefined : this.#running.get(deployment.plan.id);
    if (running === undefined) return false;
    this.#advance(running, specId);
    return true;
  }

  cancel(id: string, reason: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#end(running);
    this.#events.emit("deployment_failed", { id, plan: lightPlan(running.deployment.plan), reason });
  }

  /** `GET /v2/deployments`. */
  list(): Record<string, unknown>[] {
    return [...this.#running.values()].map(({ deployment: { plan }, step, actions }) => ({
      id: plan.id,
      version: plan.version,
      affectedApps: affectedOf(plan, false),
      affectedPods: affectedOf(plan, true),
      steps: plan.steps,
      currentActions: [...actions.keys()].map((action) => ({
        ...action,
        readinessCheckResults: this.#readiness.results(specIdOf(action)),
      })),
      currentStep: step,
      totalSteps: plan.steps.length,
    }));
  }

  #nextStep(running: Running): void {
    const { plan } = running.deployment;
    const step = plan.steps[running.step];
    if (step === undefined) {
      this.#end(running);
      this.#events.emit("deployment_success", { id: plan.id, plan: lightPlan(plan) });
      return;
    }
    running.step += 1;
    this.#events.emit("deployment_info", { plan: lightPlan(plan), currentStep: step });
    for (const action of step.actions) this.#announce(running, specIdOf(action));
    running.actions = new Map(step.actions.map((action) => [action, this.#action(running, action)]));
    this.#advance(running);
  }

  /** Checks are in place before a task is launched, and end before the tasks of an app that stops. */
  #announce({ deployment }: Running, id: string): void {
    const { before, after } = deployment.plan.affected.get(id) ?? {};
    const app = asApp(after ?? before);
    if (app === undefined) return;
    this.#checks.add(app);
    if (after === undefined) this.#checks.removeAll(id);
  }

  /** What happens to `specId` concerns no action but its own: a deployment of many apps looks at one at a time. */
  #advance(running: Running, specId?: string): void {
    const { plan } = running.deployment;
    for (const [action, state] of [...running.actions]) {
      if (specId !== undefined && specIdOf(action) !== specId) continue;
      if (state.advance()) running.actions.delete(action);
    }
    if (running.actions.size > 0) return;
    this.#events.emit("deployment_step_success", {
      plan: lightPlan(plan),
      currentStep: plan.steps[running.step - 1],
    });
    this.#nextStep(running);
  }

  #action(running: Running, action: Action): RunningAction {
    const { plan, kill } = running.deployment;
    const id = specIdOf(action);
    const after = plan.affected.get(id)?.after;
    if (after === undefined) return new StopAction(id, this.#stage);
    switch (verbOf(action)) {
      case "Start":
        return new StartAction();
      case "Restart":
        return new RestartAction(after, this.#stage);
      default:
        return new ScaleAction(after, this.#stage, kill.get(id) ?? [], running.resumed);
    }
  }

  #end(running: Running): void {
    const { plan } = running.deployment;
    this.#running.delete(plan.id);
    this.#store.remove(`deployment/${plan.id}`);
    for (const id of plan.affected.keys()) this.#readiness.forget(id);
    this.#released(plan.affected.keys());
  }

  /** Writes a deployment that will be started. */
  save(deployment: Deployment): void {
    this.#store.put(`deployment/${deployment.plan.id}`, toStored(deployment));
  }
}

function affectedOf(plan: Plan, pods: boolean): string[] {
  return [...plan.affected].flatMap(([id, { before, after }]) => {
    const spec = after ?? before;
    return spec !== undefined && isPod(spec) === pods ? [id] : [];
  });
}
