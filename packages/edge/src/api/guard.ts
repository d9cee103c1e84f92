// SPDX-License-Identifier: Apache-2.0
import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** The parts of a request by which a browser on a foreign page is told from a client. */
export interface GuardedRequest {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** The header `Sec-Fetch-Site`, which only browsers send. */
  readonly fetchSite: string | undefined;
  /** A file of the edge's own page, which tells nothing and which other sites may link to. */
  readonly isPage?: boolean;
  /** Of HTTP/1.0, which knows no Host and no browser speaks: so a balancer asks whether this edge lives. */
  readonly isOld?: boolean;
}

/**
 * Says why a request may come from a foreign web page, or nothing.
 *
 * The API has no password, so a page that the operator's browser shows must not reach it: not by another Origin, not by a
 * name that was rebound to this address, not by a form. A browser tells of itself by Origin or Sec-Fetch-Site; other
 * clients may send any media type, as Bamboo's own did.
 */
export function refusal(request: GuardedRequest, advertised: ReadonlySet<string>): string | undefined {
  const { host, origin, fetchSite, isPage = false, isOld = false } = request;
  const name = hostName(host);
  const isOwn = name !== undefined && (isIP(name) || name === "localhost" || advertised.has(name));
  if (!isOwn && !(isOld && host === undefined)) {
    return `host ${JSON.stringify(host ?? "")} is not a name of this edge; give it by --endpoint, or ask by an IP address`;
  }
  if (origin !== undefined && originHost(origin) !== host?.toLowerCase()) {
    return `origin ${JSON.stringify(origin)} is foreign`;
  }
  if (isPage) return undefined;
  if (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none") {
    return `a page of another site asks (Sec-Fetch-Site: ${fetchSite})`;
  }
  return undefined;
}

/** Whether this is the path that tells that the program lives, and nothing else. */
export function isStatus(url: string): boolean {
  return /^\/status\/?(\?|$)/.test(url);
}

/** Whether a path is answered without a token: it tells nothing of apps, or is Marathon's own call. */
export function isOpen(url: string): boolean {
  return isStatus(url) || /^\/api\/marathon\/event_callback\/?(\?|$)/.test(url);
}

/** Whether a request brings the token, without telling by its time how much of it is right. */
export function hasToken(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  return given !== undefined && timingSafeEqual(sha256(given), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** The name or address in a Host header, without port and brackets. */
function hostName(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/@\s]+))(?::\d+)?$/.exec(host ?? "");
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function originHost(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin.toLowerCase())?.[1];
}
