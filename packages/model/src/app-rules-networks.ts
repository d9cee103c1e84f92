// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import { duplicates, type ElementRule, elementRule, type FieldRule, fieldRule, type Rule } from "./rule";

type Network = NonNullable<App["networks"]>[number];
type Mapping = NonNullable<NonNullable<App["container"]>["portMappings"]>[number];

const modeOf = (network: Network) => network.mode ?? "container";
const containerNetworks = (app: App) => (app.networks ?? []).filter((n) => modeOf(n) === "container");
const given = (list: readonly unknown[] | undefined) => (list?.length ?? 0) > 0;
const listed = (names: readonly unknown[]) => names.map((n) => JSON.stringify(n)).join(", ");

const oldAndNew: FieldRule[] = [
  {
    path: "container.docker.network",
    reads: ["networks", "container.docker.network"],
    when: ({ app }) => app.container?.docker?.network !== undefined && given(app.networks),
    message: () => "give networks or container.docker.network, not both; networks is the newer form",
  },
  {
    path: "ipAddress",
    reads: ["networks", "ipAddress"],
    when: ({ app }) => app.ipAddress !== undefined && given(app.networks),
    message: () => "give networks or ipAddress, not both; networks is the newer form",
  },
  {
    path: "ipAddress",
    reads: ["ipAddress", "ports", "portDefinitions"],
    when: ({ app }) => app.ipAddress !== undefined && (given(app.ports) || given(app.portDefinitions)),
    message: () => "must not be given with ports or portDefinitions; use networks and container.portMappings",
  },
  {
    path: "ipAddress.discovery",
    reads: ["ipAddress", "container.type"],
    when: ({ app }) =>
      app.container !== undefined && app.container.type !== "MESOS" && app.ipAddress?.discovery !== undefined,
    message: () => "must not be given for a container of type DOCKER; use container.portMappings",
  },
  {
    path: "ipAddress.discovery.ports",
    reads: ["ipAddress", "container.portMappings"],
    when: ({ app }) => given(app.ipAddress?.discovery?.ports) && app.container?.portMappings !== undefined,
    message: () => "give container.portMappings or ipAddress.discovery.ports, not both",
  },
  {
    path: "container.docker.portMappings",
    reads: ["container.portMappings", "container.docker.portMappings"],
    when: ({ app }) => app.container?.portMappings !== undefined && given(app.container.docker?.portMappings),
    message: () => "give container.portMappings or container.docker.portMappings, not both",
  },
  {
    path: "ports",
    reads: ["ports", "portDefinitions"],
    when: ({ app }) =>
      app.ports !== undefined &&
      app.portDefinitions !== undefined &&
      app.ports.join() !== app.portDefinitions.map((d) => d.port ?? 0).join(),
    message: () => "give portDefinitions or ports, not both",
  },
  {
    path: "ports",
    reads: ["ports"],
    when: ({ app }) => given(duplicates(app.ports?.filter((p) => p !== 0))),
    message: ({ app }) =>
      `must be unique, got ${duplicates(app.ports?.filter((p) => p !== 0)).join(", ")} twice`,
  },
  {
    path: "uris",
    reads: ["uris", "fetch"],
    when: ({ app }) => given(app.uris) && given(app.fetch),
    message: () => "give fetch or uris, not both; fetch is the newer form",
  },
];

const combinations: FieldRule[] = [
  {
    path: "networks",
    reads: ["networks"],
    when: ({ app }) => {
      const modes = (app.networks ?? []).map(modeOf);
      return modes.length > 1 && modes.some((m) => m !== "container");
    },
    message: ({ app }) =>
      `must be one host network, one container/bridge network, or any of mode container, got ${(app.networks ?? []).map(modeOf).join(", ")}`,
  },
  {
    path: "networks",
    reads: ["networks"],
    when: ({ app }) => given(duplicates(containerNetworks(app).map((n) => n.name ?? ""))),
    message: () => "must name each container network once",
  },
  {
    path: "networks",
    reads: ["networks", "container.type"],
    when: ({ app, normal }) => normal.container?.type === "DOCKER" && containerNetworks(app).length > 1,
    message: () => "must have at most one container network in a container of type DOCKER; use type MESOS",
  },
  {
    path: "portDefinitions",
    reads: ["portDefinitions"],
    when: ({ app }) => given(duplicates(app.portDefinitions?.map((d) => d.name))),
    message: ({ app }) =>
      `names must be unique, got ${listed(duplicates(app.portDefinitions?.map((d) => d.name)))} twice`,
  },
  {
    path: "portDefinitions",
    reads: ["portDefinitions"],
    when: ({ app }) => given(duplicates(app.portDefinitions?.map((d) => d.port || undefined))),
    message: ({ app }) =>
      `ports must be unique, got ${duplicates(app.portDefinitions?.map((d) => d.port || undefined)).join(", ")} twice`,
  },
];

const networkFields: ElementRule<Network>[] = [
  {
    path: "networks",
    field: "name",
    reads: ["networks"],
    when: (n) => modeOf(n) !== "container" && n.name !== undefined,
    message: (n) => `must not be given for mode ${n.mode}`,
  },
  {
    path: "networks",
    field: "labels",
    reads: ["networks"],
    when: (n) => n.mode === "host" && given(Object.keys(n.labels ?? {})),
    message: () => "must not be given for mode host",
  },
];

/** The rules for port mappings in the new and in the old place. */
function mappingRules(path: string, mappingsOf: (app: App) => readonly Mapping[] | undefined): Rule[] {
  const reads = [path, "networks"];
  const names = (app: App) => duplicates(mappingsOf(app)?.map((m) => m.name));
  const elements: ElementRule<Mapping>[] = [
    {
      path,
      field: "networkNames",
      reads,
      when: (m, { app }) => given(foreignNames(m, app)),
      message: (m, { app }) => `must name container networks of the app, got ${listed(foreignNames(m, app))}`,
    },
    {
      path,
      field: "networkNames",
      reads,
      when: (m, { app }) =>
        containerNetworks(app).length > 1 && m.hostPort !== undefined && m.networkNames?.length !== 1,
      message: () => "must name one network, because the app has several and this port has a hostPort",
    },
  ];
  return [
    fieldRule({
      path,
      reads: [path],
      when: ({ app }) => given(names(app)),
      message: ({ app }) => `names must be unique, got ${listed(names(app))} twice`,
    }),
    ...elements.map((rule) => elementRule((app) => (mappingsOf(app) ?? []).entries(), rule)),
  ];
}

function foreignNames(mapping: Mapping, app: App): string[] {
  const known = containerNetworks(app).map((n) => n.name);
  return (mapping.networkNames ?? []).filter((name) => given(app.networks) && !known.includes(name));
}

/** Networks and ports. */
export const networkRules: readonly Rule[] = [
  ...[...oldAndNew, ...combinations].map(fieldRule),
  ...networkFields.map((rule) => elementRule((app) => (app.networks ?? []).entries(), rule)),
  ...mappingRules("container.portMappings", (app) => app.container?.portMappings),
  ...mappingRules("container.docker.portMappings", (app) => app.container?.docker?.portMappings),
];
