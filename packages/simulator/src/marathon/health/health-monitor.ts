// SPDX-License-Identifier: Apache-2.0
import type { App, HealthCheck } from "../app/types";
import { portsOf } from "../app/types";
import { isMesosCheck } from "../app/validate-checks";
import { type Clock, timestamp } from "../clock";
import type { EventBus } from "../events";
import type { Instance } from "../instances/instance";
import type { Probe } from "./probe";

/** What one check of one instance gave so far, as `healthCheckResults` shows it. */
export interface HealthResult {
  readonly alive: boolean;
  readonly consecutiveFailures: number;
  readonly firstSuccess?: string;
  readonly lastFailure?: string;
  readonly lastFailureCause?: string;
  readonly lastSuccess?: string;
  readonly instanceId: string;
}

interface Watched {
  readonly taskId: string;
  readonly stop: AbortController;
  /** Cancels the next run of each check. */
  readonly cancels: Map<number, () => void>;
  readonly results: (HealthResult | undefined)[];
  readonly expected: number;
}

const firstRunMs = 5_000;

/** The port that a check asks; undefined when the task has none there. */
export function checkedPort(
  app: App,
  check: Pick<HealthCheck, "port" | "portIndex">,
  instance: Instance,
): number | undefined {
  if (check.port !== undefined) return check.port;
  const index = check.portIndex ?? 0;
  const ports = portsOf(app);
  if (ports[index]?.hostPort === undefined) return ports[index]?.containerPort;
  const before = ports.slice(0, index).filter((p) => p.hostPort !== undefined).length;
  return instance.task?.ports[before];
}

/** The address that a check asks: the agent, or the container itself where it has no host port. */
export function checkedHost(
  app: App,
  check: Pick<HealthCheck, "port" | "portIndex">,
  instance: Instance,
): string {
  const ports = portsOf(app);
  const inside = app.networks[0]?.mode === "container" && ports[check.portIndex ?? 0]?.hostPort === undefined;
  return (
    (inside ? instance.task?.ipAddresses[0]?.ipAddress : undefined) ?? instance.task?.host ?? "127.0.0.1"
  );
}

/**
 * Runs Marathon's own health checks against running instances, and notes what the agents' checks gave (marathon.md §2.5).
 * Results last as long as the leader.
 */
export class HealthMonitor {
  readonly #clock: Clock;
  readonly #events: EventBus;
  readonly #probe: Probe;
  readonly #kill: (instance: Instance, reason: string) => void;
  readonly #changed: (appId: string) => void;
  readonly #watched = new Map<string, Watched>();

  constructor(options: {
    clock: Clock;
    events: EventBus;
    probe: Probe;
    kill: (instance: Instance, reason: string) => void;
    changed: (appId: string) => void;
  }) {
    this.#clock = options.clock;
    this.#events = options.events;
    this.#probe = options.probe;
    this.#kill = options.kill;
    this.#changed = options.changed;
  }

  /** Begins, keeps or ends the checks of `instance` as its condition and `app`, the definition it runs, demand. */
  sync(instance: Instance, app: App | undefined): void {
    const watched = this.#watched.get(instance.id);
    const taskId = instance.task?.id;
    const due =
      instance.condition === "Running" && taskId !== undefined && (app?.healthChecks.length ?? 0) > 0;
    if (watched !== undefined && watched.taskId !== taskId) this.forget(instance.id);
    if (!due || app === undefined || taskId === undefined || this.#watched.has(instance.id)) return;
    const entry: Watched = {
      taskId,
      stop: new AbortController(),
      cancels: new Map(),
      results: [],
      expected: app.healthChecks.length,
    };
    this.#watched.set(instance.id, entry);
    app.healthChecks.forEach((check, index) => {
      if (isMesosCheck(check)) return;
      const first = Math.min(check.intervalSeconds * 1000, firstRunMs);
      this.#plan(first, entry, instance, app, check, index);
    });
  }

  /** Mesos says how the agent's health check of `instance` stands; the agent itself kills what fails too often. */
  told(instance: Instance, app: App | undefined, healthy: boolean): void {
    const entry = this.#watched.get(instance.id);
    if (entry === undefined || app === undefined || entry.taskId !== instance.task?.id) return;
    app.healthChecks.forEach((check, index) => {
      if (isMesosCheck(check)) this.#record(entry, instance, app, check, index, healthy ? undefined : "");
    });
  }

  forget(instanceId: string): void {
    const watched = this.#watched.get(instanceId);
    watched?.stop.abort();
    for (const cancel of watched?.cancels.values() ?? []) cancel();
    this.#watched.delete(instanceId);
  }

  results(instanceId: string): HealthResult[] {
    return (this.#watched.get(instanceId)?.results ?? []).filter((r) => r !== undefined);
  }

  /** True when every check passed last time, false when one did not, undefined before the first results. */
  healthy(instanceId: string): boolean | undefined {
    const watched = this.#watched.get(instanceId);
    if (watched === undefined) return undefined;
    const results = this.results(instanceId);
    if (results.some((r) => !r.alive)) return false;
    return results.length === watched.expected ? true : undefined;
  }

  close(): void {
    for (const id of [...this.#watched.keys()]) this.forget(id);
  }

  #plan(
    delayMs: number,
    entry: Watched,
    instance: Instance,
    app: App,
    check: HealthCheck,
    index: number,
  ): void {
    const cancel = this.#clock.after(delayMs, () => {
      const interval = Math.max(1, check.intervalSeconds * 1000);
      this.#plan(interval, entry, instance, app, check, index);
      void this.#run(entry, instance, app, check, index);
    });
    entry.cancels.set(index, cancel);
  }

  async #run(entry: Watched, instance: Instance, app: App, check: HealthCheck, index: number): Promise<void> {
    const port = checkedPort(app, check, instance);
    const protocol = check.protocol as "HTTP" | "HTTPS" | "TCP";
    const result =
      port === undefined
        ? { failure: "the task has no such port" }
        : await this.#probe(
            {
              protocol,
              host: checkedHost(app, check, instance),
              port,
              path: check.path,
              timeoutMs: check.timeoutSeconds * 1000,
            },
            entry.stop.signal,
          );
    if (entry.stop.signal.aborted) return;
    const status = result.status;
    if (check.ignoreHttp1xx === true && status !== undefined && status >= 100 && status < 200) return;
    const bad = status !== undefined && (status < 200 || status > 399) ? `HTTP ${status}` : undefined;
    this.#record(entry, instance, app, check, index, result.failure ?? bad);
  }

  #record(
    entry: Watched,
    instance: Instance,
    app: App,
    check: HealthCheck,
    index: number,
    failure: string | undefined,
  ): void {
    const now = this.#clock.now();
    const before = entry.results[index];
    const wasHealthy = this.healthy(instance.id);
    if (failure === undefined) {
      entry.results[index] = {
        ...before,
        alive: true,
        consecutiveFailures: 0,
        firstSuccess: before?.firstSuccess ?? timestamp(now),
        lastSuccess: timestamp(now),
        instanceId: instance.id,
      };
    } else {
      const startedAt = instance.task?.startedAt ?? instance.since;
      const graceEnds = startedAt + check.gracePeriodSeconds * 1000;
      if (before?.firstSuccess === undefined && now < graceEnds) return;
      if (!isMesosCheck(check))
        this.#events.emit("failed_health_check_event", {
          appId: app.id,
          taskId: instance.id,
          instanceId: instance.id,
          healthCheck: check,
        });
      const failures = (before?.consecutiveFailures ?? 0) + 1;
      entry.results[index] = {
        ...before,
        alive: false,
        consecutiveFailures: failures,
        lastFailure: timestamp(now),
        lastFailureCause: failure,
        instanceId: instance.id,
      };
      const limit = isMesosCheck(check) ? 0 : check.maxConsecutiveFailures;
      if (limit > 0 && failures >= limit) {
        this.#kill(instance, failure);
      }
    }
    const alive = entry.results[index]?.alive === true;
    this.#announce(instance, app, isMesosCheck(check) ? alive : before?.alive, alive, wasHealthy);
  }

  #announce(
    instance: Instance,
    app: App,
    before: boolean | undefined,
    alive: boolean,
    wasHealthy: boolean | undefined,
  ): void {
    if (before !== alive) {
      this.#events.emit("health_status_changed_event", {
        appId: app.id,
        instanceId: instance.id,
        version: instance.version,
        alive,
      });
    }
    const healthy = this.healthy(instance.id);
    if (healthy !== wasHealthy) {
      this.#events.emit("instance_health_changed_event", {
        instanceId: instance.id,
        runSpecId: app.id,
        healthy: healthy ?? null,
        runSpecVersion: instance.version,
      });
      this.#changed(app.id);
    }
  }
}
