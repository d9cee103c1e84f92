// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";

/** What the browser guard looks at. */
export interface GuardedRequest {
  readonly method: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly contentType: string | undefined;
  /** Forms are taken here from programs: a browser's request has an Origin or says where it comes from. */
  readonly forms?: boolean;
}

/** Why a request is refused. */
export interface Refusal {
  readonly status: 403 | 415;
  readonly message: string;
}

const withoutPreflight = new Set(["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]);
const safe = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Why a request that a foreign web page may have caused is refused; undefined lets it pass.
 *
 * These programs run commands, so even with security off no page of another site may reach them: a foreign `Origin`, a
 * `Host` that is no IP address, not localhost and not an advertised name (DNS rebinding), and on requests that change
 * state the media types that a browser sends without asking first. `readers` are origins that may read, never change:
 * lower case, `*` for all.
 */
export function refusal(
  request: GuardedRequest,
  names: ReadonlySet<string>,
  readers: ReadonlySet<string> = new Set(),
): Refusal | undefined {
  const { host, origin } = request;
  if (host !== undefined && !isOwnName(hostName(host), names)) {
    return {
      status: 403,
      message: `Host '${host}' is neither an IP address nor localhost nor a name that this server advertises`,
    };
  }
  const mayRead = safe.has(request.method) && (readers.has("*") || readers.has((origin ?? "").toLowerCase()));
  if (origin !== undefined && !mayRead && !isSameOrigin(origin, host)) {
    return { status: 403, message: `Origin '${origin}' is not this server` };
  }
  const media = request.contentType?.split(";")[0]?.trim().toLowerCase();
  if (
    media !== undefined &&
    !safe.has(request.method) &&
    withoutPreflight.has(media) &&
    request.forms !== true
  ) {
    return { status: 415, message: `media type '${media}' is not accepted here, send application/json` };
  }
  return undefined;
}

/** The name in a Host header, lower case, without port and brackets. */
function hostName(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  if (bracketed !== null) return (bracketed[1] ?? "").toLowerCase();
  return host.replace(/:\d*$/, "").toLowerCase();
}

function isOwnName(name: string, names: ReadonlySet<string>): boolean {
  return isIP(name) !== 0 || name === "localhost" || names.has(name);
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  const schemes = ["http", "https"];
  return host !== undefined && schemes.some((s) => origin.toLowerCase() === `${s}://${host.toLowerCase()}`);
}
