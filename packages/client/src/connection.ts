// SPDX-License-Identifier: Apache-2.0
import { type ConnectionOptions, connectionFaults, MesosError } from "@pulumi-mesos/model";
import type { Agents } from "./http";
import { agentsThrough } from "./mapped-agents";
import type { Reach } from "./way/way";

/** What one client says of itself to the servers it was made for, and how it connects to them. */
export class Connection {
  /** Keeps connections for requests that may be repeated when the server closes one at that moment. */
  readonly kept: Agents;
  /** A connection for each request: for writes, whose loss would leave open whether they were carried out, and streams. */
  readonly single: Agents;
  /** Whatever must never be shown. */
  readonly secrets: readonly string[];
  readonly #authorization: string | undefined;
  readonly #origins: ReadonlySet<string>;

  /** Fails with `MESOS_CLIENT_OPTIONS` when `o` cannot work. */
  constructor(
    urls: readonly string[],
    o: ConnectionOptions & Reach,
    name: (option: keyof ConnectionOptions) => string,
  ) {
    const faults = connectionFaults(o, urls, name);
    if (faults.length > 0) {
      const lines = faults.map((fault) => `${name(fault.option)}: ${fault.message}`);
      throw new MesosError("MESOS_CLIENT_OPTIONS", lines.join("; "));
    }
    const tls = { ca: o.ca, cert: o.cert, key: o.key, rejectUnauthorized: o.insecure !== true };
    this.kept = agentsThrough(o, { keepAlive: true, ...tls });
    this.single = agentsThrough(o, tls);
    this.#origins = new Set(urls.map((url) => new URL(url).origin));
    const basic = Buffer.from(`${o.user}:${o.password}`).toString("base64");
    this.#authorization = o.user === undefined ? o.token && tokenHeader(o.token) : `Basic ${basic}`;
    const secrets = [o.password, o.user && basic, o.token?.replace(/^\S+ |^token=/, "")];
    this.secrets = secrets.flatMap((secret) => secret || []);
  }

  /** Headers with the credentials: only for where the client was sent by its user, not by an answer. */
  headersFor(url: string): Readonly<Record<string, string>> {
    const trusted = this.#authorization !== undefined && this.#origins.has(new URL(url).origin);
    return trusted ? { Authorization: this.#authorization ?? "" } : {};
  }

  /** Whether there is anything by which a server could know the user. */
  get hasCredentials(): boolean {
    return this.#authorization !== undefined;
  }
}

/** The header `Authorization` of a token: DC/OS's, unless it names its scheme. */
export function tokenHeader(token: string): string {
  return /^token=|^\S+ \S/.test(token) ? token : `token=${token}`;
}
