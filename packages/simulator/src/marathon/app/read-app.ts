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

/** Moves `docker.network`, `docker.portMappings`, `ipAddress`, `ports` and `uris` to where 1.5 and later keep them (code: AppNormalization). */
function modernise(document: Record<string, unknown>): AppDocument {
  const app: AppDocument = { ...document };
  const address = app["ipAddress"] as IpAddress | undefined;
  const network = app.container?.docker?.["network"] as string | undefined;
  delete app["ipAddress"];
  const networks = oldNetworks(address, network);
  if (networks !== undefined) app.networks = networks;
  if (app.container === undefined && address !== undefined) app.container = { type: "MESOS" };
  if (app.container !== undefined) {
    app.container = moveDiscovery(movePortMappings(app.container), address?.discovery?.ports ?? []);
  }
  movePorts(app);
  moveUris(app);
  return app;
}

interface IpAddress {
  networkName?: string;
  labels?: Record<string, string>;
  discovery?: {
    ports?: { number?: number; name?: string; protocol?: string; labels?: Record<string, string> }[];
  };
}

/** Marathon breaks off with an exception where the old keys cannot be made into new ones. */
function unmovable(message: string): ApiError {
  return new ApiError(500, { message });
}

/** The networks that the old keys mean; undefined where neither is given. */
function oldNetworks(address: IpAddress | undefined, network: string | undefined): AppDocument["networks"] {
  const labels = address?.labels;
  switch (network) {
    case "HOST":
      return [{ mode: "host" }];
    case "BRIDGE":
      return [{ mode: "container/bridge", labels }];
    case "USER":
      return [{ mode: "container", name: address?.networkName, labels }];
    case undefined:
      if (address === undefined) return undefined;
      // Nobody should name Mesos's bridge so, but Marathon is tolerant.
      if (address.networkName === "mesos-bridge") return [{ mode: "container/bridge", labels }];
      return [{ mode: "container", name: address.networkName, labels }];
    default:
      throw unmovable(`unsupported docker network type ${network}`);
  }
}

type Container = NonNullable<AppDocument["container"]>;

function movePortMappings(container: Container): Container {
  if (container.docker === undefined) return container;
  const {
    network: _network,
    portMappings,
    ...docker
  } = container.docker as { portMappings?: unknown[] } & Record<string, unknown>;
  if (portMappings === undefined) return { ...container, docker };
  if (container.portMappings !== undefined && portMappings.length > 0) {
    throw unmovable("cannot specify both portMappings and docker.portMappings");
  }
  return { ...container, docker, portMappings: container.portMappings ?? portMappings };
}

function moveDiscovery(
  container: Container,
  ports: NonNullable<NonNullable<IpAddress["discovery"]>["ports"]>,
): Container {
  if (ports.length === 0) return container;
  if (container.portMappings !== undefined) {
    throw unmovable("container.portMappings and ipAddress.discovery.ports must not both be set");
  }
  const portMappings = ports.map(({ number = 0, ...port }) => ({ containerPort: number, ...port }));
  return { ...container, portMappings };
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
