// SPDX-License-Identifier: Apache-2.0
import { ApiError, invalid, unreadable } from "../api-error";
import { appShape, appUpdateShape } from "./app-shape";
import { oldShapeViolations, withoutEmptyTwins } from "./old-shapes";
import { absolute } from "./path-id";
import { readShape } from "./reader";

/** An app document as read, deprecated keys already moved to their modern places; no default is filled in. */
export type AppDocument = Record<string, unknown> & {
  id?: string;
  networks?: { mode?: string; name?: string; labels?: Record<string, string> }[];
  container?: Record<string, unknown> & { docker?: Record<string, unknown>; portMappings?: unknown[] };
  portDefinitions?: Record<string, unknown>[];
};

/** Reads a whole app (`update` false) or an update of one; `path` leads every violation, `base` resolves relative ids. */
export function readApp(
  raw: unknown,
  options: { update: boolean; path?: string; base?: string },
): AppDocument {
  const { value, violations } = readShape(
    options.update ? appUpdateShape : appShape,
    raw,
    options.path ?? "",
  );
  if (violations.length > 0) throw unreadable(violations);
  const old = oldShapeViolations(value as Record<string, unknown>, options.update, options.path);
  if (old.length > 0) throw invalid(old);
  const document = modernise(withoutEmptyTwins(value as Record<string, unknown>));
  const base = options.base ?? "/";
  if (document.id !== undefined) document.id = absolute(document.id, base);
  const dependencies = document["dependencies"] as string[] | undefined;
  if (dependencies !== undefined) {
    document["dependencies"] = [...new Set(dependencies.map((d) => absolute(d, base)))];
  }
  return document;
}

/** Moves `docker.network`, `docker.portMappings`, `ipAddress`, `ports` and `uris` to where 1.5 and later keep them. */
function modernise(document: Record<string, unknown>): AppDocument {
  const app: AppDocument = { ...document };
  moveDockerNetworking(app);
  moveIpAddress(app);
  movePorts(app);
  moveUris(app);
  return app;
}

function moveDockerNetworking(app: AppDocument): void {
  const docker = app.container?.docker;
  if (app.container === undefined || docker === undefined) return;
  const { network, portMappings, ...rest } = docker;
  app.container = { ...app.container, docker: rest };
  if (portMappings !== undefined) {
    if (app.container.portMappings !== undefined) {
      throw new ApiError(500, {
        message: "cannot specify both container.docker.portMappings and container.portMappings",
      });
    }
    app.container.portMappings = portMappings as unknown[];
  }
  if (network === undefined) return;
  if (network === "USER") {
    const address = app["ipAddress"] as { networkName?: string; labels?: Record<string, string> } | undefined;
    app.networks = [{ mode: "container", name: address?.networkName, labels: address?.labels }];
    delete app["ipAddress"];
  } else {
    app.networks = [{ mode: network === "BRIDGE" ? "container/bridge" : "host" }];
  }
}

interface IpAddress {
  networkName?: string;
  labels?: Record<string, string>;
  discovery?: {
    ports?: { number?: number; name?: string; protocol?: string; labels?: Record<string, string> }[];
  };
}

function moveIpAddress(app: AppDocument): void {
  const address = app["ipAddress"] as IpAddress | undefined;
  if (address === undefined) return;
  delete app["ipAddress"];
  app.networks = [{ mode: "container", name: address.networkName, labels: address.labels }];
  const ports = address.discovery?.ports ?? [];
  if (ports.length > 0 && app.container?.portMappings === undefined) {
    app.container = {
      ...(app.container ?? { type: "MESOS" }),
      portMappings: ports.map((p) => ({
        containerPort: p.number ?? 0,
        name: p.name,
        protocol: p.protocol,
        labels: p.labels,
      })),
    };
  }
}

function movePorts(app: AppDocument): void {
  const ports = app["ports"] as number[] | undefined;
  delete app["ports"];
  if (ports === undefined) return;
  app.portDefinitions ??= ports.map((port) => ({ port }));
}

const archives = [".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip"];

function moveUris(app: AppDocument): void {
  const uris = app["uris"] as string[] | undefined;
  delete app["uris"];
  if (uris === undefined) return;
  app["fetch"] = uris.map((uri) => ({ uri, extract: archives.some((end) => uri.endsWith(end)) }));
}
