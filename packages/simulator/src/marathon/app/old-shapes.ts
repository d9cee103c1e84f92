// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";

interface Document {
  readonly container?: {
    readonly type?: string;
    readonly docker?: {
      readonly network?: string;
      readonly parameters?: readonly unknown[];
      readonly portMappings?: readonly unknown[];
      readonly credential?: unknown;
    };
  };
  readonly networks?: readonly unknown[];
  readonly ipAddress?: { readonly discovery?: object };
  readonly ports?: readonly number[];
  readonly portDefinitions?: readonly { readonly port?: number }[];
  readonly uris?: readonly unknown[];
  readonly fetch?: readonly unknown[];
}

const some = (list: readonly unknown[] | undefined): boolean => list !== undefined && list.length > 0;

interface Rule {
  readonly path: string;
  readonly when: (app: Document, update: boolean) => boolean;
  readonly message: string;
}

const isMesos = (app: Document) => app.container?.type === "MESOS";

const rules: readonly Rule[] = [
  {
    path: "/container/docker/credential",
    when: (a) => a.container?.docker?.credential !== undefined,
    message: "must be empty",
  },
  {
    path: "/container/docker/network",
    when: (a) => isMesos(a) && a.container?.docker?.network !== undefined,
    message: "must be empty",
  },
  {
    path: "/container/docker/parameters",
    when: (a) => isMesos(a) && some(a.container?.docker?.parameters),
    message: "must be empty",
  },
  {
    path: "/container/docker/portMappings",
    when: (a) => isMesos(a) && some(a.container?.docker?.portMappings),
    message: "must be empty",
  },
  {
    path: "/ipAddress",
    when: (a) => a.container !== undefined && !isMesos(a) && a.ipAddress?.discovery !== undefined,
    message: "ipAddress/discovery is not allowed for Docker containers",
  },
  {
    path: "/uris",
    when: (a) => some(a.uris) && some(a.fetch),
    message: "may not be set in conjunction with fetch",
  },
  {
    path: "/",
    when: (a, update) =>
      a.container?.docker?.network !== undefined && (update ? a.networks !== undefined : some(a.networks)),
    message: "must not specify both container.docker.network and networks",
  },
  {
    path: "/",
    when: (a) => a.ipAddress !== undefined && some(a.networks),
    message: "must not specify both networks and ipAddress",
  },
  {
    path: "/",
    when: (a) => {
      const fixed = (a.ports ?? []).filter((p) => p !== 0);
      return new Set(fixed).size < fixed.length;
    },
    message: "ports must be unique",
  },
  {
    path: "/",
    when: (a) => a.ipAddress !== undefined && (some(a.ports) || some(a.portDefinitions)),
    message: "cannot specify both an IP address and port",
  },
  {
    path: "/",
    when: (a) =>
      some(a.ports) &&
      some(a.portDefinitions) &&
      JSON.stringify(a.ports) !== JSON.stringify(a.portDefinitions?.map((d) => d.port ?? 0)),
    message: "cannot specify both ports and port definitions",
  },
];

/** What a document that still uses keys from before 1.5 may not combine; `update`: any part of an app. */
export function oldShapeViolations(
  document: Record<string, unknown>,
  update: boolean,
  prefix = "",
): Violation[] {
  const app = document as Document;
  const errors = new Map<string, string[]>();
  for (const rule of rules) {
    if (!rule.when(app, update)) continue;
    const path = rule.path === "/" ? prefix || "/" : prefix + rule.path;
    errors.set(path, [...(errors.get(path) ?? []), rule.message]);
  }
  return [...errors].map(([path, messages]) => ({ path, errors: messages }));
}

/** `document` without the empty lists that stand beside the same thing in its other shape. */
export function withoutEmptyTwins(document: Record<string, unknown>): Record<string, unknown> {
  const rest = { ...document };
  const app = document as Document;
  const drop = (key: "networks" | "ports" | "portDefinitions" | "uris" | "fetch", when: boolean) => {
    if (when && app[key]?.length === 0) delete rest[key];
  };
  drop("networks", app.container?.docker?.network !== undefined || app.ipAddress !== undefined);
  drop("portDefinitions", some(app.ports));
  drop("ports", app.portDefinitions !== undefined);
  drop("fetch", some(app.uris));
  drop("uris", app.fetch !== undefined);
  return rest;
}
