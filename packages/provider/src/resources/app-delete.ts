// SPDX-License-Identifier: Apache-2.0
import { isRefused } from "@pulumi-mesos/client";
import { messageOf } from "@pulumi-mesos/model";
import { awaitRemoval } from "../marathon/deployment-wait";
import { writeUnlocked } from "../marathon/locked-write";
import type { Context } from "../resource";
import type { AppState } from "./app-facts";
import { pathOf } from "./app-inputs";
import { type Marathon, marathonIn } from "./marathon-in";

/** Deletes the app and waits until none of its tasks is left; what is gone already is only waited for. */
export async function deleteApp(id: string, { force }: AppState, context: Context): Promise<void> {
  const marathon = marathonIn(context);
  const path = pathOf(id);
  const { client, watch } = marathon;
  const { signal } = context;
  const watching = await watch.join((p) => p === path, signal);
  try {
    const deploymentId = await writeUnlocked(watch, path, context, async () => {
      const answer = await client.deleteApp(path, signal, { force: force ?? false });
      return { id: answer?.deploymentId ?? (await stopping(marathon, path, signal)) };
    });
    const left = () => tasksLeft(marathon, path, signal);
    await awaitRemoval(watching, deploymentId.id, { path, left }, context);
  } catch (error) {
    if (!isRefused(error)) throw error;
    context.warn(`${path}: no Marathon listens any more (${messageOf(error)}), so the app counts as deleted`);
  } finally {
    watching.leave();
  }
}

/** The deployment that ends the tasks of an app whose definition is gone already. */
async function stopping({ client }: Marathon, path: string, signal: AbortSignal) {
  return (await client.getDeployments(signal)).find((d) => d.affectedApps?.includes(path))?.id;
}

async function tasksLeft({ client }: Marathon, path: string, signal: AbortSignal) {
  const left = (await client.getTasks(signal)).filter((task) => task.appId === path).length;
  return left === 0 ? undefined : `${left} ${left === 1 ? "task" : "tasks"} left`;
}
