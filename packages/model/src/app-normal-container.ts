// SPDX-License-Identifier: Apache-2.0
import { defined, nonEmpty } from "./app-normal-networks";
import { isRecord } from "./schema-view";

type Json = Readonly<Record<string, unknown>>;

/** `container` as answers have it; an app off the host network without one gets a Mesos container with the default port. */
export function normaliseContainer(app: Json, networks: unknown, host: boolean): unknown {
  const given = app["container"] ?? (app["ipAddress"] !== undefined || !host ? { type: "MESOS" } : undefined);
  if (!isRecord(given)) return given;
  const type = given["type"] ?? "DOCKER";
  const bridge =
    Array.isArray(networks) && networks.some((n) => isRecord(n) && n["mode"] === "container/bridge");
  return defined({
    type,
    docker: normaliseDocker(given["docker"]),
    volumes: normaliseVolumes(given["volumes"]),
    linuxInfo: type === "MESOS" ? normaliseLinuxInfo(given["linuxInfo"]) : undefined,
    portMappings: host ? undefined : normalisePortMappings(portMappingsOf(app, given, type), bridge),
  });
}

function normaliseDocker(docker: unknown): unknown {
  if (!isRecord(docker)) return docker;
  const { network: _, portMappings: __, ...rest } = docker;
  return { forcePullImage: false, privileged: false, parameters: [], ...rest };
}

/** The mappings given in any form, filled up by as many as there are more `portDefinitions` or `ports`. */
function portMappingsOf(app: Json, container: Json, type: unknown): unknown {
  const docker = isRecord(container["docker"]) ? container["docker"] : {};
  const given = container["portMappings"] ?? docker["portMappings"] ?? discovered(app["ipAddress"], type);
  const mappings = given ?? [{ name: "default" }];
  const definitions = app["portDefinitions"] ?? app["ports"];
  if (app["container"] === undefined || !Array.isArray(mappings) || !Array.isArray(definitions))
    return mappings;
  const missing = Math.max(0, definitions.length - mappings.length);
  return [...mappings, ...Array.from({ length: missing }, () => ({}))];
}

function discovered(ipAddress: unknown, type: unknown): unknown {
  const discovery = isRecord(ipAddress) ? ipAddress["discovery"] : undefined;
  const ports = isRecord(discovery) ? discovery["ports"] : undefined;
  if (type !== "MESOS" || !Array.isArray(ports) || ports.length === 0) return undefined;
  return ports.map((p) => {
    if (!isRecord(p)) return p;
    const { number = 0, ...rest } = p;
    return { containerPort: number, ...rest };
  });
}

function normalisePortMappings(mappings: unknown, bridge: boolean): unknown {
  if (!Array.isArray(mappings)) return mappings;
  const defaults = {
    containerPort: 0,
    ...(bridge ? { hostPort: 0 } : {}),
    servicePort: 0,
    protocol: "tcp",
    labels: {},
  };
  return mappings.map((m) =>
    isRecord(m) ? defined({ ...defaults, ...m, networkNames: nonEmpty(m["networkNames"]) }) : m,
  );
}

function normaliseVolumes(volumes: unknown): unknown {
  if (volumes !== undefined && !Array.isArray(volumes)) return volumes;
  return (volumes ?? []).map((v) => (isRecord(v) ? normaliseVolume(v) : v));
}

function normaliseVolume(volume: Json): Json {
  const { persistent, external } = volume;
  if (isRecord(persistent)) return { mode: "RW", ...volume, persistent: normalisePersistent(persistent) };
  if (isRecord(external)) {
    const info = { shared: false, ...external, options: nonEmpty(external["options"]) };
    return { ...volume, external: defined(info) };
  }
  return volume;
}

/** A persistent volume with its type; a profile is one of mounted disks. */
export function normalisePersistent(info: Json): Json {
  const type = info["profileName"] === undefined ? "root" : "mount";
  return { type, ...info, constraints: info["constraints"] ?? [] };
}

/** `linuxInfo` of a container of type MESOS, or of a pod. */
export function normaliseLinuxInfo(info: unknown): unknown {
  if (!isRecord(info) || !isRecord(info["seccomp"])) return info;
  return { ...info, seccomp: { unconfined: false, ...info["seccomp"] } };
}
