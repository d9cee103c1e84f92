// SPDX-License-Identifier: Apache-2.0
import { once } from "node:events";
import { createServer } from "node:net";
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { portFrontendName } from "../routing/render";
import type { PortFrontend, Routes } from "../routing/route";
import { portId } from "../routing/routes";
import { certificatePath } from "./certificate-store";

/** A port that somebody else holds is tried again after this long. */
const closedMs = 30_000;
/** A port that was free must be opened within this long, or it is tried again. */
const freeMs = 10_000;

/** A port that HAProxy has open. */
export type HeldPort = Pick<PortFrontend, "address" | "port" | "certificate">;

interface Verdict {
  /** Why the port cannot be opened; none when it was free. */
  readonly reason?: string;
  readonly until: number;
}

/**
 * Leaves out ports of labels that somebody else holds. HAProxy must not find that out: before it gives a reload up, it has
 * its old worker let go of all ports for a second or two.
 */
export class PortJudge {
  readonly #clock: Clock;
  /** Address of ports that name none. */
  readonly #host: string;
  readonly #verdicts = new Map<string, Verdict>();
  #refused: ReadonlyMap<string, string> = new Map();

  constructor(clock: Clock, host: string) {
    this.#clock = clock;
    this.#host = host;
  }

  /** Why ports are left out, by app id and port. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** `routes` without the ports that cannot be opened; nothing while one has not been tried. HAProxy has those of `held`. */
  acceptable(routes: Routes, held: readonly HeldPort[]): Routes | undefined {
    if (routes.ports.length === 0) {
      this.#refused = new Map();
      return routes;
    }
    const verdict = this.#verdictOf(held);
    if (routes.ports.some((frontend) => verdict(frontend) === undefined)) return undefined;
    const refused = new Map<string, string>();
    for (const frontend of routes.ports) {
      const reason = verdict(frontend)?.reason;
      if (reason !== undefined) refused.set(portId(frontend), reason);
    }
    this.#refused = refused;
    if (refused.size === 0) return routes;
    return { ...routes, ports: routes.ports.filter((frontend) => verdict(frontend)?.reason === undefined) };
  }

  /** Tries the ports that {@link acceptable} cannot tell of. */
  async judge(routes: Routes, held: readonly HeldPort[]): Promise<void> {
    const verdict = this.#verdictOf(held);
    const unknown = routes.ports.filter((frontend) => verdict(frontend) === undefined);
    await Promise.all(
      unknown.map(async (frontend) => {
        const reason = await whyClosed(frontend.address ?? this.#host, frontend.port);
        const until = this.#clock.now() + (reason === undefined ? freeMs : closedMs);
        this.#verdicts.set(portFrontendName(frontend), { ...(reason !== undefined && { reason }), until });
      }),
    );
  }

  /**
   * `routes` without the ports that are known to be taken, for a start: what is left of an earlier HAProxy may still hold
   * them, and one that cannot open a port says so and ends.
   */
  presumable(routes: Routes): Routes {
    const verdict = this.#verdictOf([]);
    return { ...routes, ports: routes.ports.filter((frontend) => verdict(frontend)?.reason === undefined) };
  }

  /** Reads from HAProxy's words which of `ports` it could not open after all; whether there was any. */
  blame(words: string, ports: readonly PortFrontend[]): boolean {
    const until = this.#clock.now() + closedMs;
    const names = new Set(ports.map(portFrontendName));
    const said = [...words.matchAll(/ for frontend \S+: ([^|\n]*:(\d+)\])/g)];
    const found = said.flatMap(([, reason = "", port]) => {
      const name = portFrontendName({ port: Number(port) });
      return names.has(name) ? [{ name, reason }] : [];
    });
    for (const { name, reason } of found) this.#verdicts.set(name, { reason: `haproxy: ${reason}`, until });
    return found.length > 0;
  }

  #verdictOf(held: readonly HeldPort[]): (frontend: PortFrontend) => Verdict | undefined {
    const now = this.#clock.now();
    const keyOf = ({ address = this.#host, port }: HeldPort): string => `${address} ${port}`;
    const open = new Set(held.map(keyOf));
    return (frontend) => {
      if (open.has(keyOf(frontend))) return { until: now };
      const verdict = this.#verdicts.get(portFrontendName(frontend));
      return verdict && verdict.until > now ? verdict : undefined;
    };
  }
}

const bindLine = new RegExp(
  `^ {2}bind \\[?([^\\s\\]]+)\\]?:(\\d+)(?: ssl crt ${certificatePath("(\\S+)")})?`,
  "gm",
);

/** The ports that a haproxy.cfg of ours opens. */
export function portsIn(text: string): HeldPort[] {
  const sections = text.split("\n\n").filter((section) => /^frontend (http-in|port-\d+)\n/.test(section));
  return sections.flatMap((section) =>
    [...section.matchAll(bindLine)].map(([, address = "", port, certificate]) => ({
      address,
      port: Number(port),
      ...(certificate !== undefined && { certificate }),
    })),
  );
}

/** Why nothing can listen there, or nothing when it can. */
async function whyClosed(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return messageOf(error);
  } finally {
    if (server.listening) {
      server.close();
      await once(server, "close");
    }
  }
}
