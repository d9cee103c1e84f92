// SPDX-License-Identifier: Apache-2.0
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZooKeeper } from "@pulumi-mesos/client";
import { systemClock } from "../clock";
import { marathonSource } from "../discovery/marathon-source";
import { createEdge, type Edge } from "../edge";
import { findHaproxy } from "../haproxy/find-haproxy";
import { Runtime } from "../haproxy/runtime";
import type { HaproxyProgram } from "../haproxy/validate";
import type { EdgeHealth } from "../health";
import type { Log } from "../log";
import type { RawOptions } from "../option-table";
import { gather, parseOptions } from "../options";
import type { Stats } from "../stats";
import {
  type AskOptions,
  ask,
  backend,
  reloaded,
  removeData,
  type TestZooKeeper,
  until,
  zooKeeper,
} from "./edge-bench.test.support";
import { FakeMarathon, type FakeTask } from "./fake-marathon.test.support";

export const silent: Log = { info: () => {}, warn: () => {}, error: () => {} };

export interface TestEdgeOptions {
  readonly raw?: RawOptions;
  readonly program?: HaproxyProgram;
  readonly stats?: Stats;
  readonly stallMs?: number;
  readonly hungMs?: number;
  /** @default silent */
  readonly log?: Log;
}

/** An edge in this process with a ZooKeeper, a HAProxy and tasks that are real, on addresses below `network`. */
export class TestEdge {
  readonly marathon: FakeMarathon;
  readonly host: string;
  readonly api: string;
  readonly traffic: string;
  readonly #network: string;
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #over = new AbortController();
  directory = "";
  #edge: Edge | undefined;
  #zookeeper: TestZooKeeper | undefined;
  #client: ZooKeeper | undefined;
  #program: HaproxyProgram | undefined;

  constructor(network: string) {
    this.#network = network;
    this.host = `${network}.3`;
    this.marathon = new FakeMarathon(`${network}.5`, 8080);
    this.api = `http://${network}.2:8000`;
    this.traffic = `http://${network}.2:8888`;
  }

  get zookeeper(): TestZooKeeper {
    return known(this.#zookeeper);
  }

  get client(): ZooKeeper {
    return known(this.#client);
  }

  get program(): HaproxyProgram {
    return known(this.#program);
  }

  /** Starts what the edge needs, and a session of ZooKeeper for the test itself. */
  async prepare(directory?: string): Promise<void> {
    this.directory = directory ?? (await mkdtemp(join(tmpdir(), "edge-test-")));
    this.#program = await findHaproxy(process.env);
    this.#zookeeper = await zooKeeper(`${this.#network}.1`);
    await Promise.all([this.#zookeeper.start(), this.marathon.listen()]);
    const session = { servers: this.#zookeeper.servers, sessionTimeoutMs: 60_000 };
    this.#client = await ZooKeeper.connect(session, this.#over.signal);
  }

  async start(o: TestEdgeOptions = {}): Promise<void> {
    const { raw = {}, program = this.program, stats, stallMs, hungMs, log = silent } = o;
    const flags: RawOptions = {
      bind: `${this.#network}.2:8000`,
      frontendBind: `${this.#network}.2:8888`,
      dataDir: this.directory,
      zookeeper: this.zookeeper.servers,
      marathon: this.marathon.url,
      ...raw,
    };
    const options = parseOptions(gather(flags, {}, undefined));
    const source = marathonSource(options, { log, ...(stallMs !== undefined && { stallMs }) });
    const optional = { ...(stats && { stats }), ...(hungMs !== undefined && { hungMs }) };
    const dependencies = { source, program, clock: systemClock, log, ...optional };
    this.#edge = createEdge(options, dependencies);
    await this.#edge.listen();
  }

  async stop(): Promise<void> {
    await this.#edge?.close();
    this.#edge = undefined;
  }

  /** Ends everything. */
  async remove(): Promise<void> {
    await this.stop();
    await this.#client?.close();
    this.#over.abort();
    await Promise.all([
      this.#zookeeper?.remove(),
      this.marathon.close(),
      ...this.#closers.map((end) => end()),
    ]);
    await removeData(this.directory);
  }

  /** The newest generation of HAProxy's worker. */
  get generation(): number {
    const runtime = new Runtime(this.directory);
    runtime.close();
    return runtime.generations()[0] ?? 0;
  }

  async health(): Promise<EdgeHealth> {
    return JSON.parse((await ask(this.api, "/api/health")).body);
  }

  async serving(): Promise<void> {
    await until("a healthy edge", async () => (await this.health()).serving);
  }

  /** Who answers `path`: a task's name, or the status of HAProxy's own answer. */
  async who(path: string, options: AskOptions = {}): Promise<string> {
    try {
      const { status, body } = await ask(this.traffic, path, options);
      return status === 200 ? body : String(status);
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code ?? error);
    }
  }

  /** Waits until `name` answers `path`, and no worker of before a reload takes connections any more. */
  async answers(path: string, name: string, options: AskOptions = {}): Promise<void> {
    await until(`${name} at ${path}`, async () => (await this.who(path, options)) === name);
    await reloaded(this.directory);
  }

  /** A running task that answers with its name once `onRequest` lets it. */
  async task(name: string, port: number, onRequest?: () => Promise<void>): Promise<FakeTask> {
    this.#closers.push(await backend(this.host, port, name, onRequest));
    return { id: name, host: this.host, ports: [port], state: "TASK_RUNNING" };
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new DOMException("prepare() comes first", "InvalidStateError");
  return value;
}
