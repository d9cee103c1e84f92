// SPDX-License-Identifier: Apache-2.0
import { isRefused } from "@pulumi-mesos/client";
import { isMesosError, MesosError, messageOf } from "@pulumi-mesos/model";
import type { Context } from "./resource";

/**
 * What becomes of a delete that failed with `error`. Where every address refuses connections in the stack that made the
 * cluster, what was on it went with it: that is said, and the delete counts as done. Anywhere else it may be a short
 * outage, after which it runs on: fails.
 */
export function goneWithCluster(
  error: unknown,
  what: { readonly id: string; readonly word: string; readonly server: string },
  context: Pick<Context, "config" | "urn" | "warn">,
): void {
  if (!isRefused(error) || !isMesosError(error)) throw error;
  const { id, word, server } = what;
  if (!context.config.clusterInStack) {
    throw new MesosError(
      error.code,
      `${messageOf(error)}; ${id} may go on as soon as a ${server} listens again, so the ${word} stays in the state: run again then, or if it is gone for good, \`pulumi state delete '${context.urn.urn}'\``,
      { cause: error, retryable: true },
    );
  }
  context.warn(
    `${id}: no ${server} listens any more (${messageOf(error)}), so the ${word} counts as deleted`,
  );
}
