// SPDX-License-Identifier: Apache-2.0

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheRoot } from "./cache.mjs";
import { withLock } from "./lock.mjs";
import { extract, extractedRoot, searchFolders } from "./programs.mjs";
import { findProgram } from "./run.mjs";
import { writeBrowserWrapper } from "./wrappers.mjs";

const chromium = { name: "chromium", package: "chromium" };

/** Debian's own start script asks for folders of the system; the program beside its data needs none. */
export function chromiumIn(root) {
  return findProgram("chromium", [join(root, "usr/lib/chromium")]);
}

/** The fonts of the tree and of the machine: without any, a page would be drawn without letters. */
export function fontConfiguration(root) {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${root}/usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${root}/var/cache/fontconfig</cachedir>
</fontconfig>
`;
}

/**
 * Finds Chromium, which only the tests of the pages need, or fetches Debian's into the cache. It has a tree of its own,
 * so that `up` never waits for it; its wrapper stands beside the other programs'.
 */
export async function findChromium(note) {
  const value = join(cacheRoot(), "bin");
  if (findProgram("chromium", searchFolders()) !== undefined) return { text: "installed", value };
  const root = extractedRoot([chromium]);
  return withLock(join(cacheRoot(), "locks", "browser.lock"), note, async () => {
    const found = chromiumIn(root) !== undefined;
    if (!found) await extract([chromium], root, note, (_program, tree) => chromiumIn(tree));
    mkdirSync(join(root, "var/cache/fontconfig"), { recursive: true });
    const fonts = join(root, "etc/fonts.of-the-tree.conf");
    writeFileSync(fonts, fontConfiguration(root));
    await writeBrowserWrapper(value, { root, path: chromiumIn(root), fonts });
    return { text: found ? "in the cache" : "fetched", value };
  });
}
