// SPDX-License-Identifier: Apache-2.0
import { isMesosError } from "@pulumi-mesos/model";
import type { Store } from "./pool-store";

/** Who holds the lock. */
export interface Holder {
  /** Where the controller listens. */
  readonly bind: string;
  /** The boot of the machine that it runs on. */
  readonly bootId: string;
}

/**
 * Waits until this controller is the only one that works: it holds an ephemeral node.
 *
 * A node left by a controller that listened where we listen now, on this machine, is removed at once: only one of us can
 * have the address, so that one is dead and its session would only keep us waiting.
 */
export async function becomeLeader(
  zookeeper: Store,
  path: string,
  me: Holder,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    try {
      await zookeeper.create(path, Buffer.from(JSON.stringify(me)), "ephemeral");
      return;
    } catch (error) {
      if (!isMesosError(error) || error.code !== "MESOS_ZOOKEEPER_EXISTS") throw error;
    }
    let changed = (): void => {};
    const change = new Promise<void>((resolve) => {
      changed = resolve;
    });
    const node = await zookeeper.watch(path, changed);
    if (node === undefined) continue;
    const text = node.data.toString("utf8");
    if (text === JSON.stringify(me)) await zookeeper.remove(path, node.version);
    else await Promise.race([change, aborted(signal)]);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
