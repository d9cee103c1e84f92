// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "../api-error";
import { type App, servicePortsOf } from "./types";

/** The range `--local_port_min` (included) to `--local_port_max` (excluded). */
export interface ServicePortRange {
  readonly min: number;
  readonly max: number;
}

/**
 * `app` with every service port 0 replaced: first by ports that its old definition held and the new one does not
 * name, then by the lowest port of `range` that no app uses. `taken` is updated.
 */
export function assignServicePorts(
  app: App,
  previous: App | undefined,
  taken: Set<number>,
  range: ServicePortRange,
): App {
  const wanted = servicePortsOf(app);
  if (!wanted.includes(0)) return app;
  const own = (previous === undefined ? [] : servicePortsOf(previous)).filter(
    (p) => p >= range.min && p < range.max && !wanted.includes(p),
  );
  const assigned = wanted.map((p) => (p !== 0 ? p : (own.shift() ?? lowestFree(taken, range))));
  return withServicePorts(app, assigned);
}

function lowestFree(taken: Set<number>, range: ServicePortRange): number {
  for (let port = range.min; port < range.max; port++) {
    if (!taken.has(port)) {
      taken.add(port);
      return port;
    }
  }
  throw new ApiError(500, {
    message:
      "Unable to find free ports in port range for service ports; widen --local_port_min to --local_port_max",
  });
}

function withServicePorts(app: App, ports: readonly number[]): App {
  if (app.portDefinitions !== undefined) {
    return {
      ...app,
      portDefinitions: app.portDefinitions.map((d, i) => ({ ...d, port: ports[i] ?? d.port })),
    };
  }
  if (app.container?.portMappings === undefined) return app;
  const portMappings = app.container.portMappings.map((m, i) => ({
    ...m,
    servicePort: ports[i] ?? m.servicePort,
  }));
  return { ...app, container: { ...app.container, portMappings } };
}
