// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type AddressBlock, StackNetworks } from "@pulumi-mesos/model";
import type { ClusterKeys } from "./cluster-keys";
import { answerFrom, getJson } from "./http";

/** A task as `GET /v2/apps/{id}` shows it. */
export interface TaskView {
  readonly id: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly state: string;
  readonly healthCheckResults?: readonly { readonly alive: boolean }[];
}

/** An app as Marathon shows it. */
export interface AppView {
  readonly instances: number;
  readonly version: string;
  readonly tasksRunning: number;
  readonly tasksHealthy: number;
  readonly tasks: readonly TaskView[];
  readonly deployments: readonly unknown[];
  readonly container?: { readonly docker?: { readonly image: string } };
}

/** A running cluster seen from outside, at the addresses that its platform gives. */
export class ClusterView {
  readonly #networks: StackNetworks;
  readonly #name: string;
  readonly #trafficPort: number;
  readonly #keys: ClusterKeys | undefined;
  readonly #scheme: "http" | "https";
  /** Second octet of all its addresses. */
  readonly octet: number;

  /** @param keys of a cluster that is closed to strangers and speaks TLS */
  constructor(block: AddressBlock, name = "demo", trafficPort = 8888, keys?: ClusterKeys) {
    this.#keys = keys;
    this.#scheme = keys === undefined ? "http" : "https";
    this.octet = Number(block.split(".")[1]);
    this.#networks = new StackNetworks(block);
    this.#name = name;
    this.#trafficPort = trafficPort;
    // The platform deals networks out in this order.
    for (const part of ["zookeeper", "masters", "marathon", "edge", "groups"])
      this.#networks.prefix(`${name}-${part}`);
  }

  hosts(part: "zookeeper" | "masters" | "marathon" | "edge" | "groups", count: number): string[] {
    return this.#networks.addresses(`${this.#name}-${part}`, count).map(({ host }) => host);
  }

  get edgeUrl(): string {
    return `http://${this.hosts("edge", 1)[0]}:${this.#trafficPort}`;
  }

  get edgeApiUrl(): string {
    return `${this.#scheme}://${this.hosts("edge", 1)[0]}:8000`;
  }

  /** Addresses of masters that say of themselves that they lead. */
  async leadingMasters(size = 3): Promise<string[]> {
    const leading: string[] = [];
    for (const host of this.hosts("masters", size))
      if (await masterLeads(host, this.#keys)) leading.push(host);
    return leading;
  }

  /** Who leads the masters, and since when: the same answer twice means that nobody else led between. */
  async leadership(): Promise<{ host: string; since: number }> {
    const [host] = await this.leadingMasters();
    if (host === undefined) throw new Error("no master leads");
    const { elected_time } = await this.master<{ elected_time: number }>(host, "/master/state");
    return { host, since: elected_time };
  }

  async activeAgents(masters = 3): Promise<string[]> {
    const [leader] = await this.leadingMasters(masters);
    if (leader === undefined) throw new Error("no master leads");
    const { slaves } = await this.master<{ slaves: { hostname: string; active: boolean }[] }>(
      leader,
      "/slaves",
    );
    return slaves.filter((slave) => slave.active).map((slave) => slave.hostname);
  }

  /** The first Marathon that answers. */
  async marathonUrl(): Promise<string> {
    for (const host of this.hosts("marathon", 2)) {
      const url = `${this.#scheme}://${host}:8080`;
      const key = this.#keys?.basic("marathon", "operator");
      const headers: Record<string, string> = key === undefined ? {} : { Authorization: key };
      if ((await answerFrom(`${url}/ping`, { headers, ca: this.#keys?.ca }))?.status === 200) return url;
    }
    throw new Error("no Marathon answers");
  }

  async marathonLeader(): Promise<string> {
    const { leader } = await this.#marathon<{ leader: string }>("/v2/leader");
    return leader;
  }

  async app(id: string): Promise<AppView> {
    const { app } = await this.#marathon<{ app: AppView }>(`/v2/apps${id}`);
    return app;
  }

  /** What one master answers. */
  master<T>(host: string, where: string): Promise<T> {
    const key = this.#keys?.basic("mesos", "operator");
    return getJson<T>(`${this.#scheme}://${host}:5050${where}`, key, this.#keys?.ca);
  }

  async #marathon<T>(where: string): Promise<T> {
    const key = this.#keys?.basic("marathon", "operator");
    return getJson<T>(`${await this.marathonUrl()}${where}`, key, this.#keys?.ca);
  }

  /** Ids of healthy tasks. */
  async healthy(id: string): Promise<string[]> {
    const { tasks } = await this.app(id);
    return tasks
      .filter((t) => t.state === "TASK_RUNNING" && t.healthCheckResults?.some((r) => r.alive))
      .map((t) => t.id);
  }
}

/** Whether a master answers and says of itself that it leads. */
export async function masterLeads(host: string, keys: ClusterKeys | undefined): Promise<boolean> {
  const url = `${keys === undefined ? "http" : "https"}://${host}:5050/metrics/snapshot`;
  const key = keys?.basic("mesos", "operator");
  const answer = await answerFrom(url, { ca: keys?.ca, headers: key ? { Authorization: key } : {} });
  // 503 says a master that is ending to whom it still listens.
  if (answer === undefined || answer.status === 503) return false;
  assert.equal(answer.status, 200, `${url}: ${answer.body}`);
  return (JSON.parse(answer.body) as Record<string, number>)["master/elected"] === 1;
}
