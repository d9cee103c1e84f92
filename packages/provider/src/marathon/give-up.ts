// SPDX-License-Identifier: Apache-2.0
import type { MarathonClient } from "@pulumi-mesos/client";
import type { AppOptions } from "@pulumi-mesos/model";
import { messageOf } from "@pulumi-mesos/model";
import type { Context } from "../resource";
import type { DeploymentWatch } from "./deployment-watch";

/** A Marathon, as far as {@link giveUp} needs it. */
export interface Reversible {
  readonly client: Pick<MarathonClient, "deleteDeployment">;
  readonly watch: DeploymentWatch;
}

/**
 * Does with a deployment that is not done what the program chose, within the resource's time once more, and says in
 * one line what was done.
 */
export async function giveUp(
  { client, watch }: Reversible,
  deploymentId: string | undefined,
  choice: AppOptions["onTimeout"],
  context: Pick<Context, "windUp" | "timeoutSeconds" | "progress">,
): Promise<string> {
  if (choice === undefined || choice === "leave") return "left as it is (onTimeout: leave)";
  if (deploymentId === undefined) return `nothing is being deployed any more, so nothing to ${choice}`;
  const signal = context.windUp(context.timeoutSeconds);
  try {
    if (choice === "cancel") {
      context.progress(`cancelling deployment ${deploymentId}`);
      await client.deleteDeployment(deploymentId, signal, { force: true });
      await watch.ended([deploymentId], signal);
      return `cancelled deployment ${deploymentId}, its tasks stay as they are (onTimeout: cancel)`;
    }
    context.progress(`rolling back deployment ${deploymentId}`);
    const rollback = await client.deleteDeployment(deploymentId, signal);
    if (rollback === undefined) return `deployment ${deploymentId} was over already, nothing to roll back`;
    await watch.ended([rollback.deploymentId], signal);
    return `rolled back by deployment ${rollback.deploymentId} (onTimeout: rollback)`;
  } catch (error) {
    const why = messageOf(signal.aborted ? signal.reason : error);
    return `onTimeout: ${choice} did not come to an end: ${why}`;
  }
}
