// SPDX-License-Identifier: Apache-2.0
import { packageName, packageVersion, pluginDownloadURL } from "@pulumi-mesos/model";
import { configSchema } from "./config";
import { functions, resources } from "./dispatch";
import type { Properties } from "./resource";
import { SchemaTypes } from "./schema-types";

/** The Pulumi package schema, built from the schemas of every resource and function. */
export async function packageSchema(): Promise<Properties> {
  const types = new SchemaTypes();
  const resourceSchemas: Record<string, unknown> = {};
  for (const [token, load] of sorted(resources)) {
    const { description, inputs, outputs } = await load();
    const given = types.object(token, inputs);
    const computedOnes = types.properties(token, outputs);
    resourceSchemas[token] = {
      description,
      inputProperties: given.properties,
      requiredInputs: given.required,
      properties: { ...given.properties, ...computedOnes },
      required: [
        ...new Set([...given.required, ...Object.keys(outputs).filter((o) => !outputs[o]?.optional)]),
      ],
    };
  }
  const functionSchemas: Record<string, unknown> = {};
  for (const [token, load] of sorted(functions)) {
    const { description, inputs, outputs } = await load();
    const given = types.object(token, inputs);
    functionSchemas[token] = {
      description,
      inputs: { type: "object", properties: given.properties, required: given.required },
      outputs: { type: "object", ...types.object(token, outputs) },
    };
  }
  return {
    name: packageName,
    version: packageVersion,
    description: "Apache Mesos, ZooKeeper, Marathon and their edge as Pulumi resources.",
    license: "Apache-2.0",
    pluginDownloadURL,
    config: { variables: configProperties() },
    provider: { inputProperties: configProperties() },
    types: types.all(),
    resources: resourceSchemas,
    functions: functionSchemas,
  };
}

function configProperties(): Properties {
  return Object.fromEntries(
    Object.entries(configSchema).map(([name, { kind, description }]) => {
      const text = { type: "string" };
      const type =
        kind === "urls"
          ? { type: "array", items: text }
          : kind === "map"
            ? { type: "object", additionalProperties: text }
            : { type: kind === "boolean" ? "boolean" : "string" };
      return [name, { ...type, description, ...(kind === "secret" ? { secret: true } : {}) }];
    }),
  );
}

function sorted<T>(table: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1));
}
