// SPDX-License-Identifier: Apache-2.0
import { isMesosError, MesosError, messageOf, ReleaseInputs } from "@pulumi-mesos/model";
import { goneWithCluster } from "../gone-cluster";
import { InitFailedError } from "../init-failed";
import type { Context, CreateResult, Resource } from "../resource";
import { createApp } from "./app-create";
import type { AppOutputs } from "./app-facts";
import { pathOf } from "./app-inputs";
import { updateApp } from "./app-update";
import { marathonIn } from "./marathon-in";
import { kindOfChange } from "./release-app";
import {
  appInputs,
  besides,
  coloursOf,
  liveOf,
  liveState,
  type ReleaseOutputs,
  type ReleaseState,
  releaseOutputs,
  sharesIn,
} from "./release-facts";
import { look } from "./release-look";
import { checkRelease, planRelease, previewRelease } from "./release-plan";
import { readRelease } from "./release-read";
import { removeApp, roll } from "./release-roll";
import { ReleaseRule } from "./release-rule";

/** Two apps of Marathon behind one rule of the edge: a new version starts beside the old one and takes over its requests. */
export const release: Resource<ReleaseInputs, ReleaseOutputs> = {
  description:
    "One app in two versions behind one rule of the edge: a changed one starts beside the running one, takes over its requests step by step while it is healthy, and is taken back when it is not.",
  inputs: ReleaseInputs,
  outputs: releaseOutputs,
  timeouts: { create: 600, read: 60, update: 3600, delete: 600 },
  // A release that was cut is seen, and brought to its end, by the next plain `up`.
  refreshBeforeUpdate: true,
  check: checkRelease,
  diff: planRelease,
  preview: previewRelease,
  create,
  read: readRelease,
  update,
  delete: remove,
};

async function create(inputs: ReleaseInputs, context: Context): Promise<CreateResult<ReleaseOutputs>> {
  const id = pathOf(inputs.appId);
  const { rule, written, apps } = await look(id, context);
  const shares = sharesIn(written);
  const own = coloursOf(id);
  if (written !== undefined && !Object.keys(shares).some((path) => own.includes(path))) {
    throw new MesosError(
      "MESOS_RULE_EXISTS",
      `a rule for ${id} exists already with the acl ${JSON.stringify(written.Acl)}; choose another appId, or delete it`,
    );
  }
  const live = liveOf(id, undefined, new Set(apps.keys()), shares);
  const outputs = await asRelease(id, live, () => createdApp(inputs, live, context));
  const weights = { [live]: 100 };
  const made: ReleaseOutputs = { ...outputs, liveAppId: live, weights };
  try {
    await rule.spread(inputs, weights, context.signal);
  } catch (error) {
    const reasons = [`${live} runs, but the edge does not send it requests: ${messageOf(error)}`];
    throw new InitFailedError({ id, outputs: { ...made, weights: {} }, reasons, cause: error });
  }
  return { id, outputs: made };
}

async function createdApp(inputs: ReleaseInputs, live: string, context: Context): Promise<AppOutputs> {
  try {
    return (await createApp(appInputs(inputs, live), context)).outputs;
  } catch (error) {
    if (!isMesosError(error) || error.code !== "MESOS_APP_EXISTS") throw error;
    const { name } = context.urn;
    throw new MesosError(
      "MESOS_APP_EXISTS",
      `${messageOf(error).replace(/; to take it over.*/, "")}; to take both apps and their rule over run \`pulumi import mesos:marathon:Release ${name} ${pathOf(inputs.appId)}\`, or choose another appId`,
      { cause: error },
    );
  }
}

/** What the wait for one app says when it fails, kept as the release's. */
async function asRelease(id: string, live: string, work: () => Promise<AppOutputs>): Promise<AppOutputs> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InitFailedError)) throw error;
    const { reasons, outputs } = error.initFailed;
    const kept = { ...outputs, liveAppId: live, weights: {} };
    throw new InitFailedError({ id, outputs: kept, reasons, cause: error });
  }
}

async function update(
  id: string,
  state: ReleaseState,
  inputs: ReleaseInputs,
  context: Context,
): Promise<ReleaseOutputs> {
  const { marathon, rule, written, apps } = await look(id, context);
  const shares = sharesIn(written);
  const live = liveOf(id, state.liveAppId, new Set(apps.keys()), shares);
  const next = besides(id, live);
  const running = apps.get(live);
  const kind = running && (await kindOfChange(marathon, running, inputs, context));
  if (kind !== "none" && kind !== "scale") {
    return roll({ id, marathon, rule, state, inputs, live, next, shares, context });
  }
  const weights = { [live]: 100 };
  await rule.spread(inputs, weights, context.signal);
  await removeApp({ marathon, context }, next);
  const before = { ...liveState(state), appId: live };
  const outputs = await asRelease(id, live, () => updateApp(live, before, appInputs(inputs, live), context));
  return { ...outputs, liveAppId: live, weights };
}

async function remove(id: string, _state: ReleaseState, context: Context): Promise<void> {
  try {
    await new ReleaseRule(id, context).remove(context.signal);
  } catch (error) {
    goneWithCluster(error, { id, word: "rule", server: "edge" }, context);
  }
  const marathon = marathonIn(context);
  for (const path of coloursOf(id)) {
    try {
      await removeApp({ marathon, context }, path);
    } catch (error) {
      goneWithCluster(error, { id: path, word: "app", server: "Marathon" }, context);
    }
  }
}
