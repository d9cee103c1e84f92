// SPDX-License-Identifier: Apache-2.0
import { isRefused, type MarathonApp } from "@pulumi-mesos/client";
import {
  type AppWeights,
  type BambooService,
  isMesosError,
  messageOf,
  type ReleaseInputs,
  secretPropertyPaths,
  shortestInputs,
} from "@pulumi-mesos/model";
import { factsOf } from "../marathon/server-facts";
import type { Context, ReadRequest, ReadResult } from "../resource";
import { currentOutputs } from "./app-deploy";
import { refreshedInputs } from "./app-inputs";
import { inputsOf, isSame } from "./bamboo-rule";
import type { Marathon } from "./marathon-in";
import {
  appInputs,
  coloursOf,
  liveOf,
  outputsIn,
  type ReleaseOutputs,
  type ReleaseState,
  sharesIn,
} from "./release-facts";
import { look } from "./release-look";
import { noOutputs } from "./release-roll";

/**
 * What there is, or what was known last while the stack's own cluster does not run: so it can be previewed, and mended by an `up`, which
 * reads releases first.
 */
export async function readRelease(
  request: ReadRequest<ReleaseInputs, ReleaseState>,
  context: Context,
): Promise<ReadResult<ReleaseInputs, ReleaseOutputs> | undefined> {
  try {
    return await readNow(request, context);
  } catch (error) {
    const { id, known } = request;
    if (!isAway(error) || known === undefined || !context.config.clusterInStack) throw error;
    context.warn(`${id} cannot be looked at, so it is taken for what it was: ${messageOf(error)}`);
    return { id, inputs: known.inputs, outputs: outputsIn(known.state) };
  }
}

/** Nobody listens, or those who do miss somebody: an edge its ZooKeeper, a Marathon its leader. */
function isAway(error: unknown): boolean {
  return isRefused(error) || (isMesosError(error) && error.retryable);
}

async function readNow(
  { id, known }: ReadRequest<ReleaseInputs, ReleaseState>,
  context: Context,
): Promise<ReadResult<ReleaseInputs, ReleaseOutputs> | undefined> {
  const { marathon, written, apps } = await look(id, context);
  const shares = sharesIn(written);
  if (apps.size === 0 && (known === undefined || written === undefined)) return undefined;
  const live = liveOf(id, known?.state.liveAppId, new Set(apps.keys()), shares);
  const weights = weightsOf(id, shares, new Set(apps.keys()));
  const running = apps.get(live);
  const app = running ? await shownApp(marathon, running, known?.inputs, context) : (known?.inputs.app ?? {});
  const last = { deploymentId: known?.state.deploymentId };
  const outputs = running ? await currentOutputs(marathon, running, last, context.signal) : noOutputs;
  const inputs = { ...shownRule(id, written, known?.inputs), app };
  const secrets = known ? [] : secretPropertyPaths(app).map((path) => `app.${path}`);
  return { id, inputs, outputs: { ...outputs, liveAppId: live, weights }, secrets };
}

/** The weights of the apps that are there, and of whatever else somebody has put into the rule. */
function weightsOf(id: string, shares: AppWeights, there: ReadonlySet<string>): AppWeights {
  const none = Object.fromEntries([...there].map((path) => [path, 0]));
  const gone = coloursOf(id).filter((path) => !there.has(path));
  const left = Object.entries(shares).filter(([path]) => !gone.includes(path));
  return { ...none, ...Object.fromEntries(left) };
}

/** The inputs but for the app: the user's own where they mean the rule that is there. */
function shownRule(
  appId: string,
  written: BambooService | undefined,
  known: ReleaseInputs | undefined,
): Omit<ReleaseInputs, "app"> {
  if (known === undefined) return written ? ruleInputs(written, appId) : { appId, acl: "" };
  const { acl, config } = known;
  const weights = sharesIn(written);
  if (written === undefined || isSame(written, { appId, acl, config, weights })) return known;
  const { config: _, ...rest } = known;
  return { ...rest, ...ruleInputs(written, known.appId) };
}

function ruleInputs(written: BambooService, appId: string): Omit<ReleaseInputs, "app"> {
  const { weights: _, ...rule } = inputsOf(written, appId);
  return rule;
}

async function shownApp(
  marathon: Marathon,
  running: MarathonApp,
  known: ReleaseInputs | undefined,
  { signal }: Context,
): Promise<ReleaseInputs["app"]> {
  const facts = factsOf(await marathon.info(signal), running);
  const inputs = known
    ? refreshedInputs(appInputs(known, running.id), running, facts)
    : shortestInputs(running, facts);
  const { appId: _, ...app } = inputs;
  return app;
}
