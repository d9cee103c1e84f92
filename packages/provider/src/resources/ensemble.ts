// SPDX-License-Identifier: Apache-2.0
import { EnsembleInputs, type Failure, isComputed, quorumOf } from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import type { CheckRequest, Resource } from "../resource";

const noOutputs = {};

/** The declared size of an ensemble: its members depend on it, so that an unsafe change is refused before one is touched. */
export const ensemble: Resource<EnsembleInputs, typeof noOutputs> = {
  description: "The declared size of an ensemble; refuses unsafe changes of it before any member is touched.",
  inputs: EnsembleInputs,
  outputs: noOutputs,
  timeouts: { create: 10, read: 10, update: 10, delete: 10 },
  check: (request) => ({ inputs: request.inputs, failures: failuresOf(request) }),
  diff: ({ oldInputs, inputs }) => ({ differences: compareInputs(oldInputs, inputs, ["kind"]) }),
  preview: () => noOutputs,
  create: async () => ({ id: "ensemble", outputs: noOutputs }),
  read: async ({ id, known }) =>
    known === undefined ? undefined : { id, inputs: known.inputs, outputs: noOutputs },
  update: async () => noOutputs,
  delete: async () => {},
};

function failuresOf({ inputs, oldInputs }: CheckRequest): Failure[] {
  const { kind, size, quorum } = inputs;
  const failures: Failure[] = [...fingerprintFailures(inputs, oldInputs)];
  const oldSize = oldInputs?.["kind"] === kind ? oldInputs?.["size"] : undefined;
  if (typeof oldSize === "number" && !isComputed(size) && oldSize !== size) {
    failures.push({
      path: "size",
      message: `changing an ensemble from ${oldSize} to ${String(size)} is not supported yet; set it back to ${oldSize}, or make another ensemble`,
    });
  }
  if (typeof size !== "number" || (kind !== "zookeeper" && kind !== "mesos-master")) return failures;
  if (size % 2 === 0) {
    const fix = `${size - 1} survive as many losses; use an odd number`;
    failures.push({ path: "size", message: `must be odd, got ${size}: ${fix}` });
  }
  if (!isComputed(quorum) && quorum !== quorumOf(size)) {
    const message = `must be ${quorumOf(size)}, the majority of ${size}, got ${String(quorum)}`;
    failures.push({ path: "quorum", message });
  }
  return failures;
}

/**
 * What stands is protected by the credentials that made it: with others its own programs could no longer change it, and
 * what was made open would stay open.
 */
function fingerprintFailures(
  inputs: CheckRequest["inputs"],
  oldInputs: CheckRequest["oldInputs"],
): Failure[] {
  const { fingerprint } = inputs;
  if (oldInputs === undefined || isComputed(fingerprint)) return [];
  const old = oldInputs["fingerprint"];
  if (old === fingerprint) return [];
  const message =
    fingerprint === undefined || old === undefined
      ? `authentication cannot be turned ${fingerprint === undefined ? "off" : "on"} while the ensemble stands, because its nodes keep the access that they were made with; set it back, or destroy the cluster first`
      : "the secret of a cluster with authentication cannot change while its ensemble stands, because its nodes belong to the credentials that derive from it; set it back, or destroy the cluster first";
  return [{ path: "fingerprint", message }];
}
