// SPDX-License-Identifier: Apache-2.0
import type { App } from "../app/types";
import { portsOf } from "../app/types";
import type { Clock } from "../clock";
import type { Instance } from "../instances/instance";
import { checkedHost, checkedPort } from "./health-monitor";
import type { Probe, ProbeResult, ProbeTarget } from "./probe";

interface Response {
  readonly status: number;
  /** The media type without its parameters. */
  readonly contentType: string;
  readonly body: string;
}

/** One readiness answer as deployments show it. */
export interface ReadinessResult {
  readonly name: string;
  readonly taskId: string;
  readonly ready: boolean;
  readonly lastResponse?: Response;
}

interface Polled {
  readonly appId: string;
  readonly stop: AbortController;
  cancel: () => void;
  result: ReadinessResult;
}

/** Polls readiness checks of running instances while a deployment waits for them. */
export class ReadinessMonitor {
  readonly #clock: Clock;
  readonly #probe: Probe;
  readonly #changed: (appId: string) => void;
  readonly #polled = new Map<string, Polled>();

  constructor(options: { clock: Clock; probe: Probe; changed: (appId: string) => void }) {
    this.#clock = options.clock;
    this.#probe = options.probe;
    this.#changed = options.changed;
  }

  /** Whether `instance` is ready; the first question begins the polling. */
  ready(instance: Instance, app: App): boolean {
    const check = app.readinessChecks[0];
    const task = instance.task;
    if (check === undefined) return true;
    if (task === undefined || instance.condition !== "Running") return false;
    const known = this.#polled.get(task.id);
    if (known !== undefined) return known.result.ready;
    const polled: Polled = {
      appId: app.id,
      stop: new AbortController(),
      cancel: () => undefined,
      result: { name: check.name, taskId: task.id, ready: false },
    };
    this.#polled.set(task.id, polled);
    void this.#poll(polled, instance, app);
    return false;
  }

  results(appId: string): ReadinessResult[] {
    return [...this.#polled.values()].filter((p) => p.appId === appId).map((p) => p.result);
  }

  /** Ends the polling for an app: its deployment is over. */
  forget(appId: string): void {
    for (const [taskId, polled] of [...this.#polled]) {
      if (polled.appId !== appId) continue;
      polled.stop.abort();
      polled.cancel();
      this.#polled.delete(taskId);
    }
  }

  async #poll(polled: Polled, instance: Instance, app: App): Promise<void> {
    const check = app.readinessChecks[0];
    if (check === undefined || polled.stop.signal.aborted) return;
    const where = { portIndex: portsOf(app).findIndex((p) => p.name === check.portName) };
    const port = checkedPort(app, where, instance);
    if (port !== undefined) {
      const target = {
        protocol: check.protocol,
        host: checkedHost(app, where, instance),
        port,
        path: check.path,
        timeoutMs: check.timeoutSeconds * 1000,
      };
      const answer = await this.#probe(target, polled.stop.signal);
      if (polled.stop.signal.aborted) return;
      const ready = answer.status !== undefined && check.httpStatusCodesForReady.includes(answer.status);
      const kept = check.preserveLastResponse ? { lastResponse: responseOf(target, answer) } : {};
      polled.result = { ...polled.result, ready, ...kept };
    }
    const { ready } = polled.result;
    if (ready) {
      this.#changed(app.id);
      return;
    }
    polled.cancel = this.#clock.after(
      check.intervalSeconds * 1000,
      () => void this.#poll(polled, instance, app),
    );
  }
}

/** What came back; where nothing did, a 504 that says so, as Marathon makes it up. */
function responseOf({ protocol, host, port, path }: ProbeTarget, answer: ProbeResult): Response {
  if (answer.status !== undefined) {
    const mediaType = answer.contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
    return { status: answer.status, contentType: mediaType, body: answer.body ?? "" };
  }
  const url = `${protocol.toLowerCase()}://${host}:${port}${path?.startsWith("/") ? "" : "/"}${path ?? ""}`;
  const body = `Marathon could not query ${url}: ${answer.failure ?? "no answer"}`;
  return { status: 504, contentType: "text/plain", body };
}
