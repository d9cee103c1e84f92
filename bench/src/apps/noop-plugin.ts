// SPDX-License-Identifier: Apache-2.0
// Our plugin with an App that asks nobody: its create answers at once. What the same program costs with it is the
// engine's own. With BENCH_OUTPUTS in the environment its state is as large as that of an app with one task.
import path from "node:path";
import { resourceTokens } from "@pulumi-mesos/model";
import { repository } from "./engine";

type Values = Readonly<Record<string, unknown>>;
type Resources = Record<string, () => Promise<object>>;

const plugin = path.join(repository, "packages/provider/dist");
const { resources } = require(path.join(plugin, "dispatch.js")) as { resources: Resources };
const load = resources[resourceTokens.app];

resources[resourceTokens.app] = async () => ({
  ...(await load?.()),
  create: async ({ appId }: { readonly appId: string }) => ({
    id: appId,
    outputs: process.env["BENCH_OUTPUTS"] === undefined ? {} : outputsOf(appId),
  }),
});
require(path.join(plugin, "main.js"));

function outputsOf(appId: string): Values {
  const uuid = "8453ec01-f1c6-447a-8a32-7b35913ddb45";
  const id = `${appId.slice(1)}.instance-${uuid}._app.1`;
  return {
    version: "2026-11-30T07:37:29.975Z",
    lastConfigChangeAt: "2026-11-30T07:37:29.975Z",
    servicePorts: [10_008],
    deploymentId: uuid,
    tasks: [{ id, host: "agent-46", ports: [31_000], ipAddresses: ["127.125.0.1"] }],
    url: `http://127.125.0.1:34873/ui/#/apps/${encodeURIComponent(appId)}`,
  };
}
