// SPDX-License-Identifier: Apache-2.0
import type { FastifyReply } from "fastify";
import { ResponseStream } from "../../http";
import type { Clock } from "../clock";
import type { EventBus, MarathonEvent } from "../events";

const heartbeatMs = 10_000;
const beat = Buffer.from("\r\n");
/** What one reader may be behind where no number of messages is given. */
const outstandingBytes = 8 * 1024 * 1024;

/** One event as all readers get it. */
interface Frame {
  readonly type: string;
  readonly text: string;
}

/** What one reader wants of a batch. */
interface Piece {
  readonly bytes: Buffer;
  readonly messages: number;
}

/** Events that came together, encoded once for all readers that want the same types. */
class Batch {
  readonly #frames: Frame[] = [];
  readonly #pieces = new Map<string, Piece | undefined>();

  add(frame: Frame): void {
    this.#frames.push(frame);
  }

  /** @param key the same for the same `types`; empty for all */
  of(key: string, types: ReadonlySet<string>): Piece | undefined {
    if (this.#pieces.has(key)) return this.#pieces.get(key);
    const wanted = key === "" ? this.#frames : this.#frames.filter(({ type }) => types.has(type));
    const text = wanted.map((frame) => frame.text).join("");
    const piece = text === "" ? undefined : { bytes: Buffer.from(text), messages: wanted.length };
    this.#pieces.set(key, piece);
    return piece;
  }
}

/** One reader: what it cannot take yet waits here, in the same buffers as for the others. */
class Reader {
  readonly #stream: ResponseStream;
  readonly #types: ReadonlySet<string>;
  readonly #key: string;
  readonly #maxMessages: number;
  #waiting: Piece[] = [];
  #waitingBytes = 0;
  #waitingMessages = 0;

  constructor(stream: ResponseStream, types: ReadonlySet<string>, maxMessages: number) {
    this.#stream = stream;
    this.#types = types;
    this.#key = [...types].sort().join("\n");
    this.#maxMessages = maxMessages;
    stream.onDrain(() => this.#drained());
  }

  /** How many bytes of it the reader is sent. */
  push(batch: Batch): number {
    const piece = batch.of(this.#key, this.#types);
    if (piece !== undefined) this.#send(piece);
    return piece?.bytes.length ?? 0;
  }

  beat(): void {
    this.#send({ bytes: beat, messages: 0 });
  }

  #send(piece: Piece): void {
    if (this.#stream.closed) return;
    if (!this.#stream.blocked) {
      this.#stream.write(piece.bytes);
      return;
    }
    this.#waiting.push(piece);
    this.#waitingBytes += piece.bytes.length;
    this.#waitingMessages += piece.messages;
    if (this.#waitingMessages <= this.#maxMessages && this.#waitingBytes <= outstandingBytes) return;
    this.#waiting = [];
    this.#stream.cut();
  }

  #drained(): void {
    const pieces = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#waitingMessages = 0;
    for (const { bytes } of pieces) this.#stream.write(bytes);
  }
}

/**
 * The clients of `/v2/events`: server-sent events, blank-line heartbeats. Events are encoded once for all; a reader
 * that falls behind is cut off, and nobody waits for it.
 */
export class EventStreams {
  readonly #events: EventBus;
  readonly #clock: Clock;
  readonly #maxMessages: number;
  readonly #sent: (bytes: number) => void;
  readonly #open = new Map<ResponseStream, Reader>();
  #batch: Batch | undefined;

  /** @param maxMessages `--event_stream_max_outstanding_messages`; bounded by bytes alone where none is given */
  constructor(
    events: EventBus,
    clock: Clock,
    maxMessages = Number.POSITIVE_INFINITY,
    sent: (bytes: number) => void = () => undefined,
  ) {
    this.#sent = sent;
    this.#events = events;
    this.#clock = clock;
    this.#maxMessages = maxMessages;
    events.listen((event) => this.#add(event));
  }

  /** Keeps `reply` open; `types` empty = all of them. */
  attach(reply: FastifyReply, remoteAddress: string, types: ReadonlySet<string>): void {
    this.#flush(); // what came before is not for this reader
    const stream = new ResponseStream(
      reply,
      { "content-type": "text/event-stream;charset=utf-8", connection: "close", ...sentHeaders(reply) },
      outstandingBytes,
    );
    const reader = new Reader(stream, types, this.#maxMessages);
    this.#open.set(stream, reader);
    let cancel: () => void = () => undefined;
    const beatAgain = () => {
      reader.beat();
      cancel = this.#clock.after(heartbeatMs, beatAgain);
    };
    cancel = this.#clock.after(heartbeatMs, beatAgain);
    stream.onClose(() => {
      cancel();
      this.#open.delete(stream);
      this.#events.emit("event_stream_detached", { remoteAddress });
    });
    this.#events.emit("event_stream_attached", { remoteAddress });
  }

  close(): void {
    for (const stream of this.#open.keys()) stream.close();
  }

  #add(event: MarathonEvent): void {
    if (this.#open.size === 0) return;
    const type = event.eventType;
    if (this.#batch === undefined) {
      this.#batch = new Batch();
      queueMicrotask(() => this.#flush());
    }
    this.#batch.add({ type, text: `event: ${type}\ndata: ${JSON.stringify(event)}\n\n` });
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch === undefined) return;
    for (const reader of this.#open.values()) this.#sent(reader.push(batch));
  }
}

/** The headers set on the reply so far, which a taken-over response would lose. */
function sentHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}
