// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import type { Backend, Route, Routes } from "./routes";
import { emptySlot, type Slot, type SlotTable, slotName } from "./slots";

/** What the configuration holds beside routes. */
export interface RenderSettings {
  /** Where traffic enters: `host:port`. */
  readonly frontendBind: string;
  readonly nbthread: number;
  readonly maxconn: number;
  /** Password of `admin` on the page /haproxy_stats; no page without it. */
  readonly statsPassword?: string;
  /** Sections of the user's own, put at the end. */
  readonly extra?: string;
  /** How long an old worker may finish its requests after a reload. */
  readonly hardStopAfter: string;
}

/** Identifies one start or reload of HAProxy: each has its own socket, so that an old worker is never asked. */
export interface Generation {
  readonly number: number;
  /** Of {@link shapeOf}; HAProxy tells it as its description. */
  readonly shape: string;
}

/** The digest of everything that only a reload changes: all but the tasks in the slots. */
export function shapeOf(routes: Routes, table: SlotTable, settings: RenderSettings): string {
  const backends = routes.backends.map((b) => `${shapeText(b)} ${table.get(b.name)?.length ?? 0}`);
  const parts = [JSON.stringify(settings), ...routes.routes.map(routeText), ...backends];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

/** Texts of what does not change while one task of a thousand apps comes or goes. */
function remembered<K extends object>(make: (key: K) => string): (key: K) => string {
  const texts = new WeakMap<K, string>();
  return (key) => {
    const known = texts.get(key);
    if (known !== undefined) return known;
    const text = make(key);
    texts.set(key, text);
    return text;
  };
}

const routeText = remembered((route: Route) => JSON.stringify(route));
const shapeText = remembered(({ servers: _, ...shape }: Backend) => JSON.stringify(shape));

/** Name of the socket of a generation's worker, relative to HAProxy's directory. */
export function socketName(generation: number): string {
  return `worker-${generation}.sock`;
}

/** The text of haproxy.cfg. */
export function render(
  routes: Routes,
  table: SlotTable,
  settings: RenderSettings,
  generation: Generation,
): string {
  return [
    ...head(settings, generation),
    ...frontend(routes.routes, settings),
    ...routes.backends.flatMap((b) => backend(b, table.get(b.name) ?? [])),
    ...(settings.extra === undefined ? [] : ["", settings.extra]),
    "",
  ].join("\n");
}

function head(settings: RenderSettings, generation: Generation): string[] {
  return [
    "# Written by mesos-edge, which replaces it at the next change.",
    "global",
    `  description mesos-edge ${generation.shape} ${generation.number}`,
    `  stats socket unix@${socketName(generation.number)} mode 600 level admin`,
    `  hard-stop-after ${settings.hardStopAfter}`,
    "  mworker-max-reloads 50",
    `  maxconn ${settings.maxconn}`,
    "  no strict-limits",
    `  nbthread ${settings.nbthread}`,
    "  spread-checks 20",
    "defaults",
    "  mode http",
    "  timeout connect 2s",
    "  timeout client 60s",
    "  timeout server 60s",
    "  timeout queue 5s",
    "  timeout http-request 10s",
    "  timeout http-keep-alive 60s",
    "  timeout tunnel 1h",
    "  timeout check 5s",
    "  option dontlognull",
    "  option redispatch 1",
    "  retries 3",
    "  retry-on conn-failure empty-response",
    "  default-server check inter 10s fastinter 1s downinter 2s fall 2 rise 1",
  ];
}

function frontend(routes: readonly Route[], settings: RenderSettings): string[] {
  const stats = settings.statsPassword
    ? [
        "  stats enable",
        "  stats uri /haproxy_stats",
        "  stats hide-version",
        `  stats auth ${quote(`admin:${settings.statsPassword}`)}`,
      ]
    : [];
  return [
    "",
    "frontend http-in",
    `  bind ${settings.frontendBind}`,
    "  option forwardfor",
    "  # A kept connection gets its next answer from the old worker, which then closes it, instead of a closed door.",
    "  option idle-close-on-response",
    "  # Only what may be sent twice is sent again after a connection that ended without an answer.",
    "  http-request disable-l7-retry unless METH_GET or METH_HEAD or METH_OPTIONS",
    ...stats,
    ...routes.flatMap((route) => {
      const name = aclName(route);
      const condition =
        route.acl.kind === "explicit" ? route.acl.text : `path_beg -i -- ${quote(route.acl.path)}`;
      return [`  acl ${name} ${condition}`, `  use_backend ${route.backend} if ${name}`];
    }),
  ];
}

/** Name of a route's acl. */
export function aclName(route: Route): string {
  return route.backend.replace(/-cluster$/, "-aclrule");
}

function backend(b: Backend, slots: readonly Slot[]): string[] {
  return [
    "",
    `backend ${b.name}`,
    "  balance leastconn",
    ...(b.checkPath === undefined ? [] : [`  option httpchk GET ${b.checkPath}`]),
    b.tls ? tlsServersText(slots) : serversText(slots),
  ];
}

const serversText = remembered((slots: readonly Slot[]) => serverLines(slots, ""));
const tlsServersText = remembered((slots: readonly Slot[]) => serverLines(slots, " ssl verify none"));

function serverLines(slots: readonly Slot[], options: string): string {
  const lines = slots.map((slot, index) => {
    // One that drains has no place in a new worker: the old one finishes its requests.
    const is = slot.state === "ready" ? slot : emptySlot;
    const address = `${isIPv6(is.address) ? `[${is.address}]` : is.address}:${is.port}`;
    return `  server ${slotName(index)} ${address}${options}${is.state === "ready" ? "" : " disabled"}`;
  });
  return lines.join("\n");
}

/** One word for HAProxy's parser, whatever is in it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
