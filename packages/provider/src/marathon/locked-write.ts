// SPDX-License-Identifier: Apache-2.0
import { isConflict, isUncertain, type MarathonClient, StatusError } from "@pulumi-mesos/client";
import { messageOf } from "@pulumi-mesos/model";
import { sleep } from "../clock";
import { endOfTime } from "../operation";
import type { Context } from "../resource";
import { answered } from "./deployment-wait";
import type { DeploymentWatch } from "./deployment-watch";

const againMs = 1_000;

/**
 * Writes, and while other deployments lock what is written or too many are running, waits for them and writes again.
 *
 * `meanwhile` may settle the matter after a refusal or a lost answer: it looks at what is there. Without one a write
 * whose answer was lost fails.
 */
export async function writeUnlocked<T>(
  watch: DeploymentWatch,
  path: string,
  context: Pick<Context, "signal" | "progress">,
  write: () => Promise<T>,
  meanwhile?: (error: unknown) => Promise<T | undefined>,
): Promise<T> {
  const { signal, progress } = context;
  const untilRoom = (): Promise<void> => {
    progress("waiting, Marathon runs as many deployments as it may");
    return watch.room.wait(signal);
  };
  if (watch.room.isShort) await untilRoom();
  for (;;) {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      const settle = meanwhile;
      try {
        const settled = settle && (await answered(() => settle(error), context));
        if (settled !== undefined) return settled;
        if (isConflict(error) && error.deployments.length > 0) {
          progress(`waiting for deployment ${error.deployments.join(", ")} that locks ${path}`);
          await watch.ended(error.deployments, signal);
        } else if (isTooMany(error)) {
          await untilRoom();
        } else if (settle !== undefined && isUncertain(error) && !isOwnFailure(error)) {
          progress(`writing ${path} again: ${messageOf(error)}`);
          await sleep(againMs, signal);
        } else {
          throw error;
        }
      } catch (inner) {
        throw signal.aborted ? endOfTime(signal, error) : inner;
      }
    }
  }
}

/**
 * Cancels the deployment of ours that locks what is to be written: only we wait for it, and it may never be done.
 * Those of others are left alone.
 */
export async function cancelOwn(
  client: Pick<MarathonClient, "deleteDeployment">,
  own: string,
  refusal: unknown,
  { signal, progress }: Pick<Context, "signal" | "progress">,
): Promise<void> {
  if (!isConflict(refusal) || !refusal.deployments.includes(own)) return;
  progress(`cancelling deployment ${own} of an earlier run, which is not done`);
  await client.deleteDeployment(own, signal, { force: true });
}

function isTooMany(error: unknown): boolean {
  return error instanceof StatusError && error.status === 403 && /deployments/i.test(error.body);
}

/** Marathon's own word that it cannot do this; a proxy's or Jetty's page may pass. */
function isOwnFailure(error: unknown): boolean {
  return error instanceof StatusError && error.status === 500 && /^\s*\{/.test(error.body);
}
