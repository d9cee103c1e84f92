// SPDX-License-Identifier: Apache-2.0
import { isConflict, isRefused, isUnreachable, StatusError } from "@pulumi-mesos/client";
import { sleep } from "../clock";
import type { Context } from "../resource";
import type { DeploymentWatch } from "./deployment-watch";

const againMs = 1_000;

/**
 * Writes, and while other deployments lock what is written or too many are running, waits for them and writes again.
 *
 * `meanwhile` may settle the matter after a refusal or a lost answer: it looks at what is there.
 */
export async function writeUnlocked<T>(
  watch: DeploymentWatch,
  path: string,
  context: Pick<Context, "signal" | "progress">,
  write: () => Promise<T>,
  meanwhile?: (error: unknown) => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      const settled = await meanwhile?.(error);
      if (settled !== undefined) return settled;
      if (isConflict(error) && error.deployments.length > 0) {
        context.progress(`waiting for deployment ${error.deployments.join(", ")} that locks ${path}`);
        await watch.ended(error.deployments, context.signal);
      } else if (isTooMany(error)) {
        context.progress("waiting, Marathon runs as many deployments as it may");
        await sleep(2 * againMs, context.signal);
      } else if (meanwhile !== undefined && isAmbiguous(error)) {
        await sleep(againMs, context.signal);
      } else {
        throw error;
      }
    }
  }
}

/** Whether the write may have been carried out although no answer came. */
export function isAmbiguous(error: unknown): boolean {
  if (isUnreachable(error)) return !isRefused(error);
  return error instanceof StatusError && error.retryable && !isConflict(error);
}

function isTooMany(error: unknown): boolean {
  return error instanceof StatusError && error.status === 403 && /deployments/i.test(error.body);
}
