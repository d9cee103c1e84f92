// SPDX-License-Identifier: Apache-2.0
import { statfsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { add, changed, noResources, parseResources, plain, type Resources } from "../protocol/resources";

/** What `--resources` names, and for cpus, mem, disk and ports that it does not name what this machine has. */
export function resourcesOf(given: Resources | undefined, workDir: string, defaultRole: string): Resources {
  const mem = totalmem() / 1048576;
  // The whole of it: what is free changes, and a restart would no longer be the same agent.
  const { blocks, bsize } = statfsSync(workDir);
  const disk = (blocks * bsize) / 1048576;
  // As the real agent: all but 1 GB of memory and 5 GB of disk, half of what is little.
  const detected = parseResources(
    `cpus:${cpus().length};mem:${Math.floor(mem > 2048 ? mem - 1024 : mem / 2)};disk:${Math.floor(disk > 10240 ? disk - 5120 : disk / 2)};ports:[31000-32000]`,
  );
  const all = given ?? noResources;
  const named = plain(all);
  const scalars = [...detected.scalars].filter(([name]) => !named.scalars.has(name));
  const ranges = [...detected.ranges].filter(([name]) => !named.ranges.has(name));
  const whole = add(all, { scalars: new Map(scalars), ranges: new Map(ranges) });
  if (defaultRole === "*") return whole;
  return changed(whole, (kind) =>
    kind.reservations.length > 0 ? kind : { ...kind, reservations: [{ type: "STATIC", role: defaultRole }] },
  );
}
