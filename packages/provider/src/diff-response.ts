// SPDX-License-Identifier: Apache-2.0
import { DiffResponse, PropertyDiff } from "@pulumi/pulumi/proto/provider_pb";
import type { Difference } from "./differences";
import type { DiffResult } from "./resource";
import { isWithin, parsePath } from "./secret-paths";

/** The engine's form of a difference. What lies at or below a path of `ignored` is left out. */
export function diffResponse(result: DiffResult, ignored: readonly string[]): DiffResponse {
  const differences = result.differences.filter((d) => !ignored.some((path) => isWithin(d.path, path)));
  const { DIFF_NONE, DIFF_SOME } = DiffResponse.DiffChanges;
  const response = new DiffResponse()
    .setChanges(differences.length === 0 ? DIFF_NONE : DIFF_SOME)
    .setDiffsList(topKeys(differences))
    .setReplacesList(topKeys(differences.filter((d) => d.replace)))
    .setDeletebeforereplace(result.deleteBeforeReplace ?? false)
    .setHasdetaileddiff(true);
  for (const d of differences) {
    response.getDetaileddiffMap().set(d.path, new PropertyDiff().setKind(kindOf(d)).setInputdiff(d.input));
  }
  return response;
}

function topKeys(differences: readonly Difference[]): string[] {
  return [...new Set(differences.map((d) => String(parsePath(d.path)[0] ?? "")))];
}

function kindOf({ kind, replace }: Difference): PropertyDiff.Kind {
  const { ADD, ADD_REPLACE, DELETE, DELETE_REPLACE, UPDATE, UPDATE_REPLACE } = PropertyDiff.Kind;
  const [plain, replacing] = {
    add: [ADD, ADD_REPLACE],
    delete: [DELETE, DELETE_REPLACE],
    update: [UPDATE, UPDATE_REPLACE],
  }[kind] as [PropertyDiff.Kind, PropertyDiff.Kind];
  return replace ? replacing : plain;
}
