// SPDX-License-Identifier: Apache-2.0
import { isMesosError, MesosError, messageOf, shownUrl } from "@pulumi-mesos/model";

/** The caller's signal aborted: a timeout of the caller or Cancel. Tells what the attempts until then met, if any. */
export class ClientAbortedError extends MesosError {
  constructor(signal: AbortSignal, attempts: readonly unknown[] = []) {
    const met = reasonsOf(attempts);
    const why = `stopped waiting: ${messageOf(signal.reason ?? "aborted")}`;
    super("MESOS_CLIENT_ABORTED", met === "" ? why : `${why}; until then: ${met}`, { cause: signal.reason });
  }
}

/** No address answered: each was refused, reset, unknown, or silent for too long. */
export class UnreachableError extends MesosError {
  /** Whether every address refused the connection, so that certainly nothing runs there. */
  readonly refused: boolean;
  /** Whether a request may have reached a server all the same, so that a write may have been carried out. */
  readonly sent: boolean;

  constructor(what: string, attempts: readonly unknown[]) {
    super("MESOS_CLIENT_UNREACHABLE", `${what}: ${reasonsOf(attempts) || "no address is configured"}`, {
      retryable: true,
      cause: attempts.at(-1),
    });
    this.refused = attempts.length > 0 && attempts.every((e) => errorCode(e) === "ECONNREFUSED");
    this.sent = !attempts.every(wasNotSent);
  }
}

/** What a {@link StatusError} is made from. */
export interface StatusErrorOptions {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly body: string;
  /** What the answer means for the user. */
  readonly hint?: string;
  readonly retryable?: boolean;
}

/** No secure connection could be made: whom one trusts or who one is has to be set right, so repeating does not help. */
export class TlsError extends MesosError {
  constructor(message: string, cause: unknown) {
    super("MESOS_CLIENT_TLS", message, { cause });
  }
}

/** There is no way to the servers, such as a tunnel that cannot be opened: nothing was asked, and nobody there is known to be down. */
export class AccessError extends MesosError {
  constructor(message: string, retryable: boolean, cause?: unknown) {
    super("MESOS_CLIENT_ACCESS", message, { retryable, cause });
  }
}

/** The server answered with a status that is no success. */
export class StatusError extends MesosError {
  readonly status: number;
  /** The first 500 bytes of the answer. */
  readonly body: string;

  constructor(o: StatusErrorOptions, code = "MESOS_CLIENT_STATUS") {
    const body = shortened(o.body);
    const text = [messageInside(o.body), o.hint].filter(Boolean).join("; ");
    super(code, `${o.method} ${withoutSecrets(o.url)} answered ${o.status}${text && `: ${text}`}`, {
      retryable: o.retryable ?? (o.status >= 500 && o.status !== 501),
    });
    this.status = o.status;
    this.body = body;
  }
}

/** Marathon refused a write with 409: the app exists already, or deployments lock it. */
export class ConflictError extends StatusError {
  /** The running deployments that lock the app; empty when it is another conflict. */
  readonly deployments: readonly string[];

  constructor(o: StatusErrorOptions, deployments: readonly string[]) {
    super({ ...o, retryable: deployments.length > 0 }, "MESOS_CLIENT_CONFLICT");
    this.deployments = deployments;
  }
}

/** A success whose body is not what the API promises: cut off, HTML of a proxy, another program's answer. */
export class DecodeError extends MesosError {
  constructor(method: string, url: string, body: string, why: string, cause?: unknown) {
    const start = startOf(body);
    super(
      "MESOS_CLIENT_DECODE",
      `${method} ${withoutSecrets(url)} answered with something unexpected (${why}): ${start}`,
      { cause, retryable: true },
    );
  }
}

/** Whether `error` says that every configured address refused the connection. */
export function isRefused(error: unknown): boolean {
  return isMesosError(error) && "refused" in error && error.refused === true;
}

/** Whether `error` says that no address answered. */
export function isUnreachable(error: unknown): boolean {
  return isMesosError(error) && error.code === "MESOS_CLIENT_UNREACHABLE";
}

/**
 * Whether a write that failed with `error` may have been carried out: its answer was lost, cut off, or came from a
 * server that fails. What is there now has to be read.
 */
export function isUncertain(error: unknown): boolean {
  if (!isMesosError(error)) return false;
  switch (error.code) {
    case "MESOS_CLIENT_UNREACHABLE":
      return "sent" in error && error.sent === true;
    case "MESOS_CLIENT_STATUS":
      return error.retryable;
    default:
      return error.code === "MESOS_CLIENT_DECODE";
  }
}

/** The 409 of Marathon as {@link ConflictError}, also from another copy of this package. */
export function isConflict(error: unknown): error is ConflictError {
  return isMesosError(error) && error.code === "MESOS_CLIENT_CONFLICT";
}

/** Whether `error` says that there is no way to the servers. */
export function isAccessFault(error: unknown): error is MesosError {
  return isMesosError(error) && error.code === "MESOS_CLIENT_ACCESS";
}

/** Whether another address would only say the same: an answer, or no way to any. */
export function isHopeless(error: unknown): boolean {
  return error instanceof StatusError || (isAccessFault(error) && !error.retryable);
}

/** The {@link AccessError} that `error` is, or that caused it. */
export function accessFaultIn(error: unknown): MesosError | undefined {
  if (isAccessFault(error)) return error;
  return error instanceof Error && error.cause !== undefined ? accessFaultIn(error.cause) : undefined;
}

/** Whether `error` came from an abort of the caller's signal. */
export function isAborted(error: unknown): boolean {
  return isMesosError(error) && error.code === "MESOS_CLIENT_ABORTED";
}

/** The `code` of a system error (`ECONNREFUSED`), also inside an AggregateError of several addresses. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "string" && !error.code.startsWith("MESOS_"))
    return error.code;
  return "cause" in error ? errorCode(error.cause) : undefined;
}

/** The connection was never made. */
const notSent = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

/** Whether a request that failed with `error` certainly reached no server, so that even a POST can be sent elsewhere. */
export function wasNotSent(error: unknown): boolean {
  return error instanceof TlsError || isAccessFault(error) || notSent.has(errorCode(error) ?? "");
}

/** Each reason once. */
function reasonsOf(attempts: readonly unknown[]): string {
  return [...new Set(attempts.map(messageOf))].join("; ");
}

/** `url` without user, password and query. */
function withoutSecrets(url: string): string {
  return shownUrl(url.replace(/\?.*/, ""));
}

/** Marathon's own words in a JSON body; the words of a page without its markup. */
function messageInside(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && "message" in value) {
      const details = "details" in value ? ` ${JSON.stringify(value.details)}` : "";
      return shortened(`${String(value.message)}${details}`);
    }
  } catch {
    // a page of a proxy, for example
  }
  return shortened(body.trimStart().startsWith("<") ? wordsOf(body) : body);
}

/** How a body begins that is not what it should be; of JSON only how long it is, because anything in it may be secret. */
function startOf(body: string): string {
  const text = body.trimStart();
  if (text === "") return "an empty body";
  if (/^[[{"]/.test(text)) return `${body.length} characters of JSON, whole or cut off`;
  return shortened(text.startsWith("<") ? wordsOf(text) : text);
}

function wordsOf(page: string): string {
  return page.replace(/<(head|style|script)\b[\s\S]*?<\/\1>/gi, " ").replace(/<[^>]*>/g, " ");
}

function shortened(text: string): string {
  return Buffer.from(text.replace(/\s+/g, " ").trim()).subarray(0, 500).toString();
}
