// SPDX-License-Identifier: Apache-2.0
import { BambooClient } from "@pulumi-mesos/client";
import {
  type AppWeights,
  type BambooService,
  bambooId,
  isWeightsProblem,
  MesosError,
  parseWeights,
  weightsKey,
  weightsText,
} from "@pulumi-mesos/model";
import { type ProviderConfig, settingOf } from "../config";
import { compareInputs } from "../differences";

/** A rule in a program's words. */
export interface RuleInputs {
  readonly appId: string;
  readonly acl: string;
  readonly config?: Record<string, string>;
  readonly weights?: AppWeights;
}

/** Whether the rule that was found is what `inputs` ask for, however its weights are spelled. */
export function isSame(found: BambooService, inputs: RuleInputs): boolean {
  const { acl, weights, config = {} } = inputsOf(found, inputs.appId);
  const stored = ruleOf({ appId: inputs.appId, acl, config, weights }).config;
  return compareInputs(stored, ruleOf(inputs).config, "all").length === 0;
}

/** What a program says of the rule that was found; weights that are none stay as they stand in its config. */
export function inputsOf(found: BambooService, appId: string): RuleInputs {
  const { Acl: _, [weightsKey]: text, ...config } = found.Config ?? {};
  const parsed = text === undefined ? undefined : parseWeights(text);
  const weights = parsed === undefined || isWeightsProblem(parsed) ? undefined : parsed;
  const values = text === undefined || weights !== undefined ? config : { ...config, [weightsKey]: text };
  return {
    appId,
    acl: found.Acl,
    ...(Object.keys(values).length === 0 ? {} : { config: values }),
    ...(weights !== undefined && { weights }),
  };
}

/** The rule as the API takes it. */
export function ruleOf({ appId, acl, config, weights }: RuleInputs) {
  const shares: Record<string, string> = weights === undefined ? {} : { [weightsKey]: weightsText(weights) };
  return { id: bambooId(appId), acl, config: { ...config, ...shares, Acl: acl } };
}

/** Makes or replaces a rule; fails over weights where a Bamboo would keep them and send all requests elsewhere. */
export async function writeRule(
  client: BambooClient,
  inputs: RuleInputs,
  signal: AbortSignal,
): Promise<void> {
  if (inputs.weights !== undefined && (await client.traffic(signal)) === undefined) {
    throw new MesosError(
      "MESOS_RULE_WEIGHTS",
      'weights: a Bamboo heeds none; leave them out, or let this package\'s edge take its place: BambooEdge({ controller: "edge" })',
    );
  }
  await client.putService(ruleOf(inputs), signal);
}

/** The edge that the provider was configured with; `urls` narrows it to some of its addresses. */
export function bambooIn(config: ProviderConfig, urls: readonly string[] = config.bambooUrls): BambooClient {
  if (urls.length === 0) {
    throw new MesosError(
      "MESOS_RULE_NO_EDGE",
      "bambooUrls: the resource's provider has none; give the resource { provider: cluster.provider } or set mesos:bambooUrls",
    );
  }
  const { bambooConnection, addressMap, way } = config;
  return new BambooClient({ urls, ...bambooConnection, addressMap, way, optionName: settingOf("bamboo") });
}
