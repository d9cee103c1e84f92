// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import { certificateList, certificatePath } from "../haproxy/certificate-store";
import { mapFile, type RouteTables, tablesOf } from "./maps";
import { quote } from "./quote";
import { remembered } from "./remembered";
import { backendLines, shortestCheckSeconds } from "./render-backend";
import type { Backend, PortFrontend, Route, Routes } from "./route";
import type { SlotTable } from "./slots";
import { mapKeys, stagesOf } from "./stages";

/** What the configuration holds beside routes. */
export interface RenderSettings {
  /** Where traffic enters: `host:port`. */
  readonly frontendBind: string;
  /** Absolute path of the directory with the map files. */
  readonly mapDirectory: string;
  readonly nbthread: number;
  readonly maxconn: number;
  /** Password of `admin` on the page /haproxy_stats; no page without it. */
  readonly statsPassword?: string;
  /** Where apps that want HTTPS send those who came without; the port of the scheme where this edge has no HTTPS. */
  readonly httpsPort?: number;
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

/** What a digest was made from. */
interface Shaped {
  readonly head: string;
  readonly backends: readonly Backend[];
  readonly sizes: readonly number[];
  readonly digest: string;
}

/** The last digest for routes: they are the same ones while tasks come and go. */
const shaped = new WeakMap<Routes["routes"], Shaped>();

/**
 * The digest of everything that only a reload changes: all but the tasks in the slots. It is that of the text, so that a later
 * edge, which writes another text for the same routes, does not leave an earlier one's HAProxy as it is.
 */
export function shapeOf(routes: Routes, table: SlotTable, settings: RenderSettings): string {
  const head = JSON.stringify([settings, routes.ports]);
  const { backends } = routes;
  const sizes = backends.map(({ name }) => table.get(name)?.length ?? 0);
  const last = shaped.get(routes.routes);
  const isLast = last?.head === head && isAlike(last.backends, backends) && isSame(last.sizes, sizes);
  const digest = isLast ? last.digest : digestOfShape(routes, sizes, settings);
  shaped.set(routes.routes, { head, backends, sizes, digest });
  return digest;
}

function digestOfShape(routes: Routes, sizes: readonly number[], settings: RenderSettings): string {
  const text = render(routes, new Map(), settings, { number: 0, shape: "" });
  return createHash("sha256").update(`${text}${sizes}`).digest("hex").slice(0, 16);
}

function isAlike(some: readonly Backend[], others: readonly Backend[]): boolean {
  const same = (one: Backend, other: Backend | undefined): boolean =>
    one === other || (other !== undefined && shapeText(one) === shapeText(other));
  return some.length === others.length && some.every((one, index) => same(one, others[index]));
}

function isSame(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

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
    ...head(settings, generation, routes.ports.some(isTls)),
    ...frontend(routes, settings),
    ...routes.ports.flatMap((port) => portFrontend(port, settings)),
    ...routes.backends.flatMap((b) => backendLines(b, table.get(b.name) ?? [], settings.httpsPort)),
    ...(settings.extra === undefined ? [] : ["", settings.extra]),
    "",
  ].join("\n");
}

/** How long a connection to a task may take. */
export const connectMs = 1_000;

/** Mozilla's intermediate configuration, version 5.7. */
const tlsDefaults = [
  `  ssl-default-bind-ciphers ${[
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "DHE-RSA-AES128-GCM-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-CHACHA20-POLY1305",
  ].join(":")}`,
  "  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
  "  ssl-default-bind-options prefer-client-ciphers ssl-min-ver TLSv1.2 no-tls-tickets",
  "  tune.ssl.default-dh-param 2048",
];

function head(settings: RenderSettings, generation: Generation, hasTls: boolean): string[] {
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
    ...(hasTls ? tlsDefaults : []),
    "defaults",
    "  mode http",
    `  timeout connect ${connectMs}ms`,
    "  timeout client 60s",
    "  timeout server 60s",
    "  # One side of a tunnel that has gone without a word must not hold the other for the hour that a tunnel may idle.",
    "  timeout client-fin 60s",
    "  timeout server-fin 60s",
    "  timeout queue 5s",
    "  timeout http-request 10s",
    "  timeout http-keep-alive 60s",
    "  timeout tunnel 1h",
    `  timeout check ${shortestCheckSeconds}s`,
    "  option dontlognull",
    "  option redispatch 1",
    "  retries 3",
    "  retry-on conn-failure empty-response",
    "  # Each request has a connection of its own to its task: a kept one may be closed by the task at the moment at which",
    "  # a request comes that must not be sent twice. Clients keep theirs.",
    "  option http-server-close",
    "  # A host that fell silent also has requests that wait for it: they are told after three seconds, and sent again.",
    "  option srvtcpka",
    "  srvtcpka-idle 1s",
    "  srvtcpka-intvl 1s",
    "  srvtcpka-cnt 2",
    "  # It is out after two connections that failed, long before Mesos misses it.",
    "  default-server check inter 10s fastinter 1s downinter 2s fall 2 rise 1 observe layer4 error-limit 2 on-error mark-down",
  ];
}

function frontend({ routes, ports }: Routes, settings: RenderSettings): string[] {
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
    ...ports.filter(isHttpsFront).map((port) => bindLine(port, settings)),
    ...httpFrontend,
    ...forwardedProto(settings),
    ...stats,
    "  http-request set-var(txn.path) path",
    ...routingLines(tablesOf(routes), settings),
  ];
}

/** Lines and maps in the order in which routes are tried; of a map the longest prefix counts. */
function routingLines(tables: RouteTables, { mapDirectory }: RenderSettings): string[] {
  return stagesOf(tables).flatMap((stage) => {
    if (stage.kind === "line") return routeLines(stage.route);
    const { expression } = mapKeys[stage.map];
    const lookup = `${expression},map_beg(${quote(join(mapDirectory, mapFile(stage.map)))})`;
    return [`  use_backend %[${lookup}] if { ${lookup} -m found }`];
  });
}

const httpFrontend = [
  "  option forwardfor",
  "  # A kept connection gets its next answer from the old worker, which then closes it, instead of a closed door.",
  "  option idle-close-on-response",
  "  # Only what may be sent twice is sent again after a connection that ended without an answer.",
  "  http-request disable-l7-retry unless METH_GET or METH_HEAD or METH_OPTIONS",
];

function routeLines(route: Route): string[] {
  const { acl, backend } = route;
  if (acl.kind === "host") {
    const path = `path_beg${acl.ignoreCase ? " -i" : ""} -- ${quote(acl.path)}`;
    const rest = acl.path === "/" ? "" : ` { ${path} }`;
    return [`  use_backend ${backend} if { req.hdr(host),host_only -m str -i ${acl.host} }${rest}`];
  }
  const condition = acl.kind === "explicit" ? acl.text : `path_beg -i -- ${quote(acl.path)}`;
  return [`  acl ${aclName(route)} ${condition}`, `  use_backend ${backend} if ${aclName(route)}`];
}

/** Name of the frontend of a port; HAProxy's complaints about its address name it. */
export function portFrontendName({ port }: Pick<PortFrontend, "port">): string {
  return `port-${port}`;
}

/** Address of ports that name none: the one where other traffic enters. */
export function bindHost({ frontendBind }: RenderSettings): string {
  return frontendBind.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

/** Whether this is the HTTPS port, which is one more entrance of the main frontend. */
function isHttpsFront({ backend }: PortFrontend): boolean {
  return backend === undefined;
}

function isTls(port: PortFrontend): boolean {
  return isHttpsFront(port) || port.certificate !== undefined;
}

function bindLine(frontend: PortFrontend, settings: RenderSettings): string {
  const { address = bindHost(settings), port, mode, certificate } = frontend;
  const host = isIPv6(address) ? `[${address}]` : address;
  const shown =
    certificate === undefined ? `crt-list ${certificateList}` : `crt ${certificatePath(certificate)}`;
  const tls = isTls(frontend) ? ` ssl ${shown}${mode === "http" ? " alpn h2,http/1.1" : ""}` : "";
  return `  bind ${host}:${port}${tls}`;
}

/** How the client came. Where nothing ends TLS here, what a balancer in front says is left alone. */
function forwardedProto({ httpsPort }: RenderSettings): string[] {
  if (httpsPort === undefined) return [];
  return [
    "  http-request set-header X-Forwarded-Proto http",
    "  http-request set-header X-Forwarded-Proto https if { ssl_fc }",
  ];
}

function portFrontend(frontend: PortFrontend, settings: RenderSettings): string[] {
  if (isHttpsFront(frontend)) return [];
  return [
    "",
    `frontend ${portFrontendName(frontend)}`,
    `  mode ${frontend.mode}`,
    bindLine(frontend, settings),
    ...(frontend.mode === "http" ? [...httpFrontend, ...forwardedProto(settings)] : []),
    `  default_backend ${frontend.backend}`,
  ];
}

/** Name of a route's acl. */
export function aclName(route: Route): string {
  return route.backend.replace(/-cluster$/, "-aclrule");
}
