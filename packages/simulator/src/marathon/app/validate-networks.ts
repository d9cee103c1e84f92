// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import type { App, Network } from "./types";

/** Said of apps and of pods. */
export const oneNameForHostPort =
  "networkNames must be a single item list when hostPort is specified and more than 1 container network is defined";

const repeats = (values: readonly unknown[]) => new Set(values).size < values.length;

const rules: readonly { readonly when: (networks: readonly Network[]) => boolean; readonly error: string }[] =
  [
    {
      when: (networks) =>
        networks.some((n) => n.mode === "host" && (n.name !== undefined || n.labels !== undefined)),
      error: "Host networks may not have names or labels",
    },
    {
      when: (networks) => networks.some((n) => n.mode === "container/bridge" && n.name !== undefined),
      error: "Bridge networks may not have names",
    },
    {
      when: (networks) =>
        repeats(networks.flatMap((n) => n.name ?? [])) ||
        networks.filter((n) => n.mode === "container" && n.name === undefined).length > 1,
      error: "Duplicate networks are not allowed",
    },
    {
      when: (networks) => {
        const container = networks.filter((n) => n.mode === "container").length;
        const others = networks.length - container;
        return others > 1 || (others === 1 && container > 0);
      },
      error: "May specify a single host network, single bridge network, or else 1-to-n container networks",
    },
    {
      when: (networks) => networks.some((n) => n.mode === "container" && n.name === undefined),
      error: "Network name must be specified when container network is selected.",
    },
  ];

/** What networks of an app or pod may be together (code: NetworkValidation). */
export function networkViolations(networks: readonly Network[]): Violation[] {
  const errors = rules.filter(({ when }) => when(networks)).map(({ error }) => error);
  return errors.length === 0 ? [] : [{ path: "/networks", errors }];
}

/** The names of {@link networkNames} that no network has, each with its place below `path`. */
export function foreignNames(
  networkNames: readonly string[],
  networks: readonly Network[],
  path: string,
): Violation[] {
  const known = networks.flatMap((n) => n.name ?? []);
  return networkNames.flatMap((name, i) =>
    known.includes(name)
      ? []
      : [{ path: `${path}/networkNames(${i})`, errors: [`is not one of (${known.join(",")})`] }],
  );
}

/** Ports and networks of an app (code: AppValidation). */
export function appNetworkViolations(app: App): Violation[] {
  const found = networkViolations(app.networks);
  const containerNetworks = app.networks.filter((n) => n.mode === "container").length;
  if (app.container?.type === "DOCKER" && containerNetworks > 1) {
    found.push({
      path: "/",
      errors: ["may only specify a single container network when using the Docker container engine"],
    });
  }
  const definitions = app.portDefinitions ?? [];
  const mappings = app.container?.portMappings ?? [];
  if (repeats(definitions.flatMap((d) => d.name ?? [])))
    found.push({ path: "/portDefinitions", errors: ["Port names must be unique."] });
  if (repeats(definitions.flatMap((d) => d.port || [])))
    found.push({ path: "/portDefinitions", errors: ["Ports must be unique."] });
  if (repeats(mappings.flatMap((m) => m.name ?? [])))
    found.push({ path: "/container/portMappings", errors: ["Port names must be unique."] });
  mappings.forEach(({ hostPort, networkNames = [] }, i) => {
    const path = `/container/portMappings(${i})`;
    if (containerNetworks > 1 && hostPort !== undefined && networkNames.length !== 1)
      found.push({ path, errors: [oneNameForHostPort] });
    found.push(...foreignNames(networkNames, app.networks, path));
  });
  return found;
}
