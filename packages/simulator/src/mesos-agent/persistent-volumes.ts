// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { volumesOf } from "../protocol/operations";
import type { Resources } from "../protocol/resources";

/** `<work_dir>/volumes/roles/<role>/<id>`; the slashes of a role are blanks, as in the real agent. */
export function volumePath(workDir: string, role: string, id: string): string {
  return join(workDir, "volumes", "roles", role.replaceAll("/", " "), id);
}

/** Makes the directories of volumes that came and removes those of volumes that went. */
export function syncVolumes(workDir: string, before: Resources, after: Resources): void {
  const paths = (r: Resources): Set<string> =>
    new Set(volumesOf(r).map(({ role, id }) => volumePath(workDir, role, id)));
  const [old, now] = [paths(before), paths(after)];
  for (const path of now) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  for (const path of old) if (!now.has(path)) rmSync(path, { recursive: true, force: true });
}
