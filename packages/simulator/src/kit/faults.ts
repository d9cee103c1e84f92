// SPDX-License-Identifier: Apache-2.0
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Clock } from "../clock";
import { misuse } from "./options";

/** What a request is answered with instead of the truth. */
export interface FailureAnswer {
  readonly status: number;
  /** Sent as JSON, or as it is when it is a string. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that the member did not know, or that failed inside it. */
export interface UnknownRequest {
  readonly member: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
}

interface Planned {
  readonly method: string | undefined;
  readonly path: string;
  readonly member: string | undefined;
  readonly answer: FailureAnswer;
}

/** What goes wrong with requests, by member; shared by all members of a cluster in one process. */
export class Faults {
  readonly unknown: UnknownRequest[] = [];
  readonly #clock: Clock;
  readonly #slow = new Map<string, number>();
  readonly #paused = new Map<string, { readonly until: Promise<void>; readonly go: () => void }>();
  readonly #answered = new WeakSet<FastifyRequest>();
  #planned: Planned[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  slow(member: string, ms: number): void {
    if (ms <= 0) this.#slow.delete(member);
    else this.#slow.set(member, ms);
  }

  /** `endpoint` is a path, with a method before it or not: `PUT /v2/apps/web`. */
  failNext(endpoint: string, answer: FailureAnswer, member: string | undefined): void {
    const match = /^(?:([A-Z]+) )?(\/\S*)$/.exec(endpoint);
    if (match === null)
      throw misuse(`failNext: expected a path such as 'POST /v2/apps' or '/v2/apps', got '${endpoint}'`);
    this.#planned.push({ method: match[1], path: match[2] ?? "/", member, answer });
  }

  pause(member: string): void {
    if (this.#paused.has(member)) return;
    let go: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      go = resolve;
    });
    this.#paused.set(member, { until, go });
  }

  resume(member: string): void {
    this.#paused.get(member)?.go();
    this.#paused.delete(member);
  }

  clear(): void {
    for (const member of [...this.#paused.keys()]) this.resume(member);
    this.#slow.clear();
    this.#planned = [];
    this.unknown.length = 0;
  }

  async onRequest(member: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.#paused.get(member)?.until;
    const ms = this.#slow.get(member);
    if (ms !== undefined) await this.#clock.sleep(ms);
    const path = request.url.split("?")[0];
    const at = this.#planned.findIndex(
      (p) =>
        p.path === path &&
        (p.method === undefined || p.method === request.method) &&
        (p.member === undefined || p.member === member),
    );
    const planned = at < 0 ? undefined : this.#planned.splice(at, 1)[0];
    if (planned === undefined) return;
    this.#answered.add(request);
    const { status, body, headers } = planned.answer;
    reply.code(status).headers(headers ?? {});
    await (body === undefined || typeof body === "string"
      ? reply.send(body)
      : reply.type("application/json").send(JSON.stringify(body)));
  }

  onAnswer(member: string, request: FastifyRequest, status: number): void {
    if (this.#answered.has(request)) return;
    // Marathon says 500 to what it does not know, as the real one does; any other 500 of it is worth failing for, too.
    if (request.is404 || status === 500) {
      this.unknown.push({ member, method: request.method, url: request.url, status });
    }
  }
}
