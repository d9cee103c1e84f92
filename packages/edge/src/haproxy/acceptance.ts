// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { bindHost, type RenderSettings, render, shapeOf } from "../routing/render";
import type { PortFrontend, Routes } from "../routing/route";
import type { SlotTable } from "../routing/slots";
import { AclJudge } from "./acl-judge";
import type { Files } from "./config-file";
import { type HeldPort, PortJudge } from "./port-judge";
import type { Check } from "./validate";
import type { Running } from "./worker";

export interface AcceptanceOptions {
  readonly check: Check;
  readonly settings: RenderSettings;
  readonly clock: Clock;
}

/** Knows what HAProxy takes of what is wanted, and makes its files from that. */
export class Acceptance {
  readonly #o: AcceptanceOptions;
  readonly #acls: AclJudge;
  readonly #ports: PortJudge;
  /** The shape that HAProxy accepted last. */
  #accepted: string | undefined;

  constructor(o: AcceptanceOptions) {
    this.#o = o;
    this.#acls = new AclJudge(o.check);
    this.#ports = new PortJudge(o.clock, bindHost(o.settings));
  }

  /** Rules and ports that HAProxy refuses, by app id. */
  get refused(): ReadonlyMap<string, string> {
    return new Map([...this.#acls.refused, ...this.#ports.refused]);
  }

  /** What may be routed of `wanted`, or the work that finds it out; HAProxy has the ports `held` open. */
  acceptable(
    wanted: Routes,
    held: readonly HeldPort[],
    signal: AbortSignal,
  ): { readonly routes: Routes } | { readonly judge: () => Promise<void> } {
    const judged = this.#acls.acceptable(wanted);
    if (!judged) return { judge: () => this.#acls.judge(wanted, signal) };
    const routes = this.#ports.acceptable(judged, held);
    return routes ? { routes } : { judge: () => this.#ports.judge(judged, held) };
  }

  /** `routes` without the ports that are known to be somebody else's. */
  presumable(routes: Routes): Routes {
    return this.#ports.presumable(routes);
  }

  /** Whether HAProxy has accepted a file of this shape. */
  hasAccepted(shape: string): boolean {
    return this.#accepted === shape;
  }

  /** Has HAProxy check the whole file; rules that it refuses only there are left out from then on. */
  async validate(routes: Routes, next: Running, signal: AbortSignal): Promise<void> {
    const check = (some: Routes): Promise<string | undefined> =>
      this.#o.check(this.files(some, next).text, signal);
    const reason = await check(routes);
    if (reason === undefined) this.#accepted = next.shape;
    else if (!(await this.#acls.blame(routes, check)))
      throw new MesosError("MESOS_EDGE_CONFIG_INVALID", `haproxy refuses the configuration: ${reason}`);
  }

  /** HAProxy did not start with a file that it had accepted. */
  doubt(): void {
    this.#accepted = undefined;
  }

  /** Finds the ports that HAProxy's last words complain of; whether there are any. */
  blamePorts(words: string, ports: readonly PortFrontend[]): boolean {
    return this.#ports.blame(words, ports);
  }

  /** See {@link shapeOf}. */
  shape(routes: Routes, table: SlotTable): string {
    return shapeOf(routes, table, this.#o.settings);
  }

  files(routes: Routes, { generation, shape, table, maps }: Running): Files {
    return { text: render(routes, table, this.#o.settings, { number: generation, shape }), maps };
  }
}
