// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { isIPv6 } from "node:net";
import { join, resolve } from "node:path";
import { createApi } from "./api/api";
import { Certificates, pemCheck, stored } from "./certificates/certificates";
import type { Clock } from "./clock";
import type { MarathonSource } from "./discovery/discovery";
import { answers } from "./haproxy/answers";
import { appliedDigests } from "./haproxy/applied-digest";
import { Applier } from "./haproxy/applier";
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
import { Router } from "./router";
import { prefixesOf } from "./routing/maps";
import type { RenderSettings } from "./routing/render";
import type { PortFrontend, Routes } from "./routing/route";
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
  /** How often Marathon is asked for everything. @default 300000 */
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

/** How often everything is looked at again that events and HAProxy's own words should have told. */
const resyncEveryMs = 300_000;
/** How often is looked after what nobody reports. */
const tendEveryMs = 60_000;

class Controller {
  readonly #o: EdgeOptions;
  readonly #d: EdgeDependencies;
  readonly #router: Router;
  readonly #stop = new AbortController();
  readonly #work: Promise<void>[] = [];
  readonly #api: ReturnType<typeof createApi>;
  #haproxy:
    | { master: Master; runtime: Runtime; applier: Applier; check: Check; settings: RenderSettings }
    | undefined;
  /** None where there is no HTTPS. */
  #certificates: Certificates | undefined;
  readonly #metrics: Metrics;
  readonly #stats: Stats;
  readonly #page: PageSource;
  readonly #digest = appliedDigests();

  constructor(o: EdgeOptions, d: EdgeDependencies) {
    this.#o = o;
    this.#d = d;
    this.#stats = d.stats ?? noStats;
    const { source, clock, log, resyncMs = resyncEveryMs } = d;
    this.#router = new Router({
      ...{ options: o, source, clock, log, resyncMs },
      table: () => this.#haproxy?.applier.table,
      certificates: () => this.#certificates,
      onChange: () => this.#page.changed(),
      onRule: () => this.#stats.increment("reload.domain"),
      onRoutes: (routes) => this.#haproxy?.applier.want(routes),
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
    this.#work.push(applier.run(signal), this.#router.run(signal), this.#tend());
    this.#work.push(this.#followLog(master, runtime, applier));
    if (this.#o.https) this.#work.push(this.#serveCertificates(this.#o.https.certificates, applier));
    else applier.certificates.want([]);
    const { address, port } = this.#api.server.address() as AddressInfo;
    return { host: address, port };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#api.close();
    await Promise.all(this.#work);
    if (this.#o.onExit === "stop") await this.#haproxy?.master.retire(retireMs, new AbortController().signal);
    this.#haproxy?.runtime.close();
    this.#haproxy?.master.close();
  }

  /** Hears from HAProxy which servers it finds down, and finds the others of their hosts. */
  async #followLog(master: Master, runtime: Runtime, applier: Applier): Promise<void> {
    const { clock, log } = this.#d;
    const { signal } = this.#stop;
    const silent = new SilentHosts({ runtime, running: () => applier.running, answers, clock, log });
    const tail = new LogTail(master.logFile, (line) => silent.heard(line, signal), log);
    await tail.start();
    if (!signal.aborted) await once(signal, "abort");
    await tail.close();
    await silent.ended();
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
        this.#router.changed();
      },
    });
    applier.certificates.want(stored(certificates.good));
    this.#certificates = certificates;
    await certificates.run(this.#stop.signal);
  }

  #effective(routes: Routes): void {
    this.#page.changed();
    const ms = this.#router.effectiveMs(routes);
    if (ms !== undefined) this.#metrics.effective(ms);
  }

  async #traffic(): Promise<ReadonlyMap<string, AppTraffic>> {
    return (await this.#haproxy?.applier.traffic()) ?? new Map();
  }

  /** Looks after what nobody reports: names, logs, changes of HAProxy made by others. */
  async #tend(): Promise<void> {
    const { clock, log } = this.#d;
    const { signal } = this.#stop;
    for (let rereadAt = clock.now() + resyncEveryMs; !signal.aborted; ) {
      await clock.pause(tendEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.#haproxy?.master.trimLog();
        await this.#router.refreshNames();
        if (clock.now() < rereadAt) continue;
        rereadAt = clock.now() + resyncEveryMs;
        await this.#haproxy?.applier.reread();
      } catch (error) {
        log.warn({ err: error }, "the regular look was cut short");
      }
    }
  }

  #createPage(): PageSource {
    return new PageSource({
      clock: this.#d.clock,
      apps: () => this.#router.state.apps,
      rules: () => this.#router.rules.rules,
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
          await this.#router.rules.refresh();
          return this.#router.rules.rules;
        },
        knownRules: () => this.#router.rules.rules,
        putRule: (id, acl, config) => this.#router.rules.put(id, acl, config),
        removeRule: (id) => this.#router.rules.remove(id),
        // Plain prefixes stand in maps, as words that HAProxy cannot refuse.
        judge: async (acl, signal) =>
          prefixesOf(acl) ? undefined : this.#haproxy?.check(aclProbe([acl]), signal),
        apps: () => (this.#router.discovery.synced ? this.#router.state.apps : undefined),
        marathonAgeMs: () => this.#router.discovery.ageMs,
        resync: () => {
          this.#stats.increment("callback.marathon");
          this.#router.discovery.resync();
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
    const age = this.#router.discovery.ageMs;
    return {
      serving: alive && this.#router.isSynced && applied !== undefined,
      marathon: {
        ageSeconds: age === undefined ? null : Math.round(age / 100) / 10,
        apps: this.#router.state.apps.size,
        holding: this.#router.state.holding,
        problem: this.#router.discovery.problem ?? null,
      },
      zookeeper: {
        connected: this.#router.rules.problem === undefined,
        rules: this.#router.rules.rules.size,
        unreadable: this.#router.rules.unreadable,
        problem: this.#router.rules.problem ?? null,
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
        ...this.#router.leftOut,
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
