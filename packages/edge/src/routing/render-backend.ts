// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from "node:net";
import type { BackendOptions } from "./labels";
import { quote } from "./quote";
import { remembered } from "./remembered";
import type { Backend } from "./route";
import { emptySlot, type Slot, slotName } from "./slots";

/** One backend's section, and its users where it asks for a password. */
export function backendLines(b: Backend, slots: readonly Slot[], httpsPort?: number): string[] {
  const options = b.options ?? { mode: "http" };
  const isHttp = options.mode === "http";
  const servers = serversText[options.sticky ? "sticky" : "plain"][b.tls ? "tls" : "clear"](slots);
  return [
    ...(options.auth
      ? ["", `userlist ${b.name}`, `  user ${quote(options.auth.user)} password ${quote(options.auth.hash)}`]
      : []),
    "",
    `backend ${b.name}`,
    ...(isHttp ? [] : ["  mode tcp"]),
    `  balance ${options.balance ?? "leastconn"}`,
    ...allowedLines(options),
    ...(isHttp ? httpLines(b.name, options, httpsPort) : []),
    ...(isHttp && b.checkPath !== undefined ? checkLines(b.checkPath, b.checkSeconds ?? 0) : []),
    servers,
  ];
}

/** How long the answer to a check may take at least, which is what all of them get, and at most. */
export const shortestCheckSeconds = 5;
const longestCheckSeconds = 60;

/** The task's own address, as Marathon names it in its checks; one of IPv6 in brackets. */
const checkedHost = "\"%[bc_dst,regsub('^(.*:.*)\\$','[\\1]')]:%[bc_dst_port]\"";

/** As Marathon asks: by HTTP/1.1, which some servers insist on, and with the patience that Marathon has. */
function checkLines(path: string, seconds: number): string[] {
  const patience = Math.ceil(Math.min(seconds, longestCheckSeconds));
  return [
    "  option httpchk",
    `  http-check send meth GET uri ${path} ver HTTP/1.1 hdr Host ${checkedHost}`,
    ...(patience > shortestCheckSeconds ? [`  timeout check ${patience}s`] : []),
  ];
}

function httpLines(name: string, o: BackendOptions, httpsPort: number | undefined): string[] {
  return [
    ...(o.redirectToHttps ? [redirectLine(httpsPort)] : []),
    ...(o.auth ? [`  http-request auth realm ${quote(o.auth.realm)} unless { http_auth(${name}) }`] : []),
    ...(o.rootRedirect
      ? [`  http-request redirect code 301 location ${o.rootRedirect.replaceAll("%", "%%")} if { path / }`]
      : []),
    ...(o.stripPath
      ? [
          `  http-request replace-path ${quote(`^${escapeRegex(o.stripPath.replace(/\/$/, ""))}(/|$)(.*)`)} '/\\2'`,
        ]
      : []),
    ...(o.hsts ? [hstsLine] : []),
    ...(o.sticky ? ["  cookie mesosphere_server_id insert indirect nocache"] : []),
    // Beside X-Forwarded-Proto; where nothing ends TLS here, what a balancer in front says is left alone.
    ...(httpsPort === undefined ? [] : ["  http-request set-header X-Forwarded-Port %[dst_port]"]),
  ];
}

/** Also of answers that are HAProxy's own. */
const hstsLine = "  http-after-response set-header Strict-Transport-Security max-age=15768000 if { ssl_fc }";

/** To this edge's HTTPS port, or to that of another which the host's name leads to. */
function redirectLine(httpsPort: number | undefined): string {
  if (httpsPort === undefined) return "  http-request redirect scheme https code 301 if !{ ssl_fc }";
  const port = httpsPort === 443 ? "" : `:${httpsPort}`;
  return `  http-request redirect code 301 location https://%[req.hdr(host),host_only]${port}%[pathq] if !{ ssl_fc }`;
}

/** HAProxy takes 64 words a line, so long lists have several conditions of one name. */
function allowedLines({ allowed, mode }: BackendOptions): string[] {
  if (!allowed) return [];
  const lines: string[] = [];
  for (let i = 0; i < allowed.length; i += 32)
    lines.push(`  acl allowed src ${allowed.slice(i, i + 32).join(" ")}`);
  return [
    ...lines,
    mode === "http" ? "  http-request deny unless allowed" : "  tcp-request content reject unless allowed",
  ];
}

const serversText = {
  plain: {
    clear: remembered((slots: readonly Slot[]) => serverLines(slots, "", false)),
    tls: remembered((slots: readonly Slot[]) => serverLines(slots, " ssl verify none", false)),
  },
  sticky: {
    clear: remembered((slots: readonly Slot[]) => serverLines(slots, "", true)),
    tls: remembered((slots: readonly Slot[]) => serverLines(slots, " ssl verify none", true)),
  },
};

function serverLines(slots: readonly Slot[], options: string, isSticky: boolean): string {
  const lines = slots.map((slot, index) => {
    // One that drains has no place in a new worker: the old one finishes its requests.
    const is = slot.state === "ready" ? slot : emptySlot;
    const address = `${isIPv6(is.address) ? `[${is.address}]` : is.address}:${is.port}`;
    const cookie = isSticky ? ` cookie ${slotName(index)}` : "";
    const weight = is.weight === undefined ? "" : ` weight ${is.weight}`;
    return `  server ${slotName(index)} ${address}${options}${cookie}${weight}${is.state === "ready" ? "" : " disabled"}`;
  });
  return lines.join("\n");
}

function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
