// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { repository } from "./repository";

/** The page whose commands are run, each by the test that has what it needs. */
const page = path.join(repository, "docs/from-the-2015-post.md");

/** The blocks of commands of the page's sections, in order, as somebody types them. */
export function walk(): string[][] {
  const sections = readFileSync(page, "utf8").split(/^## /m).slice(1);
  return sections.map((section) => {
    const blocks = [...section.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, commands = ""]) => commands);
    assert.ok(blocks.length > 0, section);
    return blocks;
  });
}
