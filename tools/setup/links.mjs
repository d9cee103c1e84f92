// SPDX-License-Identifier: Apache-2.0

import { lstatSync, readdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * Points the absolute links of an unpacked tree into the tree: a JRE's configuration, for one, is a set of links to
 * /etc/java-17-openjdk. Relative ones, so that the tree can be moved.
 */
export function mendLinks(root) {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = readlinkSync(link);
    if (!target.startsWith("/") || !lstatSync(join(root, target), { throwIfNoEntry: false })) continue;
    rmSync(link);
    symlinkSync(relative(dirname(link), join(root, target)), link);
  }
}
