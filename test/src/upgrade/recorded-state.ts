// SPDX-License-Identifier: Apache-2.0
import { repository } from "../support/repository";

interface State {
  readonly deployment: { readonly resources: readonly Record<string, unknown>[] };
}

/** What says where in a program and when a resource was made, and where the program was. */
const ofTheRun = ["stackTrace", "sourcePosition", "created", "modified"];

/** What a path of this machine is written as. */
function places(directory: string): readonly (readonly [string, string])[] {
  return [
    [directory, "{stack}"],
    [repository, "{repository}"],
    [process.execPath, "{node}"],
  ];
}

/** An exported state without what is of one run or of this machine. */
export function portable(exported: string, directory: string): string {
  const state = JSON.parse(exported) as State;
  const resources = state.deployment.resources.map((resource) =>
    Object.fromEntries(Object.entries(resource).filter(([key]) => !ofTheRun.includes(key))),
  );
  const kept = JSON.stringify({ ...state, deployment: { ...state.deployment, resources } }, undefined, 2);
  return `${places(directory).reduce((text, [path, name]) => text.replaceAll(path, name), kept)}\n`;
}

/** A recorded state with the paths of this machine. */
export function local(recorded: string, directory: string): string {
  return places(directory).reduce((text, [path, name]) => text.replaceAll(name, path), recorded);
}
