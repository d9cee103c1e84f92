// SPDX-License-Identifier: Apache-2.0
import type {
  MarathonClient,
  MarathonDeployment,
  MarathonEvent,
  MarathonQueueItem,
} from "@pulumi-mesos/client";
import { isMesosError, messageOf } from "@pulumi-mesos/model";
import { after, now, sleep } from "../clock";
import { readEvent, type TaskEnd, type Verdict, watchedTypes } from "./marathon-events";
import { Room } from "./room";

/** What {@link Watching.next} tells: how the deployment ended, or every deployment that runs. */
export type News =
  | { readonly verdict: Verdict }
  | {
      readonly verdict?: undefined;
      /** Read after `next` was called; undefined while Marathon does not answer, for the reason in `silent`. */
      readonly listed: readonly MarathonDeployment[] | undefined;
      readonly silent?: string;
    };

/** One write's place in the {@link DeploymentWatch}. */
export interface Watching {
  /** Ends of tasks at the watched paths since `join`, oldest first. */
  readonly ends: readonly TaskEnd[];
  /** Whether anything happened at the watched paths since this was asked last. */
  happened(): boolean;
  /** Resolves as soon as an event tells how `deploymentId` ended, otherwise about once a second. */
  next(deploymentId: string | undefined, signal: AbortSignal): Promise<News>;
  leave(): void;
}

export interface DeploymentWatchOptions {
  /** How often running deployments are listed while somebody waits. @default 1000 */
  readonly tickMs?: number;
  /** How long a write waits for the event stream; then polling has to do. @default 2000 */
  readonly openMs?: number;
  /** How long the stream stays open for the next write. @default 3000 */
  readonly lingerMs?: number;
}

/** What a watch asks of Marathon. */
export type WatchedClient = Pick<MarathonClient, "events" | "getDeployments" | "getQueue">;

interface Member extends Watching {
  readonly concerns: (path: string) => boolean;
  event(path: string, end: TaskEnd | undefined): void;
}

interface Waiter {
  readonly deploymentId: string | undefined;
  readonly resolve: (news: News) => void;
  readonly reject: (error: unknown) => void;
}

/** The event stream, open or on the way there. */
interface Stream {
  isOpen: boolean;
  /** Resolves when it stands, and also when the first try failed: nobody waits for a second. */
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  stop(): void;
}

const keptVerdicts = 10_000;

/**
 * All waiting for deployments of one Marathon: one event stream and one list of running deployments a second, however
 * many resources wait.
 *
 * Events only tell how deployments ended and where something happened; what is true is always read (reference §2.7).
 */
export class DeploymentWatch {
  readonly #client: WatchedClient;
  readonly #tickMs: number;
  readonly #openMs: number;
  readonly #lingerMs: number;
  /** Where writes wait that Marathon has no room for. */
  readonly room = new Room();
  readonly #members = new Set<Member>();
  readonly #waiters = new Set<Waiter>();
  readonly #verdicts = new Map<string, Verdict>();
  #stream: Stream | undefined;
  #polling = false;
  #queue: { readonly at: number; readonly items: Promise<MarathonQueueItem[]> } | undefined;
  #stopLinger = (): void => {};

  constructor(client: WatchedClient, o: DeploymentWatchOptions = {}) {
    this.#client = client;
    this.#tickMs = o.tickMs ?? 1_000;
    this.#openMs = o.openMs ?? 2_000;
    this.#lingerMs = o.lingerMs ?? 3_000;
  }

  /** Opens the stream if it is not open yet; call it before the write, so that no event is missed. */
  async join(concerns: (path: string) => boolean, signal: AbortSignal): Promise<Watching> {
    this.#stopLinger();
    this.#stream ??= this.#open();
    const ends: TaskEnd[] = [];
    let happened = false;
    const member: Member = {
      ends,
      concerns,
      event: (_path, end) => {
        happened = true;
        if (end !== undefined) ends.push(end);
      },
      happened: () => {
        const was = happened;
        happened = false;
        return was;
      },
      next: (deploymentId, until) => this.#next(deploymentId, until),
      leave: () => this.#leave(member),
    };
    this.#members.add(member);
    try {
      if (!this.#stream.isOpen) await this.#untilOpen(this.#stream.opened, signal);
      signal.throwIfAborted();
      return member;
    } catch (error) {
      member.leave();
      throw error;
    }
  }

  async #untilOpen(opened: Promise<void>, signal: AbortSignal): Promise<void> {
    const bound = new AbortController();
    const slow = sleep(this.#openMs, AbortSignal.any([signal, bound.signal])).catch(() => {});
    await Promise.race([opened, slow]);
    bound.abort();
  }

  /** Resolves when none of these deployments runs any more. */
  async ended(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const left = new Set(ids);
    for (const id of ids) {
      while (left.has(id)) {
        const news = await this.#next(id, signal);
        if (news.verdict !== undefined) left.delete(id);
        else if (news.listed !== undefined) {
          for (const other of left) if (!news.listed.some((d) => d.id === other)) left.delete(other);
        }
      }
    }
  }

  /** What waits for offers, asked at most once a tick for all who wait; empty while Marathon does not say. */
  async queue(): Promise<readonly MarathonQueueItem[]> {
    if (this.#queue === undefined || now() - this.#queue.at >= this.#tickMs) {
      const items = this.#client.getQueue(AbortSignal.timeout(this.#openMs));
      this.#queue = { at: now(), items };
    }
    try {
      return await this.#queue.items;
    } catch (error) {
      if (isMesosError(error)) return [];
      throw error;
    }
  }

  /** Closes the stream at once. */
  async close(): Promise<void> {
    this.#stopLinger();
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.stop();
    await stream?.ended;
  }

  #leave(member: Member): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    this.#stopLinger = after(this.#lingerMs, () => void this.close());
  }

  #open(): Stream {
    const stop = new AbortController();
    let opened = (): void => {};
    const first = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const stream: Stream = {
      isOpen: false,
      opened: first,
      ended: this.#pump(stop.signal, () => {
        stream.isOpen = true;
        opened();
      }),
      stop: () => stop.abort(),
    };
    return stream;
  }

  async #pump(signal: AbortSignal, opened: () => void): Promise<void> {
    for await (const event of this.#client.events({ types: watchedTypes, signal })) {
      opened();
      if ("data" in event) this.#take(event);
    }
    opened();
  }

  #take(event: Extract<MarathonEvent, { data: unknown }>): void {
    const { paths, verdict, end } = readEvent(event);
    if (verdict !== undefined) {
      this.room.freed();
      this.#verdicts.set(verdict.deploymentId, verdict);
      const oldest = this.#verdicts.size > keptVerdicts ? this.#verdicts.keys().next().value : undefined;
      if (oldest !== undefined) this.#verdicts.delete(oldest);
      for (const waiter of this.#waiters) {
        if (waiter.deploymentId === verdict.deploymentId) this.#settle(waiter, { verdict });
      }
    }
    for (const path of paths) {
      for (const member of this.#members) if (member.concerns(path)) member.event(path, end);
    }
  }

  #next(deploymentId: string | undefined, signal: AbortSignal): Promise<News> {
    const verdict = deploymentId === undefined ? undefined : this.#verdicts.get(deploymentId);
    if (verdict !== undefined) return Promise.resolve({ verdict });
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const done = <T>(settle: (value: T) => void) => {
        return (value: T): void => {
          signal.removeEventListener("abort", onAbort);
          settle(value);
        };
      };
      const waiter: Waiter = { deploymentId, resolve: done(resolve), reject: done(reject) };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiters.add(waiter);
      if (!this.#polling) void this.#poll();
    });
  }

  #settle(waiter: Waiter, news: News): void {
    if (this.#waiters.delete(waiter)) waiter.resolve(news);
  }

  /** Lists running deployments as long as somebody waits; each waiter gets a list that was begun after it came. */
  async #poll(): Promise<void> {
    this.#polling = true;
    const forever = new AbortController().signal;
    while (this.#waiters.size > 0) {
      await sleep(this.#tickMs, forever);
      const asking = [...this.#waiters];
      if (asking.length === 0) break;
      try {
        const listed = await this.#client.getDeployments(forever);
        for (const waiter of asking) this.#settle(waiter, { listed });
      } catch (error) {
        for (const waiter of asking) this.#answerFailure(waiter, error);
      }
    }
    this.#polling = false;
  }

  /** What may pass (an election, a lost connection, a proxy's page) is waited out; anything else ends the wait. */
  #answerFailure(waiter: Waiter, error: unknown): void {
    if (isMesosError(error) && error.retryable) {
      this.#settle(waiter, { listed: undefined, silent: messageOf(error) });
    } else if (this.#waiters.delete(waiter)) {
      waiter.reject(error);
    }
  }
}
