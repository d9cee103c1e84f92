// SPDX-License-Identifier: Apache-2.0
import type { MarathonClient } from "@pulumi-mesos/client";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import { isTimeOver } from "../operation";
import type { Context, Properties } from "../resource";
import { awaitDeployment, type Deployed } from "./deployment-wait";
import type { DeploymentWatch } from "./deployment-watch";
import { explain } from "./explain";

/** What a write left behind, before it is known how the deployment ends. */
export interface Begun<O> {
  /** Undefined when nothing is being deployed: then the thing itself is waited for. */
  readonly deploymentId: string | undefined;
  /** What to keep in the state when Marathon cannot be asked any more. */
  readonly kept: O;
}

/** A thing that Marathon deploys, `T` as it is read, `O` as the state keeps it. */
export interface Deployable<T, O extends Properties> {
  readonly client: MarathonClient;
  readonly watch: DeploymentWatch;
  readonly context: Context;
  /** Its id in the state: its absolute path. */
  readonly path: string;
  readonly onTimeout: "rollback" | "cancel" | "leave" | undefined;
  /** Whether an app or pod of this path is of it. */
  concerns(path: string): boolean;
  read(signal: AbortSignal): Promise<T | undefined>;
  isSettled(thing: T): boolean;
  /** How far it is: `2 of 3 stable`. */
  describe(thing: T): string;
  /** Why it is not as asked for, one line a reason. */
  reasons(thing: T): readonly string[];
  outputs(thing: T, deploymentId: string | undefined): O;
}

const boundMs = 2_000;

/**
 * Watches, starts the deployment and waits for it. When the wait fails, the error says why and keeps what is there;
 * `onTimeout` says what becomes of the deployment.
 */
export async function deploy<T, O extends Properties>(
  about: Deployable<T, O>,
  begin: () => Promise<Begun<O>>,
): Promise<O> {
  const watching = await about.watch.join(about.concerns, about.context.signal);
  try {
    const begun = await begin();
    const what: Deployed<T> = {
      path: about.path,
      read: about.read,
      isSettled: about.isSettled,
      describe: about.describe,
    };
    try {
      const done = await awaitDeployment(watching, begun.deploymentId, what, about.context);
      return about.outputs(done, begun.deploymentId);
    } catch (error) {
      throw await unfinished(about, begun, error);
    }
  } finally {
    watching.leave();
  }
}

/** Says why the deployment is not done, and keeps the state as Marathon tells it now, as far as it answers. */
async function unfinished<T, O extends Properties>(
  about: Deployable<T, O>,
  { deploymentId, kept }: Begun<O>,
  error: unknown,
): Promise<MesosError> {
  const { client, path, context } = about;
  const why = await explain(client, {
    concerns: about.concerns,
    deploymentId,
    read: async (signal) => {
      const thing = await about.read(signal);
      return thing === undefined ? [] : about.reasons(thing);
    },
  });
  const overdue = context.signal.aborted && isTimeOver(context.signal);
  if (overdue && deploymentId !== undefined) why.push(...(await giveUp(about, deploymentId)));
  const reasons = [messageOf(context.signal.aborted ? context.signal.reason : error), ...why];
  const now = await about.read(AbortSignal.timeout(boundMs)).then(
    (thing) => ({ thing }),
    () => undefined,
  );
  if (now !== undefined && now.thing === undefined) {
    return new MesosError("MESOS_APP_GONE", reasons.join("; "), { cause: error });
  }
  const outputs = now?.thing === undefined ? kept : about.outputs(now.thing, deploymentId);
  return new InitFailedError({ id: path, outputs, reasons, cause: error });
}

/** Does with a deployment whose time is over what the program asks for, and says so. */
async function giveUp<T, O extends Properties>(
  { client, onTimeout = "leave" }: Deployable<T, O>,
  deploymentId: string,
): Promise<string[]> {
  if (onTimeout === "leave") return [];
  try {
    const force = onTimeout === "cancel";
    const back = await client.deleteDeployment(deploymentId, AbortSignal.timeout(boundMs), { force });
    if (force) return [`deployment ${deploymentId} was cancelled: its tasks stay as they are now`];
    return back === undefined ? [] : [`deployment ${back.deploymentId} goes back to what was before`];
  } catch (error) {
    return [`deployment ${deploymentId} could not be ended: ${messageOf(error)}`];
  }
}
