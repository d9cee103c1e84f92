// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { AppTraffic } from "./haproxy/traffic";
import type { EdgeHealth } from "./health";

export interface MetricsSource {
  health(): EdgeHealth;
  /** By app id. */
  traffic(): Promise<ReadonlyMap<string, AppTraffic>>;
}

/** What Prometheus gets. Counts of requests begin anew with each controller, as its `rate()` expects. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #effective = new Histogram({
    name: "mesos_edge_event_effective_seconds",
    help: "From an event or rule to its effect in HAProxy.",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [this.#registry],
  });
  readonly #requests = this.#byApp("requests", "Requests (connections of TCP apps), by app.");
  readonly #errors = this.#byApp("errors", "Requests that ended with a 5xx, HAProxy's own included, by app.");
  readonly #connectionFailures = this.#byApp(
    "connection_failures",
    "Requests that found no task to connect to, by app.",
  );
  readonly #rate = this.#gauge("mesos_edge_app_requests_per_second", "Requests in the last second, by app.", [
    "app",
  ]);
  readonly #open = this.#gauge("mesos_edge_app_open_requests", "Requests that are open now, by app.", [
    "app",
  ]);
  readonly #reloads = new Counter({
    name: "mesos_edge_haproxy_reloads_total",
    help: "Reloads of HAProxy by this controller.",
    registers: [this.#registry],
  });
  readonly #serving = this.#gauge("mesos_edge_serving", "1 when HAProxy runs with what is known to be true.");
  readonly #age = this.#gauge("mesos_edge_marathon_age_seconds", "Since Marathon's last good answer.");
  readonly #apps = this.#gauge("mesos_edge_apps", "Apps of Marathon.");
  readonly #rules = this.#gauge("mesos_edge_rules", "Rules in ZooKeeper.");
  readonly #expiry = this.#gauge(
    "mesos_edge_certificate_expiry_seconds",
    "When a certificate expires, since 1970.",
    ["certificate"],
  );
  readonly #leftOut = this.#gauge("mesos_edge_left_out", "Apps, rules, labels and tasks that are left out.");
  readonly #source: MetricsSource;

  constructor(source: MetricsSource) {
    this.#source = source;
  }

  /** Something took effect `ms` after it was known. */
  effective(ms: number): void {
    this.#effective.observe(ms / 1_000);
  }

  /** Prometheus' text format. */
  async text(): Promise<string> {
    const health = this.#source.health();
    this.#serving.set(health.serving ? 1 : 0);
    this.#age.set(health.marathon.ageSeconds ?? Number.NaN);
    this.#apps.set(health.marathon.apps);
    this.#rules.set(health.zookeeper.rules);
    this.#leftOut.set(Object.keys(health.leftOut).length);
    this.#expiry.reset();
    for (const [certificate, { notAfter }] of Object.entries(health.https?.certificates ?? {}))
      this.#expiry.set({ certificate }, Date.parse(notAfter) / 1_000);
    this.#reloads.reset();
    this.#reloads.inc(health.haproxy.reloads);
    const traffic = await this.#source.traffic();
    for (const metric of [this.#requests, this.#errors, this.#connectionFailures, this.#rate, this.#open])
      metric.reset();
    for (const [app, counted] of traffic) {
      this.#requests.inc({ app }, counted.requests);
      this.#errors.inc({ app }, counted.errors);
      this.#connectionFailures.inc({ app }, counted.connectionFailures);
      this.#rate.set({ app }, counted.requestsPerSecond);
      this.#open.set({ app }, counted.openRequests);
    }
    return this.#registry.metrics();
  }

  #byApp(what: string, help: string): Counter<"app"> {
    const name = `mesos_edge_app_${what}_total`;
    return new Counter({ name, help, labelNames: ["app"], registers: [this.#registry] });
  }

  #gauge(name: string, help: string, labelNames: string[] = []): Gauge<string> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}
