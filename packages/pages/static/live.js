// SPDX-License-Identifier: Apache-2.0
import { setText } from "./dom.js";

/** An answer that is no success; `body` is its JSON when it has any. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {unknown} body
   */
  constructor(status, message, body) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

/** @type {string | undefined} what requests are let in by; kept here alone, never in a storage, an address or the page */
let token;

/**
 * Sends `text` as bearer token with every request from now on.
 * @param {string} text
 */
export function useToken(text) {
  token = text;
}

/** This server answers for nobody any more: a redirect to another one, which the page has to follow itself. */
export class Moved extends Error {}

/**
 * One request to the page's own server; redirects are not followed.
 * @param {string} path
 * @param {{ method?: string, json?: unknown, accept?: string, signal?: AbortSignal }} [options]
 * @returns {Promise<Response>}
 */
export async function ask(path, options = {}) {
  const { method = "GET", json, accept = "application/json", signal } = options;
  const answer = await fetch(path, {
    method,
    redirect: "manual",
    cache: "no-store",
    headers: {
      accept,
      ...(json === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.type === "opaqueredirect") throw new Moved(`${path} leads to another server`);
  if (answer.ok) return answer;
  const text = await answer.text();
  /** @type {unknown} */
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined; // not JSON: its text is the message
  }
  const said =
    /** @type {{ message?: unknown } | null | undefined} */ (body)?.message ??
    (text.startsWith("<") ? "" : text);
  throw new Refused(answer.status, `${answer.status} ${String(said).slice(0, 300)}`.trim(), body);
}

/**
 * @template T
 * @param {string} path
 * @param {{ method?: string, json?: unknown, signal?: AbortSignal }} [options]
 * @returns {Promise<T>} what the answer's JSON is; undefined when it has no body
 */
export async function askJson(path, options) {
  const text = await (await ask(path, options)).text();
  return /** @type {T} */ (text === "" ? undefined : JSON.parse(text));
}

/**
 * Feeds `take` with the body as it comes, until it ends.
 * @param {Response} answer
 * @param {(chunk: Uint8Array) => void} take
 */
export async function readBody(answer, take) {
  const reader = answer.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (part?.value === undefined) return;
    take(part.value);
  }
}

/** The words on the page that say whether what it shows is true now. */
export class Connection {
  #words;

  /** @param {HTMLElement} words a `role="status"` element of class `connection` */
  constructor(words) {
    this.#words = words;
    this.set("connecting", "connecting");
  }

  /**
   * @param {"connecting" | "live" | "disconnected"} state
   * @param {string} text
   */
  set(state, text) {
    this.#words.dataset["state"] = state;
    document.body.dataset["connection"] = state;
    setText(this.#words, text);
  }
}

/**
 * Keeps something open for as long as the page lives: opens it again when it ends, after 0.5 s at first and 5 s at most.
 * @param {Connection} connection told what is the case
 * @param {(signal: AbortSignal, alive: (text?: string) => void) => Promise<void>} open runs until its stream ends, and
 *   calls `alive` with whatever came; what it fails with is shown
 * @param {{ silentMs?: number, moved?: () => void }} [options] silentMs: with nothing alive for so long it is over
 * @returns {Promise<never>}
 */
export async function keepOpen(connection, open, options = {}) {
  const { silentMs = 45_000, moved } = options;
  let waitMs = 500;
  for (;;) {
    const abort = new AbortController();
    let silence = setTimeout(() => abort.abort(new Error("nothing came any more")), silentMs);
    const alive = (/** @type {string | undefined} */ text) => {
      waitMs = 500;
      clearTimeout(silence);
      silence = setTimeout(() => abort.abort(new Error("nothing came any more")), silentMs);
      if (text !== undefined) connection.set("live", text);
    };
    let why = "the stream ended";
    try {
      await open(abort.signal, alive);
    } catch (error) {
      if (error instanceof Moved) moved?.();
      why = error instanceof Error ? error.message : String(error);
    }
    clearTimeout(silence);
    abort.abort();
    connection.set("disconnected", `disconnected (${why}), trying again`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(5000, waitMs * 2);
  }
}

/**
 * Runs `work` soon after it is called for, once however often that was, never twice at the same time, and leaves the
 * server at least nine times as long in peace as the work took.
 * @param {() => Promise<void>} work
 * @param {number} [pauseMs]
 * @returns {() => void}
 */
export function calm(work, pauseMs = 150) {
  let running = false;
  let again = false;
  const run = async () => {
    running = true;
    while (again) {
      again = false;
      const began = performance.now();
      await work().catch(() => undefined); // the connection's own words tell of a server that does not answer
      const took = performance.now() - began;
      await new Promise((resolve) => setTimeout(resolve, Math.max(pauseMs, Math.min(10_000, took * 9))));
    }
    running = false;
  };
  return () => {
    again = true;
    if (!running) void run();
  };
}
