// SPDX-License-Identifier: Apache-2.0
import { BambooClient } from "@pulumi-mesos/client";
import {
  aclProblem,
  type BambooService,
  bambooId,
  type Failure,
  isComputed,
  MesosError,
  type Static,
  Type,
} from "@pulumi-mesos/model";
import { settingOf } from "../config";
import { compareInputs } from "../differences";
import { goneWithCluster } from "../gone-cluster";
import type { CheckRequest, Context, Resource } from "../resource";

const Inputs = Type.Object(
  {
    appId: Type.String({ minLength: 1, description: "Id of the app that gets the requests." }),
    acl: Type.String({
      description: "HAProxy condition that chooses them, one line, such as `path_beg /shop`.",
    }),
    config: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "Values that Bamboo keeps beside the ACL." }),
    ),
  },
  { additionalProperties: false },
);
export type BambooServiceInputs = Static<typeof Inputs>;

const noOutputs = {};

/** One routing rule of the edge, or of a real Bamboo. */
export const bambooService: Resource<BambooServiceInputs, typeof noOutputs> = {
  description: "One routing rule of the edge, or of a real Bamboo: which requests an app gets.",
  inputs: Inputs,
  outputs: noOutputs,
  timeouts: { create: 60, read: 30, update: 60, delete: 60 },
  check: (request) => ({ inputs: request.inputs, failures: failuresOf(request) }),
  diff: ({ oldInputs, inputs }) => ({
    differences: compareInputs(withId(oldInputs), withId(inputs), ["appId"]),
  }),
  preview: () => noOutputs,
  create,
  async read({ id, known }, context) {
    const found = (await clientIn(context).services(context.signal))[id];
    if (found === undefined) return undefined;
    if (known && isSame(found, known.inputs)) return { id, inputs: known.inputs, outputs: noOutputs };
    return { id, inputs: inputsOf(found, known?.inputs.appId ?? id), outputs: noOutputs };
  },
  async update(_id, _state, inputs, context) {
    await clientIn(context).putService(ruleOf(inputs), context.signal);
    return noOutputs;
  },
  async delete(id, _state, context) {
    try {
      await clientIn(context).deleteService(id, context.signal);
    } catch (error) {
      goneWithCluster(error, { id, word: "rule", server: "edge" }, context);
    }
  },
};

async function create(inputs: BambooServiceInputs, context: Context) {
  const client = clientIn(context);
  const id = bambooId(inputs.appId);
  const found = (await client.services(context.signal))[id];
  if (found !== undefined && !isSame(found, inputs)) {
    throw new MesosError(
      "MESOS_RULE_EXISTS",
      `a rule for ${id} exists already with the acl ${JSON.stringify(found.Acl)}; to take it over run \`pulumi import mesos:bamboo:Service ${context.urn.name} ${id}\`, or delete it`,
    );
  }
  if (found === undefined) await client.putService(ruleOf(inputs), context.signal);
  return { id, outputs: noOutputs };
}

function failuresOf({ inputs: { acl, config }, isSecret }: CheckRequest): Failure[] {
  const problem = typeof acl === "string" ? aclProblem(acl) : undefined;
  const got = isSecret("acl") ? "a secret one" : JSON.stringify(acl);
  const failures = problem === undefined ? [] : [{ path: "acl", message: `${problem}, got ${got}` }];
  const again = isRecord(config) ? config["Acl"] : undefined;
  if (again !== undefined && !isComputed(again) && again !== acl) {
    failures.push({ path: "config.Acl", message: "is what acl says; remove it here" });
  }
  return failures;
}

function withId<T extends Readonly<Record<string, unknown>>>(inputs: T): T {
  return typeof inputs["appId"] === "string" ? { ...inputs, appId: bambooId(inputs["appId"]) } : inputs;
}

function isSame(found: BambooService, { acl, config }: BambooServiceInputs): boolean {
  const stored = { ...found.Config, Acl: found.Acl };
  return compareInputs(stored, { ...config, Acl: acl }, "all").length === 0;
}

function inputsOf(found: BambooService, appId: string): BambooServiceInputs {
  const { Acl: _, ...config } = found.Config ?? {};
  return { appId, acl: found.Acl, ...(Object.keys(config).length === 0 ? {} : { config }) };
}

function ruleOf({ appId, acl, config }: BambooServiceInputs) {
  return { id: bambooId(appId), acl, config: { ...config, Acl: acl } };
}

function clientIn({ config }: Context): BambooClient {
  if (config.bambooUrls.length === 0) {
    throw new MesosError(
      "MESOS_RULE_NO_EDGE",
      "bambooUrls: the resource's provider has none; give the resource { provider: cluster.provider } or set mesos:bambooUrls",
    );
  }
  return new BambooClient({
    urls: config.bambooUrls,
    ...config.bambooConnection,
    optionName: settingOf("bamboo"),
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
