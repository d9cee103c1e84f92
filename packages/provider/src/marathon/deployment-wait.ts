// SPDX-License-Identifier: Apache-2.0
import type { MarathonDeployment } from "@pulumi-mesos/client";
import { isMesosError, MesosError, messageOf } from "@pulumi-mesos/model";
import { now, sleep } from "../clock";
import type { Context } from "../resource";
import type { Watching } from "./deployment-watch";
import { affectedBy, deploymentStep } from "./explain";

/** What is being deployed, as {@link awaitDeployment} sees it. */
export interface Deployed<T> {
  /** For messages: `/shop/web`. */
  readonly path: string;
  /** Whether an app or pod of this path is of it. */
  concerns(path: string): boolean;
  read(signal: AbortSignal): Promise<T | undefined>;
  /** Whether it is as asked for, whatever became of the deployment. */
  isSettled(thing: T): boolean;
  /** How far it is: `2 of 3 healthy`. */
  describe(thing: T): string;
  /** Called after each look while the deployment runs; throws when it can never be done. */
  judge?(thing: T, deployment: MarathonDeployment | undefined): Promise<void>;
}

/** Lists in which the deployment is missing before it counts as cancelled; before Marathon 1.8 it may be listed late. */
const patience = 5;
/** How long nothing has to happen at most before the thing is read all the same. */
const quietestMs = 10_000;
/** How often the thing is read at most while its deployment runs. */
const lookMs = 2_000;
const againMs = 1_000;

/**
 * Waits until a deployment is over and what it deployed is as asked for; answers that. Without a deployment waits for
 * the thing alone. Fails when the deployment failed, was cancelled or was taken over by another, or when the thing is
 * gone; an election or a Marathon that does not answer is waited out.
 */
export async function awaitDeployment<T>(
  watching: Watching,
  deploymentId: string | undefined,
  what: Deployed<T>,
  context: Pick<Context, "signal" | "progress" | "timeoutSeconds">,
): Promise<T> {
  const { signal } = context;
  const quietMs = Math.max(lookMs, Math.min(quietestMs, context.timeoutSeconds * 50));
  const progress = lineByLine(context);
  let seen = { state: "", at: Number.NEGATIVE_INFINITY };
  let absent = 0;
  if (deploymentId === undefined) {
    const thing = await readNow(what, context);
    if (what.isSettled(thing)) return thing;
  }
  for (;;) {
    const news = await watching.next(deploymentId, signal);
    if (news.verdict?.ok === false) throw failed(what.path, news.verdict.deploymentId, news.verdict.reason);
    if (news.verdict !== undefined) return readNow(what, context);
    if (news.listed === undefined) {
      progress(`waiting for Marathon to answer: ${news.silent}`);
      continue;
    }
    const mine = news.listed.find((d) => d.id === deploymentId);
    const age = now() - seen.at;
    if (mine === undefined || age >= quietMs || (age >= lookMs && watching.happened())) {
      const thing = await readNow(what, context);
      seen = { state: what.describe(thing), at: now() };
      if (mine === undefined && what.isSettled(thing)) return thing;
      absent = mine === undefined ? absent + 1 : 0;
      if (absent > patience && deploymentId !== undefined) {
        throw notDone(what, deploymentId, seen.state, news.listed);
      }
      await what.judge?.(thing, mine);
    }
    progress([mine && deploymentStep(mine), seen.state].filter(Boolean).join(", "));
  }
}

/**
 * Waits until a deployment that removes something is over. `left` tells how much is left where no event told the end,
 * or undefined when nothing is.
 */
export async function awaitRemoval(
  watching: Watching,
  deploymentId: string | undefined,
  what: { readonly path: string; left(signal: AbortSignal): Promise<string | undefined> },
  context: Pick<Context, "signal" | "progress">,
): Promise<void> {
  const progress = lineByLine(context);
  if (deploymentId === undefined && (await what.left(context.signal)) === undefined) return;
  for (;;) {
    const news = await watching.next(deploymentId, context.signal);
    if (news.verdict?.ok) return;
    if (news.verdict !== undefined) throw failed(what.path, news.verdict.deploymentId, news.verdict.reason);
    if (news.listed === undefined) {
      progress(`waiting for Marathon to answer: ${news.silent}`);
      continue;
    }
    const mine = news.listed.find((d) => d.id === deploymentId);
    const left = await answered(() => what.left(context.signal), context);
    if (mine === undefined && left === undefined) return;
    progress(["deleting", mine && deploymentStep(mine), left].filter(Boolean).join(", "));
  }
}

async function readNow<T>(what: Deployed<T>, context: Pick<Context, "signal" | "progress">): Promise<T> {
  const thing = await answered(() => what.read(context.signal), context);
  if (thing === undefined) {
    throw new MesosError("MESOS_APP_GONE", `${what.path} was deleted by somebody else while it was deployed`);
  }
  return thing;
}

/** The answer of a read, asked again as long as the failure may pass. */
export async function answered<T>(
  ask: () => Promise<T>,
  { signal, progress }: Pick<Context, "signal" | "progress">,
): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      if (!isMesosError(error) || !error.retryable) throw error;
      progress(`waiting for Marathon to answer: ${messageOf(error)}`);
      await sleep(againMs, signal);
    }
  }
}

function failed(path: string, deploymentId: string, reason: string): MesosError {
  return new MesosError(
    "MESOS_APP_DEPLOYMENT_FAILED",
    `deployment ${deploymentId} of ${path} failed: ${reason}`,
  );
}

function notDone(
  { path, concerns }: Pick<Deployed<unknown>, "path" | "concerns">,
  deploymentId: string,
  state: string,
  listed: readonly MarathonDeployment[],
): MesosError {
  const others = listed.filter((d) => affectedBy(d).some(concerns)).map((d) => d.id);
  const why = others.length === 0 ? "was cancelled" : `was taken over by deployment ${others.join(", ")}`;
  return new MesosError(
    "MESOS_APP_DEPLOYMENT_CANCELLED",
    `deployment ${deploymentId} of ${path} ended with ${state}: it ${why}`,
  );
}

function lineByLine({ progress }: Pick<Context, "progress">): (line: string) => void {
  let last = "";
  return (line) => {
    if (line !== last) progress(line);
    last = line;
  };
}
