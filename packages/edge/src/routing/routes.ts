// SPDX-License-Identifier: Apache-2.0
import type { BambooService } from "@pulumi-mesos/model";
import type { PlacedApp } from "../discovery/rotation";
import { combined } from "./combined";
import { newMemo, partsOf, type RoutingMemo } from "./parts";
import type { PortFrontend, Resolve, Routes } from "./route";

/** What an edge is told beside apps and rules. */
export interface RoutingSettings {
  /** Groups of marathon-lb's labels that this edge serves. @default all */
  readonly groups?: readonly string[];
  /** Ports that are the edge's own. */
  readonly takenPorts?: ReadonlySet<number>;
  /** The HTTPS port, once there are certificates. */
  readonly https?: PortFrontend;
  /** File in the store of the good certificate that a label names. */
  readonly certificateOf?: (name: string) => string | undefined;
}

const everybody = ["*"];

/**
 * Makes routes from apps and rules.
 *
 * Explicit rules come first: by `Priority`, then conditions other than a plain prefix by the ids of their apps, then plain
 * prefixes, the longest first. Then hosts of labels by weight and length of the path, then Bamboo's default for apps that
 * have neither. An explicit rule that matches everything (`path_beg /`) comes last, because behind it nothing could be
 * reached. A rule with weights leads to the tasks of the apps that it names, whether or not an app has its id.
 */
export function routesOf(
  apps: Iterable<PlacedApp>,
  rules: ReadonlyMap<string, BambooService>,
  resolve: Resolve,
  memo: RoutingMemo = newMemo(),
  settings: RoutingSettings = {},
): Routes {
  const parts = partsOf({ apps, rules, resolve, memo, groups: settings.groups ?? everybody });
  memo.all = combined(parts, memo.all);
  const { routes, backends, leftOut } = memo.all;
  const shared = sharedPorts(parts, settings);
  return {
    routes,
    backends,
    ports: [...(settings.https ? [settings.https] : []), ...shared.ports],
    leftOut: shared.leftOut.size === 0 ? leftOut : new Map([...leftOut, ...shared.leftOut]),
  };
}

/** The ports of all: of several who want the same one the first has it. */
function sharedPorts(
  parts: readonly Routes[],
  settings: RoutingSettings,
): { readonly ports: Iterable<PortFrontend>; readonly leftOut: ReadonlyMap<string, string> } {
  const ports = new Map<number, PortFrontend>();
  const leftOut = new Map<string, string>();
  for (const frontend of portsOf(parts)) {
    const holder = settings.takenPorts?.has(frontend.port)
      ? "the edge itself"
      : ports.get(frontend.port)?.appId;
    const { frontend: served, reason } = withCertificate(frontend, settings);
    if (holder !== undefined) leftOut.set(portId(frontend), `the port is taken by ${holder}`);
    else if (reason !== undefined) leftOut.set(portId(frontend), reason);
    else ports.set(frontend.port, served);
  }
  return { ports: ports.values(), leftOut };
}

/** Few apps have ports of their own. */
function portsOf(parts: readonly Routes[]): PortFrontend[] {
  const ports: PortFrontend[] = [];
  for (const part of parts) if (part.ports.length > 0) ports.push(...part.ports);
  return ports;
}

/** Name of a port where it is left out. */
export function portId({ appId, port }: PortFrontend): string {
  return `${appId} port ${port}`;
}

/** Certificates of labels are those of the edge: an app's label must not name any file. Nobody is served in clear instead. */
function withCertificate(
  frontend: PortFrontend,
  { certificateOf }: RoutingSettings,
): { frontend: PortFrontend; reason?: string } {
  if (frontend.certificate === undefined) return { frontend };
  const certificate = certificateOf?.(frontend.certificate);
  if (certificate !== undefined) return { frontend: { ...frontend, certificate } };
  const name = JSON.stringify(frontend.certificate.slice(0, 100));
  return { frontend, reason: `SSL_CERT: this edge has no good certificate of the name ${name}` };
}
