// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf, VolumeInputs } from "@pulumi-mesos/model";
import { makeVolume, removeVolume, volumeExists } from "@pulumi-mesos/supervisor";
import { compareInputs } from "../differences";
import type { Resource } from "../resource";
import { scopeIn } from "./scope";

const noOutputs = {};

/**
 * A directory of this machine that outlives the processes that use it. Its path is no output: it follows from the
 * machine's user, and the state shall not.
 */
export const volume: Resource<VolumeInputs, typeof noOutputs> = {
  description: "A directory on this machine that outlives a replacement of the process that uses it.",
  inputs: VolumeInputs,
  outputs: noOutputs,
  timeouts: { create: 30, read: 30, update: 30, delete: 120 },
  refreshBeforeUpdate: true,
  diff: ({ oldInputs, inputs }) => ({
    differences: compareInputs(oldInputs, inputs, "all"),
    deleteBeforeReplace: true,
  }),
  preview: () => noOutputs,
  async create({ name }, context) {
    await makeVolume(scopeIn(context), name);
    return { id: name, outputs: noOutputs };
  },
  async read({ id }, context) {
    const there = await volumeExists(scopeIn(context), id);
    return there ? { id, inputs: { name: id }, outputs: noOutputs } : undefined;
  },
  update: async () => noOutputs,
  async delete(id, _state, context) {
    try {
      await removeVolume(scopeIn(context), id);
    } catch (error) {
      throw new MesosError("MESOS_VOLUME_REMOVE", `cannot remove volume ${id}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  },
};
