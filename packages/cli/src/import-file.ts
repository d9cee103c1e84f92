// SPDX-License-Identifier: Apache-2.0
import { packageVersion, pluginDownloadURL } from "@pulumi-mesos/model";
import type { ImportedResource } from "./plan";

/**
 * What `pulumi import --file` takes. Version and origin of the plugin stand in every entry, because the default
 * provider of a program is another one than that of an entry without them.
 */
export function importFileText(resources: readonly ImportedResource[]): string {
  const taken = new Set<string>();
  const entries = resources.map(({ kind, name, id }) => ({
    type: kind.token,
    name: identifier(name, taken),
    logicalName: name,
    id,
    version: packageVersion,
    pluginDownloadUrl: pluginDownloadURL,
  }));
  return `${JSON.stringify({ resources: entries }, undefined, 2)}\n`;
}

/** A variable's name for those who let the engine write code: `shop/db-1` becomes `shopDb1`. */
function identifier(name: string, taken: Set<string>): string {
  const camel = name.replace(/[^a-z0-9]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? "");
  const base = /^[a-z]/.test(camel) ? camel : `app${camel}`;
  let unique = base;
  for (let i = 2; taken.has(unique); i++) unique = `${base}_${i}`;
  taken.add(unique);
  return unique;
}
