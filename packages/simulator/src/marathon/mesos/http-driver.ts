// SPDX-License-Identifier: Apache-2.0
import * as http from "node:http";
import { MesosError, messageOf, within } from "@pulumi-mesos/model";
import { RecordDecoder } from "../../recordio";
import type { MasterDetector } from "./master-detector";
import type { Offer, Operation, SchedulerDriver, SchedulerListener, TaskStatus } from "./messages";

/** What Mesos is told about this framework. */
export interface FrameworkInfo {
  readonly name: string;
  readonly user: string;
  readonly hostname: string;
  readonly webui_url: string;
  readonly failover_timeout: number;
  readonly checkpoint: boolean;
  readonly principal?: string;
  /** Beside those of every Marathon. */
  readonly capabilities?: readonly { readonly type: string }[];
}

interface Event {
  readonly type: string;
  readonly subscribed?: {
    readonly framework_id: { readonly value: string };
    readonly heartbeat_interval_seconds?: number;
    readonly master_info?: {
      readonly domain?: { readonly fault_domain?: { readonly region?: { readonly name?: string } } };
    };
  };
  readonly offers?: { readonly offers?: readonly Offer[] };
  readonly update?: { readonly status: TaskStatus };
  readonly error?: { readonly message: string };
}

interface Connection {
  readonly master: string;
  readonly stream: string;
  readonly agent: http.Agent;
  readonly abort: AbortController;
  /** Calls that are under way: they end with the connection. */
  readonly calls: Set<http.ClientRequest>;
}

const path = "/api/v1/scheduler";
const retryMs = 250;
const callTimeoutMs = 10_000;
/** How many acknowledgements are under way at once. */
const lanes = 8;
const capabilities = [
  "TASK_KILLING_STATE",
  "PARTITION_AWARE",
  "REGION_AWARE",
  "RESERVATION_REFINEMENT",
  "MULTI_ROLE",
].map((type) => ({ type }));

/** The v1 scheduler HTTP API in JSON: one stream of events, and calls one after another beside it (mesos.md §2.3). */
export class HttpSchedulerDriver implements SchedulerDriver {
  readonly #detector: MasterDetector;
  readonly #framework: FrameworkInfo;
  readonly #authorization: string | undefined;
  readonly #dial: http.Agent | undefined;
  readonly #log: (message: string) => void;
  readonly #fatal: (message: string) => void;
  #listener: SchedulerListener | undefined;
  #frameworkId: string | undefined;
  #connection: Connection | undefined;
  #roles: readonly string[] = ["*"];
  #calls: Promise<void> = Promise.resolve();
  /** Acknowledgements need no order among each other nor with the calls. */
  readonly #acknowledgements: Promise<void>[] = Array.from({ length: lanes }, () => Promise.resolve());
  #nextLane = 0;

  constructor(parts: {
    detector: MasterDetector;
    framework: FrameworkInfo;
    /** `principal:secret`, sent as HTTP basic authentication. */
    credential?: string;
    /** What requests go through; connections of its own where none is given. */
    dial?: http.Agent;
    log: (message: string) => void;
    /** Mesos will not have this framework any more. */
    fatal: (message: string) => void;
  }) {
    this.#detector = parts.detector;
    this.#framework = parts.framework;
    this.#dial = parts.dial;
    this.#log = parts.log;
    this.#fatal = parts.fatal;
    this.#authorization =
      parts.credential === undefined
        ? undefined
        : `Basic ${Buffer.from(parts.credential).toString("base64")}`;
  }

  /** Subscribes, and again whenever the stream ends or another master leads, until `signal`. */
  async run(
    listener: SchedulerListener,
    frameworkId: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    this.#listener = listener;
    this.#frameworkId = frameworkId;
    let redirected: string | undefined;
    let said = "";
    while (!signal.aborted) {
      const master = redirected ?? this.#detector.current;
      redirected = undefined;
      if (master === undefined) {
        await this.#pause(signal);
        continue;
      }
      try {
        redirected = await this.#subscribe(master, signal);
      } catch (error) {
        const message = `connection to master ${master}: ${messageOf(error)}`;
        if (!signal.aborted && message !== said) this.#log(message);
        said = message;
      }
      if (this.#connection !== undefined) {
        const { agent, calls } = this.#connection;
        this.#connection = undefined;
        for (const call of calls) call.destroy();
        agent.destroy();
        listener.disconnected();
      }
      if (redirected === undefined && !signal.aborted) await this.#pause(signal);
    }
  }

  accept(offerId: string, operations: readonly Operation[], refuseSeconds: number): void {
    const filters = { refuse_seconds: refuseSeconds };
    this.#call({ type: "ACCEPT", accept: { offer_ids: [{ value: offerId }], operations, filters } });
  }

  decline(offerIds: readonly string[], refuseSeconds: number): void {
    const offer_ids = offerIds.map((value) => ({ value }));
    this.#call({ type: "DECLINE", decline: { offer_ids, filters: { refuse_seconds: refuseSeconds } } });
  }

  /** Sets the roles in which offers are taken, and tells the master when it knows others. */
  roles(roles: readonly string[]): void {
    if (roles.join() === this.#roles.join()) return;
    this.#roles = roles;
    if (this.#connection === undefined) return;
    const framework_info = { ...this.#info(), id: { value: this.#frameworkId ?? "" } };
    this.#call({ type: "UPDATE_FRAMEWORK", update_framework: { framework_info, suppressed_roles: [] } });
  }

  revive(roles: readonly string[]): void {
    this.#call({ type: "REVIVE", revive: { roles } });
  }

  suppress(roles: readonly string[]): void {
    this.#call({ type: "SUPPRESS", suppress: { roles } });
  }

  #info(): Record<string, unknown> {
    const { capabilities: more = [], ...framework } = this.#framework;
    return { ...framework, roles: this.#roles, capabilities: [...capabilities, ...more] };
  }

  kill(taskId: string, agentId: string | undefined, graceSeconds: number | undefined): void {
    this.#call({
      type: "KILL",
      kill: {
        task_id: { value: taskId },
        ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
        ...(graceSeconds === undefined
          ? {}
          : { kill_policy: { grace_period: { nanoseconds: graceSeconds * 1e9 } } }),
      },
    });
  }

  acknowledge(agentId: string, taskId: string, uuid: string): void {
    const acknowledge = { agent_id: { value: agentId }, task_id: { value: taskId }, uuid };
    const lane = this.#nextLane;
    this.#nextLane = (lane + 1) % lanes;
    const before = this.#acknowledgements[lane] ?? Promise.resolve();
    this.#acknowledgements[lane] = this.#after(before, { type: "ACKNOWLEDGE", acknowledge });
  }

  reconcile(tasks: readonly { taskId: string; agentId: string }[]): void {
    const named = tasks.map((t) => ({ task_id: { value: t.taskId }, agent_id: { value: t.agentId } }));
    this.#call({ type: "RECONCILE", reconcile: { tasks: named } });
  }

  /** Waits a moment, or until another master leads. */
  async #pause(signal: AbortSignal): Promise<void> {
    const bounded = within(signal, retryMs);
    await new Promise<void>((resolve) => {
      const done = () => {
        stop();
        resolve();
      };
      const stop = this.#detector.listen(done);
      bounded.addEventListener("abort", done, { once: true });
    });
  }

  #headers(body: string): Record<string, string | number> {
    return {
      "content-type": "application/json",
      accept: "application/json",
      "content-length": Buffer.byteLength(body),
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
    };
  }

  /** Holds one event stream until it ends; the address of another master when this one sent us there. */
  async #subscribe(master: string, signal: AbortSignal): Promise<string | undefined> {
    const abort = new AbortController();
    const stop = this.#detector.listen(() => {
      if (this.#detector.current !== undefined && this.#detector.current !== master) abort.abort();
    });
    const id = this.#frameworkId === undefined ? {} : { id: { value: this.#frameworkId } };
    const body = JSON.stringify({
      type: "SUBSCRIBE",
      ...(this.#frameworkId === undefined ? {} : { framework_id: { value: this.#frameworkId } }),
      subscribe: {
        framework_info: {
          ...this.#info(),
          ...id,
        },
      },
    });
    try {
      const both = AbortSignal.any([signal, abort.signal]);
      const response = await this.#open(master, body, both);
      if (response.statusCode === 307) {
        response.resume();
        return locationOf(response.headers.location);
      }
      if (response.statusCode !== 200) {
        throw new MesosError(
          "MESOS_SIMULATOR_SUBSCRIBE",
          `SUBSCRIBE was answered ${response.statusCode}: ${await shortBody(response)}`,
          { retryable: true },
        );
      }
      const stream = response.headers["mesos-stream-id"];
      this.#connection = {
        master,
        stream: typeof stream === "string" ? stream : "",
        agent: new http.Agent({ keepAlive: true, maxSockets: 1 + lanes }),
        abort,
        calls: new Set(),
      };
      await this.#read(response, abort);
      return undefined;
    } finally {
      stop();
      abort.abort();
    }
  }

  #open(master: string, body: string, signal: AbortSignal): Promise<http.IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = http.request(`http://${master}${path}`, {
        method: "POST",
        headers: this.#headers(body),
        agent: this.#dial ?? false,
        signal,
      });
      request.setTimeout(callTimeoutMs, () => {
        request.destroy(
          new MesosError("MESOS_SIMULATOR_SUBSCRIBE", "the master does not answer", { retryable: true }),
        );
      });
      request.once("response", (response) => {
        request.setTimeout(0);
        resolve(response);
      });
      request.once("error", reject);
      request.end(body);
    });
  }

  /** Reads events until the stream ends; a master that sends nothing for three heartbeats is given up. */
  async #read(response: http.IncomingMessage, abort: AbortController): Promise<void> {
    const decoder = new RecordDecoder();
    response.socket.setTimeout(45_000, () => abort.abort());
    for await (const chunk of response) {
      for (const record of decoder.push(chunk as Buffer)) {
        this.#event(JSON.parse(record) as Event, response, abort);
      }
    }
  }

  #event(event: Event, response: http.IncomingMessage, abort: AbortController): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    switch (event.type) {
      case "SUBSCRIBED": {
        this.#frameworkId = event.subscribed?.framework_id.value;
        const seconds = event.subscribed?.heartbeat_interval_seconds ?? 15;
        response.socket.setTimeout(seconds * 3_000, () => abort.abort());
        this.#log(`subscribed to master ${this.#connection?.master} as framework ${this.#frameworkId}`);
        listener.subscribed(
          this.#frameworkId ?? "",
          this.#connection?.master ?? "",
          event.subscribed?.master_info?.domain?.fault_domain?.region?.name,
        );
        break;
      }
      case "OFFERS":
        listener.offers(event.offers?.offers ?? []);
        break;
      case "UPDATE":
        if (event.update !== undefined) listener.update(event.update.status);
        break;
      case "ERROR":
        this.#fatal(`Mesos: ${event.error?.message ?? "unknown error"}`);
        abort.abort();
        break;
      default:
        break; // HEARTBEAT, RESCIND, FAILURE: offers are never held, and lost tasks are told by UPDATE
    }
  }

  #call(call: Record<string, unknown>): void {
    this.#calls = this.#after(this.#calls, call);
  }

  /** Makes `call` once `before` is done. */
  #after(before: Promise<void>, call: Record<string, unknown>): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return before;
    const body = JSON.stringify({ framework_id: { value: this.#frameworkId ?? "" }, ...call });
    return before.then(async () => {
      if (this.#connection !== connection) return;
      try {
        await this.#send(connection, body);
      } catch (error) {
        if (this.#connection !== connection) return;
        this.#log(`${String(call["type"])}: ${messageOf(error)}`);
        connection.abort.abort(); // subscribing again makes both sides agree
      }
    });
  }

  #send(connection: Connection, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const request = http.request(`http://${connection.master}${path}`, {
        method: "POST",
        headers: { ...this.#headers(body), "mesos-stream-id": connection.stream },
        agent: this.#dial ?? connection.agent,
      });
      connection.calls.add(request);
      const timer = setTimeout(() => {
        request.destroy(
          new MesosError("MESOS_SIMULATOR_CALL", "the master does not answer", { retryable: true }),
        );
      }, callTimeoutMs);
      request.once("close", () => {
        connection.calls.delete(request);
        clearTimeout(timer);
      });
      request.once("error", reject);
      request.once("response", (response) => {
        if (response.statusCode === 202 || response.statusCode === 200) {
          response.resume();
          response.once("end", resolve);
          response.once("error", reject);
          return;
        }
        void shortBody(response).then((text) => {
          reject(
            new MesosError("MESOS_SIMULATOR_CALL", `the master answered ${response.statusCode}: ${text}`, {
              retryable: true,
            }),
          );
        }, reject);
      });
      request.end(body);
    });
  }
}

function locationOf(location: string | undefined): string | undefined {
  return /^(?:https?:)?\/\/([^/]+)/.exec(location ?? "")?.[1];
}

async function shortBody(response: http.IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > 500) break;
  }
  return text.slice(0, 500);
}
