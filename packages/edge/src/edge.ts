// SPDX-License-Identifier: Apache-2.0
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { isIPv6 } from "node:net";
import { join, resolve } from "node:path";
import { createApi } from "./api/api";
import { Certificates, pemCheck, stored } from "./certificates/certificates";
import type { Clock } from "./clock";
import type { App, Task } from "./discovery/apps";
import { decodeApp } from "./discovery/apps";
import { ClusterState } from "./discovery/cluster-state";
import { Discovery, type MarathonSource } from "./discovery/discovery";
import { HostNames } from "./discovery/host-names";
import { answers } from "./haproxy/answers";
import { appliedDigests } from "./haproxy/applied-digest";
import { Applier } from "./haproxy/applier";
import { certificateFile } from "./haproxy/certificate-store";
import { LogTail } from "./haproxy/log-tail";
import { Master } from "./haproxy/master";
import { Runtime } from "./haproxy/runtime";
import { SilentHosts } from "./haproxy/silent-hosts";
import type { AppTraffic } from "./haproxy/traffic";
import { aclProbe, type Check, type HaproxyProgram, haproxyCheck } from "./haproxy/validate";
import type { EdgeHealth } from "./health";
import type { Log } from "./log";
import { Metrics } from "./metrics";
import { readOptionFile } from "./option-files";
import type { BindAddress, EdgeOptions } from "./options";
import { PageSource } from "./page/page-source";
import { deploymentGroupOf } from "./routing/deployment-groups";
import type { RenderSettings } from "./routing/render";
import {
  type BackendMemo,
  backendName,
  newMemo,
  type PortFrontend,
  type Routes,
  type RoutingSettings,
  routesOf,
} from "./routing/routes";
import { RuleStore } from "./rules";
import { noStats, type Stats } from "./stats";

/** Requests that are open when the edge ends have so long, within the ten seconds that a platform gives it. */
const retireMs = 8_000;

/** What an edge needs from outside. */
export interface EdgeDependencies {
  readonly source: MarathonSource;
  readonly program: HaproxyProgram;
  readonly clock: Clock;
  readonly log: Log;
  /** @default none */
  readonly stats?: Stats;
  /** @default 30000 */
  readonly resyncMs?: number;
  /** How long HAProxy may owe an answer before it is replaced. @default 5000 */
  readonly hungMs?: number;
}

/** A running edge. */
export interface Edge {
  /** Serves the API, adopts or starts HAProxy and begins to watch; the API's address. */
  listen(): Promise<BindAddress>;
  /** Ends the controller; HAProxy goes on unless the options say otherwise. */
  close(): Promise<void>;
}

/** Puts discovery, rules, HAProxy and API together. */
export function createEdge(options: EdgeOptions, dependencies: EdgeDependencies): Edge {
  const controller = new Controller(options, dependencies);
  return { listen: () => controller.listen(), close: () => controller.close() };
}

class Controller {
  readonly #o: EdgeOptions;
  readonly #d: EdgeDependencies;
  readonly #names: HostNames;
  readonly #state: ClusterState;
  readonly #discovery: Discovery;
  readonly #rules: RuleStore;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>[] = [];
  readonly #api: ReturnType<typeof createApi>;
  #haproxy:
    | { master: Master; runtime: Runtime; applier: Applier; check: Check; settings: RenderSettings }
    | undefined;
  /** None where there is no HTTPS. */
  #certificates: Certificates | undefined;
  #leftOut: ReadonlyMap<string, string> = new Map();
  #followed: (() => Promise<void>) | undefined;
  #pending = false;
  /** When what is not routed yet was known first. */
  #knownAt = 0;
  readonly #since = new WeakMap<Routes, number>();
  readonly #metrics: Metrics;
  #memo: BackendMemo = newMemo();
  readonly #stats: Stats;
  readonly #page: PageSource;
  readonly #digest = appliedDigests();

  constructor(o: EdgeOptions, d: EdgeDependencies) {
    this.#o = o;
    this.#d = d;
    this.#stats = d.stats ?? noStats;
    const { clock, log, source } = d;
    const onChange = (): void => this.#changed();
    const onRule = (): void => {
      this.#stats.increment("reload.domain");
      this.#changed();
    };
    this.#names = new HostNames(log);
    this.#state = new ClusterState((app, task) => this.#wasServing(app, task));
    this.#discovery = new Discovery({
      source,
      state: this.#state,
      clock,
      log,
      resyncMs: d.resyncMs ?? 30_000,
      prepare: (documents) => this.#prepare(documents),
      onChange,
    });
    this.#rules = new RuleStore({
      servers: o.zookeeper,
      root: o.zookeeperPath,
      credential: o.zookeeperCredential,
      clock,
      log,
      onChange: onRule,
    });
    this.#metrics = new Metrics({ health: () => this.#health(), traffic: () => this.#traffic() });
    this.#page = this.#createPage();
    this.#api = this.#createApi();
  }

  async listen(): Promise<BindAddress> {
    const { clock, log } = this.#d;
    const directory = resolve(this.#o.dataDir);
    this.#stats.increment("restart");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // The API's address comes first: a second controller of the same address ends here and touches nothing.
    await this.#api.listen({ host: this.#o.bind.host, port: this.#o.bind.port });
    const configFile = resolve(this.#o.output ?? join(directory, "haproxy.cfg"));
    const program = this.#d.program;
    const master = new Master({ program, directory, configFile, clock });
    const runtime = new Runtime(directory);
    const check = haproxyCheck(program, directory);
    const settings = {
      frontendBind: bindText(this.#o.frontendBind),
      mapDirectory: directory,
      nbthread: this.#o.nbthread,
      maxconn: 8_000,
      hardStopAfter: "60s",
      ...(this.#o.https && { httpsPort: this.#o.https.bind.port }),
      ...(this.#o.extra !== undefined && { extra: readOptionFile("--haproxy-extra", this.#o.extra) }),
      ...(this.#o.statsPassword && { statsPassword: this.#o.statsPassword }),
    };
    const applier = new Applier({
      ...{ master, runtime, check, settings, directory, configFile, clock, log },
      stats: this.#stats,
      hungMs: this.#d.hungMs ?? 5_000,
      onEffective: (routes) => this.#effective(routes),
    });
    this.#haproxy = { master, runtime, applier, check, settings };
    await applier.adopt();
    const { signal } = this.#stop;
    await this.#followLog(master, runtime, applier);
    this.#work.push(applier.run(signal), this.#discovery.run(signal), this.#rules.run(signal), this.#tend());
    if (this.#o.https) this.#work.push(this.#serveCertificates(this.#o.https.certificates, applier));
    else applier.certificates.want([]);
    const { address, port } = this.#api.server.address() as AddressInfo;
    return { host: address, port };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#api.close();
    await Promise.all(this.#work);
    await this.#followed?.();
    if (this.#o.onExit === "stop") await this.#haproxy?.master.retire(retireMs, new AbortController().signal);
    this.#haproxy?.runtime.close();
  }

  /** Hears from HAProxy which servers it finds down, and finds the others of their hosts. */
  async #followLog(master: Master, runtime: Runtime, applier: Applier): Promise<void> {
    const { clock, log } = this.#d;
    const { signal } = this.#stop;
    const silent = new SilentHosts({ runtime, running: () => applier.running, answers, clock, log });
    const tail = new LogTail(master.logFile, (line) => silent.heard(line, signal), log);
    await tail.start();
    this.#followed = async () => {
      await tail.close();
      await silent.ended();
    };
  }

  /** Follows the files of certificates. */
  async #serveCertificates(paths: readonly string[], applier: Applier): Promise<void> {
    const { clock, log, program } = this.#d;
    const certificates = new Certificates({
      ...{ paths, clock, log },
      check: pemCheck(program, resolve(this.#o.dataDir)),
      held: applier.certificates.held,
      onChange: () => {
        applier.certificates.want(stored(certificates.good));
        // Labels name certificates, and the HTTPS port is open when there is one.
        this.#changed();
      },
    });
    applier.certificates.want(stored(certificates.good));
    this.#certificates = certificates;
    await certificates.run(this.#stop.signal);
  }

  #routingSettings(): RoutingSettings {
    const { bind, frontendBind, https, groups } = this.#o;
    const takenPorts = new Set([bind.port, frontendBind.port, ...(https ? [https.bind.port] : [])]);
    const good = this.#certificates?.good ?? [];
    if (!https || good.length === 0) return { groups, takenPorts };
    const front: PortFrontend = {
      appId: "https",
      mode: "http",
      port: https.bind.port,
      address: https.bind.host,
    };
    const certificateOf = (name: string): string | undefined => {
      const found = this.#certificates?.find(name);
      return found && certificateFile(found.source);
    };
    return { groups, takenPorts, https: front, certificateOf };
  }

  /** Something is known that was not: routes are made once for all that comes in this turn. */
  #changed(): void {
    this.#page.changed();
    if (this.#pending) return;
    this.#pending = true;
    this.#knownAt = this.#d.clock.now();
    setImmediate(() => {
      this.#pending = false;
      // Before both are known, what HAProxy has is better than half of the truth.
      if (!this.#discovery.synced || !this.#rules.synced || this.#stop.signal.aborted) return;
      const routes = routesOf(
        this.#state.apps.values(),
        this.#rules.rules,
        (h) => this.#names.resolve(h),
        this.#memo,
        this.#routingSettings(),
      );
      for (const [id, reason] of routes.leftOut) {
        if (this.#leftOut.get(id) !== reason) this.#d.log.warn({ id, reason }, "left out");
      }
      this.#leftOut = routes.leftOut;
      this.#since.set(routes, this.#knownAt);
      this.#haproxy?.applier.want(routes);
    });
  }

  #effective(routes: Routes): void {
    this.#page.changed();
    const since = this.#since.get(routes);
    this.#since.delete(routes);
    if (since !== undefined) this.#metrics.effective(this.#d.clock.now() - since);
  }

  async #traffic(): Promise<ReadonlyMap<string, AppTraffic>> {
    return (await this.#haproxy?.applier.traffic()) ?? new Map();
  }

  /** Learns the addresses of agents before their tasks are placed. */
  async #prepare(documents: readonly unknown[]): Promise<void> {
    const tasks = documents.flatMap((document) => decodeApp(document)?.tasks ?? []);
    if (await this.#names.refresh(tasks.map((task) => task.host))) this.#memo = newMemo();
  }

  /** Whether HAProxy sends requests to a task that this controller sees for the first time. */
  #wasServing(app: App, task: Task): boolean {
    const table = this.#haproxy?.applier.table;
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

  /** Looks after what nobody reports: names, logs, changes of HAProxy made by others. */
  async #tend(): Promise<void> {
    const { clock, log } = this.#d;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.pause(30_000, signal);
      if (signal.aborted) return;
      try {
        await this.#haproxy?.master.trimLog();
        await this.#haproxy?.applier.reread();
        const hosts = [...this.#state.apps.values()].flatMap((app) => app.tasks.map((task) => task.host));
        if (await this.#names.refresh(hosts, true)) {
          this.#memo = newMemo();
          this.#changed();
        }
      } catch (error) {
        log.warn({ err: error }, "the regular look was cut short");
      }
    }
  }

  #createPage(): PageSource {
    return new PageSource({
      clock: this.#d.clock,
      apps: () => this.#state.apps,
      rules: () => this.#rules.rules,
      applied: () => {
        const applied = this.#haproxy?.applier.applied;
        return this.#haproxy && applied && { applied, settings: this.#haproxy.settings };
      },
      health: () => this.#health(),
      traffic: () => this.#traffic(),
    });
  }

  #createApi(): ReturnType<typeof createApi> {
    const advertised = new Set<string>();
    if (this.#o.endpoint) advertised.add(new URL(this.#o.endpoint).hostname.toLowerCase());
    return createApi({
      advertised,
      page: this.#page,
      ...(this.#o.apiToken !== undefined && { token: this.#o.apiToken }),
      ...(this.#o.apiCertificate !== undefined && {
        certificate: readOptionFile("--api-certificate", this.#o.apiCertificate),
      }),
      backend: {
        rules: async () => {
          await this.#rules.refresh();
          return this.#rules.rules;
        },
        knownRules: () => this.#rules.rules,
        putRule: (id, acl, config) => this.#rules.put(id, acl, config),
        removeRule: (id) => this.#rules.remove(id),
        judge: async (acl, signal) => this.#haproxy?.check(aclProbe([acl]), signal),
        apps: () => (this.#discovery.synced ? this.#state.apps : undefined),
        marathonAgeMs: () => this.#discovery.ageMs,
        resync: () => {
          this.#stats.increment("callback.marathon");
          this.#discovery.resync();
        },
        health: () => this.#health(),
        metrics: () => this.#metrics.text(),
        traffic: () => this.#traffic(),
      },
    });
  }

  #health(): EdgeHealth {
    const applier = this.#haproxy?.applier;
    const applied = applier?.applied;
    const pid = this.#haproxy?.master.pid;
    const alive = pid !== undefined && applier?.down === false;
    const age = this.#discovery.ageMs;
    return {
      serving: alive && this.#discovery.synced && this.#rules.synced && applied !== undefined,
      marathon: {
        ageSeconds: age === undefined ? null : Math.round(age / 100) / 10,
        apps: this.#state.apps.size,
        holding: this.#state.holding,
        problem: this.#discovery.problem ?? null,
      },
      zookeeper: {
        connected: this.#rules.problem === undefined,
        rules: this.#rules.rules.size,
        unreadable: this.#rules.unreadable,
        problem: this.#rules.problem ?? null,
      },
      haproxy: {
        pid: pid ?? null,
        alive,
        reloads: applier?.reloads ?? 0,
        config: applied ? this.#digest(applied) : null,
        problem: applier?.problem ?? null,
      },
      https: this.#httpsHealth(applied?.routes.ports ?? []),
      leftOut: Object.fromEntries([
        ...this.#leftOut,
        ...(applier?.refused ?? []),
        ...[...(this.#certificates?.refused ?? [])].map(([file, reason]) => [`certificate ${file}`, reason]),
      ]),
    };
  }

  #httpsHealth(ports: readonly PortFrontend[]): EdgeHealth["https"] {
    if (!this.#o.https) return null;
    const certificates = (this.#certificates?.good ?? []).map(({ source, names, notAfter, fingerprint }) => [
      source,
      { names, notAfter: new Date(notAfter).toISOString(), fingerprint },
    ]);
    return {
      open: ports.some(({ backend }) => backend === undefined),
      certificates: Object.fromEntries(certificates),
    };
  }
}

function bindText({ host, port }: BindAddress): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
