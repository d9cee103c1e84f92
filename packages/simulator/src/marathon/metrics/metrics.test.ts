// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Clock, systemClock } from "../clock";
import { raw } from "../testing/raw";
import { TestMarathon } from "../testing/test-marathon";
import { Meter } from "./meter";

/** The names that Marathon's own integration test asks for, but for those that this server has not. */
const gauges = [
  "apps.active.gauge",
  "deployments.active.gauge",
  "groups.active.gauge",
  "pods.active.gauge",
  "leadership.duration.gauge.seconds",
  "instances.running.gauge",
  "instances.staged.gauge",
  "instances.inflight-kills.gauge",
  "uptime.gauge.seconds",
  "http.requests.active.gauge",
  "jvm.memory.total.used.gauge.bytes",
  "jvm.memory.heap.used.gauge.bytes",
  "jvm.memory.heap.max.gauge.bytes",
  "jvm.memory.heap.committed.gauge.bytes",
  "jvm.memory.heap.usage.gauge",
  "jvm.memory.non-heap.used.gauge.bytes",
];
const counters = [
  "deployments.counter",
  "deployments.dismissed.counter",
  "tasks.launched.counter",
  "mesos.calls.revive.counter",
  "mesos.calls.suppress.counter",
  "mesos.offer-operations.launch-group.counter",
  "mesos.offer-operations.launch.counter",
  "mesos.offer-operations.reserve.counter",
  "mesos.offers.declined.counter",
  "mesos.offers.incoming.counter",
  "mesos.offers.used.counter",
  "http.requests.size.counter.bytes",
  "http.responses.size.counter.bytes",
  "http.responses.size.gzipped.counter.bytes",
  "http.responses.event-stream.size.counter.bytes",
];

describe("marathon: /metrics", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;
  beforeEach(async () => {
    marathon = await TestMarathon.start();
  });
  afterEach(async () => {
    await marathon.close();
  });

  it("has Dropwizard's sections with Marathon's names, and counts", async () => {
    const app = { id: "/shop/a", cmd: "sleep 9", instances: 3, cpus: 0.1, mem: 16 };
    await marathon.deployed(await marathon.call("POST", "/v2/apps", app));
    const { body } = await marathon.call("GET", "/metrics");
    assert.equal(body.version, "4.0.0");
    assert.deepEqual(Object.keys(body).sort(), [
      "counters",
      "gauges",
      "histograms",
      "meters",
      "timers",
      "version",
    ]);
    for (const name of gauges) assert.equal(typeof body.gauges[`marathon.${name}`]?.value, "number", name);
    for (const name of counters)
      assert.equal(typeof body.counters[`marathon.${name}`]?.count, "number", name);
    assert.equal(body.gauges["marathon.instances.running.gauge"].value, 3);
    assert.equal(body.gauges["marathon.apps.active.gauge"].value, 1);
    assert.equal(body.gauges["marathon.groups.active.gauge"].value, 2);
    assert.equal(body.counters["marathon.tasks.launched.counter"].count, 3);
    assert.equal(body.counters["marathon.deployments.counter"].count, 1);
    assert.equal(body.counters["marathon.mesos.task-updates.task-running.counter"].count, 3);
    assert.ok(body.counters["marathon.mesos.offers.used.counter"].count >= 1);
    assert.ok(body.counters["marathon.http.requests.size.counter.bytes"].count >= JSON.stringify(app).length);
    const meter = body.meters["marathon.http.responses.2xx.rate.meter"];
    assert.deepEqual(Object.keys(meter), ["count", "m15_rate", "m1_rate", "m5_rate", "mean_rate", "units"]);
    assert.ok(meter.count >= 1);
    const timer = body.timers["marathon.http.requests.post.duration.timer.seconds"];
    assert.ok(timer.count >= 1 && timer.max > 0 && timer.p99 <= timer.max);
    assert.deepEqual([timer.duration_units, timer.rate_units], ["seconds", "calls/second"]);
  });

  it("counts a deployment that was dismissed", async () => {
    await marathon.close();
    marathon = await TestMarathon.start({ options: { maxRunningDeployments: 1 } });
    const big = (id: string) => ({ id, cmd: "sleep 9", cpus: 1000 });
    await marathon.call("POST", "/v2/apps", big("/a"));
    assert.equal((await marathon.call("POST", "/v2/apps", big("/b"))).status, 403);
    const { body } = await marathon.call("GET", "/metrics");
    assert.equal(body.counters["marathon.deployments.dismissed.counter"].count, 1);
  });

  it("gives the same to Prometheus under names with underscores, unless disabled", async () => {
    await marathon.call("GET", "/v2/apps");
    const accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const answer = await raw(marathon.url, "GET", "/metrics/prometheus", { accept });
    assert.equal(answer.status, 200);
    assert.match(String(answer.headers["content-type"]), /^text\/plain/);
    const lines = new Set(answer.text.split("\n"));
    for (const line of [
      "# TYPE marathon_apps_active_gauge gauge",
      "marathon_apps_active_gauge 0",
      "# TYPE marathon_deployments_counter counter",
      "marathon_deployments_counter 0",
      "# TYPE marathon_http_responses_1xx_rate_meter_count gauge",
      "marathon_http_responses_1xx_rate_meter_m15_rate 0",
      "# TYPE marathon_http_requests_put_duration_timer_seconds summary",
      'marathon_http_requests_put_duration_timer_seconds{quantile="0.999"} 0',
      "marathon_http_requests_put_duration_timer_seconds_count 0",
      "# TYPE marathon_http_requests_put_duration_timer_seconds_stddev gauge",
    ]) {
      assert.ok(lines.has(line), `${line}\n${answer.text.slice(0, 2000)}`);
    }
    await marathon.close();
    marathon = await TestMarathon.start({ server: { prometheus: false } });
    assert.equal((await raw(marathon.url, "GET", "/metrics/prometheus")).status, 500);
  });

  it("weighs rates as Dropwizard does", () => {
    let now = 0;
    const clock: Clock = { ...systemClock, now: () => now };
    const meter = new Meter(clock);
    meter.mark(3);
    now = 5_000;
    assert.equal(meter.rates().m1_rate, 0.6);
    now = 65_000;
    const { m1_rate, mean_rate, count } = meter.rates();
    assert.ok(Math.abs(m1_rate - 0.6 * Math.exp(-1)) < 1e-9);
    assert.deepEqual([count, mean_rate], [3, 3 / 65]);
  });
});
