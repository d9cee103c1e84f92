// SPDX-License-Identifier: Apache-2.0
import { MarathonClient, type MarathonInfo, MarathonReader, SharedCall } from "@pulumi-mesos/client";
import { MesosError, urlThroughMap } from "@pulumi-mesos/model";
import { type ProviderConfig, settingOf } from "../config";
import { DeploymentWatch } from "../marathon/deployment-watch";
import type { Context } from "../resource";

/** A provider's Marathon: one client, one reader, one watch and one answer of `/v2/info` for all its resources. */
export interface Marathon {
  readonly client: MarathonClient;
  /** Shares requests between resources that are read or waited for at the same time. */
  readonly reader: MarathonReader;
  /** Shares events and lists of deployments between resources that wait. */
  readonly watch: DeploymentWatch;
  /** Where people look at it. */
  readonly uiUrl: string;
  info(signal: AbortSignal): Promise<MarathonInfo>;
}

const known = new WeakMap<ProviderConfig, Marathon>();

/** The Marathon that the provider was configured with. */
export function marathonIn({ config }: Pick<Context, "config">): Marathon {
  const found = known.get(config);
  if (found !== undefined) return found;
  if (config.marathonUrls.length === 0) {
    throw new MesosError(
      "MESOS_APP_NO_MARATHON",
      "marathonUrls: the resource's provider has none; give the resource { provider: cluster.provider } or set mesos:marathonUrls",
    );
  }
  const client = new MarathonClient({
    urls: config.marathonUrls,
    ...config.marathonConnection,
    addressMap: config.addressMap,
    way: config.way,
    optionName: settingOf("marathon"),
  });
  const reader = new MarathonReader(client);
  const marathon = {
    client,
    reader,
    watch: new DeploymentWatch(client),
    uiUrl: `${urlThroughMap(config.marathonUrls[0] ?? "", config.addressMap).replace(/\/+$/, "")}/ui`,
    info: onceRead(client),
  };
  known.set(config, marathon);
  return marathon;
}

/** What `/v2/info` answered, asked for once by all together, and again after a failure. */
function onceRead(client: MarathonClient): (signal: AbortSignal) => Promise<MarathonInfo> {
  let call: SharedCall<MarathonInfo> | undefined;
  return async (signal) => {
    if (call === undefined || call.abandoned) {
      const asked = new SharedCall((stop) => client.getInfo(stop));
      void asked.ended.then((succeeded) => {
        if (!succeeded && call === asked) call = undefined;
      });
      call = asked;
    }
    return call.join(signal);
  };
}
