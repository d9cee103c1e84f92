// SPDX-License-Identifier: Apache-2.0
import { remove } from "../marathon/removal";
import type { Context } from "../resource";
import { endAutoscale } from "./app-autoscale";
import type { AppState } from "./app-facts";
import { pathOf } from "./app-inputs";
import { marathonIn } from "./marathon-in";

/** Deletes the app and waits until none of its tasks is left; what is gone already is only waited for. */
export async function deleteApp(id: string, state: AppState, context: Context): Promise<void> {
  const { force, deploymentId } = state;
  await endAutoscale(pathOf(id), state, context);
  const marathon = marathonIn(context);
  const { client } = marathon;
  const { signal } = context;
  const path = pathOf(id);
  const app = {
    path,
    concerns: (p: string) => p === path,
    word: "app",
    deploymentId,
    delete: () => client.deleteApp(path, signal, { force: force ?? false }),
    isThere: async () => (await client.getApp(path, signal)) !== undefined,
    left: async () => {
      const left = (await client.getTasks(signal)).filter((task) => task.appId === path).length;
      return left === 0 ? undefined : `${left} ${left === 1 ? "task" : "tasks"} left`;
    },
  };
  await remove(app, marathon, context);
}
