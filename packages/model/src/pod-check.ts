// SPDX-License-Identifier: Apache-2.0
import { type CheckAppOptions, find, openFields, schemaFailures } from "./app-check";
import type { Failure } from "./failures";
import { Pod, PodResourceInputs } from "./pod";
import { normalisePod } from "./pod-normal-form";
import { podRules } from "./pod-rules";
import { fieldOf, formatPath } from "./property-path";
import { judge } from "./rule";
import type { SchemaFindings } from "./schema-check";
import { isRecord } from "./schema-view";

/** Everything that is wrong with a pod's document; never throws. Stricter than Marathon, which drops unknown keys. */
export function checkPod(value: unknown, options: CheckAppOptions = {}): Failure[] {
  const found = find(Pod, value, options);
  return [...schemaFailures(found), ...ruleFailures(found, "id")];
}

/** {@link checkPod} for the inputs of `mesos:marathon:Pod`, whose `id` is called `podId` and which have no `version`. */
export function checkPodInputs(inputs: unknown, options: CheckAppOptions = {}): Failure[] {
  const found = find(PodResourceInputs, inputs, options);
  return [...schemaFailures(found), ...ruleFailures(found, "podId")];
}

/** The part of {@link checkPodInputs} that no schema says: what fields must be to each other. */
export function checkPodRules(inputs: unknown, options: CheckAppOptions = {}): Failure[] {
  return ruleFailures(find(PodResourceInputs, inputs, options), "podId");
}

function ruleFailures(found: SchemaFindings, idKey: "id" | "podId"): Failure[] {
  if (!isRecord(found.value)) return [];
  const { [idKey]: id, ...rest } = found.value;
  const pod = { id, ...rest } as Pod;
  const open = openFields(found).map((at) => fieldOf(at[0] === idKey ? ["id", ...at.slice(1)] : at));
  return judge(podRules, { pod, normal: normalisePod(pod) }, open).map(({ at, message }) => ({
    path: formatPath(at[0] === "id" ? [idKey, ...at.slice(1)] : at),
    message,
  }));
}
