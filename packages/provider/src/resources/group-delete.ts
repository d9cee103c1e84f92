// SPDX-License-Identifier: Apache-2.0
import type { MarathonGroup } from "@pulumi-mesos/client";
import { type Group, type GroupMember, toGroupDocument } from "@pulumi-mesos/model";
import { listed } from "../marathon/listed";
import { remove } from "../marathon/removal";
import type { Context } from "../resource";
import { type GroupState, groupInputsIn } from "./group-facts";
import { allBelow, endedBy, notManaged, refuseUnmanaged } from "./group-guard";
import { type Marathon, marathonIn } from "./marathon-in";

const shown = 5;

/**
 * Deletes the group with everything that is its own and waits until none of its tasks is left. What others made in it
 * stays, and the group with it: where its lists leave room for that, otherwise it is refused.
 */
export async function deleteGroup(path: string, state: GroupState, context: Context): Promise<void> {
  const marathon = marathonIn(context);
  const { client } = marathon;
  const { signal } = context;
  const group = {
    path,
    concerns: (p: string) => p.startsWith(`${path}/`),
    word: "group",
    deploymentId: state.deploymentId,
    delete: async () => {
      const live = await client.getGroup(path, signal);
      return live === undefined ? undefined : take(marathon, live, state, context);
    },
    isThere: async () => (await client.getGroup(path, signal)) !== undefined,
    left: () => tasksLeft(marathon, state.managed, signal),
  };
  await remove(group, marathon, context);
}

/** The whole group, or where others have something in it everything but that. */
async function take(marathon: Marathon, live: MarathonGroup, state: GroupState, context: Context) {
  const { client } = marathon;
  const force = { force: state.force ?? false };
  const foreign = state.force ? [] : notManaged(allBelow(live), state.managed);
  if (foreign.length === 0) return client.deleteGroup(live.id, context.signal, force);
  const rest: Group = { ...emptied(toGroupDocument(groupInputsIn(state)), live, state.managed), id: live.id };
  refuseUnmanaged(live.id, endedBy(live, rest), state.managed);
  const names = foreign.map(({ kind, path }) => (kind === "pod" ? `pod ${path}` : path));
  context.warn(`${live.id} stays, because the program has never named ${listed(names, shown)} in it`);
  return client.putGroup(live.id, rest, context.signal, force);
}

/** The group without everything that it names, as far as nobody else has anything there. */
function emptied({ id, apps, groups }: GroupMember, live: MarathonGroup, managed: readonly string[]): Group {
  const inside = new Map((live.groups ?? []).map((group) => [lastOf(group.id), group]));
  const kept = (groups ?? []).flatMap((group) => {
    const there = inside.get(lastOf(group.id));
    return there === undefined || notManaged(allBelow(there), managed).length === 0
      ? []
      : [emptied(group, there, managed)];
  });
  return {
    id,
    dependencies: [],
    ...(apps === undefined ? {} : { apps: [] }),
    ...(groups === undefined ? {} : { groups: kept }),
  };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function tasksLeft({ client }: Marathon, apps: readonly string[], signal: AbortSignal) {
  const mine = new Set(apps);
  const left = (await client.getTasks(signal)).filter((task) => mine.has(task.appId ?? "")).length;
  return left === 0 ? undefined : `${left} ${left === 1 ? "task" : "tasks"} left`;
}
