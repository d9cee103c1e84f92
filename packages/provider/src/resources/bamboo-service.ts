// SPDX-License-Identifier: Apache-2.0
import {
  aclProblem,
  bambooId,
  type Failure,
  isComputed,
  largestWeight,
  MesosError,
  type Static,
  Type,
  weightsKey,
} from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import { goneWithCluster } from "../gone-cluster";
import type { CheckRequest, Context, Properties, Resource } from "../resource";
import { bambooIn, inputsOf, isSame, writeRule } from "./bamboo-rule";

const Inputs = Type.Object(
  {
    appId: Type.String({
      minLength: 1,
      description:
        "Id of the app that gets the requests; with weights the rule's name, of which there need be no app.",
    }),
    acl: Type.String({
      description: "HAProxy condition that chooses them, one line, such as `path_beg /shop`.",
    }),
    config: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: "Values that Bamboo keeps beside the ACL." }),
    ),
    weights: Type.Optional(
      Type.Record(Type.String(), Type.Integer({ minimum: 0, maximum: largestWeight }), {
        description:
          "Shares of the requests by app id, such as 90 and 10, instead of all for appId; 0 gets no new ones while another has tasks. Refused by a real Bamboo, which heeds none.",
      }),
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
    const found = (await bambooIn(context.config).services(context.signal))[id];
    if (found === undefined) return undefined;
    if (known && isSame(found, known.inputs)) return { id, inputs: known.inputs, outputs: noOutputs };
    return { id, inputs: inputsOf(found, known?.inputs.appId ?? id), outputs: noOutputs };
  },
  async update(_id, _state, inputs, context) {
    await writeRule(bambooIn(context.config), inputs, context.signal);
    return noOutputs;
  },
  async delete(id, _state, context) {
    try {
      await bambooIn(context.config).deleteService(id, context.signal);
    } catch (error) {
      goneWithCluster(error, { id, word: "rule", server: "edge" }, context);
    }
  },
};

async function create(inputs: BambooServiceInputs, context: Context) {
  const client = bambooIn(context.config);
  const id = bambooId(inputs.appId);
  const found = (await client.services(context.signal))[id];
  if (found !== undefined && !isSame(found, inputs)) {
    throw new MesosError(
      "MESOS_RULE_EXISTS",
      `a rule for ${id} exists already with the acl ${JSON.stringify(found.Acl)}; to take it over run \`pulumi import mesos:bamboo:Service ${context.urn.name} ${id}\`, or delete it`,
    );
  }
  if (found === undefined) await writeRule(client, inputs, context.signal);
  return { id, outputs: noOutputs };
}

function failuresOf({ inputs: { acl, config, weights }, isSecret }: CheckRequest): Failure[] {
  const problem = typeof acl === "string" ? aclProblem(acl) : undefined;
  const got = isSecret("acl") ? "a secret one" : JSON.stringify(acl);
  const failures = problem === undefined ? [] : [{ path: "acl", message: `${problem}, got ${got}` }];
  const values: Properties = isRecord(config) ? config : {};
  if (values["Acl"] !== undefined && !isComputed(values["Acl"]) && values["Acl"] !== acl) {
    failures.push({ path: "config.Acl", message: "is what acl says; remove it here" });
  }
  if (values[weightsKey] !== undefined) {
    failures.push({ path: `config.${weightsKey}`, message: "is what weights says; give weights instead" });
  }
  const shares = isRecord(weights) ? Object.values(weights) : [];
  if (isRecord(weights) && shares.every((share) => share === 0)) {
    failures.push({
      path: "weights",
      message: "must give one app at least a weight above 0, or nobody gets requests",
    });
  }
  return failures;
}

/** With every id as Bamboo has it. */
function withId<T extends Properties>(inputs: T): T {
  const { appId, weights } = inputs;
  return {
    ...inputs,
    ...(typeof appId === "string" && { appId: bambooId(appId) }),
    ...(isRecord(weights) && { weights: withIds(weights) }),
  };
}

function withIds<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(values).map(([id, value]) => [bambooId(id), value]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
