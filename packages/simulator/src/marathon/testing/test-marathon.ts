// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { MesosError } from "@pulumi-mesos/model";
import type { FastifyInstance } from "fastify";
import { type SteppedClock, systemClock } from "../clock";
import { Marathon } from "../core/marathon";
import type { CoreOptions } from "../core/options";
import type { MarathonEvent } from "../events";
import type { Probe } from "../health/probe";
import { createMarathonServer, type ServerOptions } from "../http/server";
import { seededIds } from "../ids";
import { Logging } from "../logging";
import { HttpSchedulerDriver } from "../mesos/http-driver";
import { FixedMaster } from "../mesos/master-detector";
import { MemoryStore, type StateStore } from "../store/state-store";
import { FakeMaster } from "./fake-master";

export const testOptions: CoreOptions = {
  role: "*",
  executor: "",
  envPrefix: "",
  bridgeName: "mesos-bridge",
  declineSeconds: 120,
  maxInstancesPerOffer: 5,
  minReviveMs: 0,
  launchTimeoutMs: 300_000,
  confirmTimeoutMs: 300_000,
  servicePorts: { min: 10_000, max: 20_000 },
  maxRunningDeployments: 100,
  maxVersions: 50,
  reconcileInitialMs: 15_000,
  reconcileMs: 600_000,
  scaleInitialMs: 15_000,
  scaleIntervalMs: 300_000,
  expungeInitialMs: 300_000,
  expungeIntervalMs: 30_000,
};

/** An answer of the API under test. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape and compare them whole
  readonly body: any;
}

/** One leading Marathon in this process: its HTTP API, a fake master, health probes that the test decides. */
export class TestMarathon {
  readonly master: FakeMaster;
  readonly store: StateStore;
  readonly core: Marathon;
  readonly events: MarathonEvent[] = [];
  /** What a probe of this port finds; every port answers 200 unless set. */
  readonly failing = new Set<number>();
  /** What the program logged. */
  readonly lines: string[] = [];
  readonly logging = new Logging(systemClock, (line) => this.lines.push(line));
  readonly #server: FastifyInstance;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #ownsMaster: boolean;
  readonly #stepped: SteppedClock | undefined;

  private constructor(parts: {
    master: FakeMaster;
    store: StateStore;
    ownsMaster: boolean;
    options: CoreOptions;
    server?: Partial<ServerOptions>;
    clock?: SteppedClock;
  }) {
    this.master = parts.master;
    this.store = parts.store;
    this.#ownsMaster = parts.ownsMaster;
    this.#stepped = parts.clock;
    const log = (): void => undefined;
    const driver = new HttpSchedulerDriver({
      detector: new FixedMaster(parts.master.address),
      framework: {
        name: "marathon",
        user: "root",
        hostname: "127.0.0.1",
        webui_url: "http://127.0.0.1",
        failover_timeout: 604_800,
        checkpoint: true,
      },
      log,
      fatal: log,
    });
    const probe: Probe = async (target) =>
      this.failing.has(target.port)
        ? { failure: "connection refused" }
        : { status: 200, contentType: "Application/JSON; charset=utf-8", body: "{}" };
    this.core = new Marathon({
      clock: parts.clock ?? systemClock,
      newId: seededIds("test"),
      store: parts.store,
      driver,
      probe,
      options: parts.options,
      log,
    });
    this.core.events.listen((event) => this.events.push(event));
    const core = this.core;
    this.#server = createMarathonServer(
      { core, leader: "leader:8080", abdicate: log, info: () => ({ name: "marathon", version: "1.10.26" }) },
      {
        own: "leader:8080",
        connectMs: 1000,
        readMs: 1000,
        names: [],
        realm: "Mesosphere",
        clock: systemClock,
        logging: this.logging,
        compress: true,
        prometheus: true,
        ...parts.server,
      },
    );
    this.#running = this.core.load().then(() => driver.run(core, core.frameworkId, this.#stop.signal));
  }

  static async start(
    parts: {
      master?: FakeMaster;
      store?: StateStore;
      options?: Partial<CoreOptions>;
      server?: Partial<ServerOptions>;
      /** Its core's time, which then moves only when this is advanced. */
      clock?: SteppedClock;
    } = {},
  ): Promise<TestMarathon> {
    const test = new TestMarathon({
      master: parts.master ?? (await FakeMaster.start()),
      ownsMaster: parts.master === undefined,
      store: parts.store ?? new MemoryStore(),
      options: { ...testOptions, ...parts.options },
      server: parts.server,
      clock: parts.clock,
    });
    await test.#server.listen({ host: "127.0.0.1", port: 0 });
    await test.until(() => test.core.frameworkId !== undefined, "subscribed");
    return test;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.server.address() as AddressInfo).port}`;
  }

  /** Ends it without a farewell; the fake master goes too where it belongs to this one. */
  async close(): Promise<void> {
    this.#stop.abort();
    this.core.close();
    this.logging.close();
    await this.#running;
    await this.#server.close();
    if (this.#ownsMaster) await this.master.close();
  }

  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const json: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const response = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: { ...json, ...headers },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const readable = response.headers.get("content-type")?.includes("json") === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: readable ? JSON.parse(text) : undefined,
    };
  }

  /** A call that must succeed, with the deployment that it starts. */
  async done(method: string, path: string, body?: unknown): Promise<Answer> {
    const answer = await this.call(method, path, body);
    assert.ok(answer.status < 300, answer.text);
    await this.deployed(answer);
    return answer;
  }

  /** Waits, with a bound, until `condition` holds. */
  async until(condition: () => boolean | Promise<boolean>, what: string, withinMs = 60_000): Promise<void> {
    const end = Date.now() + withinMs;
    while (!(await condition())) {
      this.#stepped?.advance(0);
      if (Date.now() > end) throw new MesosError("MESOS_SIMULATOR_TEST", `never came: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Waits for the end of a deployment. */
  async deployed(answer: Answer): Promise<void> {
    const id = answer.headers.get("marathon-deployment-id");
    await this.until(
      () => this.events.some((e) => e.eventType === "deployment_success" && e["id"] === id),
      `success of deployment ${id} after ${answer.status} ${answer.text}`,
    );
  }
}
