// SPDX-License-Identifier: Apache-2.0
import { isUncertain, type MarathonDeploying } from "@pulumi-mesos/client";
import { goneWithCluster } from "../gone-cluster";
import type { Context } from "../resource";
import type { Marathon } from "../resources/marathon-in";
import { awaitRemoval } from "./deployment-wait";
import { affectedBy } from "./explain";
import { cancelOwn, writeUnlocked } from "./locked-write";

/** A thing that Marathon takes away by a deployment. */
export interface Removable {
  /** For messages. */
  readonly path: string;
  /** Whether an app or pod of this path is of it. */
  concerns(path: string): boolean;
  /** What it is called: `app`. */
  readonly word: string;
  /** The deployment of its last write that the state knows of. */
  readonly deploymentId: string;
  /** Undefined when it was gone already. */
  delete(): Promise<MarathonDeploying | undefined>;
  /** Whether its definition is there. */
  isThere(): Promise<boolean>;
  /** How much of it is left where no event told the end; undefined when nothing is. */
  left(): Promise<string | undefined>;
}

/** Deletes it and waits until nothing of it is left; what is gone already is only waited for. */
export async function remove(thing: Removable, marathon: Marathon, context: Context): Promise<void> {
  const { client, watch } = marathon;
  const { signal } = context;
  const { path } = thing;
  /** The deployment that ends what is left of it. */
  const stopping = async () => {
    const running = await client.getDeployments(signal);
    return { id: running.find((deployment) => affectedBy(deployment).some(thing.concerns))?.id };
  };
  const write = async () => {
    const answer = await thing.delete();
    return answer === undefined ? stopping() : { id: answer.deploymentId };
  };
  const meanwhile = async (error: unknown) => {
    await cancelOwn(client, thing.deploymentId, error, context);
    return isUncertain(error) && !(await thing.isThere()) ? stopping() : undefined;
  };
  const watching = await watch.join(thing.concerns, signal);
  try {
    const deployment = await writeUnlocked(watch, path, context, write, meanwhile);
    await awaitRemoval(watching, deployment.id, thing, context);
  } catch (error) {
    goneWithCluster(error, { id: path, word: thing.word, server: "Marathon" }, context);
  } finally {
    watching.leave();
  }
}
