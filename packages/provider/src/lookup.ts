// SPDX-License-Identifier: Apache-2.0
import { MesosError, nearest, packageVersion } from "@pulumi-mesos/model";
import { functions, resources } from "./dispatch";
import type { ProviderFunction, Resource } from "./resource";

/** The resource of a type token. */
export async function findResource(token: string): Promise<Resource> {
  return find("resource type", token, resources);
}

/** The function of a token. */
export async function findFunction(token: string): Promise<ProviderFunction> {
  return find("function", token, functions);
}

async function find<T>(
  what: string,
  token: string,
  table: Readonly<Record<string, () => Promise<T>>>,
): Promise<T> {
  const load = Object.hasOwn(table, token) ? table[token] : undefined;
  if (load !== undefined) return load();
  const near = nearest(token, Object.keys(table));
  const hint = near === undefined ? `known here: ${Object.keys(table).join(", ")}` : `did you mean ${near}?`;
  throw new MesosError(
    "MESOS_PLUGIN_UNKNOWN_TOKEN",
    `unknown ${what} ${token} in pulumi-resource-mesos ${packageVersion}; ${hint}`,
  );
}
