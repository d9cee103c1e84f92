// SPDX-License-Identifier: Apache-2.0
import type { BambooService } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { PlacedApp } from "../discovery/rotation";
import type { AskedRequest } from "../explain/asked";
import { type Explanation, explain } from "../explain/explain";
import type { Applied } from "../haproxy/applier";
import type { AppTraffic } from "../haproxy/traffic";
import type { EdgeHealth } from "../health";
import type { RenderSettings } from "../routing/render";
import { Changes, type Told } from "./changes";
import { type Overview, overviewOf } from "./overview";
import { shownConfiguration } from "./shown-configuration";

/** What the edge knows, as the page needs it. */
export interface PageSourceOptions {
  readonly clock: Clock;
  apps(): ReadonlyMap<string, PlacedApp>;
  rules(): ReadonlyMap<string, BambooService>;
  /** What HAProxy runs with, and what its configuration holds beside. */
  applied(): { readonly applied: Applied; readonly settings: RenderSettings } | undefined;
  health(): EdgeHealth;
  traffic(): Promise<ReadonlyMap<string, AppTraffic>>;
}

/** What the page's part of the API answers from. */
export class PageSource {
  readonly #o: PageSourceOptions;
  readonly #changes: Changes;

  constructor(o: PageSourceOptions) {
    this.#o = o;
    this.#changes = new Changes({ clock: o.clock, health: () => o.health(), digest: () => this.#digest() });
  }

  /** Something may look different now. */
  changed(): void {
    this.#changes.notify();
  }

  /** See {@link Changes.listen}. */
  listen(send: (told: Told) => void): (() => void) | undefined {
    return this.#changes.listen(send);
  }

  async overview(): Promise<Overview> {
    const { leftOut } = this.#o.health();
    const traffic = await this.#o.traffic();
    const { apps, rules, applied } = this.#o;
    return overviewOf({ apps: apps(), rules: rules(), applied: applied()?.applied.routes, leftOut, traffic });
  }

  /** Where HAProxy sends a request; nothing before it runs. */
  explain(request: AskedRequest): Explanation | undefined {
    const known = this.#o.applied();
    if (!known) return undefined;
    const { statsPassword, httpsPort } = known.settings;
    const settings = { hasStatistics: Boolean(statsPassword), tellsScheme: httpsPort !== undefined };
    return explain(known.applied.routes, request, settings);
  }

  /** haproxy.cfg, and the maps behind it. */
  configuration(): string | undefined {
    const known = this.#o.applied();
    return known && shownConfiguration(known.applied, known.settings);
  }

  #digest(): string {
    const { marathon, ...rest } = this.#o.health();
    return JSON.stringify({ ...rest, marathon: { ...marathon, ageSeconds: marathon.ageSeconds !== null } });
  }
}
