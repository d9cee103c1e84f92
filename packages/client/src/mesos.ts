// SPDX-License-Identifier: Apache-2.0
import { sendSecurely } from "./access";
import { delay, nowMs } from "./clock";
import { isAborted, isHopeless, StatusError, TlsError, UnreachableError } from "./errors";
import { type Agents, decodeBody, type HttpMethod, type HttpResponse, send } from "./http";
import { agentsThrough } from "./mapped-agents";
import {
  agentOf,
  decoders,
  frameworkOf,
  type MesosAgent,
  type MesosFramework,
  type MesosQuota,
  type MesosState,
  type MesosTask,
  quotaConfig,
  quotaOf,
  taskOf,
} from "./mesos-documents";
import type { Reach } from "./way/way";

export interface MesosOptions extends Reach {
  /** `host:port` of every master. */
  readonly masters: readonly string[];
  /** Header of that name for the masters that are listed, and for no other. @default none */
  readonly authorization?: string;
  /**
   * Given where the masters speak TLS, with the certificates in PEM of the authorities that may sign theirs, instead of
   * those that the machine trusts. @default plain HTTP
   */
  readonly tls?: { readonly ca?: string };
  /** Bounds one request to one master. @default 15000 */
  readonly timeoutMs?: number;
  /** How long an election or a recovery of the registry is waited out. @default 30000 */
  readonly electionMs?: number;
}

/** A call of the v1 operator API: `{ type: "DRAIN_AGENT", drain_agent: { … } }`. */
export type OperatorCall = { readonly type: string } & Readonly<Record<string, unknown>>;

/**
 * The operator API and the state of Mesos's leading master.
 *
 * Any master is asked; a standby's 307 (its Location has no scheme) leads to the leader, 503 means that there is none or
 * that it has not recovered yet, and both are waited out for `electionMs`. Calls may be repeated after a lost connection: all that
 * this class offers mean the same the second time.
 */
export class MesosClient {
  readonly #masters: readonly string[];
  readonly #authorization: Readonly<Record<string, string>>;
  readonly #agents: Agents | undefined;
  readonly #tls: MesosOptions["tls"];
  readonly #timeoutMs: number;
  readonly #electionMs: number;
  #leader: string | undefined;

  constructor(o: MesosOptions) {
    this.#masters = o.masters;
    this.#authorization = o.authorization === undefined ? {} : { Authorization: o.authorization };
    const agents = { keepAlive: true, maxFreeSockets: 4, ca: o.tls?.ca };
    this.#agents = o.addressMap || o.way || o.tls ? agentsThrough(o, agents) : undefined;
    this.#tls = o.tls;
    this.#timeoutMs = o.timeoutMs ?? 15_000;
    this.#electionMs = o.electionMs ?? 30_000;
  }

  /** The answer's JSON as it is, undefined when it is empty. Integers above 2^53 (nanoseconds) lose their last digits. */
  async call<T>(body: OperatorCall, signal: AbortSignal): Promise<T> {
    const response = await this.#atLeader("POST", "/api/v1", signal, body);
    if (response.body === "") return undefined as T;
    return decodeBody(response, decoders.anything) as T;
  }

  /** All registered agents. */
  async getAgents(signal: AbortSignal): Promise<MesosAgent[]> {
    const response = await this.#atLeader("POST", "/api/v1", signal, { type: "GET_AGENTS" });
    return (decodeBody(response, decoders.agents).get_agents.agents ?? []).map(agentOf);
  }

  /** All frameworks that are registered, or were and may come back. */
  async getFrameworks(signal: AbortSignal): Promise<MesosFramework[]> {
    const response = await this.#atLeader("POST", "/api/v1", signal, { type: "GET_FRAMEWORKS" });
    return (decodeBody(response, decoders.frameworks).get_frameworks.frameworks ?? []).map(frameworkOf);
  }

  /** Tasks that are pending or running, without those that are over. */
  async getTasks(signal: AbortSignal): Promise<MesosTask[]> {
    const response = await this.#atLeader("POST", "/api/v1", signal, { type: "GET_TASKS" });
    const { pending_tasks: pending, tasks } = decodeBody(response, decoders.tasks).get_tasks;
    return [...(pending ?? []), ...(tasks ?? [])].map(taskOf);
  }

  /** `GET /master/state` of the leader. */
  async getState(signal: AbortSignal): Promise<MesosState> {
    const response = await this.#atLeader("GET", "/master/state", signal);
    return decodeBody(response, decoders.state) as MesosState;
  }

  /** Deactivates the agent and ends its tasks; cannot be taken back before it is drained. Needs Mesos 1.9. */
  async drainAgent(
    id: string,
    o: { readonly graceSeconds?: number; readonly markGone?: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const grace = o.graceSeconds === undefined ? {} : { max_grace_period: { seconds: o.graceSeconds } };
    const drain = { agent_id: { value: id }, ...grace, mark_gone: o.markGone ?? false };
    await this.call({ type: "DRAIN_AGENT", drain_agent: drain }, signal);
  }

  /** The agent gets no further offers; its tasks stay. */
  async deactivateAgent(id: string, signal: AbortSignal): Promise<void> {
    await this.call({ type: "DEACTIVATE_AGENT", deactivate_agent: { agent_id: { value: id } } }, signal);
  }

  async reactivateAgent(id: string, signal: AbortSignal): Promise<void> {
    await this.call({ type: "REACTIVATE_AGENT", reactivate_agent: { agent_id: { value: id } } }, signal);
  }

  /** Bans the agent's id for ever and gives up its tasks; an agent that is unknown counts as gone. */
  async markAgentGone(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.call({ type: "MARK_AGENT_GONE", mark_agent_gone: { agent_id: { value: id } } }, signal);
    } catch (error) {
      if (!(error instanceof StatusError) || error.status !== 404) throw error;
    }
  }

  /** The leader's metrics by name, such as `master/slaves_unreachable`. */
  async getMetrics(signal: AbortSignal): Promise<Readonly<Record<string, number>>> {
    const response = await this.#atLeader("POST", "/api/v1", signal, {
      type: "GET_METRICS",
      get_metrics: {},
    });
    const metrics = decodeBody(response, decoders.metrics).get_metrics.metrics ?? [];
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value ?? 0]));
  }

  /** The quota of every role that has one. */
  async getQuotas(signal: AbortSignal): Promise<MesosQuota[]> {
    const response = await this.#atLeader("POST", "/api/v1", signal, { type: "GET_QUOTA" });
    return (decodeBody(response, decoders.quota).get_quota.status?.configs ?? []).map(quotaOf);
  }

  /**
   * Sets a role's whole quota; without guarantees and limits it has none any more. Refused with 400 when the role has
   * more already or the cluster less than all guarantees, unless `force` is set. Needs Mesos 1.9.
   */
  async updateQuota(quota: MesosQuota, o: { readonly force?: boolean }, signal: AbortSignal): Promise<void> {
    const update = { force: o.force ?? false, quota_configs: [quotaConfig(quota)] };
    await this.call({ type: "UPDATE_QUOTA", update_quota: update }, signal);
  }

  /** `host:port` of the leader, undefined while no master knows one. */
  async leader(signal: AbortSignal): Promise<string | undefined> {
    const failures: unknown[] = [];
    for (const master of this.#order()) {
      try {
        const response = await this.#send("GET", this.#url(master, "/redirect"), signal);
        const leader = locationHost(response);
        if (leader !== undefined) return leader;
      } catch (error) {
        if (isAborted(error) || isHopeless(error)) throw error;
        failures.push(error);
      }
    }
    if (failures.length === this.#masters.length) throw new UnreachableError("GET /redirect", failures);
    return undefined;
  }

  async #atLeader(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    body?: unknown,
  ): Promise<HttpResponse> {
    const deadline = nowMs() + this.#electionMs;
    for (let round = 1; ; round++) {
      const failures: unknown[] = [];
      let unavailable: HttpResponse | undefined;
      for (const master of this.#order()) {
        try {
          const response = await this.#follow(method, master, path, signal, body);
          if (response.status >= 200 && response.status < 300) return response;
          if (response.status !== 503 && response.status !== 307) throw new StatusError(response);
          unavailable = response;
        } catch (error) {
          if (isAborted(error) || isHopeless(error)) throw error;
          failures.push(error);
        }
      }
      if (failures.length > 0 && failures.every((error) => error instanceof TlsError)) throw failures[0];
      this.#leader = undefined;
      if (unavailable ? nowMs() >= deadline : round >= 4) {
        const hint = unavailable?.status === 307 ? "the leader that it names does not answer" : undefined;
        if (unavailable) throw new StatusError({ ...unavailable, hint, retryable: true });
        throw new UnreachableError(`${method} ${path}`, failures);
      }
      await delay((0.5 + Math.random()) * 100 * 2 ** Math.min(round, 3), signal);
    }
  }

  async #follow(
    method: HttpMethod,
    master: string,
    path: string,
    signal: AbortSignal,
    body: unknown,
  ): Promise<HttpResponse> {
    let host = master;
    let standby: HttpResponse | undefined;
    for (let hop = 0; ; hop++) {
      let response: HttpResponse;
      try {
        response = await this.#send(method, this.#url(host, path), signal, body);
      } catch (error) {
        // A standby names a dead leader until its session ends: that is an election, and the standby does answer.
        if (standby !== undefined && !isAborted(error)) return standby;
        throw error;
      }
      const next = locationHost(response);
      if (next === undefined || hop === 3) {
        if (response.status >= 200 && response.status < 300) this.#leader = host;
        return response;
      }
      standby = response;
      host = next;
    }
  }

  async #send(method: HttpMethod, url: string, signal: AbortSignal, body?: unknown): Promise<HttpResponse> {
    const headers = this.#masters.includes(new URL(url).host) ? this.#authorization : {};
    const request = {
      ...{ method, url, body, headers, signal },
      agents: this.#agents,
      timeoutMs: this.#timeoutMs,
    };
    const response = await (this.#tls === undefined ? send(request) : sendSecurely(request, this.#tls.ca));
    if (response.status !== 401) return response;
    const isKnown = Object.keys(headers).length > 0;
    throw new StatusError({
      ...response,
      hint: isKnown
        ? "the masters do not know this user and password"
        : "the masters ask for a user and password",
    });
  }

  #url(host: string, path: string): string {
    return `${this.#tls === undefined ? "http" : "https"}://${host}${path}`;
  }

  #order(): string[] {
    return [...new Set([...(this.#leader === undefined ? [] : [this.#leader]), ...this.#masters])];
  }
}

function locationHost(response: HttpResponse): string | undefined {
  const location = response.headers["location"];
  if (response.status !== 307 || location === undefined) return undefined;
  return new URL(location, response.url).host;
}
