// SPDX-License-Identifier: Apache-2.0
import { isRecord } from "./schema-view";
import type { ServerFacts } from "./server-facts";

type Json = Readonly<Record<string, unknown>>;

/** Whether an element of `networks` is the host's. */
export function isHostNetwork(network: unknown): boolean {
  return isRecord(network) && network["mode"] === "host";
}

/** `networks` as answers have it: from the old forms where given, the host's where nothing is. */
export function normaliseNetworks(app: Json, facts: ServerFacts): unknown {
  const given = app["networks"];
  if (given !== undefined && !Array.isArray(given)) return given;
  const networks = given !== undefined && given.length > 0 ? given : [oldNetwork(app)];
  return networks.map((network) => (isRecord(network) ? normaliseNetwork(network, facts) : network));
}

/** One network with its mode and name. */
export function normaliseNetwork(network: Json, facts: ServerFacts): unknown {
  const mode = network["mode"] ?? "container";
  const name = network["name"] ?? (mode === "container" ? facts.defaultNetwork : undefined);
  return defined({ mode, name, labels: nonEmpty(network["labels"]) });
}

/** The network that `container.docker.network` and `ipAddress` stand for; `ipAddress` alone means a container network. */
function oldNetwork(app: Json): Json {
  const container = app["container"];
  const docker = isRecord(container) ? container["docker"] : undefined;
  const old = isRecord(docker) ? docker["network"] : undefined;
  const address = isRecord(app["ipAddress"]) ? app["ipAddress"] : undefined;
  const labels = address?.["labels"];
  const name = address?.["networkName"];
  if (old === "BRIDGE" || (old === undefined && name === "mesos-bridge")) {
    return { mode: "container/bridge", labels };
  }
  if (old === "USER" || (old === undefined && address !== undefined))
    return { mode: "container", name, labels };
  return { mode: "host" };
}

/** `portDefinitions` of an app on the host network; absent ports mean one named default. */
export function normalisePortDefinitions(app: Json): unknown {
  const given = app["portDefinitions"] ?? fromPorts(app["ports"]) ?? [{ name: "default" }];
  if (!Array.isArray(given)) return given;
  return given.map((d) =>
    isRecord(d) ? defined({ port: 0, protocol: "tcp", ...d, labels: nonEmpty(d["labels"]) }) : d,
  );
}

function fromPorts(ports: unknown): unknown {
  return Array.isArray(ports) ? ports.map((port) => ({ port })) : ports;
}

/** Endings that Marathon unpacks when it turns `uris` into `fetch`. */
const archives = [".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip"];

/** `fetch` with defaults, made from `uris` where that is given. */
export function normaliseFetch(app: Json): unknown {
  const { fetch, uris } = app;
  const none = fetch === undefined || (Array.isArray(fetch) && fetch.length === 0);
  const list =
    none && Array.isArray(uris)
      ? uris.map((uri) => ({ uri, extract: archives.some((end) => String(uri).endsWith(end)) }))
      : (fetch ?? uris);
  return withFetchDefaults(list);
}

/** `fetch` of an app, or `artifacts` of a container of a pod, with defaults. */
export function withFetchDefaults(list: unknown): unknown {
  if (!Array.isArray(list)) return list;
  return list.map((f) => (isRecord(f) ? { extract: true, executable: false, cache: false, ...f } : f));
}

/** `value` without undefined properties. */
export function defined(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
}

/** `value`, or undefined when it is an empty object or list. */
export function nonEmpty(value: unknown): unknown {
  const empty = Array.isArray(value)
    ? value.length === 0
    : isRecord(value) && Object.keys(value).length === 0;
  return empty ? undefined : value;
}
