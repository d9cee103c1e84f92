// SPDX-License-Identifier: Apache-2.0
import { memberName } from "@pulumi-mesos/model";
import { end, list, listVolumes, removeVolume, type Scope } from "@pulumi-mesos/supervisor";
import type { Context } from "../resource";

/** SIGUSR1 makes an agent unregister and end its tasks: it leaves for ever. */
const leave = { signal: "SIGUSR1", graceSeconds: 10 } as const;

/** Names of a pool's members that this machine has a process or a volume of. */
export async function memberNames(scope: Scope, pool: string): Promise<string[]> {
  const prefix = memberName(pool, 0).slice(0, -1);
  const [processes, volumes] = await Promise.all([list(scope), listVolumes(scope)]);
  const names = new Set([...processes.map((p) => p.name), ...volumes]);
  return [...names]
    .filter((name) => name.startsWith(prefix) && /^[1-9]\d{0,2}$/.test(name.slice(prefix.length)))
    .sort();
}

/** Ends every member by its record and removes its data, without asking anybody; returns who was ended. */
export async function endMembers(scope: Scope, pool: string, context: Context): Promise<string[]> {
  const names = await memberNames(scope, pool);
  await Promise.all(
    names.map(async (name) => {
      context.progress(`ending ${name}`);
      await end(scope, name, { signal: context.signal, stop: leave });
      await removeVolume(scope, name);
    }),
  );
  return names;
}
