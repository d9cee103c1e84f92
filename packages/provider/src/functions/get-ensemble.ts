// SPDX-License-Identifier: Apache-2.0
import { changeOrder, GetEnsembleInputs, type GetEnsembleResult } from "@pulumi-mesos/model";
import { type ProbeEnsemble, probeEnsemble } from "../members";
import type { ProviderFunction } from "../resource";

type Result = { readonly [K in keyof GetEnsembleResult]: GetEnsembleResult[K] };

const memberStatus = {
  type: "object",
  properties: {
    name: { type: "string" },
    up: { type: "boolean", description: "Its own process answers." },
    joined: { type: "boolean", description: "It takes part in the ensemble." },
    leading: { type: "boolean" },
    silent: {
      type: "boolean",
      description: "Nothing came back, not even that a connection is refused; absent otherwise.",
      optional: true,
    },
    told: {
      type: "integer",
      description: "Of how many members it was told, where it says so.",
      optional: true,
    },
    voters: {
      type: "integer",
      description: "Of how many of those it counts the majority, where it says so: those that vote.",
      optional: true,
    },
    voteless: {
      type: "boolean",
      description: "It only follows, and no majority counts it; absent otherwise.",
      optional: true,
    },
    detail: { type: "string", description: "Why it is not up or not joined, or what it is; one line." },
  },
  required: ["name", "up", "joined", "leading", "detail"],
} as const;

/** Makes the function that says who is up, broken and leading, and in which order members are changed. */
export function createGetEnsemble(probe: ProbeEnsemble): ProviderFunction<GetEnsembleInputs, Result> {
  return {
    description:
      "Who of an ensemble is up, broken and leading, and the order in which its members are changed.",
    inputs: GetEnsembleInputs,
    outputs: {
      properties: {
        members: { type: "array", items: memberStatus, description: "What each member answered, as listed." },
        order: {
          type: "array",
          items: { type: "string" },
          description: "Names: broken first, leader last, new ones after that; empty when nobody answers.",
        },
      },
      required: ["members", "order"],
    },
    timeoutSeconds: 30,
    async call({ kind, members, authorization, ca }, { signal, config: { way } }) {
      const statuses = await probe(kind, members, signal, { authorization, ca, way });
      return { members: statuses, order: changeOrder(statuses) };
    },
  };
}

export const getEnsemble = createGetEnsemble(probeEnsemble);
