// SPDX-License-Identifier: Apache-2.0
import type { Certificates } from "./certificates/certificates";
import type { Clock } from "./clock";
import type { App, Task } from "./discovery/apps";
import { decodeApp } from "./discovery/apps";
import { ClusterState } from "./discovery/cluster-state";
import { Discovery, type MarathonSource } from "./discovery/discovery";
import { HostNames } from "./discovery/host-names";
import { certificateFile } from "./haproxy/certificate-store";
import type { Log } from "./log";
import type { EdgeOptions } from "./options";
import { backendName } from "./routing/app-routes";
import { deploymentGroupOf } from "./routing/deployment-groups";
import { newMemo, type RoutingMemo } from "./routing/parts";
import type { PortFrontend, Routes } from "./routing/route";
import { type RoutingSettings, routesOf } from "./routing/routes";
import type { SlotTable } from "./routing/slots";
import { RuleStore } from "./rules";

export interface RouterOptions {
  readonly options: EdgeOptions;
  readonly source: MarathonSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly resyncMs: number;
  /** The slots that HAProxy has. */
  table(): SlotTable | undefined;
  /** None where there is no HTTPS. */
  certificates(): Certificates | undefined;
  /** Something is known that was not, be it routed or not. */
  onChange(): void;
  /** A rule was written or removed. */
  onRule(): void;
  onRoutes(routes: Routes): void;
}

/** Knows what Marathon and ZooKeeper say, and decides what should be routed. */
export class Router {
  readonly #o: RouterOptions;
  readonly #names: HostNames;
  readonly state: ClusterState;
  readonly discovery: Discovery;
  readonly rules: RuleStore;
  #memo: RoutingMemo = newMemo();
  #leftOut: ReadonlyMap<string, string> = new Map();
  #pending = false;
  #isOver = false;
  /** When what is not routed yet was known first. */
  #knownAt = 0;
  readonly #since = new WeakMap<Routes, number>();

  constructor(o: RouterOptions) {
    this.#o = o;
    const { options, source, clock, log, resyncMs } = o;
    this.#names = new HostNames(log);
    this.state = new ClusterState((app, task) => this.#wasServing(app, task));
    this.discovery = new Discovery({
      ...{ source, clock, log, resyncMs },
      state: this.state,
      prepare: (documents) => this.#prepare(documents),
      onChange: () => this.changed(),
    });
    this.rules = new RuleStore({
      servers: options.zookeeper,
      root: options.zookeeperPath,
      credential: options.zookeeperCredential,
      ...{ clock, log },
      onChange: () => {
        o.onRule();
        this.changed();
      },
    });
  }

  /** Both Marathon and ZooKeeper have answered. */
  get isSynced(): boolean {
    return this.discovery.synced && this.rules.synced;
  }

  /** Apps and rules that are left out, with the reason. */
  get leftOut(): ReadonlyMap<string, string> {
    return this.#leftOut;
  }

  /** Follows both until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => {
      this.#isOver = true;
    });
    await Promise.all([this.discovery.run(signal), this.rules.run(signal)]);
  }

  /** Something is known that was not: routes are made once for all that comes in this turn. */
  changed(): void {
    this.#o.onChange();
    if (this.#pending) return;
    this.#pending = true;
    this.#knownAt = this.#o.clock.now();
    setImmediate(() => {
      this.#pending = false;
      // Before both are known, what HAProxy has is better than half of the truth.
      if (this.isSynced && !this.#isOver) this.#route();
    });
  }

  /** How long ago that was known which `routes` were made for first; nothing when that was asked before. */
  effectiveMs(routes: Routes): number | undefined {
    const since = this.#since.get(routes);
    this.#since.delete(routes);
    return since === undefined ? undefined : this.#o.clock.now() - since;
  }

  /** Looks up the addresses of agents again. */
  async refreshNames(): Promise<void> {
    const hosts = [...this.state.apps.values()].flatMap((app) => app.tasks.map((task) => task.host));
    if (!(await this.#names.refresh(hosts, true))) return;
    this.#memo = newMemo();
    this.changed();
  }

  #route(): void {
    const routes = routesOf(
      this.state.apps.values(),
      this.rules.rules,
      (h) => this.#names.resolve(h),
      this.#memo,
      this.#settings(),
    );
    for (const [id, reason] of routes.leftOut) {
      if (this.#leftOut.get(id) !== reason) this.#o.log.warn({ id, reason }, "left out");
    }
    this.#leftOut = routes.leftOut;
    this.#since.set(routes, this.#knownAt);
    this.#o.onRoutes(routes);
  }

  #settings(): RoutingSettings {
    const { bind, frontendBind, https, groups } = this.#o.options;
    const certificates = this.#o.certificates();
    const takenPorts = new Set([bind.port, frontendBind.port, ...(https ? [https.bind.port] : [])]);
    const good = certificates?.good ?? [];
    if (!https || good.length === 0) return { groups, takenPorts };
    const front: PortFrontend = {
      appId: "https",
      mode: "http",
      port: https.bind.port,
      address: https.bind.host,
    };
    const certificateOf = (name: string): string | undefined => {
      const found = certificates?.find(name);
      return found && certificateFile(found.source);
    };
    return { groups, takenPorts, https: front, certificateOf };
  }

  /** Learns the addresses of agents before their tasks are placed. */
  async #prepare(documents: readonly unknown[]): Promise<void> {
    const tasks = documents.flatMap((document) => decodeApp(document)?.tasks ?? []);
    if (await this.#names.refresh(tasks.map((task) => task.host))) this.#memo = newMemo();
  }

  /** Whether HAProxy sends requests to a task that this controller sees for the first time. */
  #wasServing(app: App, task: Task): boolean {
    const table = this.#o.table();
    // Port indexes of labels have backends of their own.
    const id = deploymentGroupOf(app) ?? app.id;
    const names = [undefined, ...task.ports.keys(), ...app.containerPorts.keys()].map((n) =>
      backendName(id, n),
    );
    const slots = [...new Set(names)].flatMap((name) => table?.get(name) ?? []);
    const host = app.network === "container" ? task.addresses[0] : this.#names.resolve(task.host);
    const ports = app.network === "container" ? app.containerPorts : task.ports;
    return slots.some((s) => s.state === "ready" && s.address === host && ports.includes(s.port));
  }
}
