// SPDX-License-Identifier: Apache-2.0
import { ZooKeeper } from "@pulumi-mesos/client";
import type { Context } from "../resource";

/** Which ZooKeeper, and who one is there (`user:password`). */
export interface ZooKeeperPlace {
  readonly zookeeper: string;
  readonly zookeeperCredential?: string;
}

/** Does `work` in a ZooKeeper session of its own. */
export async function inZooKeeper<T>(
  { zookeeper, zookeeperCredential: credential }: ZooKeeperPlace,
  { signal, config: { way } }: Pick<Context, "signal" | "config">,
  work: (session: ZooKeeper) => Promise<T>,
  connectTimeoutMs?: number,
): Promise<T> {
  const session = await ZooKeeper.connect({ servers: zookeeper, credential, connectTimeoutMs, way }, signal);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
