// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { App } from "../app/types";
import { systemClock } from "../clock";
import { EventBus } from "../events";
import { CheckAnnouncer } from "./check-announcer";

const [v1, v2, v3] = ["2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.002Z", "2026-01-01T00:00:00.003Z"];

describe("health checks of an app's versions (SPEC-marathon.md, events)", () => {
  const app = (version: string): App =>
    ({ id: "/a", version, healthChecks: [{ protocol: "TCP" }, { protocol: "HTTP" }] }) as unknown as App;

  it("reconciles: the new leader adds what runs, and later ends what no instance has", () => {
    const events = new EventBus(systemClock);
    const heard: string[] = [];
    events.listen((event) => heard.push(`${event.eventType} ${event["version"] ?? ""}`));
    const checks = new CheckAnnouncer(events);
    checks.reconcile(app(v2), [[v1, app(v1)]]);
    const twice = (text: string) => [text, text];
    assert.deepEqual(heard.splice(0), [
      ...twice(`add_health_check_event ${v2}`),
      ...twice(`add_health_check_event ${v1}`),
    ]);
    checks.reconcile(app(v2), [[v1, undefined]]);
    assert.deepEqual(heard, []);
    checks.add(app(v3));
    checks.reconcile(app(v3), [[v2, app(v2)]]);
    assert.deepEqual(heard.splice(0), [
      ...twice(`add_health_check_event ${v3}`),
      ...twice("remove_health_check_event "),
    ]);
    checks.removeAll("/a");
    assert.equal(heard.length, 4);
  });
});
