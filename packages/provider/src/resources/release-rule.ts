// SPDX-License-Identifier: Apache-2.0
import type { BambooClient } from "@pulumi-mesos/client";
import {
  type AppWeights,
  type BambooService,
  isMesosError,
  MesosError,
  messageOf,
  type ReleaseInputs,
  weightsKey,
  weightsText,
} from "@pulumi-mesos/model";
import { now, sleep } from "../clock";
import type { Context } from "../resource";
import { pathOf } from "./app-inputs";
import { bambooIn, writeRule } from "./bamboo-rule";

/** How long an edge may take to know weights that another one took. */
const knownByMs = 60_000;
const againMs = 500;

/** The rule of a release, written through any edge and known to all of them. */
export class ReleaseRule {
  readonly #id: string;
  readonly #client: BambooClient;
  readonly #context: Pick<Context, "config" | "progress">;

  constructor(appId: string, context: Pick<Context, "config" | "progress">) {
    this.#id = pathOf(appId);
    this.#client = bambooIn(context.config);
    this.#context = context;
  }

  async read(signal: AbortSignal): Promise<BambooService | undefined> {
    return (await this.#client.services(signal))[this.#id];
  }

  /** Writes the rule with these weights. */
  async put({ acl, config }: ReleaseInputs, weights: AppWeights, signal: AbortSignal): Promise<void> {
    await writeRule(this.#client, { appId: this.#id, acl, config, weights }, signal);
  }

  /**
   * {@link put}, and waits until every edge knows: one that does not would lose requests once the app that it sends them
   * to is ended.
   */
  async spread(inputs: ReleaseInputs, weights: AppWeights, signal: AbortSignal): Promise<void> {
    await this.put(inputs, weights, signal);
    for (const url of this.#context.config.bambooUrls) await this.#known(url, weightsText(weights), signal);
  }

  async remove(signal: AbortSignal): Promise<void> {
    await this.#client.deleteService(this.#id, signal);
  }

  async #known(url: string, text: string, signal: AbortSignal): Promise<void> {
    const client = bambooIn(this.#context.config, [url]);
    const end = now() + knownByMs;
    for (;;) {
      const missing = await this.#missing(client, text, signal);
      if (missing === undefined) return;
      const line = `the edge at ${url} does not know the weights ${text}: ${missing}`;
      if (now() > end) throw new MesosError("MESOS_RELEASE_EDGE", line);
      this.#context.progress(line);
      await sleep(againMs, signal);
    }
  }

  async #missing(client: BambooClient, text: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const rule = (await client.services(signal))[this.#id];
      const has = rule?.Config?.[weightsKey];
      return has === text ? undefined : `it has ${has ?? "none"}`;
    } catch (error) {
      signal.throwIfAborted();
      if (!isMesosError(error) || !error.retryable) throw error;
      return messageOf(error);
    }
  }
}
