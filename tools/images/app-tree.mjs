// SPDX-License-Identifier: Apache-2.0

import { cpSync, existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { SetupError } from "../setup/report.mjs";
import { run, tail } from "../setup/run.mjs";

function manifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Where a package finds one that it depends on: beside itself, or in a folder further up, as Node looks. */
function resolve(root, from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, "node_modules", name);
    if (existsSync(join(found, "package.json"))) return found;
    if (folder === root) return undefined;
  }
}

/** The folders of a package and of everything that it needs at run time, below the `node_modules` of `root`. */
export function runtimePackages(root, name) {
  const found = new Set();
  const visit = (folder) => {
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = manifest(folder);
    // A workspace is a link, and Node looks from where it leads.
    const from = realpathSync(folder);
    for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const next = resolve(root, from, each);
      if (next !== undefined) visit(next);
      else if (!(each in optionalDependencies)) throw new SetupError(`${name}: ${each} is not installed`);
    }
  };
  visit(join(root, "node_modules", name));
  return [...found];
}

const lists = new Map();

/** The files that npm would publish of a workspace; images share workspaces, and each is asked for once. */
function published(folder) {
  const list = lists.get(folder) ?? pack(folder);
  lists.set(folder, list);
  return list;
}

async function pack(folder) {
  const { code, stdout, output } = await run("npm", ["pack", "--dry-run", "--json", "--silent"], {
    cwd: folder,
  });
  if (code !== 0) throw new SetupError(`npm pack of ${folder} failed (${tail(output, 1)})`);
  return JSON.parse(stdout)[0].files.map((file) => file.path);
}

function isWorkspace(root, folder) {
  return !realpathSync(folder).startsWith(join(root, "node_modules") + sep);
}

/** Puts a workspace of `root`, with everything that it needs and links to its programs, into `target/node_modules`. */
export async function copyApp(root, name, target) {
  for (const folder of runtimePackages(root, name)) {
    const copy = join(target, relative(root, folder));
    if (isWorkspace(root, folder)) {
      for (const file of await published(realpathSync(folder)))
        cpSync(join(folder, file), join(copy, file), { recursive: true });
      continue;
    }
    const inner = join(folder, "node_modules");
    cpSync(folder, copy, { recursive: true, filter: (path) => path !== inner });
  }
  const bin = join(target, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  for (const [program, file] of Object.entries(manifest(join(root, "node_modules", name)).bin ?? {}))
    symlinkSync(join("..", name, file), join(bin, program));
}
