// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import { createParser } from "eventsource-parser";
import { after, afterReading, delay } from "./clock";
import type { Endpoints } from "./endpoints";
import { isAborted } from "./errors";

/**
 * One event of Marathon, or a mark of the stream itself: after each `connected` anything may have been missed, so
 * read again what matters.
 */
export type MarathonEvent =
  | { readonly type: "connected"; readonly url: string }
  | { readonly type: "disconnected"; readonly reason: string }
  | { readonly type: string; readonly data: Readonly<Record<string, unknown>> };

export interface EventsOptions {
  /** Event types to ask for. @default all */
  readonly types?: readonly string[];
  readonly signal: AbortSignal;
  /** Silence after which the stream counts as dead; Marathon sends a blank line every 10 s. @default 30000 */
  readonly stallMs?: number;
}

const connectMs = 10_000;
const maxEventBytes = 64 * 1024 * 1024;

/** See `MarathonClient.events`. */
export async function* marathonEvents(
  endpoints: Endpoints,
  o: EventsOptions,
): AsyncGenerator<MarathonEvent, void> {
  for (let failures = 0; !o.signal.aborted; ) {
    const urls = [...endpoints.urls];
    const base = urls[failures % Math.max(1, urls.length)] ?? "";
    try {
      for await (const event of connection(endpoints, base, o)) {
        failures = 0;
        yield event;
      }
    } catch (error) {
      if (o.signal.aborted) return;
      yield { type: "disconnected", reason: messageOf(error) };
    }
    failures += 1;
    const waitMs = Math.min(3_000, 50 * 2 ** Math.floor(failures / Math.max(1, urls.length)));
    try {
      await delay(waitMs * (0.5 + Math.random()), o.signal);
    } catch (error) {
      if (isAborted(error)) return;
      throw error;
    }
  }
}

/** One connection until it ends, fails, or stalls. */
async function* connection(
  endpoints: Endpoints,
  base: string,
  o: EventsOptions,
): AsyncGenerator<MarathonEvent, void> {
  const own = new AbortController();
  const signal = AbortSignal.any([o.signal, own.signal]);
  const giveUp = (why: string) => () => own.abort(new DOMException(why, "TimeoutError"));
  const stallMs = o.stallMs ?? 30_000;
  let stop = after(connectMs, giveUp("no answer"));
  try {
    const query = ["plan-format=light", ...(o.types ?? []).map((t) => `event_type=${encodeURIComponent(t)}`)];
    const headers = { Accept: "text/event-stream", "Cache-Control": "no-cache" };
    const { url, stream } = await endpoints.open(`${base}/v2/events?${query.join("&")}`, headers, signal);
    const events: MarathonEvent[] = [];
    const parser = createParser({
      maxBufferSize: maxEventBytes,
      onEvent: ({ event, data }) => void events.push(...parsed(event, data)),
    });
    stop();
    const destroy = (): void => void stream.destroy();
    signal.addEventListener("abort", destroy, { once: true });
    try {
      yield { type: "connected", url };
      const chunks = stream.setEncoding("utf8")[Symbol.asyncIterator]() as AsyncIterator<string>;
      for (;;) {
        stop = afterReading(stallMs, giveUp(`silent for ${stallMs} ms`));
        const next = await chunks.next();
        stop();
        if (next.done) return;
        parser.feed(next.value);
        yield* events.splice(0);
      }
    } finally {
      signal.removeEventListener("abort", destroy);
      destroy();
    }
  } catch (error) {
    throw own.signal.aborted ? own.signal.reason : error;
  } finally {
    stop();
  }
}

/** An event whose data is no JSON object is dropped: events only say that something changed. */
function parsed(type: string | undefined, data: string): MarathonEvent[] {
  try {
    const value: unknown = JSON.parse(data);
    if (type === undefined || typeof value !== "object" || value === null) return [];
    return [{ type, data: Object.fromEntries(Object.entries(value)) }];
  } catch {
    return [];
  }
}
