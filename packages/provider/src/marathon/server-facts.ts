// SPDX-License-Identifier: Apache-2.0
import type { MarathonInfo } from "@pulumi-mesos/client";
import type { ServerFacts } from "@pulumi-mesos/model";
import type { OutputSchema } from "../resource";

/** {@link ServerFacts} for the package schema, as the output of a `word`: "app" or "pod". */
export function serverFactsOutput(word: string): OutputSchema {
  return {
    type: "object",
    description: `What Marathon's defaults depend on: its version where it is below 1.9, the ${word}'s role where it is not *, the default network.`,
    properties: { version: { type: "string" }, role: { type: "string" }, defaultNetwork: { type: "string" } },
    optional: true,
  };
}

/** What normal forms of what runs depend on. An app or pod without a role of its own has the one that Marathon gave it. */
export function factsOf(info: MarathonInfo, running: object | undefined): ServerFacts {
  const config = info.marathon_config;
  const own = running !== undefined && "role" in running ? running.role : undefined;
  const role = typeof own === "string" ? own : (config?.mesos_role ?? "*");
  const network = config?.default_network_name;
  return { version: info.version, role, ...(network === undefined ? {} : { defaultNetwork: network }) };
}
