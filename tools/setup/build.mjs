// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { digest, repository } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { treeLock } from "./npm.mjs";
import { SetupError } from "./report.mjs";
import { run } from "./run.mjs";

const ignored = new Set(["node_modules", "tools", "docs", "changelog"]);
const counted = new Set([".ts", ".tsx", ".mts", ".cts", ".js", ".json", ".map", ".tsbuildinfo"]);

function list(folder, into) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith(".") && extname(entry.name) !== ".tsbuildinfo" && entry.name !== ".tsbuildinfo")
      continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!ignored.has(entry.name)) list(path, into);
    } else if (counted.has(extname(entry.name)) || entry.name === ".tsbuildinfo") {
      into.push(path);
    }
  }
  return into;
}

/**
 * Changes with every file the build reads or writes: path, size and time of change. Outputs count as much as sources,
 * so that a deleted or edited output is built again; a needless change only costs a `tsc -b` that finds nothing to do.
 */
export function treeStamp(root) {
  const parts = list(root, []).map((path) => {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    return `${path}\n${size}\n${mtimeNs}`;
  });
  return digest(parts.sort());
}

/** A source saved while the compiler ran may or may not be in its output. */
function editedSince(root, timeMs) {
  const sources = list(root, []).filter((path) => /\.[mc]?tsx?$/.test(path) && !/\.d\.[mc]?ts$/.test(path));
  return sources.some((path) => statSync(path).mtimeMs >= timeMs);
}

function isBuilt(root, stamp) {
  try {
    return readFileSync(stamp, "utf8") === treeStamp(root);
  } catch {
    return false;
  }
}

/** Compiles the packages, when something changed since the last time. */
export async function build(note, root = repository) {
  const stamp = join(root, "node_modules", ".pulumi-mesos-build");
  if (isBuilt(root, stamp)) return { text: "up to date" };
  return withLock(treeLock(root), note, async () => {
    if (isBuilt(root, stamp)) return { text: "built by another set-up" };
    const beginMs = Date.now();
    const { code, output } = await run(join(root, "node_modules/.bin/tsc"), ["-b"], { cwd: root });
    if (code !== 0) throw new SetupError("build: tsc -b failed", "npm run build", output.trimEnd());
    if (!editedSince(root, beginMs)) writeFileSync(stamp, treeStamp(root));
    return { text: "compiled" };
  });
}
