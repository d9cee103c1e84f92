// SPDX-License-Identifier: Apache-2.0
import { type AppChange, type AppResourceInputs, computed, diffApp, knownFacts } from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import { describeAppChange } from "../marathon/describe-change";
import type { DiffRequest, DiffResult, Properties } from "../resource";
import { describeAutoscaleChange } from "./app-autoscale";
import { type AppOutputs, type AppState, appOutputs, inputsIn } from "./app-facts";
import { leavesInstances, normalOf, optionsIn, restartsBy } from "./app-inputs";

/** Compares what the state says is there with the new inputs, by what both mean to Marathon. */
export function planApp({ state, inputs }: DiffRequest<AppResourceInputs, AppState>): DiffResult {
  const { change, before, after, restart, unmanaged } = changeFrom(state, inputs);
  const options = compareInputs(optionsIn(inputsIn(state)), optionsIn(inputs), []);
  const differences = [...change.paths.map((p) => ({ ...p, input: true })), ...options];
  const scaling = describeAutoscaleChange(inputsIn(state), inputs);
  const line = describeAppChange({ change, before, after, restart, unmanaged });
  // Where only somebody else's number ends, what the state says of instances is not what runs.
  const isScalingAlone =
    scaling !== undefined && !restart && change.paths.every((p) => p.path === "instances");
  const summary = [...(scaling === undefined ? [] : [scaling]), ...(isScalingAlone ? [] : [line])].join("; ");
  return {
    differences,
    ...(differences.length > 0 ? { summary } : {}),
    // The same id cannot exist twice; another id can stand beside the old app until that is deleted.
    deleteBeforeReplace: !change.paths.some((p) => p.path === "appId"),
  };
}

/** Which outputs stay as they are, so that what depends on them is not planned to change: all others are not known. */
export function previewApp(inputs: Properties, _urn: unknown, state: AppState | undefined): Properties {
  const unknown = Object.fromEntries(Object.keys(appOutputs).map((name) => [name, computed]));
  if (state === undefined) return unknown;
  const { change, restart } = changeFrom(state, inputs);
  if (change.kind === "replace") return unknown;
  const kept: (keyof AppOutputs)[] = ["url", "serverFacts"];
  if (!change.paths.some(({ path }) => changesPorts(path))) kept.push("servicePorts");
  if (change.kind !== "restart" && !restart) kept.push("lastConfigChangeAt");
  if (change.kind === "none" && !restart) kept.push("version", "tasks", "deploymentId");
  return { ...unknown, ...Object.fromEntries(kept.map((name) => [name, state[name]])) };
}

/** What it takes to get from what the state says to `inputs`. */
export function changeFrom(state: AppState, inputs: Properties) {
  const olds = inputsIn(state);
  const unmanaged = leavesInstances(inputs);
  const facts = knownFacts(state.serverFacts);
  const before = normalOf(olds, facts);
  const after = normalOf(unmanaged ? { ...inputs, instances: before.instances } : inputs, facts);
  const change: AppChange = diffApp(before, after);
  return { change, before, after, restart: restartsBy(olds, inputs), unmanaged };
}

function changesPorts(path: string): boolean {
  return /^(container|networks|portDefinitions)(\.portMappings|\[|$|\.type)/.test(path);
}
