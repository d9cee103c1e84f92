// SPDX-License-Identifier: Apache-2.0
import { decoder, MesosError, type Static, Type } from "@pulumi-mesos/model";

const Values = Type.Record(Type.String(), Type.Unknown());
const StateResource = Type.Object({
  urn: Type.String(),
  type: Type.String(),
  id: Type.Optional(Type.String()),
  /** Of its provider: URN and id. */
  provider: Type.Optional(Type.String()),
  parent: Type.Optional(Type.String()),
  /** Replaced, and to be deleted yet. */
  delete: Type.Optional(Type.Boolean()),
  inputs: Type.Optional(Values),
  outputs: Type.Optional(Values),
});
/** One resource of a stack's state. */
export type StateResource = Static<typeof StateResource>;

const state = decoder(
  Type.Object({ deployment: Type.Object({ resources: Type.Optional(Type.Array(StateResource)) }) }),
);

/** The resources in what `pulumi stack export` prints. */
export function resourcesIn(exported: string): readonly StateResource[] {
  const decoded = state.decode(JSON.parse(exported) as unknown);
  if (!decoded.ok)
    throw new MesosError("MESOS_CLI_STACK", "pulumi stack export: printed no state of a stack");
  return (decoded.value.deployment.resources ?? []).filter((resource) => resource.delete !== true);
}

/** Those of a type whose values are as they should be; others hold secrets or come from another version. */
export function inputsOf<T>(
  resources: readonly StateResource[],
  type: string,
  by: { decode(value: unknown): { ok: true; value: T } | { ok: false } },
  where: "inputs" | "outputs" = "inputs",
): [StateResource, T][] {
  return resources.flatMap((resource): [StateResource, T][] => {
    if (resource.type !== type) return [];
    const decoded = by.decode(resource[where]);
    return decoded.ok ? [[resource, decoded.value]] : [];
  });
}
