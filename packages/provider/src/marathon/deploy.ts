// SPDX-License-Identifier: Apache-2.0
import { type AppOptions, isMesosError, MesosError, messageOf } from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import { isTimeOver } from "../operation";
import type { Context, Properties } from "../resource";
import { awaitDeployment, type Deployed } from "./deployment-wait";
import type { Watching } from "./deployment-watch";
import { type Asked, explain } from "./explain";
import { giveUp, type Reversible } from "./give-up";
import { isStuck } from "./stuck";

/** What a write left behind, before it is known how the deployment ends. */
export interface Begun<O> {
  /** Undefined when nothing is being deployed: then the thing itself is waited for. */
  readonly deploymentId: string | undefined;
  /** What to keep in the state when Marathon cannot be asked any more. */
  readonly kept: O;
}

/** A Marathon, as far as {@link deploy} needs it. */
export interface Deploying extends Reversible {
  readonly client: Reversible["client"] & Asked;
}

/** A thing that Marathon deploys, `T` as it is read, `O` as the state keeps it. */
export interface Deployable<T, O extends Properties> {
  readonly marathon: Deploying;
  readonly context: Context;
  readonly onTimeout: AppOptions["onTimeout"];
  /** Its id in the state: its absolute path. */
  readonly path: string;
  /** Whether an app or pod of this path is of it. */
  concerns(path: string): boolean;
  read(signal: AbortSignal): Promise<T | undefined>;
  /** How the wait sees it. */
  deployed(watching: Watching): Deployed<T>;
  /** Why it is not as asked for, one line a reason. */
  reasons(thing: T): readonly string[];
  outputs(thing: T, deploymentId: string | undefined, signal: AbortSignal): Promise<O>;
  /** After a rollback the inputs that `thing` is of again; undefined when it is not what was there before. */
  restored(thing: T, signal: AbortSignal): Promise<Properties | undefined>;
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
  const { marathon, context } = about;
  const watching = await marathon.watch.join(about.concerns, context.signal);
  try {
    const begun = await begin();
    try {
      const done = await awaitDeployment(watching, begun.deploymentId, about.deployed(watching), context);
      return await about.outputs(done, begun.deploymentId, context.signal);
    } catch (error) {
      throw await unfinished(about, begun, error);
    }
  } finally {
    watching.leave();
  }
}

/**
 * Says why the deployment is not done, then does with it what the program chose, and answers the error with the state
 * as Marathon tells it after that, as far as it answers.
 */
async function unfinished<T, O extends Properties>(
  about: Deployable<T, O>,
  { deploymentId, kept }: Begun<O>,
  error: unknown,
): Promise<MesosError> {
  const { marathon, path, onTimeout, context } = about;
  const seen = new LastSeen(about);
  const why = await explain(marathon.client, {
    concerns: about.concerns,
    deploymentId,
    read: async (signal) => {
      const thing = await seen.read(signal);
      return thing === undefined ? [] : about.reasons(thing);
    },
  });
  const reasons = [messageOf(context.signal.aborted ? context.signal.reason : error), ...why];
  if (isStuck(error) || isTimeOver(context.signal)) {
    reasons.push(await giveUp(marathon, deploymentId, onTimeout, context));
    if (onTimeout === "rollback" || onTimeout === "cancel") await seen.again();
  }
  if (seen.isGone) {
    const code = onTimeout === "rollback" ? "MESOS_APP_ROLLED_BACK" : "MESOS_APP_GONE";
    return new MesosError(code, reasons.join("; "), { cause: error });
  }
  const failed = { id: path, reasons, cause: error };
  const { thing } = seen;
  if (thing === undefined) return new InitFailedError({ ...failed, outputs: kept });
  const signal = AbortSignal.timeout(boundMs);
  const inputs = onTimeout === "rollback" ? await about.restored(thing, signal) : undefined;
  const outputs = await about.outputs(thing, deploymentId, signal);
  return new InitFailedError({ ...failed, outputs, ...(inputs === undefined ? {} : { inputs }) });
}

/** The thing as it was seen last; a Marathon that does not answer leaves that as it is. */
class LastSeen<T> {
  thing: T | undefined;
  isGone = false;
  readonly #source: { read(signal: AbortSignal): Promise<T | undefined> };

  constructor(source: { read(signal: AbortSignal): Promise<T | undefined> }) {
    this.#source = source;
  }

  async read(signal: AbortSignal): Promise<T | undefined> {
    this.thing = await this.#source.read(signal);
    this.isGone = this.thing === undefined;
    return this.thing;
  }

  async again(): Promise<void> {
    try {
      await this.read(AbortSignal.timeout(boundMs));
    } catch (error) {
      if (!isMesosError(error)) throw error;
    }
  }
}
